/* The connected sockets of a multi handle, by their addresses. libcurl 7.84 to 8.14 pass the
 * addresses of a connection to the callback before a request, but not its descriptor. */
#ifndef KENAR_CURL_SOCKETS_H
#define KENAR_CURL_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* The addresses of a connection as libcurl formats them. */
struct kenar_address_pair {
    const char *peer, *local;
    int peer_port, local_port;
};

struct kenar_socket {
    int fd;
    int peer_port, local_port; /* local_port is 0 until the addresses are known */
    char peer[INET6_ADDRSTRLEN], local[INET6_ADDRSTRLEN];
};

struct kenar_sockets {
    struct kenar_socket *list;
    size_t count, capacity;
};

/* Adds a descriptor. If memory is short, the socket is not added and never found. */
void kenar_sockets_add(struct kenar_sockets *sockets, int fd);
/* Removes a descriptor, if it was added. */
void kenar_sockets_remove(struct kenar_sockets *sockets, int fd);

/* Stores the addresses with the socket that has them. Call it once for each new connection. */
void kenar_sockets_set_addresses(struct kenar_sockets *sockets,
                                 const struct kenar_address_pair *pair);

/* The descriptor of the connection with these addresses, or -1. */
int kenar_sockets_find(const struct kenar_sockets *sockets, const struct kenar_address_pair *pair);

/* Frees the memory; closes no socket. */
void kenar_sockets_free(struct kenar_sockets *sockets);

/* Whether the peer has neither closed nor reset the connection. With `silent`, unread bytes count
 * as closed too. */
bool kenar_socket_is_open(int fd, bool silent);

#endif
