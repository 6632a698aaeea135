/* A PAM module that does to login what a bad module does. Arguments, for the phases named in them (auth, open, close):
 *   hang=PHASE      never returns, and keeps every signal from the process that can be kept
 *   report=PHASE    writes into /run/report what of login's caller it finds itself in
 *   overwrite       looks another user up in every phase, and scribbles over what the C library returned (CVE-2001-1147)
 */
#define _GNU_SOURCE
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <security/pam_modules.h>

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

static int behave(const char *phase, int argc, const char **argv) {
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "hang=", 5) == 0 && strcmp(argv[i] + 5, phase) == 0) {
            sigset_t all;
            sigfillset(&all);
            sigprocmask(SIG_BLOCK, &all, NULL);
            for (;;)
                pause();
        }
        if (strncmp(argv[i], "report=", 7) == 0 && strcmp(argv[i] + 7, phase) == 0)
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
    return behave("auth", argc, argv);
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return behave("credentials", argc, argv);
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return behave("account", argc, argv);
}

int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return behave("open", argc, argv);
}

int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv) {
    return behave("close", argc, argv);
}
