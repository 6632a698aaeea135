/* A PAM module that does to login what a bad module does. Arguments, for the phases named in them (auth, open, close):
 *   hang=PHASE      never returns, and keeps every signal from the process that can be kept
 *   deaf=PHASE      has the kernel bury its children, and leaves it so
 *   thread=PHASE    leaves a thread behind that takes every signal
 *   asks=PHASE      asks for a code that it does not look at
 *   report=PHASE    writes into /run/report what of login's caller it finds itself in
 *   overwrite       looks another user up in every phase, and scribbles over what the C library returned (CVE-2001-1147)
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <security/pam_modules.h>
#include <security/pam_ext.h>

static int is(const char *argument, const char *what, const char *phase) {
    size_t length = strlen(what);
    return strncmp(argument, what, length) == 0 && argument[length] == '=' && strcmp(argument + length + 1, phase) == 0;
}

static void *waits(void *nothing) {
    for (;;)
        pause();
    return nothing;
}

static void report(const char *phase) {
    FILE *file = fopen("/run/report", "a");
    if (!file)
        return;
    uid_t u[3];
    gid_t g[3];
    getresuid(&u[0], &u[1], &u[2]);
    getresgid(&g[0], &g[1], &g[2]);
    int timers = 0;
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        struct itimerval left;
        getitimer(which, &left);
        timers += timerisset(&left.it_value) != 0;
    }
    char folder[4096];
    fprintf(file, "%s: user %d %d %d, group %d %d %d, %d timers, in %s\n", phase, u[0], u[1], u[2], g[0], g[1], g[2], timers,
            getcwd(folder, sizeof folder) ? folder : "nowhere");
    fclose(file);
}

static int behave(pam_handle_t *pamh, const char *phase, int argc, const char **argv) {
    for (int i = 0; i < argc; i++) {
        if (is(argv[i], "deaf", phase))
            signal(SIGCHLD, SIG_IGN);
        if (is(argv[i], "thread", phase)) {
            pthread_t thread;
            if (pthread_create(&thread, NULL, waits, NULL) != 0)
                return PAM_SYSTEM_ERR;
        }
        if (is(argv[i], "asks", phase)) {
            char *code = NULL;
            int answered = pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &code, "Code: ");
            free(code);
            if (answered != PAM_SUCCESS)
                return answered;
        }
        if (is(argv[i], "hang", phase)) {
            sigset_t all;
            sigfillset(&all);
            sigprocmask(SIG_BLOCK, &all, NULL);
            for (;;)
                pause();
        }
        if (is(argv[i], "report", phase))
            report(phase);
        if (strcmp(argv[i], "overwrite") == 0) {
            struct passwd *root = getpwnam("root");
            if (!root)
                return PAM_SYSTEM_ERR;
            memset(root->pw_name, 'x', strlen(root->pw_name));
            memset(root->pw_dir, 'x', strlen(root->pw_dir));
            root->pw_shell[0] = '\0';
        }
    }
    return PAM_SUCCESS;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return behave(pamh, "auth", argc, argv);
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return behave(pamh, "credentials", argc, argv);
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return behave(pamh, "account", argc, argv);
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return behave(pamh, "open", argc, argv);
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return behave(pamh, "close", argc, argv);
}
