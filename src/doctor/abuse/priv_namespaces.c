/* @lang: c
   @contain: namespaces of one's own, by unshare, clone and clone3: root in a new user namespace reaches much more of the kernel
   @status: exit 0
   @host: -
   @expect: ok
   @runsc: any
   @not: ALLOWED
*/
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
    unsigned long kinds[] = { CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, 0x80 };
    for (int k = 0; k < 8; k++) {
        if (unshare((int)(kinds[k] | CLONE_NEWUSER)) == 0) printf("ALLOWED unshare %lx\n", kinds[k]);
        if (kinds[k] != 0x80) {
            long child = syscall(SYS_clone, kinds[k] | SIGCHLD, 0L, 0L, 0L, 0L);
            if (child == 0) _exit(0);
            if (child > 0) printf("ALLOWED clone %lx\n", kinds[k]);
        }
        unsigned long arguments[11] = { kinds[k], 0, 0, 0, SIGCHLD };
        long child = syscall(435, arguments, sizeof arguments);
        if (child == 0) _exit(0);
        if (child > 0) printf("ALLOWED clone3 %lx\n", kinds[k]);
    }
    puts("tried"); return 0;
}
