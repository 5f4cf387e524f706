/* What each connection is doing and until when it may: one list for each phase, sorted by deadline,
 * so that the next one to run out is always at the head. libmicrohttpd's own timeout is not used:
 * it starts anew with every byte. */
#ifndef KENAR_HTTPD_DEADLINE_H
#define KENAR_HTTPD_DEADLINE_H

#include <stdbool.h>

enum kenar_phase {
    KENAR_PHASE_NEW,     /* accepted; no request line yet */
    KENAR_PHASE_HEADER,  /* from the request line to the end of the header */
    KENAR_PHASE_BODY,    /* from the end of the header to the end of the body */
    KENAR_PHASE_HANDLER, /* the request is complete and waits for its answer: no deadline */
    KENAR_PHASE_ANSWER,  /* the answer is being sent */
    KENAR_PHASE_STREAM,  /* the answer's bytes come bit by bit: no deadline */
    KENAR_PHASE_IDLE,    /* answered; the next request has not begun */
    KENAR_PHASE_ENDED,   /* shut down by us; libmicrohttpd has not noticed yet: no deadline */
    KENAR_PHASE_COUNT
};

/* A connection's phase and when its time runs out; a part of the connection. */
struct kenar_deadline {
    enum kenar_phase phase;
    double since, at;                       /* its beginning and its end */
    struct kenar_deadline *previous, *next; /* on the phase's list */
};

struct kenar_deadline_list {
    struct kenar_deadline *first, *last;
};

struct kenar_deadlines {
    double now;                        /* monotonic seconds, read once a turn */
    double timeout[KENAR_PHASE_COUNT]; /* seconds; HUGE_VAL for none */
    struct kenar_deadline_list list[KENAR_PHASE_COUNT];
};

/* The three timeouts in seconds; the header's also bounds the wait for the first request line, the
 * body's also the sending of an answer. */
void kenar_deadlines_init(struct kenar_deadlines *deadlines, double header, double body,
                          double idle);

/* Read the clock. */
void kenar_deadlines_tick(struct kenar_deadlines *deadlines);

/* A deadline that is on no list yet enters KENAR_PHASE_NEW. */
void kenar_deadline_add(struct kenar_deadlines *deadlines, struct kenar_deadline *deadline);

/* Move a connection to another phase, with that phase's deadline. A new connection keeps its
 * deadline for its first header: the time is for the whole of it. */
void kenar_deadline_enter(struct kenar_deadlines *deadlines, struct kenar_deadline *deadline,
                          enum kenar_phase phase);

/* Take it off its list. */
void kenar_deadline_remove(struct kenar_deadlines *deadlines, struct kenar_deadline *deadline);

/* The deadline of a connection whose time has run out, or NULL. */
struct kenar_deadline *kenar_deadline_expired(const struct kenar_deadlines *deadlines);

/* Seconds until the next deadline (0 when it has passed), or HUGE_VAL when there is none. */
double kenar_deadline_wait(const struct kenar_deadlines *deadlines);

#endif
