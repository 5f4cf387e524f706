/* A file that only reserves space on the disk. Releasing the space makes it available to other
 * files. Pure C. */
#ifndef KENAR_OS_RESERVE_FILE_H
#define KENAR_OS_RESERVE_FILE_H

#include <stdint.h>
#include <sys/types.h>

struct kenar_reserve_file {
    int fd;      /* -1 if there is no file or it is closed */
    pid_t owner; /* the process that opened the file */
    off_t size;
};

/* Opens the file. `fd` is -1 if it does not exist. All functions return 0 or an errno. ENOTBLK: the
 * path is not a plain file of this user, or has more than one link. */
int kenar_reserve_file_open(struct kenar_reserve_file *file, const char *path);

/* Creates the file, readable by its owner only; it must not exist. If the disk has less than `room`
 * bytes free, the result is ENOSPC and no file is created. */
int kenar_reserve_file_make(struct kenar_reserve_file *file, const char *path, uint64_t room);

/* Extends the file to `size` bytes, or as far as the disk allows. `file->size` is the result. */
int kenar_reserve_file_fill(struct kenar_reserve_file *file, off_t size);

/* Releases all space. The file remains, empty. */
int kenar_reserve_file_release(struct kenar_reserve_file *file);

/* Closes the file, which keeps its space. May be called again. */
void kenar_reserve_file_close(struct kenar_reserve_file *file);

#endif
