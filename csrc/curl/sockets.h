/* The connected sockets of a multi handle. libcurl 7.84 to 8.14 tell a callback the two ends of a
 * connection before a request is written on it, and its descriptor only afterwards. */
#ifndef KENAR_CURL_SOCKETS_H
#define KENAR_CURL_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* As libcurl writes them. */
struct kenar_ends {
    const char *peer, *own;
    int peer_port, own_port;
};

struct kenar_socket {
    int fd;
    int peer_port, own_port; /* own_port is 0 until the ends are known */
    char peer[INET6_ADDRSTRLEN], own[INET6_ADDRSTRLEN];
};

struct kenar_sockets {
    struct kenar_socket *list;
    size_t count, capacity;
};

/* Without memory the socket stays unknown, and is never found. */
void kenar_sockets_add(struct kenar_sockets *sockets, int fd);
void kenar_sockets_remove(struct kenar_sockets *sockets, int fd);

/* To be called once for a new connection: finds the socket with these ends and remembers them. */
void kenar_sockets_learn(struct kenar_sockets *sockets, const struct kenar_ends *ends);

/* The descriptor of the connection with these ends, or -1. */
int kenar_sockets_find(const struct kenar_sockets *sockets, const struct kenar_ends *ends);

void kenar_sockets_free(struct kenar_sockets *sockets);

/* Whether the peer neither closed nor reset the connection; `silent`: nor sent a byte. */
bool kenar_socket_is_open(int fd, bool silent);

#endif
