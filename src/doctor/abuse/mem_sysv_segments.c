/* @lang: c
   @contain: System V segments outlive the process that filled them and belong to none
   @status: out of memory
   @host: ipcs on the host unchanged, memory given back
   @expect: oom
   @runsc: any
*/
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
int main(void) { for (;;) { int i = shmget(IPC_PRIVATE, 8 << 20, 0600 | IPC_CREAT); char *p = shmat(i, 0, 0); if (p == (char *)-1) continue; memset(p, 7, 8 << 20); shmdt(p); } }
