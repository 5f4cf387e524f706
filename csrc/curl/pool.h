/* Transfers over one multi handle: those beyond the limit wait in line, in the order they were
 * added. */
#ifndef KENAR_CURL_POOL_H
#define KENAR_CURL_POOL_H

#include "channel.h"
#include "transfer.h"
#include "watch.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kenar_pool {
    struct kenar_settings settings;
    pid_t owner; /* the process that made it: after a fork its connections stay the parent's */
    bool closed;
    CURLM *multi; /* NULL until the first transfer, and after everything was idle */
    struct kenar_watch watch;
    struct kenar_sockets sockets;
    double idle_since; /* monotonic seconds: when the last transfer ended */
    uint64_t serial;
    struct kenar_transfer **slots; /* every transfer, by its slot */
    size_t slots_count, slots_capacity;
    struct kenar_line free, queued, active, done;
    struct kenar_channel *free_channels;
};

/* `pool` is zeroed memory. The settings' strings go over to it. */
void kenar_pool_open(struct kenar_pool *pool, const struct kenar_settings *settings);

/* A transfer to be filled in; it stays free until it is added, so nothing is lost when filling it
 * fails half-way. NULL when memory is short. */
struct kenar_transfer *kenar_pool_blank(struct kenar_pool *pool);

/* Puts a filled transfer in line and gives it an id (below 2^53). */
void kenar_pool_add(struct kenar_pool *pool, struct kenar_transfer *transfer);

/* Sends and receives what can be, waiting until `timeout` seconds (infinity: no end) for something
 * to happen, on `others` too. Does not wait over outcomes that were not collected. */
void kenar_pool_step(struct kenar_pool *pool, double timeout, const int *others,
                     size_t others_count);

/* The queued or active transfer with this id, or NULL. */
struct kenar_transfer *kenar_pool_find(const struct kenar_pool *pool, uint64_t id);

/* Lets go of a transfer in any state: what it sent is sent, what would come is dropped. */
void kenar_pool_release(struct kenar_pool *pool, struct kenar_transfer *transfer);

/* Ends every transfer as "closed", to be collected, and closes all connections; after a fork, in
 * the child, it leaves both alone. Idempotent. */
void kenar_pool_close(struct kenar_pool *pool);

/* Closes it and frees everything. */
void kenar_pool_destroy(struct kenar_pool *pool);

#endif
