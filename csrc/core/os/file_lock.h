/* A lock file that one process at a time holds. It contains the number of its holder. Pure C. */
#ifndef KENAR_OS_FILE_LOCK_H
#define KENAR_OS_FILE_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

struct kenar_file_lock {
    int fd; /* -1 if the lock is not held */
    pid_t owner;
};

/* Opens `path`, locks it and writes the process number into it. A missing file is created, readable
 * by its owner only. Returns 0 or an errno:
 * - EAGAIN: the lock is held, perhaps by this process. `*holder` is the holder's number, or 0 if
 * the file has none, for example after a start on a full disk.
 * - ELOOP: `path` is a symbolic link. ENOTBLK: it is not a plain file. EEXIST: the file has other
 * content. All three are left unchanged.
 *
 * The lock ends with the process. A child of a fork shares it, so it lasts until both processes
 * have ended. */
int kenar_file_lock_acquire(struct kenar_file_lock *lock, const char *path, pid_t *holder);

/* Releases the lock. The file remains, empty. Does nothing if the lock is not held. */
void kenar_file_lock_release(struct kenar_file_lock *lock);

#endif
