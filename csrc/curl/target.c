#include "target.h"
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_host_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
}

static bool is_address_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

/* 127.a.b.c in decimal notation. */
static bool is_loopback_quad(const char *host, size_t length)
{
    size_t at = 0;
    for (int part = 0; part < 4; part++) {
        int value = 0;
        size_t digits = 0;
        while (at < length && is_digit(host[at]) && digits < 3) {
            value = value * 10 + (host[at] - '0');
            at++;
            digits++;
        }
        if (digits == 0 || value > 255 || (part == 0 && value != 127)) {
            return false;
        }
        if (part < 3 && (at >= length || host[at++] != '.')) {
            return false;
        }
    }
    return at == length;
}

static bool is_loopback_name(const char *host, size_t length)
{
    return (length == 9 && strncasecmp(host, "localhost", 9) == 0) ||
           is_loopback_quad(host, length);
}

static const char *read_port(const char *at, const char *end)
{
    long port = 0;
    if (at == end) {
        return NULL;
    }
    if (*at++ != ':' || at == end || end - at > 5) {
        return "the URL has a bad port";
    }
    for (; at < end; at++) {
        if (!is_digit(*at)) {
            return "the URL has a bad port";
        }
        port = port * 10 + (*at - '0');
    }
    return port >= 1 && port <= 65535 ? NULL : "the URL has a bad port";
}

static const char *read_authority(const char *at, const char *end, struct kenar_target *target)
{
    const char *host = at;
    if (memchr(at, '@', (size_t)(end - at)) != NULL) {
        return "the URL has a user part: send credentials in a header";
    }
    if (at < end && *at == '[') {
        host++;
        do {
            at++;
        } while (at < end && is_address_character(*at));
        if (at >= end || *at != ']' || at == host) {
            return "the URL has a bad IPv6 address";
        }
        target->loopback = at - host == 3 && memcmp(host, "::1", 3) == 0;
        return read_port(at + 1, end);
    }
    while (at < end && is_host_character(*at)) {
        at++;
    }
    if (at == host) {
        return "the URL has no valid host";
    }
    target->loopback = is_loopback_name(host, (size_t)(at - host));
    return at < end && *at != ':' ? "the URL has a character that is not allowed in a host"
                                  : read_port(at, end);
}

const char *kenar_target_read(const char *url, size_t length, struct kenar_target *target)
{
    const char *end = url + length;
    const char *authority;
    const char *at;
    for (at = url; at < end; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f) {
            return "the URL has a space or a control character: percent-encode it";
        }
    }
    if (length > 8 && strncasecmp(url, "https://", 8) == 0) {
        target->encrypted = true;
        authority = url + 8;
    } else if (length > 7 && strncasecmp(url, "http://", 7) == 0) {
        target->encrypted = false;
        authority = url + 7;
    } else {
        return "the URL begins with neither https:// nor http://";
    }
    at = authority;
    while (at < end && *at != '/' && *at != '?' && *at != '#') {
        at++;
    }
    return read_authority(authority, at, target);
}
