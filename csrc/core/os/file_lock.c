#include "os/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A holder writes its process number after it has the lock. A reader retries so often, with this
 * pause. */
enum { READ_ATTEMPTS = 50 };
enum { MOST_DIGITS = 10 };
static const struct timespec READ_PAUSE = {.tv_sec = 0, .tv_nsec = 2000000};

/* A full disk is no failure, because the holder may need the lock to free space. The lock then has
 * no number. */
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

/* Whether the file can be a lock file: empty, or a process number. `*number` is 0 if there is no
 * complete number. */
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

/* The file may still have the number of an earlier holder that was killed, so a number counts only
 * if its process exists. */
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

/* Does not follow a symbolic link. O_NONBLOCK: if the path is a pipe, open must not wait for its
 * other end. */
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
    /* An open file description lock: a second lock in the same process fails, and closing another
     * descriptor of the file does not release it. */
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
        return 0;
    return errno == EACCES ? EAGAIN : errno;
}

int kenar_file_lock_acquire(struct kenar_file_lock *lock, const char *path, pid_t *holder)
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
    /* A number that cannot be removed belongs to a process that has ended. The next holder
     * overwrites it. */
    if (lock->owner == getpid() && ftruncate(lock->fd, 0) != 0)
        lock->owner = 0;
    close(lock->fd);
    lock->fd = -1;
}
