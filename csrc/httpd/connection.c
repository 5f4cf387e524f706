#include "connection.h"

#include "server.h"

#include <arpa/inet.h>
#include <linux/tcp.h> /* the C library's tcp_info ends before tcpi_bytes_received */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

bool connection_table_init(struct connection_table *table, unsigned limit)
{
    table->slots = calloc(limit, sizeof(struct connection *));
    table->free_slots = calloc(limit, sizeof(unsigned));
    if (table->slots == NULL || table->free_slots == NULL) {
        connection_table_free(table);
        return false;
    }
    table->limit = table->free_count = limit;
    for (unsigned i = 0; i < limit; i++)
        table->free_slots[i] = limit - 1 - i;
    return true;
}

void connection_table_free(struct connection_table *table)
{
    for (unsigned i = 0; i < table->limit; i++) {
        if (table->slots[i] == NULL)
            continue;
        request_free(&table->slots[i]->request);
        free(table->slots[i]);
    }
    free(table->slots);
    free(table->free_slots);
    *table = (struct connection_table){0};
}

static struct connection *take_slot(struct connection_table *table)
{
    if (table->free_count == 0)
        return NULL;
    unsigned slot = table->free_slots[table->free_count - 1];
    if (table->slots[slot] == NULL) {
        table->slots[slot] = calloc(1, sizeof(struct connection));
        if (table->slots[slot] == NULL)
            return NULL;
        table->slots[slot]->slot = slot;
    }
    table->free_count--;
    table->open++;
    return table->slots[slot];
}

static void format_address(const struct sockaddr *address, char *text, socklen_t size)
{
    text[0] = '\0';
    if (address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text,
                  size);
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *v6 =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(v6)) /* an IPv4 client of a socket that serves both */
            inet_ntop(AF_INET, &v6->s6_addr[12], text, size);
        else
            inet_ntop(AF_INET6, v6, text, size);
    }
}

struct connection *connection_open(struct server *server, struct MHD_Connection *mhd)
{
    int descriptor = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct connection *connection = take_slot(&server->connections);
    if (connection == NULL) {
        shutdown(descriptor, SHUT_RDWR);
        return NULL;
    }
    connection->server = server;
    connection->mhd = mhd;
    connection->socket = descriptor;
    connection->refused = connection->suspended = connection->aborted = false;
    connection->stream = NULL;
    format_address(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
                   connection->remote_address, sizeof(connection->remote_address));
    deadline_add(&server->deadlines, connection);
    return connection;
}

void connection_closed(struct connection *connection)
{
    struct server *server = connection->server;
    struct connection_table *table = &server->connections;
    server_forget(server, connection);
    bool unfinished = connection->refused || connection->phase == PHASE_NEW ||
                      connection->phase == PHASE_HEADER || connection->phase == PHASE_BODY;
    if (!server->stopping)
        linger_consider(&server->linger, connection->socket, unfinished, server->deadlines.now);
    deadline_remove(&server->deadlines, connection);
    connection->mhd = NULL;
    table->free_slots[table->free_count++] = connection->slot;
    table->open--;
    /* At its limit the daemon stops accepting, and notices that there is room again only when it is
     * run. */
    server->run_again = true;
}

struct connection *connection_find(const struct connection_table *table, int64_t id)
{
    if (id <= 0 || id % CONNECTION_SLOTS >= table->limit)
        return NULL;
    struct connection *connection = table->slots[id % CONNECTION_SLOTS];
    return connection != NULL && connection->id == id ? connection : NULL;
}

void connection_end(struct connection *connection, const char *last_words)
{
    if (last_words != NULL)
        (void)!send(connection->socket, last_words, strlen(last_words),
                    MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(connection->socket, SHUT_RDWR);
    deadline_enter(&connection->server->deadlines, connection, PHASE_ENDED);
    connection->server->run_again = true;
}

void connection_reset(struct connection *connection)
{
    /* Dissolving the association resets at once. A close after SO_LINGER would come too late: the
     * library shuts the socket down first, and the client would see an orderly end. */
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    (void)!connect(connection->socket, &nobody, sizeof(nobody));
}

bool connection_heard(const struct connection *connection)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    return getsockopt(connection->socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           info.tcpi_bytes_received > 0;
}

static bool unread(const struct connection *connection)
{
    char byte;
    return recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

struct connection *connection_oldest_idle(const struct server *server)
{
    struct connection *fresh = server->deadlines.list[PHASE_NEW].first;
    struct connection *idle = server->deadlines.list[PHASE_IDLE].first;
    while (fresh != NULL || idle != NULL) {
        bool take_fresh = idle == NULL || (fresh != NULL && fresh->since <= idle->since);
        struct connection **candidate = take_fresh ? &fresh : &idle;
        if (!unread(*candidate))
            return *candidate;
        *candidate = (*candidate)->next;
    }
    return NULL;
}
