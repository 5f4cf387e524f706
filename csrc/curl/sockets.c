#include "sockets.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct kenar_socket *find_fd(struct kenar_sockets *sockets, int fd)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->list[i].fd == fd) {
            return &sockets->list[i];
        }
    }
    return NULL;
}

void kenar_sockets_remove(struct kenar_sockets *sockets, int fd)
{
    struct kenar_socket *socket = find_fd(sockets, fd);
    if (socket != NULL) {
        *socket = sockets->list[--sockets->count];
    }
}

void kenar_sockets_add(struct kenar_sockets *sockets, int fd)
{
    kenar_sockets_remove(sockets, fd);
    if (sockets->count == sockets->capacity) {
        size_t capacity = sockets->capacity == 0 ? 16 : sockets->capacity * 2;
        struct kenar_socket *grown = realloc(sockets->list, capacity * sizeof *grown);
        if (grown == NULL) {
            return;
        }
        sockets->list = grown;
        sockets->capacity = capacity;
    }
    sockets->list[sockets->count++] = (struct kenar_socket){.fd = fd};
}

/* Writes an address as text. Returns its port, or 0 if it is no IP address. */
static int describe(const struct sockaddr_storage *address, char text[INET6_ADDRSTRLEN])
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &four->sin_addr, text, INET6_ADDRSTRLEN);
        return ntohs(four->sin_port);
    }
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
        inet_ntop(AF_INET6, &six->sin6_addr, text, INET6_ADDRSTRLEN);
        return ntohs(six->sin6_port);
    }
    return 0;
}

static bool has_pair(const struct kenar_socket *socket, const struct kenar_address_pair *pair)
{
    return socket->local_port == pair->local_port && socket->peer_port == pair->peer_port &&
           strcmp(socket->peer, pair->peer) == 0 && strcmp(socket->local, pair->local) == 0;
}

static bool read_pair(struct kenar_socket *socket, const struct kenar_address_pair *pair)
{
    struct sockaddr_storage local, peer;
    socklen_t local_size = sizeof local, peer_size = sizeof peer;
    struct kenar_socket seen = {.fd = socket->fd};
    if (getsockname(socket->fd, (struct sockaddr *)&local, &local_size) != 0) {
        return false;
    }
    seen.local_port = describe(&local, seen.local);
    if (seen.local_port != pair->local_port ||
        getpeername(socket->fd, (struct sockaddr *)&peer, &peer_size) != 0) {
        return false;
    }
    seen.peer_port = describe(&peer, seen.peer);
    if (!has_pair(&seen, pair)) {
        return false;
    }
    *socket = seen;
    return true;
}

void kenar_sockets_set_addresses(struct kenar_sockets *sockets,
                                 const struct kenar_address_pair *pair)
{
    /* From the newest to the oldest. */
    for (size_t i = sockets->count; i > 0; i--) {
        struct kenar_socket *socket = &sockets->list[i - 1];
        if (socket->local_port == 0 && read_pair(socket, pair)) {
            return;
        }
    }
}

int kenar_sockets_find(const struct kenar_sockets *sockets, const struct kenar_address_pair *pair)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (has_pair(&sockets->list[i], pair)) {
            return sockets->list[i].fd;
        }
    }
    return -1;
}

void kenar_sockets_free(struct kenar_sockets *sockets)
{
    free(sockets->list);
    *sockets = (struct kenar_sockets){.list = NULL};
}

bool kenar_socket_is_open(int fd, bool silent)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    }
    return got > 0 && !silent;
}
