/* Checks whether a URL may be called, and whether its host is this machine.
 *
 * The grammar is narrower than libcurl's, so that libcurl cannot read another host from the same
 * URL: no user part, no escapes, and no other notations of an address. */
#ifndef KENAR_CURL_TARGET_H
#define KENAR_CURL_TARGET_H

#include <stdbool.h>
#include <stddef.h>

struct kenar_target {
    bool encrypted; /* https */
    bool loopback;  /* localhost, 127.0.0.0/8 or [::1] */
};

/* Reads a URL. Returns NULL, or an error: a static string without any part of the URL. */
const char *kenar_target_read(const char *url, size_t length, struct kenar_target *target);

#endif
