/* A file that one process at a time holds, and that says which. Pure C. */
#ifndef KENAR_OS_FILE_LOCK_H
#define KENAR_OS_FILE_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

struct kenar_file_lock {
    int fd; /* -1 when it is not held */
    pid_t owner;
};

/* Opens `path`, made where it is missing and readable by its owner only, locks it and writes the
 * own process number into it. Returns 0, or an errno: EAGAIN when somebody holds it already, who
 * may be this very process; `*holder` is that process's number then, or 0 where it does not say,
 * as after a start on a full disk. ELOOP: `path` is a symbolic link; ENOTBLK: no plain file;
 * EEXIST: a file with something else in it. These stay as they are.
 *
 * The lock ends with the process, however that ends. A child of a fork shares it: it lasts until
 * both are gone. */
int kenar_file_lock_take(struct kenar_file_lock *lock, const char *path, pid_t *holder);

/* Gives it back; the file stays, empty. Nothing when it is not held. */
void kenar_file_lock_release(struct kenar_file_lock *lock);

#endif
