/* What a server is opened with. */
#ifndef KENAR_HTTPD_OPTIONS_H
#define KENAR_HTTPD_OPTIONS_H

#include <stddef.h>

struct kenar_server_options {
    const char *address; /* numeric */
    unsigned port;       /* 0: a free one */
    size_t max_body;     /* bytes */
    unsigned max_connections;
    double header_timeout, body_timeout, idle_timeout; /* seconds */
};

#endif
