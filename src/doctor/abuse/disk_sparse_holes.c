/* @lang: c
   @contain: files with nothing in them that take space when they are looked at, and are emptied and filled again
   @status: exit 0
   @host: memory given back
   @expect: ok
   @runsc: any
   @mem: 256
   @out: contained
   @not: TOO MUCH
*/
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
enum { FILES = 6, SIZE = 60 << 20 };
static sigjmp_buf full;
static void on_bus(int number) { (void)number; siglongjmp(full, 1); }
static volatile char *maps[FILES];
static int files[FILES];
static long look(void) { /* pages that could be had */
    volatile long pages = 0;
    static volatile char sum;
    for (volatile int i = 0; i < FILES; i++) {
        if (sigsetjmp(full, 1)) continue;
        for (volatile long at = 0; at < SIZE; at += 4096) { sum += maps[i][at]; pages++; }
    }
    return pages;
}
int main(void) {
    signal(SIGBUS, on_bus);
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s/holes%d", i % 2 ? "/tmp" : "/code", i);
        files[i] = open(name, O_RDWR | O_CREAT, 0600);
        if (ftruncate(files[i], SIZE) != 0) return 5;
        maps[i] = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, files[i], 0);
    }
    long first = look();
    for (int i = 0; i < FILES; i++) fallocate(files[i], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, SIZE);
    long second = look();
    long most = 130L << 8; /* both disks, in pages */
    printf("%s: %ld pages, then %ld\n", first > most || second > most ? "TOO MUCH" : "contained", first, second);
    return 0;
}
