#include "pool.h"

#include "pipe_guard.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* An id is a serial number followed by the slot. So ids never repeat, and a lookup needs no
 * search. */
#define SLOT_BITS 20
#define MAX_SLOTS ((size_t)1 << SLOT_BITS)

static const char pool_closed[] = "the pool was closed";
static const char file_gone[] =
    "a file of the body was removed or changed after the request was added";
static const char multi_broke[] = "libcurl cannot continue any transfer";

void kenar_pool_open(struct kenar_pool *pool, const struct kenar_settings *settings)
{
    pool->settings = *settings;
    pool->owner = getpid();
    kenar_poll_set_clear(&pool->poll_set);
}

static bool open_multi(struct kenar_pool *pool)
{
    CURLM *multi;
    if (pool->multi != NULL) {
        return true;
    }
    multi = curl_multi_init();
    if (multi == NULL) {
        return false;
    }
    if (!kenar_poll_set_attach(&pool->poll_set, multi) ||
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)pool->settings.max_transfers) !=
            CURLM_OK) {
        curl_multi_cleanup(multi);
        return false;
    }
    pool->multi = multi;
    return true;
}

/* Closes all connections. No transfer may be active. */
static void close_multi(struct kenar_pool *pool)
{
    if (pool->multi != NULL) {
        curl_multi_cleanup(pool->multi);
        pool->multi = NULL;
    }
    kenar_poll_set_clear(&pool->poll_set);
}

