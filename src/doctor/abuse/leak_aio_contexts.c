/* @lang: c
   @contain: asynchronous I/O contexts are counted once for the whole host (fs.aio-max-nr): one run could take them all from its databases
   @status: exit 0
   @host: /proc/sys/fs/aio-nr unchanged
   @expect: ok
   @runsc-skip: the kernel of gVisor has its own
   @not: TAKEN
*/
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
    long taken = 0; unsigned long context = 0;
    while (syscall(SYS_io_setup, 1024, &context) == 0) { taken += 1024; context = 0; }
    if (taken) printf("TAKEN %ld\n", taken); else puts("none"); return 0;
}
