/* The socket that a server listens on. */
#ifndef KENAR_HTTPD_LISTEN_SOCKET_H
#define KENAR_HTTPD_LISTEN_SOCKET_H

#include <stddef.h>

/* Listen on a numeric IPv4 or IPv6 address; port 0 picks a free one. Returns the descriptor and
 * sets `*bound` to the port, or returns -1 with a message that names address and port. */
int kenar_listen_socket_open(const char *address, unsigned port, unsigned *bound, char *message,
                             size_t size);

#endif
