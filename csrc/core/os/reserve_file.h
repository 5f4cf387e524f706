/* A file whose only content is the room that it takes on the disk. Giving the room up leaves it to
 * other files. Pure C. */
#ifndef KENAR_OS_RESERVE_FILE_H
#define KENAR_OS_RESERVE_FILE_H

#include <stdint.h>
#include <sys/types.h>

struct kenar_reserve_file {
    int fd;      /* -1 when there is no file, or it is closed */
    pid_t owner; /* the process that opened it */
    off_t size;
};

/* Opens the file if it exists; `fd` is -1 otherwise. All functions return 0 or an errno.
 * ENOTBLK: the path is taken by something other than a plain file of this user with one name. */
int kenar_reserve_file_open(struct kenar_reserve_file *file, const char *path);

/* Makes the file, which must not exist, readable by its owner only. If the disk has less than
 * `room` bytes free, the file is not made and the result is ENOSPC. */
int kenar_reserve_file_make(struct kenar_reserve_file *file, const char *path, uint64_t room);

/* Lets the file take `size` bytes, or as many as the disk has. `file->size` is the result. */
int kenar_reserve_file_fill(struct kenar_reserve_file *file, off_t size);

/* Gives all room up. The file stays. */
int kenar_reserve_file_release(struct kenar_reserve_file *file);

void kenar_reserve_file_close(struct kenar_reserve_file *file);

#endif
