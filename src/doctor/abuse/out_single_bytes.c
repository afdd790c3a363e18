/* @lang: c
   @contain: one byte at a time to both streams in turn, by many processes: more messages than bytes
   @status: output limit
   @host: server memory flat, honest runs beside it
   @expect: output-limit|timeout
   @timeout: 10
*/
#include <unistd.h>
int main(void) {
    for (int i = 0; i < 4; i++) if (fork() == 0) break;
    for (;;) { if (write(1, "a", 1) < 0) return 1; if (write(2, "b", 1) < 0) return 1; }
}
