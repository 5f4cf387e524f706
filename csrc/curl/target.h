/* Whether a URL may be called at all, and whether it leads to this machine.
 *
 * The grammar is narrower than libcurl's own, so that the two cannot understand one URL
 * differently: no user part, no escapes and no odd spellings of an address in the host.
 */
#ifndef KENAR_CURL_TARGET_H
#define KENAR_CURL_TARGET_H

#include <stdbool.h>
#include <stddef.h>

struct kenar_target {
    bool encrypted; /* https */
    bool loopback;  /* localhost, 127.0.0.0/8 or [::1] */
};

/* NULL, or what is wrong with the URL (a static string that repeats nothing of it). */
const char *kenar_target_read(const char *url, size_t length, struct kenar_target *target);

#endif
