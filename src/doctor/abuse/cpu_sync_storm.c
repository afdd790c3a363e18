/* @lang: c
   @contain: sync() writes out every disk of the host, whoever asks: in a loop it slows everybody
   @status: exit 0 at once
   @host: disks not flushed
   @expect: ok
   @runsc-skip: the kernel of gVisor answers it
   @out: harmless
*/
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
int main(void) {
    struct timespec a, b; int root = open("/", O_RDONLY);
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < 2000; i++) { sync(); syncfs(root); }
    clock_gettime(CLOCK_MONOTONIC, &b);
    double seconds = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
    printf("%.3f s, %s\n", seconds, seconds < 0.5 ? "harmless" : "the disks were asked"); return 0;
}
