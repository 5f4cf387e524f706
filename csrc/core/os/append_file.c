#include "os/append_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes that one call reserves on the disk, so that most appends need no call. */
enum { STEP = 64 * 1024 };

static int fail_open(struct kenar_append_file *file, int cause)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    return cause;
}

int kenar_append_file_open(struct kenar_append_file *file, const char *path)
{
    struct stat status;
    *file = (struct kenar_append_file){.owner = getpid()};
    /* O_NONBLOCK: if the path is a pipe, open must not wait for its other end. */
    file->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                    S_IRUSR | S_IWUSR);
    if (file->fd < 0 || fstat(file->fd, &status) != 0)
        return fail_open(file, errno);
    if (!S_ISREG(status.st_mode))
        return fail_open(file, ENOTBLK);
    file->size = file->reserved = status.st_size;
    return 0;
}

static int allocate(struct kenar_append_file *file, off_t length)
{
    int result;
    do
        result = fallocate(file->fd, FALLOC_FL_KEEP_SIZE, file->size, length);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        return errno;
    file->reserved = file->size + length;
    return 0;
}

static int reserve(struct kenar_append_file *file, size_t length)
{
    const off_t needed = (off_t)length;
    if (file->reserved - file->size >= needed)
        return 0;
    int cause = allocate(file, needed + STEP);
    if (cause == ENOSPC || cause == EDQUOT)
        cause = allocate(file, needed);
    return cause == ENOSPC || cause == EDQUOT ? cause : 0;
}

int kenar_append_file_write(struct kenar_append_file *file, const char *bytes, size_t length,
                            size_t room)
{
    size_t written = 0;
    if (file->fd < 0)
        return EBADF;
    if (file->owner != getpid())
        return EPERM;
    int cause = room > 0 ? reserve(file, length + room) : 0;
    while (cause == 0 && written < length) {
        const ssize_t count = write(file->fd, bytes + written, length - written);
        if (count >= 0)
            written += (size_t)count;
        else if (errno != EINTR)
            cause = errno;
    }
    if (cause == 0) {
        file->size += (off_t)length;
    } else if (written > 0) {
        /* Truncating also frees the reserved bytes after the end. */
        const int cut = kenar_append_file_truncate(file, file->size);
        return cut != 0 ? cut : cause;
    }
    return cause;
}

int kenar_append_file_truncate(struct kenar_append_file *file, off_t size)
{
    int result;
    if (file->fd < 0)
        return EBADF;
    if (file->owner != getpid())
        return EPERM;
    do
        result = ftruncate(file->fd, size);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        return errno;
    file->size = file->reserved = size;
    return 0;
}

int kenar_append_file_close(struct kenar_append_file *file)
{
    int cause = 0;
    if (file->fd < 0)
        return 0;
    if (file->owner == getpid()) {
        if (file->reserved > file->size)
            cause = kenar_append_file_truncate(file, file->size);
        if (fdatasync(file->fd) != 0)
            cause = errno;
    }
    if (close(file->fd) != 0 && cause == 0 && errno != EINTR)
        cause = errno;
    file->fd = -1;
    return cause;
}
