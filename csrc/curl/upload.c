#include "upload.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char file_changed[] = "a file changed while it was sent";

struct kenar_upload *kenar_upload_new(size_t count)
{
    struct kenar_upload *upload = calloc(1, sizeof *upload + count * sizeof *upload->parts);
    if (upload != NULL) {
        upload->count = count;
        upload->fd = -1;
    }
    return upload;
}

static void close_part(struct kenar_upload *upload)
{
    if (upload->fd >= 0) {
        close(upload->fd);
        upload->fd = -1;
    }
}

void kenar_upload_rewind(struct kenar_upload *upload)
{
    close_part(upload);
    upload->current = 0;
    upload->position = 0;
}

void kenar_upload_free(struct kenar_upload *upload)
{
    if (upload != NULL) {
        close_part(upload);
        free(upload);
    }
}

static const char *measure_file(struct kenar_upload_part *part)
{
    struct stat status;
    if (stat(part->path, &status) != 0) {
        return strerror(errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return "not a regular file";
    }
    if (access(part->path, R_OK) != 0) {
        return strerror(errno);
    }
    if (part->size != KENAR_UPLOAD_SIZE_UNKNOWN && part->size != (uint64_t)status.st_size) {
        return "its size differs from the size given";
    }
    part->size = (uint64_t)status.st_size;
    return NULL;
}

bool kenar_upload_measure(struct kenar_upload *upload, size_t *failed_part, const char **why)
{
    upload->total = 0;
    for (size_t i = 0; i < upload->count; i++) {
        struct kenar_upload_part *part = &upload->parts[i];
        *why = part->bytes == NULL ? measure_file(part) : NULL;
        if (*why != NULL) {
            *failed_part = i;
            return false;
        }
        upload->total += part->size;
    }
    return true;
}

/* Whether the open file still has the size given in Content-Length. */
static bool is_unchanged(const struct kenar_upload *upload, const struct kenar_upload_part *part)
{
    struct stat status;
    return fstat(upload->fd, &status) == 0 && S_ISREG(status.st_mode) &&
           (uint64_t)status.st_size == part->size;
}

static ptrdiff_t read_file(struct kenar_upload *upload, const struct kenar_upload_part *part,
                           char *into, size_t room)
{
    ssize_t got;
    if (upload->fd < 0) {
        upload->fd = open(part->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (upload->fd < 0) {
            upload->fault = "a file could not be opened";
            return -1;
        }
    }
    do {
        got = read(upload->fd, into, room);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        upload->fault = "a file could not be read";
        return -1;
    }
    /* Checked for every piece, so that the last piece of a file that grew is never sent. */
    if (got == 0 || !is_unchanged(upload, part)) {
        upload->fault = file_changed;
        return -1;
    }
    return got;
}

ptrdiff_t kenar_upload_read(struct kenar_upload *upload, char *into, size_t room)
{
    while (upload->current < upload->count) {
        const struct kenar_upload_part *part = &upload->parts[upload->current];
        uint64_t left = part->size - upload->position;
        size_t wanted = left < room ? (size_t)left : room;
        ptrdiff_t got = (ptrdiff_t)wanted;
        if (left == 0) {
            close_part(upload);
            upload->current++;
            upload->position = 0;
            continue;
        }
        if (part->bytes != NULL) {
            memcpy(into, part->bytes + upload->position, wanted);
        } else {
            got = read_file(upload, part, into, wanted);
        }
        if (got > 0) {
            upload->position += (uint64_t)got;
        }
        return got;
    }
    return 0;
}
