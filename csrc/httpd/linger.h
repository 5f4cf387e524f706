/* Sockets whose answer is written and whose client may still be sending. Closing such a socket
 * resets it, and a client that reads only after sending would lose the answer; so the rest of what
 * it sends is read and thrown away until it closes, or until a deadline. */
#ifndef KENAR_HTTPD_LINGER_H
#define KENAR_HTTPD_LINGER_H

#include <stdbool.h>

/* More than this many at once: the oldest is closed. */
enum { KENAR_LINGER_MAX = 256 };

struct kenar_lingering {
    int poller; /* an epoll descriptor; readable when one of the sockets is */
    double timeout;
    int count;
    struct {
        int socket;
        double deadline;
    } sockets[KENAR_LINGER_MAX]; /* the oldest first */
};

void kenar_linger_init(struct kenar_lingering *linger, int poller, double timeout);

/* Call when `socket` is about to be closed by somebody else. Throws away what has arrived. When the
 * client may go on sending (something had arrived, or `unfinished`), a duplicate of the socket is
 * kept; when it has closed, nothing is. */
void kenar_linger_consider(struct kenar_lingering *linger, int socket, bool unfinished, double now);

/* Throw away what has arrived since; close what is over. */
void kenar_linger_run(struct kenar_lingering *linger, double now);

/* Seconds until the next deadline, HUGE_VAL when there is none. */
double kenar_linger_wait(const struct kenar_lingering *linger, double now);

void kenar_linger_close(struct kenar_lingering *linger);

#endif
