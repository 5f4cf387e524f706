/* A file that grows at its end by whole pieces: each is one write(2), so that it is there when the
 * process is killed right after, and one that fails leaves nothing behind. Pure C. */
#ifndef KENAR_OS_APPEND_FILE_H
#define KENAR_OS_APPEND_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct kenar_append_file {
    int fd;         /* -1 when it is closed */
    pid_t owner;    /* who opened it: the others do not know its size */
    off_t size;     /* what is written */
    off_t reserved; /* up to where the disk has set room aside */
};

/* Opens a file, made where it is missing and readable by its owner only. All give 0 or an errno.
 * ENOTBLK: there is something, and it is no plain file. */
int kenar_append_file_open(struct kenar_append_file *file, const char *path);

/* Appends the bytes when there is room on the disk for them and for `room` more, which later
 * appends without a `room` of their own may use: they find it even when the disk is full. Where a
 * file system cannot set room aside, only the bytes themselves are sure of theirs. */
int kenar_append_file_write(struct kenar_append_file *file, const char *bytes, size_t length,
                            size_t room);

/* Drops what is behind the first `size` bytes. */
int kenar_append_file_cut(struct kenar_append_file *file, off_t size);

/* Waits until the disk has it, and gives back the room that was not used. */
int kenar_append_file_close(struct kenar_append_file *file);

#endif
