/* @lang: c
   @contain: the compiler reads a file without end
   @status: out of memory, time limit or compile error
   @host: no cc1 left
   @expect: oom|timeout|exit:*|signal:*
*/
#include "/dev/zero"
int main(void) { return 0; }
