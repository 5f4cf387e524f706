/* One request and its answer, as libmicrohttpd tells of them: the callbacks given to the daemon.
 * None of them calls Lua; a complete request is put on the daemon's queue. */
#ifndef KENAR_HTTPD_EXCHANGE_H
#define KENAR_HTTPD_EXCHANGE_H

#include "connection.h"

/* Start libmicrohttpd on a listening socket, for the daemon of the connections, which is open.
 * False when that fails. */
bool kenar_exchange_start(struct kenar_connection_table *connections, int listener);

#endif
