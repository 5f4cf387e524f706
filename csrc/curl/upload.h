/* A request body of several parts, strings and files. Files are read piece by piece and never held
 * in memory. */
#ifndef KENAR_CURL_UPLOAD_H
#define KENAR_CURL_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kenar_upload_part {
    const char *bytes; /* NULL if the part is a file; borrowed */
    const char *path;  /* borrowed */
    uint64_t size;
};

struct kenar_upload {
    uint64_t total;
    const char *fault; /* a static string: why the last read failed */
    size_t count;
    size_t current;
    uint64_t position; /* offset in the current part */
    int fd;            /* the current part if it is a file, else -1 */
    struct kenar_upload_part parts[];
};

#define KENAR_UPLOAD_SIZE_UNKNOWN UINT64_MAX

/* Returns an upload whose `parts` the caller fills, or NULL if memory is short.
 * kenar_upload_measure comes next. */
struct kenar_upload *kenar_upload_new(size_t count);

/* Sets the sizes of files and the total. False if a file cannot be sent: `*failed_part` is its
 * index and `*why` a static string or the result of strerror. A size that the caller has given must
 * match the file. */
bool kenar_upload_measure(struct kenar_upload *upload, size_t *failed_part, const char **why);

/* Reads the next bytes into `into`. Returns their number, 0 at the end, or -1 on failure, with the
 * reason in `fault`. */
ptrdiff_t kenar_upload_read(struct kenar_upload *upload, char *into, size_t room);

/* Makes the next read start at the first byte. */
void kenar_upload_rewind(struct kenar_upload *upload);

/* NULL is allowed. */
void kenar_upload_free(struct kenar_upload *upload);

#endif