static struct kenar_transfer *new_slot(struct kenar_pool *pool)
{
    struct kenar_transfer *transfer;
    if (pool->slots_count == pool->slots_capacity) {
        size_t capacity = pool->slots_capacity == 0 ? 16 : pool->slots_capacity * 2;
        struct kenar_transfer **grown;
        if (capacity > MAX_SLOTS) {
            return NULL;
        }
        grown = realloc(pool->slots, capacity * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        pool->slots = grown;
        pool->slots_capacity = capacity;
    }
    transfer = calloc(1, sizeof *transfer);
    if (transfer != NULL) {
        transfer->slot = pool->slots_count;
        pool->slots[pool->slots_count++] = transfer;
        kenar_transfer_list_append(&pool->free, transfer);
    }
    return transfer;
}

struct kenar_transfer *kenar_pool_new_transfer(struct kenar_pool *pool)
{
    /* The transfer that was freed last, because its memory is likely in the cache. */
    struct kenar_transfer *transfer = pool->free.last != NULL ? pool->free.last : new_slot(pool);
    if (transfer != NULL) {
        kenar_request_clear(&transfer->request);
    }
    return transfer;
}

void kenar_pool_add(struct kenar_pool *pool, struct kenar_transfer *transfer)
{
    transfer->id = ++pool->serial << SLOT_BITS | transfer->slot;
    transfer->state = KENAR_TRANSFER_QUEUED;
    transfer->failure = KENAR_FAILURE_NONE;
    transfer->stale = false;
    transfer->status = 0;
    kenar_transfer_list_remove(&pool->free, transfer);
    kenar_transfer_list_append(&pool->queued, transfer);
}

struct kenar_transfer *kenar_pool_find(const struct kenar_pool *pool, uint64_t id)
{
    size_t slot = (size_t)(id & (MAX_SLOTS - 1));
    struct kenar_transfer *transfer = slot < pool->slots_count ? pool->slots[slot] : NULL;
    if (transfer == NULL || transfer->id != id ||
        (transfer->state != KENAR_TRANSFER_QUEUED && transfer->state != KENAR_TRANSFER_ACTIVE)) {
        return NULL;
    }
    return transfer;
}

static void finish(struct kenar_pool *pool, struct kenar_transfer_list *from,
                   struct kenar_transfer *transfer)
{
    kenar_transfer_list_remove(from, transfer);
    kenar_transfer_list_append(&pool->done, transfer);
    transfer->state = KENAR_TRANSFER_DONE;
}

/* Ends a transfer with a failure of the pool. */
static void fail(struct kenar_pool *pool, struct kenar_transfer_list *from,
                 struct kenar_transfer *transfer, enum kenar_failure failure, const char *message)
{
    transfer->failure = failure;
    transfer->message = message;
    transfer->has_sent = transfer->handle != NULL && kenar_handle_has_sent(transfer->handle);
    finish(pool, from, transfer);
}

static void fail_active(struct kenar_pool *pool, enum kenar_failure failure, const char *message)
{
    while (pool->active.first != NULL) {
        curl_multi_remove_handle(pool->multi, pool->active.first->handle->easy);
        fail(pool, &pool->active, pool->active.first, failure, message);
    }
}

static struct kenar_handle *take_handle(struct kenar_pool *pool)
{
    struct kenar_handle *handle = pool->free_handles;
    if (handle == NULL) {
        return kenar_handle_new(&pool->settings, &pool->sockets);
    }
    pool->free_handles = handle->next;
    handle->next = NULL;
    return handle;
}

/* Files may change while the transfer is queued, so they are checked before anything is sent. */
static bool are_files_unchanged(struct kenar_transfer *transfer)
{
    size_t part;
    const char *why;
    return transfer->request.upload == NULL ||
           kenar_upload_measure(transfer->request.upload, &part, &why);
}

static void start(struct kenar_pool *pool, struct kenar_transfer *transfer)
{
    struct kenar_handle *handle;
    CURLcode failed;
    if (!are_files_unchanged(transfer)) {
        fail(pool, &pool->queued, transfer, KENAR_FAILURE_INVALID, file_gone);
        return;
    }
    handle = open_multi(pool) ? take_handle(pool) : NULL;
    if (handle == NULL) {
        fail(pool, &pool->queued, transfer, KENAR_FAILURE_NETWORK,
             "not enough memory for another transfer");
        return;
    }
    failed = kenar_handle_prepare(handle, transfer, &pool->settings);
    if (failed != CURLE_OK) {
        fail(pool, &pool->queued, transfer, KENAR_FAILURE_INVALID, curl_easy_strerror(failed));
    } else if (curl_multi_add_handle(pool->multi, handle->easy) != CURLM_OK) {
        fail(pool, &pool->queued, transfer, KENAR_FAILURE_NETWORK, multi_broke);
    } else {
        kenar_transfer_list_remove(&pool->queued, transfer);
        kenar_transfer_list_append(&pool->active, transfer);
        transfer->state = KENAR_TRANSFER_ACTIVE;
    }
}

/* Finished transfers that were not collected count as well, because each still has a handle. */
static void start_queued(struct kenar_pool *pool)
{
    while (pool->queued.first != NULL &&
           pool->active.count + pool->done.count < pool->settings.max_transfers) {
        start(pool, pool->queued.first);
    }
}

static void collect_finished(struct kenar_pool *pool)
{
    CURLMsg *message;
    int left;
    while (pool->multi != NULL && (message = curl_multi_info_read(pool->multi, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result; /* read before removal, which frees the message */
        struct kenar_handle *handle = NULL;
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &handle);
        kenar_handle_read_result(handle, code);
        curl_multi_remove_handle(pool->multi, easy);
        finish(pool, &pool->active, handle->transfer);
        pool->idle_since = kenar_monotonic_now();
    }
}

/* When the multi handle is closed with its connections, in monotonic seconds. libcurl itself closes
 * old connections only when it opens a new one. */
static double idle_deadline(const struct kenar_pool *pool)
{
    bool idle = pool->multi != NULL && pool->active.count == 0 && pool->queued.count == 0;
    return idle ? pool->idle_since + pool->settings.idle : INFINITY;
}

static double earliest(double a, double b)
{
    return a < b ? a : b;
}

static void step(struct kenar_pool *pool, double timeout, const int *others, size_t others_count)
{
    double until;
    CURLMcode failed;
    start_queued(pool);
    failed = kenar_poll_set_run_timer(&pool->poll_set, pool->multi);
    collect_finished(pool);
    if (pool->done.count > 0 || timeout <= 0) {
        until = 0;
    } else {
        until = earliest(kenar_monotonic_now() + timeout, idle_deadline(pool));
        until = pool->poll_set.due >= 0 ? earliest(until, pool->poll_set.due) : until;
    }
    if (failed == CURLM_OK) {
        failed = kenar_poll_set_wait(&pool->poll_set, pool->multi, until, others, others_count);
    }
    if (failed == CURLM_OK) {
        failed = kenar_poll_set_run_timer(&pool->poll_set, pool->multi);
    }
    collect_finished(pool);
    if (failed != CURLM_OK && pool->multi != NULL) {
        fail_active(pool, KENAR_FAILURE_NETWORK, multi_broke);
        close_multi(pool);
    }
    if (kenar_monotonic_now() >= idle_deadline(pool)) {
        close_multi(pool);
    }
}

void kenar_pool_step(struct kenar_pool *pool, double timeout, const int *others,
                     size_t others_count)
{
    struct kenar_pipe_guard guard;
    if (pool->multi == NULL && pool->queued.first == NULL) {
        step(pool, timeout, others, others_count);
        return;
    }
    kenar_pipe_guard_begin(&guard);
    step(pool, timeout, others, others_count);
    kenar_pipe_guard_end(&guard);
}

/* Removes an active transfer, which closes its connection. Over TLS libcurl writes close_notify, so
 * SIGPIPE must be blocked. */
static void cancel_active(struct kenar_pool *pool, struct kenar_handle *handle)
{
    struct kenar_pipe_guard guard;
    kenar_pipe_guard_begin(&guard);
    curl_multi_remove_handle(pool->multi, handle->easy);
    kenar_pipe_guard_end(&guard);
}

void kenar_pool_release(struct kenar_pool *pool, struct kenar_transfer *transfer)
{
    struct kenar_handle *handle = transfer->handle;
    if (transfer->state == KENAR_TRANSFER_ACTIVE) {
        cancel_active(pool, handle);
        pool->idle_since = kenar_monotonic_now();
    }
    kenar_transfer_list_remove(transfer->state == KENAR_TRANSFER_ACTIVE   ? &pool->active
                               : transfer->state == KENAR_TRANSFER_QUEUED ? &pool->queued
                                                                          : &pool->done,
                               transfer);
    kenar_transfer_list_append(&pool->free, transfer);
    kenar_request_clear(&transfer->request);
    transfer->state = KENAR_TRANSFER_FREE;
    transfer->handle = NULL;
    if (handle != NULL) {
        handle->transfer = NULL;
        handle->next = pool->free_handles;
        pool->free_handles = handle;
    }
}

void kenar_pool_close(struct kenar_pool *pool)
{
    struct kenar_pipe_guard guard;
    pool->closed = true;
    if (pool->owner != getpid()) {
        return; /* a close_notify from here would end the parent's connections */
    }
    kenar_pipe_guard_begin(&guard);
    fail_active(pool, KENAR_FAILURE_CLOSED, pool_closed);
    while (pool->queued.first != NULL) {
        fail(pool, &pool->queued, pool->queued.first, KENAR_FAILURE_CLOSED, pool_closed);
    }
    close_multi(pool);
    kenar_pipe_guard_end(&guard);
}

void kenar_pool_destroy(struct kenar_pool *pool)
{
    kenar_pool_close(pool);
    while (pool->done.first != NULL) {
        kenar_pool_release(pool, pool->done.first);
    }
    while (pool->free_handles != NULL) {
        struct kenar_handle *handle = pool->free_handles;
        pool->free_handles = handle->next;
        kenar_handle_free(handle);
    }
    for (size_t i = 0; i < pool->slots_count; i++) {
        kenar_transfer_free(pool->slots[i]);
    }
    free(pool->slots);
    kenar_poll_set_free(&pool->poll_set);
    kenar_sockets_free(&pool->sockets);
    free(pool->settings.proxy);
    free(pool->settings.ca_file);
    *pool = (struct kenar_pool){.closed = true, .owner = getpid()};
}
