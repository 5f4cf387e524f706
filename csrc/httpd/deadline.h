/* What each connection is doing and until when it may: one list for each phase, sorted by deadline,
 * so that the next one to run out is always at the head. libmicrohttpd's own timeout is not used:
 * it starts anew with every byte. */
#ifndef KENAR_HTTPD_DEADLINE_H
#define KENAR_HTTPD_DEADLINE_H

#include <stdbool.h>

struct connection;

enum phase {
    PHASE_NEW,     /* accepted; no request line yet */
    PHASE_HEADER,  /* from the request line to the end of the header */
    PHASE_BODY,    /* from the end of the header to the end of the body */
    PHASE_HANDLER, /* the request is complete and waits for its answer: no deadline */
    PHASE_ANSWER,  /* the answer is being sent */
    PHASE_STREAM,  /* the answer's bytes come bit by bit: no deadline */
    PHASE_IDLE,    /* answered; the next request has not begun */
    PHASE_ENDED,   /* shut down by us; libmicrohttpd has not noticed yet: no deadline */
    PHASE_COUNT
};

struct deadline_list {
    struct connection *first, *last;
};

struct deadlines {
    double now;                  /* monotonic seconds, read once a turn */
    double timeout[PHASE_COUNT]; /* seconds; HUGE_VAL for none */
    struct deadline_list list[PHASE_COUNT];
};

/* The three timeouts in seconds; the header's also bounds the wait for the first request line, the
 * body's also the sending of an answer. */
void deadlines_init(struct deadlines *deadlines, double header, double body, double idle);

/* Read the clock. */
void deadlines_tick(struct deadlines *deadlines);

/* A connection that is on no list yet enters PHASE_NEW. */
void deadline_add(struct deadlines *deadlines, struct connection *connection);

/* Move a connection to another phase, with that phase's deadline. A new connection keeps its
 * deadline for its first header: the time is for the whole of it. */
void deadline_enter(struct deadlines *deadlines, struct connection *connection, enum phase phase);

/* Take a connection off its list. */
void deadline_remove(struct deadlines *deadlines, struct connection *connection);

/* A connection whose time has run out, or NULL. */
struct connection *deadline_expired(const struct deadlines *deadlines);

/* Seconds until the next deadline (0 when it has passed), or HUGE_VAL when there is none. */
double deadline_wait(const struct deadlines *deadlines);

#endif
