/* Asks libsystemd's sd-login about a process's session and prints what it says, one `KEY=value` a line.
 * usage: sd_login PID
 * A call that fails prints `KEY=-ERRNO`. libsystemd reads /run/systemd and /proc; it asks no bus. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <systemd/sd-login.h>

static void text(const char *key, int rc, char *value) {
    if (rc < 0)
        printf("%s=%d\n", key, rc);
    else
        printf("%s=%s\n", key, value ? value : "");
    if (rc >= 0)
        free(value);
}

static void list(const char *key, int rc, char **values) {
    if (rc < 0) {
        printf("%s=%d\n", key, rc);
        return;
    }
    printf("%s=", key);
    for (int i = 0; values && values[i]; i++) {
        printf("%s%s", i ? " " : "", values[i]);
        free(values[i]);
    }
    printf("\n");
    free(values);
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    pid_t pid = (pid_t) atoi(argv[1]);
    char *session = NULL, *s;
    char **l;
    uid_t uid = (uid_t) -1;
    unsigned vt = 0;
    int rc;

    rc = sd_pid_get_session(pid, &session);
    if (rc < 0) {
        printf("sd_pid_get_session=%d\n", rc);
        return 0;
    }
    printf("sd_pid_get_session=%s\n", session);
    printf("sd_pid_get_owner_uid=%d", sd_pid_get_owner_uid(pid, &uid));
    printf(":%u\n", uid);
    s = NULL, rc = sd_pid_get_slice(pid, &s), text("sd_pid_get_slice", rc, s);
    printf("sd_session_is_active=%d\n", sd_session_is_active(session));
    printf("sd_session_is_remote=%d\n", sd_session_is_remote(session));
    uid = (uid_t) -1, rc = sd_session_get_uid(session, &uid);
    printf("sd_session_get_uid=%d:%u\n", rc, uid);
    s = NULL, rc = sd_session_get_state(session, &s), text("sd_session_get_state", rc, s);
    s = NULL, rc = sd_session_get_type(session, &s), text("sd_session_get_type", rc, s);
    s = NULL, rc = sd_session_get_class(session, &s), text("sd_session_get_class", rc, s);
    s = NULL, rc = sd_session_get_service(session, &s), text("sd_session_get_service", rc, s);
    s = NULL, rc = sd_session_get_tty(session, &s), text("sd_session_get_tty", rc, s);
    s = NULL, rc = sd_session_get_seat(session, &s), text("sd_session_get_seat", rc, s);
    printf("sd_session_get_vt=%d\n", sd_session_get_vt(session, &vt));
    l = NULL, rc = sd_get_sessions(&l), list("sd_get_sessions", rc, l);
    l = NULL, rc = sd_get_seats(&l), list("sd_get_seats", rc, l);
    l = NULL, rc = sd_uid_get_sessions(uid, 0, &l), list("sd_uid_get_sessions", rc, l);
    l = NULL, rc = sd_uid_get_sessions(uid, 1, &l), list("sd_uid_get_sessions_active", rc, l);
    s = NULL, rc = sd_uid_get_state(uid, &s), text("sd_uid_get_state", rc, s);
    s = NULL, rc = sd_uid_get_display(uid, &s), text("sd_uid_get_display", rc, s);
    free(session);
    return 0;
}
