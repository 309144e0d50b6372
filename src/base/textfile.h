/* textfile: text from a file or standard input, normalized for settings, scripts,
 * templates, JSON, CSV, secrets and tokens.
 *
 * A byte order mark of UTF-8 is dropped; CR LF and CR become LF. UTF-16, UTF-32 and NUL
 * bytes are refused. Other bytes that are not UTF-8 are refused too, except in CSV, which
 * names its bad lines one by one. Errors are ERR_INVALID: "cannot read NAME:LINE: …".
 * Compiled Lua is ERR_SCRIPT: "cannot load NAME: it is compiled Lua, not text". */
#ifndef FOYER_TEXTFILE_H
#define FOYER_TEXTFILE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Changes TEXT in place. NAME is for errors: a path, or "standard input". Returns -1 with
 * E. */
int textfile_clean(struct buf *text, const char *name, struct err *e);
/* Does the same, but keeps bytes that are not UTF-8. */
int textfile_clean_lines(struct buf *text, const char *name, struct err *e);
/* Reads a file as path_read_below does, then cleans it. SHOWN is its name in errors. */
int textfile_read_below(const char *dir, const char *name, const char *shown,
                        struct buf *out, struct err *e);

#endif
