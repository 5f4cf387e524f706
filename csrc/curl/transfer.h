/* One request from the moment it was added until its outcome was collected; and the lines transfers
 * stand in. */
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

struct kenar_channel;

enum kenar_transfer_state {
    KENAR_TRANSFER_FREE,
    KENAR_TRANSFER_QUEUED,
    KENAR_TRANSFER_ACTIVE,
    KENAR_TRANSFER_DONE,
};

/* What is sent. `body` is borrowed until the transfer is released, the rest is owned. */
struct kenar_request {
    char method[24];
    struct kenar_bytes url; /* kept, with its target, from one use of the transfer to the next */
    struct kenar_target target;
    struct kenar_header_list *headers; /* counted */
    const char *body;                  /* NULL: none, or in `upload` */
    size_t body_length;
    struct kenar_upload *upload;
    long timeout_ms; /* of the whole transfer, from its start */
    long connect_timeout_ms;
    size_t max_body; /* of the answer */
    bool fresh;      /* not on a connection that was used before */
};

struct kenar_transfer {
    uint64_t id;
    size_t slot;
    enum kenar_transfer_state state;
    struct kenar_request request;
    struct kenar_channel *channel; /* while active, and while done when it was ever active */
    enum kenar_failure failure;    /* when done */
    const char *message;           /* when failed */
    const char *sent;              /* when done */
    bool stale; /* failed before a byte left, because a connection that was idle had died */
    long status;
    struct kenar_transfer *previous, *next;
};

struct kenar_line {
    struct kenar_transfer *first, *last;
    size_t count;
};

/* A transfer is in at most one line. */
void kenar_line_append(struct kenar_line *line, struct kenar_transfer *transfer);
void kenar_line_remove(struct kenar_line *line, struct kenar_transfer *transfer);

/* Bytes of the body. */
uint64_t kenar_request_size(const struct kenar_request *request);

/* Lets go of what the request owns, keeping the memory of its URL. */
void kenar_request_clear(struct kenar_request *request);

/* Frees the transfer too; NULL is fine. */
void kenar_transfer_free(struct kenar_transfer *transfer);

#endif
