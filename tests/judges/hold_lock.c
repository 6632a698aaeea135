/* Holds a read lock (fcntl(2)) on each file for ever, as anybody may who may read it.
 * usage: hold_lock FILE...
 * Prints `held` when it has them all. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
        int fd = open(argv[i], O_RDONLY);
        if (fd < 0 || fcntl(fd, F_SETLKW, &lock) < 0) {
            perror(argv[i]);
            return 1;
        }
    }
    puts("held");
    fflush(stdout);
    for (;;)
        pause();
}
