/* @lang: c
   @contain: every socket family but unix, IPv4, IPv6 and routing netlink; raw sockets; kernel crypto (AF_ALG) and the hypervisor (AF_VSOCK)
   @status: exit 0
   @host: no module loaded
   @expect: ok
   @runsc: any
   @not: ALLOWED
*/
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
static void attempt(const char *what, int family, int type, int protocol) {
    int s = socket(family, type, protocol);
    if (s >= 0) { printf("ALLOWED %s %d %d %d\n", what, family, type, protocol); close(s); }
}
int main(void) {
    int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };
    for (int family = 0; family < 64; family++) {
        if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) continue;
        for (int t = 0; t < 4; t++) attempt("family", family, types[t], 0);
    }
    for (int protocol = 1; protocol < 256; protocol++) {
        attempt("raw", AF_INET, SOCK_RAW, protocol); attempt("raw", AF_INET6, SOCK_RAW, protocol);
        if (protocol < 32) attempt("netlink", AF_NETLINK, SOCK_RAW, protocol);
        if (protocol != 6) attempt("stream", AF_INET, SOCK_STREAM, protocol);
    }
    puts("tried"); return 0;
}
