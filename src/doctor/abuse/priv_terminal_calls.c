/* @lang: c
   @contain: calls that type into a terminal or change how the host's kernel treats it, plainly and hidden in 64 bits of which the kernel reads 32
   @status: exit 0
   @host: nothing typed, no line discipline loaded
   @expect: ok
   @runsc: any
   @tty: yes
   @out: tried 18
   @not: REACHED
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
    long calls[] = {0x5412, 0x541C, 0x5423}, high[] = {0, 1L << 32, 1L << 63};
    int own = open("/dev/ptmx", O_RDWR | O_NOCTTY), tried = 0, discipline = 3;
    for (int place = 0; place < 2; place++)
        for (int call = 0; call < 3; call++)
            for (int bits = 0; bits < 3; bits++) {
                /* Nobody asked the kernel when the filter says EPERM; a process that owns its terminal is allowed all three. */
                long done = syscall(SYS_ioctl, place ? own : 0, calls[call] | high[bits], &discipline);
                if (done == 0 || errno != EPERM) printf("REACHED %lx\n", calls[call] | high[bits]);
                tried++;
            }
    printf("tried %d\n", tried);
    return 0;
}
