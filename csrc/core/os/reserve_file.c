#include "os/reserve_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A smaller reserve cannot hold a page of SQLite's log. */
enum { SMALLEST_STEP = 4096 };

/* O_NONBLOCK: if the path is a pipe, open must not wait for its other end. */
static const int FLAGS = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

void kenar_reserve_file_close(struct kenar_reserve_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    file->size = 0;
}

int kenar_reserve_file_open(struct kenar_reserve_file *file, const char *path)
{
    struct stat status;
    int cause = 0;
    *file = (struct kenar_reserve_file){.owner = getpid()};
    file->fd = open(path, FLAGS);
    if (file->fd < 0)
        return errno == ENOENT ? 0 : errno == ELOOP || errno == EISDIR ? ENOTBLK : errno;
    if (fstat(file->fd, &status) != 0)
        cause = errno;
    else if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_nlink != 1)
        cause = ENOTBLK;
    if (cause != 0)
        kenar_reserve_file_close(file);
    else
        file->size = status.st_size;
    return cause;
}

int kenar_reserve_file_make(struct kenar_reserve_file *file, const char *path, uint64_t room)
{
    struct statvfs disk;
    int cause = 0;
    file->fd = open(path, FLAGS | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    if (file->fd < 0)
        return errno;
    if (fstatvfs(file->fd, &disk) != 0)
        cause = errno;
    else if ((uint64_t)disk.f_bavail * disk.f_frsize < room)
        cause = ENOSPC;
    if (cause != 0) {
        kenar_reserve_file_close(file);
        if (unlink(path) != 0)
            cause = errno;
    }
    return cause;
}

static int check_owner(const struct kenar_reserve_file *file)
{
    if (file->fd < 0)
        return EBADF;
    return file->owner == getpid() ? 0 : EPERM;
}

static int truncate_to(struct kenar_reserve_file *file, off_t size)
{
    int result;
    do
        result = ftruncate(file->fd, size);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        return errno;
    file->size = size;
    return 0;
}

static int allocate(struct kenar_reserve_file *file, off_t length)
{
    int result;
    do
        result = fallocate(file->fd, 0, file->size, length);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        return errno;
    file->size += length;
    return 0;
}

int kenar_reserve_file_fill(struct kenar_reserve_file *file, off_t size)
{
    int cause = check_owner(file);
    off_t step = size - file->size;
    while (cause == 0 && file->size < size && step >= SMALLEST_STEP) {
        if (step > size - file->size)
            step = size - file->size;
        cause = allocate(file, step);
        if (cause == ENOSPC || cause == EDQUOT) {
            /* A call that fails may have allocated a part. */
            cause = truncate_to(file, file->size);
            step /= 2;
        }
    }
    return cause;
}

int kenar_reserve_file_release(struct kenar_reserve_file *file)
{
    const int cause = check_owner(file);
    return cause == 0 ? truncate_to(file, 0) : cause;
}
