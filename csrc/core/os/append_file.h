/* A file to which whole records are appended. Each record is written by one write(2), so it
 * survives a kill of the process. A write that fails leaves no part of the record. Pure C. */
#ifndef KENAR_OS_APPEND_FILE_H
#define KENAR_OS_APPEND_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct kenar_append_file {
    int fd;         /* -1 if the file is closed */
    pid_t owner;    /* the process that opened the file; only this process knows its size */
    off_t size;     /* bytes written */
    off_t reserved; /* end of the bytes that the disk has reserved */
};

/* Opens the file. A missing file is created, readable by its owner only. All functions return 0 or
 * an errno. ENOTBLK: the path exists and is not a plain file. */
int kenar_append_file_open(struct kenar_append_file *file, const char *path);

/* Appends the bytes if the disk has space for them and for `room` more bytes. Later appends with
 * `room` 0 use that reserve, so they succeed on a full disk. On a file system that cannot reserve
 * space, only the bytes themselves are certain. */
int kenar_append_file_write(struct kenar_append_file *file, const char *bytes, size_t length,
                            size_t room);

/* Removes everything after the first `size` bytes. */
int kenar_append_file_truncate(struct kenar_append_file *file, off_t size);

/* Frees the unused reserve, flushes the file to the disk and closes it. */
int kenar_append_file_close(struct kenar_append_file *file);

#endif
