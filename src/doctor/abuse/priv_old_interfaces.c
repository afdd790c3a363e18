/* @lang: c
   @contain: system calls by the 32-bit and x32 doors, past a filter that knows only 64-bit numbers
   @status: exit 0, or ended by SIGSYS
   @host: -
   @expect: ok|signal:SIGSYS|signal:SIGSEGV
   @runsc: any
   @not: ALLOWED
*/
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    if (syscall(0x40000000 + 39) > 0) puts("ALLOWED x32");
#ifdef __x86_64__
    long r = 20; /* getpid of the 32-bit table */
    __asm__ volatile("int $0x80" : "+a"(r) : : "memory");
    if (r > 0) puts("ALLOWED 32-bit");
#endif
    return 0;
}
