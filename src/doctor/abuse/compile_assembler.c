/* @lang: c
   @contain: the assembler writes an object file without end
   @status: out of memory, disk limit, time limit or compile error
   @host: no assembler left
   @expect: oom|timeout|exit:*|disk-limit|signal:*
*/
__asm__(".rept 2000000000\n.quad 1\n.endr");
int main(void) { return 0; }
