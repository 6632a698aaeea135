/* A host of PAM modules that opens and closes sessions many times, and says what it is made of before and after.
 * usage: pam_host plain|alone|threads|fork|signals|closed SERVICE USER HANDLES PAIRS
 *   plain    HANDLES times: loads the service's modules, opens and closes PAIRS sessions, unloads them
 *   alone    the same where there is no logind, and so no session
 *   threads  the same in each of eight threads at once
 *   fork     the same, and between each open and close a forked child closes the session it inherited
 *   signals  the same, while a signal comes every millisecond and interrupts what system call there is
 *   closed   the same without a standard input and error, whose numbers nobody may take for long
 * Run it with GLIBC_TUNABLES=glibc.malloc.tcache_count=0, without which what was freed counts as used.
 * Prints `WHEN.KEY=value` lines, WHEN being `start`, `once` (after one handle) and `end`. Any other line is a complaint,
 * and makes the exit status 1. */
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define THREADS 8

static const char *service, *user;
static int forks, is_closed, is_expected, handles, pairs;
static atomic_int complaints, sessions;

static void complain(const char *what, const char *why) {
    printf("complaint: %s: %s\n", what, why);
    complaints++;
}

static int count(const char *folder) {
    DIR *dir = opendir(folder);
    int n = 0;
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

/* The files mapped into memory, in the order of their addresses, without the number of their parts. The heap, stacks and
 * other memory without a name are in the resident size. */
static void print_maps(const char *when) {
    char line[1024], last[1024] = "";
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps)) {
        char *path = strchr(line, '/');
        if (!path || strcmp(path, last) == 0)
            continue;
        strcpy(last, path);
        printf("%s.map=%s", when, path);
    }
    if (maps)
        fclose(maps);
}

static void look(const char *when) {
    char line[256];
    unsigned long resident = 0;
    /* What is free goes back to the kernel: what is resident then is what is used, however much was at one time. */
    malloc_trim(0);
    printf("%s.heap=%zu\n", when, mallinfo2().uordblks);
    /* statm's counters lag behind by some pages a processor (proc_pid_statm(5)); here the pages are counted. */
    FILE *smaps = fopen("/proc/self/smaps_rollup", "r");
    while (smaps && !resident && fgets(line, sizeof line, smaps))
        sscanf(line, "Rss: %lu kB", &resident);
    if (!resident)
        complain("smaps_rollup", "cannot be read");
    if (smaps)
        fclose(smaps);
    printf("%s.resident_kb=%lu\n", when, resident);
    printf("%s.threads=%d\n", when, count("/proc/self/task"));
    printf("%s.fds=%d\n", when, count("/proc/self/fd"));
    print_maps(when);
}

static int converse(int n, const struct pam_message **m, struct pam_response **r, void *data) {
    return PAM_CONV_ERR;
}

/* Whether logind has the session and does not close it. */
static int is_open(const char *session) {
    char path[256], line[256];
    int found = 0;
    snprintf(path, sizeof path, "/run/systemd/sessions/%s", session);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        found |= strncmp(line, "STATE=", 6) == 0 && strcmp(line, "STATE=closing\n") != 0;
    if (file)
        fclose(file);
    return found;
}

static void close_in_child(pam_handle_t *handle, const char *session) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int rc = pam_close_session(handle, 0);
        pam_end(handle, rc | PAM_DATA_SILENT);
        _exit(rc == PAM_SUCCESS ? 0 : 1);
    }
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        complain("the child's close", "failed");
    if (!is_open(session))
        complain(session, "ended by a child's close");
}

static void pair(pam_handle_t *handle) {
    int rc = pam_open_session(handle, 0);
    if (rc != PAM_SUCCESS)
        return complain("open", pam_strerror(handle, rc));
    const char *session = pam_getenv(handle, "XDG_SESSION_ID");
    if (session)
        sessions++;
    else if (is_expected)
        complain("open", "no session");
    if (is_closed && (fcntl(STDIN_FILENO, F_GETFD) != -1 || fcntl(STDERR_FILENO, F_GETFD) != -1))
        complain("open", "took a standard descriptor");
    if (session && forks)
        close_in_child(handle, session);
    rc = pam_close_session(handle, 0);
    if (rc != PAM_SUCCESS)
        complain("close", pam_strerror(handle, rc));
    /* What the next one finds is its own. */
    if (session)
        pam_putenv(handle, "XDG_SESSION_ID");
}

static void use_handle(void) {
    static const struct pam_conv conversation = { converse, NULL };
    pam_handle_t *handle = NULL;
    int rc = pam_start(service, user, &conversation, &handle);
    if (rc != PAM_SUCCESS)
        return complain("start", pam_strerror(handle, rc));
    for (int n = 0; n < pairs; n++)
        pair(handle);
    rc = pam_end(handle, PAM_SUCCESS);
    if (rc != PAM_SUCCESS)
        complain("end", "failed");
}

static void *use_handles(void *count) {
    for (int n = 0; n < *(int *) count; n++)
        use_handle();
    return NULL;
}

static void use_handles_in_threads(int count) {
    pthread_t threads[THREADS];
    for (int n = 0; n < THREADS; n++)
        if (pthread_create(&threads[n], NULL, use_handles, &count) != 0)
            exit(2);
    for (int n = 0; n < THREADS; n++)
        pthread_join(threads[n], NULL);
}

static void ignore(int signal) {
}

/* Without SA_RESTART, so that system calls fail with EINTR. */
static void disturb(void) {
    struct sigaction action = { .sa_handler = ignore };
    struct itimerval often = { .it_interval.tv_usec = 1000, .it_value.tv_usec = 1000 };
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

int main(int argc, char **argv) {
    if (argc != 6)
        return 2;
    int threaded = strcmp(argv[1], "threads") == 0;
    int disturbed = strcmp(argv[1], "signals") == 0;
    int one = 1;
    forks = strcmp(argv[1], "fork") == 0;
    is_closed = strcmp(argv[1], "closed") == 0;
    is_expected = !threaded && strcmp(argv[1], "alone") != 0;
    service = argv[2], user = argv[3], handles = atoi(argv[4]), pairs = atoi(argv[5]);
    /* One heap: else what is resident depends on which thread came when. */
    mallopt(M_ARENA_MAX, 1);
    /* What libc opens for itself once and keeps: modules that log would open it in our name. */
    openlog("pam_host", LOG_NDELAY, LOG_AUTHPRIV);
    getpwnam(user);
    if (is_closed && (close(STDIN_FILENO) != 0 || close(STDERR_FILENO) != 0))
        return 2;
    if (disturbed)
        disturb();
    look("start");
    threaded ? use_handles_in_threads(one) : (void) use_handles(&one);
    look("once");
    handles -= one;
    threaded ? use_handles_in_threads(handles) : (void) use_handles(&handles);
    look("end");
    printf("end.sessions=%d\n", sessions);
    return complaints ? 1 : 0;
}
