/* @lang: c
   @contain: the kernel's own memory: processes full of mappings that hold no memory of their own
   @status: out of memory
   @host: memory given back
   @expect: oom
   @runsc: any
   @timeout: 25
*/
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
    int status, made = 0;
    for (; made < 100; made++) {
        pid_t child = fork();
        if (child < 0) break;
        if (child == 0) {
            /* Neighbours with other rights are never made one. */
            for (int i = 0; i < 65000; i++) mmap(NULL, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            for (;;) pause();
        }
        usleep(20000);
        if (waitpid(-1, &status, WNOHANG) > 0) return 128 + SIGKILL;
    }
    if (waitpid(-1, &status, 0) > 0) return 128 + SIGKILL;
    printf("%d processes full of mappings\n", made);
    return 0;
}
