#include <stdio.h>
#include <unistd.h>

int main(void)
{
    puts("Hello, world!");
    printf("This is C, built by gcc %s just now.\n", __VERSION__);

    for (int number = 3; number > 0; number--) {
        printf("%d... ", number);
        fflush(stdout);
        usleep(200 * 1000);
    }
    puts("go: change me and press Run.");
    return 0;
}
