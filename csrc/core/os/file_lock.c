#include "os/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A holder writes its number right after it has the lock: how often, and with what pause, to look
 * for it. */
enum { READ_ATTEMPTS = 50 };
enum { MOST_DIGITS = 10 };
static const struct timespec READ_PAUSE = {.tv_sec = 0, .tv_nsec = 2000000};

/* On a full disk the lock holds without a number: it must not keep its holder from making room. */
static int write_number(int fd, pid_t number)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", (long)number);
    if (ftruncate(fd, 0) != 0)
        return errno;
    if (pwrite(fd, text, (size_t)length, 0) < 0 && errno != ENOSPC && errno != EDQUOT)
        return errno;
    return 0;
}

/* Whether the file is a lock's: empty, or a process number. `*number` is 0 when there is none, or
 * only half of one. */
static bool read_number(int fd, pid_t *number)
{
    char text[32];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    *number = 0;
    if (length <= 0)
        return length == 0;
    text[length] = '\0';
    size_t digits = strspn(text, "0123456789");
    bool is_whole = text[digits] == '\n';
    if (text[0] == '0' || digits == 0 || digits > MOST_DIGITS ||
        digits + is_whole != (size_t)length)
        return false;
    if (is_whole)
        *number = (pid_t)strtol(text, NULL, 10);
    return true;
}

/* The file may still name an earlier holder that was killed. */
static pid_t find_holder(int fd)
{
    pid_t holder = 0;
    for (int i = 0; i < READ_ATTEMPTS; i++) {
        char place[64];
        read_number(fd, &holder);
        snprintf(place, sizeof place, "/proc/%ld", (long)holder);
        if (holder != 0 && access(place, F_OK) == 0)
            return holder;
        nanosleep(&READ_PAUSE, NULL);
    }
    return holder;
}

/* Follows no link, and waits for no other end of a pipe. */
static int open_lock(const char *path, int *fd)
{
    struct stat status;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
               S_IRUSR | S_IWUSR);
    if (*fd < 0 || fstat(*fd, &status) != 0)
        return errno;
    return S_ISREG(status.st_mode) ? 0 : ENOTBLK;
}

static int lock_whole(int fd)
{
    /* Locks of this kind belong to the descriptor: one process cannot take it twice, and does not
     * lose it when it opens and closes the file elsewhere. */
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
        return 0;
    return errno == EACCES ? EAGAIN : errno;
}

int kenar_file_lock_take(struct kenar_file_lock *lock, const char *path, pid_t *holder)
{
    pid_t earlier;
    *holder = 0;
    lock->owner = getpid();
    int cause = open_lock(path, &lock->fd);
    if (cause == 0)
        cause = lock_whole(lock->fd);
    if (cause == EAGAIN)
        *holder = find_holder(lock->fd);
    else if (cause == 0 && !read_number(lock->fd, &earlier))
        cause = EEXIST;
    else if (cause == 0)
        cause = write_number(lock->fd, lock->owner);
    if (cause != 0 && lock->fd >= 0) {
        close(lock->fd);
        lock->fd = -1;
    }
    return cause;
}

void kenar_file_lock_release(struct kenar_file_lock *lock)
{
    if (lock->fd < 0)
        return;
    /* What cannot be emptied names one who is gone, which the next holder overwrites. */
    if (lock->owner == getpid() && ftruncate(lock->fd, 0) != 0)
        lock->owner = 0;
    close(lock->fd);
    lock->fd = -1;
}
