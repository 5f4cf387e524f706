/* A request body in parts, byte strings and files, read piece by piece; the files never stand in
 * memory. */
#ifndef KENAR_CURL_UPLOAD_H
#define KENAR_CURL_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kenar_upload_part {
    const char *bytes; /* NULL for a file; borrowed */
    const char *path;  /* borrowed */
    uint64_t size;
};

struct kenar_upload {
    uint64_t total;
    const char *fault; /* what stopped the last read, a static string */
    size_t count;
    size_t current;
    uint64_t position; /* in the current part */
    int fd;            /* of the current part when it is a file; else -1 */
    struct kenar_upload_part parts[];
};

#define KENAR_UPLOAD_SIZE_UNKNOWN UINT64_MAX

/* NULL when memory is short. The caller fills `parts`, then calls kenar_upload_measure. */
struct kenar_upload *kenar_upload_new(size_t count);

/* Finds the sizes of the files and the total. False: `*failed_part` is a file that cannot be sent
 * and `*why` says why (a static string or strerror's). A size given beforehand must be the file's.
 */
bool kenar_upload_measure(struct kenar_upload *upload, size_t *failed_part, const char **why);

/* Fills `into` with the next bytes: their number, 0 at the end, -1 on a fault. */
ptrdiff_t kenar_upload_read(struct kenar_upload *upload, char *into, size_t room);

/* The next read begins with the first byte again. */
void kenar_upload_rewind(struct kenar_upload *upload);

/* NULL is fine. */
void kenar_upload_free(struct kenar_upload *upload);

#endif
