/* path: files and directories. A path is bytes, with '/' between names. */
#ifndef FOYER_PATH_H
#define FOYER_PATH_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Returns DIR "/" NAME, a new string that the caller frees. */
char *path_join(const char *dir, const char *name);
int path_exists(const char *path);
/* Returns 1 when the name is in use, also by a link to a missing file. */
int path_is_taken(const char *path);
int path_is_dir(const char *path);
/* Gives the new file or directory PATH, open as FD, to the owner of its directory when
 * this process is root. So a service's user can use what an administrator's command made.
 * Does nothing for other users, or where the file system refuses it. The functions below
 * call it for what they make. */
void path_give(const char *path, int fd);
/* Does mkdir -p, with MODE for the directories that it makes. */
int path_make_dirs(const char *path, int mode, struct err *e);
/* Appends the bytes of a file. ERR_LIMIT past the buffer's maximum, ERR_NOT_FOUND when
 * the file is missing, ERR_INVALID for a directory and for a link to a missing file. A
 * pipe or a device is read to its end, which can block. */
int path_read(const char *path, struct buf *out, struct err *e);
/* Reads as path_read does, for the file NAME below DIR. Errors call it SHOWN. Refuses a
 * name or a symbolic link that leads out of DIR (ERR_FORBIDDEN), and anything that is not
 * a regular file, so that it never blocks on another process. */
int path_read_below(const char *dir, const char *name, const char *shown, struct buf *out,
                    struct err *e);
/* Writes a new file beside PATH, calls fsync, and renames it to PATH. */
int path_write(const char *path, const void *data, size_t len, int mode, struct err *e);
/* Creates PATH with MODE. ERR_CONFLICT when it exists. */
int path_create(const char *path, const void *data, size_t len, int mode, struct err *e);
/* Calls FN with the name of each entry of DIR, in the order of bytes, without names that
 * begin with ".". A missing directory has no entries. Stops when FN returns non-zero, and
 * returns that. */
int path_each(const char *dir, int (*fn)(void *arg, const char *name), void *arg);

#endif
