/* A request and its result, and the linked lists of a pool. */
#ifndef KENAR_CURL_TRANSFER_H
#define KENAR_CURL_TRANSFER_H

#include "bytes.h"
#include "header_list.h"
#include "outcome.h"
#include "target.h"
#include "upload.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kenar_handle;

enum kenar_transfer_state {
    KENAR_TRANSFER_FREE,
    KENAR_TRANSFER_QUEUED,
    KENAR_TRANSFER_ACTIVE,
    KENAR_TRANSFER_DONE,
};

/* `body` is borrowed until the transfer is released. The request owns the rest. */
struct kenar_request {
    char method[24];
    struct kenar_bytes url; /* kept with `target` for the next request of the slot */
    struct kenar_target target;
    struct kenar_header_list *headers; /* a counted reference */
    const char *body;                  /* NULL: no body, or a body in `upload` */
    size_t body_length;
    struct kenar_upload *upload;
    long timeout_ms; /* limit for the whole transfer, from its start */
    long connect_timeout_ms;
    size_t max_body; /* limit for the answer, in bytes */
    bool fresh;      /* requires a new connection */
};

struct kenar_transfer {
    uint64_t id;
    size_t slot;
    enum kenar_transfer_state state;
    struct kenar_request request;
    struct kenar_handle *handle; /* if the transfer is active, or finished and once active */
    enum kenar_failure failure;  /* if finished */
    const char *message;         /* if failed */
    bool has_sent;               /* if finished: a byte of the request may have been sent */
    bool stale;  /* failed before a byte was sent, because an idle connection was dead */
    long status; /* 0 if no status line came */
    struct kenar_transfer *previous, *next;
};

struct kenar_transfer_list {
    struct kenar_transfer *first, *last;
    size_t count;
};

/* A transfer is in at most one list. */
void kenar_transfer_list_append(struct kenar_transfer_list *list, struct kenar_transfer *transfer);
void kenar_transfer_list_remove(struct kenar_transfer_list *list, struct kenar_transfer *transfer);

/* The size of the body in bytes. */
uint64_t kenar_request_size(const struct kenar_request *request);

/* Frees the headers and the upload of the request. Its URL is kept for the next request. */
void kenar_request_clear(struct kenar_request *request);

/* Frees the transfer. NULL is allowed. */
void kenar_transfer_free(struct kenar_transfer *transfer);

#endif
