#include "listen_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union any_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t parse(const char *address, unsigned port, union any_address *parsed)
{
    memset(parsed, 0, sizeof(*parsed));
    if (inet_pton(AF_INET, address, &parsed->v4.sin_addr) == 1) {
        parsed->v4.sin_family = AF_INET;
        parsed->v4.sin_port = htons((in_port_t)port);
        return sizeof(parsed->v4);
    }
    if (inet_pton(AF_INET6, address, &parsed->v6.sin6_addr) == 1) {
        parsed->v6.sin6_family = AF_INET6;
        parsed->v6.sin6_port = htons((in_port_t)port);
        return sizeof(parsed->v6);
    }
    return 0;
}

static bool listen_on(int socket, union any_address *address, socklen_t length)
{
    int on = 1;
    /* A restarted server must get its port back although old connections are still in TIME_WAIT. */
    return setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           bind(socket, &address->any, length) == 0 && listen(socket, SOMAXCONN) == 0 &&
           getsockname(socket, &address->any, &length) == 0;
}

int kenar_listen_socket_open(const char *address, unsigned port, unsigned *bound, char *message,
                             size_t size)
{
    union any_address parsed;
    socklen_t length = parse(address, port, &parsed);
    if (length == 0) {
        snprintf(message, size, "cannot listen on %s port %u: not a numeric IPv4 or IPv6 address",
                 address, port);
        return -1;
    }
    int descriptor = socket(parsed.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0 || !listen_on(descriptor, &parsed, length)) {
        snprintf(message, size, "cannot listen on %s port %u: %s", address, port, strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return -1;
    }
    *bound = ntohs(parsed.any.sa_family == AF_INET ? parsed.v4.sin_port : parsed.v6.sin6_port);
    return descriptor;
}
