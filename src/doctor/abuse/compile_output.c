/* @lang: c
   @contain: a compiler that prints without end
   @status: output limit
   @host: server memory flat
   @expect: output-limit|timeout|exit:*
*/
#warning "a warning, again and again, a warning, again and again, a warning, again and again, a warning, again and again"
#if __INCLUDE_LEVEL__ < 100
#include __FILE__
#include __FILE__
#endif
int main(void) { return 0; }
