/* path: files and directories. Paths are bytes with '/' between names. */
#ifndef FOYER_PATH_H
#define FOYER_PATH_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* DIR "/" NAME as a new string; the caller frees it. */
char *path_join(const char *dir, const char *name);
int path_exists(const char *path);
/* Whether the name is in use, be it by a link to nothing. */
int path_is_taken(const char *path);
int path_is_dir(const char *path);
/* What root makes belongs to the owner of the directory that it is made in, so that a
 * service's user can use what an administrator's command left: FD is open on the new file
 * or directory PATH. Does nothing for others, and where the file system refuses it. The
 * functions below that make something do it themselves. */
void path_give(const char *path, int fd);
/* mkdir -p with MODE for what is made. */
int path_make_dirs(const char *path, int mode, struct err *e);
/* Appends the file's bytes; past the buffer's maximum it is ERR_LIMIT, a missing file
 * ERR_NOT_FOUND, a directory and a link to nothing ERR_INVALID. A pipe or a device is
 * read to its end, which may be long in coming. */
int path_read(const char *path, struct buf *out, struct err *e);
/* As path_read, for the file NAME below the directory DIR, which errors call SHOWN. It
 * refuses a name or a symbolic link that leads out of DIR (ERR_FORBIDDEN), and what is no
 * file: it never waits for another process. */
int path_read_below(const char *dir, const char *name, const char *shown, struct buf *out,
                    struct err *e);
/* Writes a new file beside PATH and renames it over, after fsync. */
int path_write(const char *path, const void *data, size_t len, int mode, struct err *e);
/* Creates PATH with MODE; ERR_CONFLICT when it is there. */
int path_create(const char *path, const void *data, size_t len, int mode, struct err *e);
/* Calls FN with each entry's name below DIR in byte order, without "." names; a missing
 * directory has none. Stops at the first non-zero answer and returns it. */
int path_each(const char *dir, int (*fn)(void *arg, const char *name), void *arg);

#endif
