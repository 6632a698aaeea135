/* What a process has more once it loaded a PAM module and opened and closed a session through it: private memory, threads,
 * descriptors. Of the private memory, what it has written is its own; the rest is the files' and shared with the next process
 * that loads them. The service `weight` names the module; `warm` has been used before, so that libpam's own is not counted. */

#include <dirent.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int converse(int count, const struct pam_message **messages, struct pam_response **answers, void *data) {
    (void)count, (void)messages, (void)data;
    *answers = NULL;
    return PAM_CONV_ERR;
}

/* The sum of the fields of /proc/self/FILE whose names begin with PREFIX. */
static long sum(const char *file, const char *prefix) {
    FILE *opened = fopen(file, "r");
    char line[256];
    long total = 0;
    while (opened && fgets(line, sizeof line, opened)) {
        char *colon = strchr(line, ':');
        if (colon && strncmp(line, prefix, strlen(prefix)) == 0) total += atol(colon + 1);
    }
    if (opened) fclose(opened);
    return total;
}

static long descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    long count = 0;
    while (folder && readdir(folder)) count++;
    if (folder) closedir(folder);
    return count;
}

static pam_handle_t *begin(const char *service) {
    static const struct pam_conv conversation = { converse, NULL };
    pam_handle_t *pam = NULL;
    if (pam_start(service, "alice", &conversation, &pam) != PAM_SUCCESS) exit(1);
    return pam;
}

static void check(pam_handle_t *pam, int status, const char *what) {
    if (status == PAM_SUCCESS) return;
    fprintf(stderr, "pam_weight: %s: %s\n", what, pam_strerror(pam, status));
    exit(1);
}

int main(void) {
    pam_handle_t *first = begin("warm");
    check(first, pam_open_session(first, 0), "pam_open_session of warm");
    check(first, pam_close_session(first, 0), "pam_close_session of warm");
    pam_end(first, PAM_SUCCESS);

    long memory = sum("/proc/self/smaps_rollup", "Private"), threads = sum("/proc/self/status", "Threads");
    long written = sum("/proc/self/smaps_rollup", "Private_Dirty");
    long fds = descriptors();
    pam_handle_t *pam = begin("weight");
    check(pam, pam_open_session(pam, 0), "pam_open_session");
    printf("private memory with a session open (KB more)=%ld\n", sum("/proc/self/smaps_rollup", "Private") - memory);
    printf("written with a session open (KB more)=%ld\n", sum("/proc/self/smaps_rollup", "Private_Dirty") - written);
    printf("threads with a session open (more)=%ld\n", sum("/proc/self/status", "Threads") - threads);
    printf("descriptors with a session open (more)=%ld\n", descriptors() - fds);
    check(pam, pam_close_session(pam, 0), "pam_close_session");
    pam_end(pam, PAM_SUCCESS);
    printf("private memory after the module was unloaded (KB more)=%ld\n",
           sum("/proc/self/smaps_rollup", "Private") - memory);
    printf("descriptors after the module was unloaded (more)=%ld\n", descriptors() - fds);
    return 0;
}
