#include "connection.h"

#include <arpa/inet.h>
#include <linux/tcp.h> /* the C library's tcp_info ends before tcpi_bytes_received */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct kenar_connection *kenar_connection_of_peer(struct kenar_peer *peer)
{
    if (peer == NULL)
        return NULL;
    return (void *)((char *)peer - offsetof(struct kenar_connection, peer));
}

struct kenar_connection *kenar_connection_of_deadline(struct kenar_deadline *deadline)
{
    if (deadline == NULL)
        return NULL;
    return (void *)((char *)deadline - offsetof(struct kenar_connection, deadline));
}

bool kenar_connection_table_init(struct kenar_connection_table *table, unsigned limit)
{
    table->slots = calloc(limit, sizeof(struct kenar_connection *));
    table->free_slots = calloc(limit, sizeof(unsigned));
    if (table->slots == NULL || table->free_slots == NULL) {
        kenar_connection_table_free(table);
        return false;
    }
    table->limit = table->free_count = limit;
    for (unsigned i = 0; i < limit; i++)
        table->free_slots[i] = limit - 1 - i;
    return true;
}

void kenar_connection_table_free(struct kenar_connection_table *table)
{
    for (unsigned i = 0; i < table->limit; i++) {
        if (table->slots[i] == NULL)
            continue;
        kenar_request_free(&table->slots[i]->request);
        free(table->slots[i]);
    }
    free(table->slots);
    free(table->free_slots);
    *table = (struct kenar_connection_table){0};
}

static struct kenar_connection *take_slot(struct kenar_connection_table *table)
{
    if (table->free_count == 0)
        return NULL;
    unsigned slot = table->free_slots[table->free_count - 1];
    if (table->slots[slot] == NULL) {
        table->slots[slot] = calloc(1, sizeof(struct kenar_connection));
        if (table->slots[slot] == NULL)
            return NULL;
        table->slots[slot]->peer.slot = slot;
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

struct kenar_connection *kenar_connection_open(struct kenar_connection_table *table,
                                               struct MHD_Connection *mhd)
{
    int descriptor = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct kenar_connection *connection = take_slot(table);
    if (connection == NULL) {
        shutdown(descriptor, SHUT_RDWR);
        return NULL;
    }
    connection->table = table;
    connection->peer = (struct kenar_peer){
        .daemon = table->daemon, .mhd = mhd, .socket = descriptor, .slot = connection->peer.slot};
    connection->refused = connection->aborted = false;
    connection->stream = NULL;
    format_address(MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
                   connection->remote_address, sizeof(connection->remote_address));
    kenar_deadline_add(table->deadlines, &connection->deadline);
    return connection;
}

void kenar_connection_enter(struct kenar_connection *connection, enum kenar_phase phase)
{
    kenar_deadline_enter(connection->table->deadlines, &connection->deadline, phase);
}

void kenar_connection_forget(struct kenar_connection *connection)
{
    if (connection->stream != NULL) {
        kenar_stream_over(connection->table->streams, connection->stream);
        connection->stream = NULL;
        connection->peer.id = 0; /* it was answered when the stream began */
    } else {
        kenar_daemon_forget(&connection->peer);
    }
    if (connection->response != NULL) {
        kenar_response_drop(connection->response);
        connection->response = NULL;
    }
    kenar_request_trim(&connection->request);
}

void kenar_connection_closed(struct kenar_connection *connection)
{
    struct kenar_connection_table *table = connection->table;
    kenar_connection_forget(connection);
    enum kenar_phase phase = connection->deadline.phase;
    bool unfinished = connection->refused || phase == KENAR_PHASE_NEW ||
                      phase == KENAR_PHASE_HEADER || phase == KENAR_PHASE_BODY;
    if (!table->daemon->stopping)
        kenar_linger_consider(table->linger, connection->peer.socket, unfinished,
                              table->deadlines->now);
    kenar_deadline_remove(table->deadlines, &connection->deadline);
    connection->peer.mhd = NULL;
    table->free_slots[table->free_count++] = connection->peer.slot;
    table->open--;
    /* At its limit the daemon stops accepting, and notices that there is room again only when it is
     * run. */
    table->daemon->run_again = true;
}

struct kenar_connection *kenar_connection_find(const struct kenar_connection_table *table,
                                               int64_t id)
{
    if (id <= 0 || id % KENAR_CONNECTION_SLOTS >= table->limit)
        return NULL;
    struct kenar_connection *connection = table->slots[id % KENAR_CONNECTION_SLOTS];
    return connection != NULL && connection->peer.id == id ? connection : NULL;
}

void kenar_connection_end(struct kenar_connection *connection, const char *last_words)
{
    if (last_words != NULL)
        (void)!send(connection->peer.socket, last_words, strlen(last_words),
                    MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(connection->peer.socket, SHUT_RDWR);
    kenar_connection_enter(connection, KENAR_PHASE_ENDED);
    connection->table->daemon->run_again = true;
}

void kenar_connection_reset(struct kenar_connection *connection)
{
    /* Dissolving the association resets at once. A close after SO_LINGER would come too late: the
     * library shuts the socket down first, and the client would see an orderly end. */
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    (void)!connect(connection->peer.socket, &nobody, sizeof(nobody));
}

bool kenar_connection_heard(const struct kenar_connection *connection)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    return getsockopt(connection->peer.socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           info.tcpi_bytes_received > 0;
}

static bool unread(const struct kenar_connection *connection)
{
    char byte;
    return recv(connection->peer.socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

struct kenar_connection *kenar_connection_oldest_idle(const struct kenar_connection_table *table)
{
    struct kenar_deadline *fresh = table->deadlines->list[KENAR_PHASE_NEW].first;
    struct kenar_deadline *idle = table->deadlines->list[KENAR_PHASE_IDLE].first;
    while (fresh != NULL || idle != NULL) {
        bool take_fresh = idle == NULL || (fresh != NULL && fresh->since <= idle->since);
        struct kenar_deadline **candidate = take_fresh ? &fresh : &idle;
        struct kenar_connection *connection = kenar_connection_of_deadline(*candidate);
        if (!unread(connection))
            return connection;
        *candidate = (*candidate)->next;
    }
    return NULL;
}
