/* @lang: c
   @contain: packets on the loopback device as fast as they go, whose handling the kernel does for the sender
   @status: time limit
   @host: canary in time
   @expect: timeout
   @runsc: any
*/
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void) {
    for (int i = 0; i < 5; i++) if (fork() < 0) break;
    static char data[1024];
    int in = socket(AF_INET, SOCK_DGRAM, 0), out = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(in, (void *)&address, length) || getsockname(in, (void *)&address, &length)) return 5;
    for (;;) sendto(out, data, sizeof data, MSG_DONTWAIT, (void *)&address, length);
}
