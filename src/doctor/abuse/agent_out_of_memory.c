/* @lang: c
   @contain: memory that belongs to no process, from a tiny process as likely to be killed as the agent
   @status: out of memory, even where the kernel picks the agent
   @host: memory given back
   @expect: oom
   @runsc: any
   @out: filling
*/
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void) {
    int a = open("/proc/self/oom_score_adj", O_WRONLY);
    if (write(a, "500", 3) != 3) perror("oom_score_adj");
    puts("filling"); fflush(stdout);
    static char block[1 << 16];
    for (;;) { int f = memfd_create("x", 0); for (int i = 0; i < 256; i++) if (write(f, block, sizeof block) < 0) break; }
}
