/* Writes the golden files with glibc: records UTMP WTMP LASTLOG. The same list stands in golden.rs. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <lastlog.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utmpx.h>

static const char *wtmp;

static struct utmpx record(short type, int pid, const char *line, const char *id, const char *user, const char *host,
                           unsigned seconds)
{
    struct utmpx r;
    memset(&r, 0, sizeof r);
    r.ut_type = type;
    r.ut_pid = pid;
    strncpy(r.ut_line, line, sizeof r.ut_line);
    strncpy(r.ut_id, id, sizeof r.ut_id);
    strncpy(r.ut_user, user, sizeof r.ut_user);
    strncpy(r.ut_host, host, sizeof r.ut_host);
    r.ut_tv.tv_sec = seconds;
    return r;
}

static void put(struct utmpx r)
{
    setutxent();
    if (pututxline(&r) == NULL)
        perror("pututxline");
    endutxent();
    updwtmpx(wtmp, &r);
}

static void last_login(const char *path, unsigned uid, const char *line, const char *host, unsigned seconds)
{
    struct lastlog l;
    memset(&l, 0, sizeof l);
    l.ll_time = seconds;
    strncpy(l.ll_line, line, sizeof l.ll_line);
    strncpy(l.ll_host, host, sizeof l.ll_host);
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    if (pwrite(fd, &l, sizeof l, (off_t)uid * sizeof l) != sizeof l)
        perror("pwrite");
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    for (int i = 1; i < 3; i++)
        close(open(argv[i], O_WRONLY | O_CREAT | O_TRUNC, 0644));
    utmpxname(argv[1]);
    wtmp = argv[2];

    char wide[400];
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = 0;

    put(record(BOOT_TIME, 0, "~", "~~", "reboot", "6.1.0-42-amd64", 1772600767));
    put(record(RUN_LVL, 'N' << 8 | 'S', "~", "~~", "runlevel", "6.1.0-42-amd64", 1772600768));
    put(record(INIT_PROCESS, 100, "", "1", "", "", 1772600769));
    put(record(INIT_PROCESS, 101, "", "2", "", "", 1772600769));
    struct utmpx getty = record(LOGIN_PROCESS, 100, "tty1", "1", "LOGIN", "", 1772600770);
    getty.ut_session = 100;
    put(getty);
    put(record(RUN_LVL, 'S' << 8 | '2', "~", "~~", "runlevel", "6.1.0-42-amd64", 1772600771));
    struct utmpx login = record(USER_PROCESS, 100, "tty1", "1", "alice", "far.example", 1772600772);
    login.ut_session = 99;
    login.ut_tv.tv_usec = 999999;
    memcpy(login.ut_addr_v6, "\xc0\x00\x02\x07", 4);
    put(login);
    struct utmpx later = record(USER_PROCESS, 2147483647, wide, wide, wide, wide, 4000000000u);
    memcpy(later.ut_addr_v6, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    put(later);
    struct utmpx dead = record(DEAD_PROCESS, 100, "tty1", "1", "", "", 1772600773);
    dead.ut_exit.e_termination = 15;
    dead.ut_exit.e_exit = -3;
    put(dead);
    put(record(LOGIN_PROCESS, 102, "tty1", "1", "LOGIN", "", 1772600774));
    put(record(INIT_PROCESS, 103, "", "2", "", "", 1772600775));

    last_login(argv[3], 3, "pts/0", "far.example", 4000000000u);
    last_login(argv[3], 1, wide, wide, 1772600772);
    return 0;
}
