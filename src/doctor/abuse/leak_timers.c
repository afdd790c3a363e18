/* @lang: c
   @contain: timers of the kernel without end: each is memory that no process shows
   @status: exit 0
   @host: -
   @expect: ok
   @runsc: any
   @out: contained
*/
#include <signal.h>
#include <stdio.h>
#include <time.h>
int main(void) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    timer_t timer;
    int made = 0;
    while (made < 100000 && timer_create(CLOCK_MONOTONIC, &event, &timer) == 0) made++;
    printf("%s: %d timers\n", made < 1000 ? "contained" : "WITHOUT END", made);
    return 0;
}
