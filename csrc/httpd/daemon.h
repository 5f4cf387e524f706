/* The libmicrohttpd daemon as its connections use it: it suspends and resumes them, is told to run
 * again, and has the queue of complete requests. */
#ifndef KENAR_HTTPD_DAEMON_H
#define KENAR_HTTPD_DAEMON_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

/* More connections than this cannot be asked for: a request's id is its number times the count of
 * slots, plus its connection's slot. */
enum { KENAR_CONNECTIONS_MAX = 65535, KENAR_CONNECTION_SLOTS = 65536 };

struct kenar_daemon;

/* A connection as the daemon has it. */
struct kenar_peer {
    struct kenar_daemon *daemon;
    struct MHD_Connection *mhd;
    int socket;
    unsigned slot;
    bool suspended; /* libmicrohttpd has put the connection aside */
    bool taken;     /* the caller has the request */
    int64_t id;     /* of the request that waits for its answer; 0 when there is none */
    struct kenar_peer *next_ready; /* while the request waits to be taken */
};

/* All zero but the descriptors, which are -1, is a closed daemon. */
struct kenar_daemon {
    struct MHD_Daemon *mhd; /* NULL: closed */
    int poller;     /* what the caller's loop watches: libmicrohttpd's epoll, `wake` and others */
    int wake;       /* an eventfd */
    bool woken;     /* `wake` has been written */
    bool run_again; /* something changed that libmicrohttpd notices only in its next run */
    bool stopping;
    struct {
        struct kenar_peer *first, *last;
    } ready; /* requests that wait to be taken */
    int64_t requests;
    unsigned waiting; /* complete requests that have no answer yet */
};

/* Make the poller and what wakes it. False with errno when that fails. */
bool kenar_daemon_open(struct kenar_daemon *daemon);

/* Have the poller watch a descriptor for bytes to read. */
bool kenar_daemon_watch(const struct kenar_daemon *daemon, int descriptor);

/* The caller's loop has noticed that the daemon was woken. */
void kenar_daemon_clear_wake(struct kenar_daemon *daemon);

/* Whether libmicrohttpd wants to run at once. */
bool kenar_daemon_pending(const struct kenar_daemon *daemon);

/* Put a connection aside until it is resumed. */
void kenar_daemon_suspend(struct kenar_peer *peer);

/* Let libmicrohttpd take a connection up again. False when its client has left. */
bool kenar_daemon_resume(struct kenar_peer *peer);

/* Give a complete request its id, and put it at the end of the queue. */
void kenar_daemon_enqueue(struct kenar_peer *peer);

/* The caller has the first request of the queue. */
void kenar_daemon_take(struct kenar_daemon *daemon);

/* The connection's request, if it has one, does not wait for an answer any more. */
void kenar_daemon_forget(struct kenar_peer *peer);

/* Run until all is written, for a bounded number of turns, and stop. No connection may be
 * suspended. */
void kenar_daemon_stop(struct kenar_daemon *daemon);

/* Close the descriptors of a daemon that is stopped. */
void kenar_daemon_close(struct kenar_daemon *daemon);

#endif
