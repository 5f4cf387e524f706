#include "outcome.h"
#include <stddef.h>
#include <string.h>

static const char *const failure_names[] = {
    [KENAR_FAILURE_NONE] = "none",           [KENAR_FAILURE_NETWORK] = "network",
    [KENAR_FAILURE_TIMEOUT] = "timeout",     [KENAR_FAILURE_TLS] = "tls",
    [KENAR_FAILURE_TOO_LARGE] = "too_large", [KENAR_FAILURE_CLOSED] = "closed",
    [KENAR_FAILURE_INVALID] = "invalid",
};

/* Codes that are not listed are "network". */
static const struct {
    CURLcode code;
    enum kenar_failure failure;
} meanings[] = {
    {CURLE_OK, KENAR_FAILURE_NONE},
    {CURLE_OPERATION_TIMEDOUT, KENAR_FAILURE_TIMEOUT},
    {CURLE_FILESIZE_EXCEEDED, KENAR_FAILURE_TOO_LARGE},
    {CURLE_URL_MALFORMAT, KENAR_FAILURE_INVALID},
    {CURLE_UNSUPPORTED_PROTOCOL, KENAR_FAILURE_INVALID},
    {CURLE_BAD_FUNCTION_ARGUMENT, KENAR_FAILURE_INVALID},
    {CURLE_SSL_CONNECT_ERROR, KENAR_FAILURE_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, KENAR_FAILURE_TLS},
    {CURLE_SSL_CERTPROBLEM, KENAR_FAILURE_TLS},
    {CURLE_SSL_CIPHER, KENAR_FAILURE_TLS},
    {CURLE_SSL_CACERT_BADFILE, KENAR_FAILURE_TLS},
    {CURLE_SSL_CRL_BADFILE, KENAR_FAILURE_TLS},
    {CURLE_SSL_ISSUER_ERROR, KENAR_FAILURE_TLS},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, KENAR_FAILURE_TLS},
    {CURLE_SSL_INVALIDCERTSTATUS, KENAR_FAILURE_TLS},
    {CURLE_SSL_ENGINE_NOTFOUND, KENAR_FAILURE_TLS},
    {CURLE_SSL_ENGINE_SETFAILED, KENAR_FAILURE_TLS},
    {CURLE_SSL_ENGINE_INITFAILED, KENAR_FAILURE_TLS},
    {CURLE_USE_SSL_FAILED, KENAR_FAILURE_TLS},
};

const char *kenar_failure_name(enum kenar_failure failure)
{
    return failure_names[failure];
}

/* Whether the connection broke during the handshake. libcurl reports that as a TLS error as well,
 * but a retry can succeed. */
static int is_broken_line(const char *detail)
{
    return strstr(detail, "SSL_ERROR_SYSCALL") != NULL ||
           strstr(detail, "Connection reset") != NULL || strstr(detail, "unexpected eof") != NULL;
}

enum kenar_failure kenar_failure_of(CURLcode code, const char *detail)
{
    if (code == CURLE_SSL_CONNECT_ERROR && is_broken_line(detail)) {
        return KENAR_FAILURE_NETWORK;
    }
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (meanings[i].code == code) {
            return meanings[i].failure;
        }
    }
    return KENAR_FAILURE_NETWORK;
}
