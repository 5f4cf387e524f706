/* Transfers over one multi handle. Transfers beyond the limit are queued in the order in which they
 * were added. */
#ifndef KENAR_CURL_POOL_H
#define KENAR_CURL_POOL_H

#include "handle.h"
#include "poll_set.h"
#include "transfer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kenar_pool {
    struct kenar_settings settings;
    pid_t owner; /* the process that made the pool and owns its connections */
    bool closed;
    CURLM *multi; /* NULL before the first transfer and after `idle` seconds without one */
    struct kenar_poll_set poll_set;
    struct kenar_sockets sockets;
    double idle_since; /* monotonic seconds: the end of the last transfer */
    uint64_t serial;
    struct kenar_transfer **slots; /* all transfers, by slot */
    size_t slots_count, slots_capacity;
    struct kenar_transfer_list free, queued, active, done;
    struct kenar_handle *free_handles;
};

/* Initializes `pool`, which must be zeroed, and takes the strings of the settings over. */
void kenar_pool_open(struct kenar_pool *pool, const struct kenar_settings *settings);

/* A transfer for the caller to fill. It counts as free until kenar_pool_add, so an error in between
 * loses nothing. NULL if memory is short or 2^20 transfers exist. */
struct kenar_transfer *kenar_pool_new_transfer(struct kenar_pool *pool);

/* Queues a filled transfer and gives it an id below 2^53. */
void kenar_pool_add(struct kenar_pool *pool, struct kenar_transfer *transfer);

/* Starts queued transfers, then sends and receives. Waits up to `timeout` seconds (infinity: no
 * limit) for an event on the connections or on `others`. Does not wait if finished transfers are
 * still to be collected. */
void kenar_pool_step(struct kenar_pool *pool, double timeout, const int *others,
                     size_t others_count);

/* The queued or active transfer with this id, or NULL. */
struct kenar_transfer *kenar_pool_find(const struct kenar_pool *pool, uint64_t id);

/* Frees the transfer in any state. An active transfer is cancelled; its answer is dropped. */
void kenar_pool_release(struct kenar_pool *pool, struct kenar_transfer *transfer);

/* Ends every transfer as "closed", still to be collected, and closes all connections. In the child
 * of a fork it only marks the pool as closed. Idempotent. */
void kenar_pool_close(struct kenar_pool *pool);

/* Closes the pool and frees all memory. */
void kenar_pool_destroy(struct kenar_pool *pool);

#endif
