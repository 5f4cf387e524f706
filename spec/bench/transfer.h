/*
 * What the three C baselines share: one POST on libcurl, set up once and repeated.
 *
 * They do what any correct program must do with a message and nothing more: keep the connection,
 * send the bytes, read the status and the body into a buffer that is reused, stop when either is
 * wrong.
 */
#ifndef KENAR_BENCH_TRANSFER_H
#define KENAR_BENCH_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct transfer {
    CURL *easy;
    char answer[4096];
    size_t length;
};

static inline size_t transfer_write(char *data, size_t size, size_t count, void *user)
{
    struct transfer *transfer = user;
    size_t length = size * count;
    if (length > sizeof transfer->answer - transfer->length)
        return 0;
    memcpy(transfer->answer + transfer->length, data, length);
    transfer->length += length;
    return length;
}

/* The headers of a call to Divar: a key, a token, JSON. NULL when memory is short. */
static inline struct curl_slist *transfer_headers(void)
{
    static const char *const lines[] = {
        "Content-Type: application/json",
        "x-api-key: bench-api-key",
        "Authorization: Bearer bench-access-token",
        "Expect:",
    };
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct curl_slist *longer = curl_slist_append(list, lines[i]);
        if (longer == NULL) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

/* `body` must outlive the transfer: libcurl does not copy it. */
static inline bool transfer_open(struct transfer *transfer, const char *url, const char *body,
                                 size_t body_length, struct curl_slist *headers)
{
    CURL *easy = curl_easy_init();
    if (easy == NULL)
        return false;
    transfer->easy = easy;
    transfer->length = 0;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_length);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, transfer_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    return true;
}

/* Whether the finished transfer was answered as it must be; makes it ready to be sent again. */
static inline bool transfer_succeeded(struct transfer *transfer, CURLcode result)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    bool succeeded = result == CURLE_OK && status == 200 && transfer->length > 0;
    if (!succeeded)
        fprintf(stderr, "a message failed: %s, status %ld\n", curl_easy_strerror(result), status);
    transfer->length = 0;
    return succeeded;
}

/* The CPU time of this process, user and system, in microseconds. */
static inline double cpu_microseconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* The whole file, or NULL. The caller frees it. */
static inline char *read_whole_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *bytes = NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        if (size >= 0 && fseek(file, 0, SEEK_SET) == 0)
            bytes = malloc((size_t)size + 1);
        if (bytes != NULL)
            *length = fread(bytes, 1, (size_t)size, file);
    }
    fclose(file);
    return bytes;
}

#endif
