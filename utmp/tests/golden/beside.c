/* Puts and appends records with glibc, while somebody else writes too: beside UTMP WTMP COUNT. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utmpx.h>

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    utmpxname(argv[1]);
    for (int i = 0; i < atoi(argv[3]); i++) {
        struct utmpx r;
        memset(&r, 0, sizeof r);
        r.ut_type = USER_PROCESS;
        r.ut_pid = 1000 + i;
        snprintf(r.ut_line, sizeof r.ut_line, "glibc/%d", i);
        snprintf(r.ut_id, sizeof r.ut_id, "g%d", i);
        setutxent();
        if (pututxline(&r) == NULL)
            return 1;
        endutxent();
        updwtmpx(argv[2], &r);
    }
    return 0;
}
