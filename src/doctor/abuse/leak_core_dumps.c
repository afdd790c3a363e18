/* @lang: c
   @contain: crashes that write core files, or start the program of the host that collects them, whatever limit the program sets
   @status: exit 0
   @host: no core file, no collector started
   @expect: ok
   @runsc: any
   @out: contained
   @not: LEAKED
*/
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
    /* A pipe in kernel.core_pattern is used with every limit but 1. */
    struct rlimit limits[] = {{0, 0}, {0, 1}, {RLIM_INFINITY, RLIM_INFINITY}}, now;
    for (int i = 0; i < 3; i++) {
        setrlimit(RLIMIT_CORE, &limits[i]);
        syscall(SYS_setrlimit, RLIMIT_CORE | 1L << 32, &limits[i]);
        syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limits[i], NULL);
        syscall(SYS_prlimit64, 0, RLIMIT_CORE | 1L << 32, &limits[i], NULL);
        syscall(SYS_prlimit64, 1L << 32, RLIMIT_CORE, &limits[i], NULL);
        getrlimit(RLIMIT_CORE, &now);
        if (now.rlim_cur != 1 || now.rlim_max != 1) printf("LEAKED: the limit became %ld\n", (long)now.rlim_cur);
    }
    for (int i = 0; i < 40; i++) {
        if (fork() == 0) abort();
        wait(NULL);
    }
    const char *folders[] = {"/code", "/tmp"};
    for (int i = 0; i < 2; i++) {
        DIR *folder = opendir(folders[i]);
        for (struct dirent *entry; (entry = readdir(folder));)
            if (strncmp(entry->d_name, "core", 4) == 0) printf("LEAKED: %s\n", entry->d_name);
    }
    puts("contained");
    return 0;
}
