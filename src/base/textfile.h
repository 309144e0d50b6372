/* textfile: text that comes from a file or from standard input, made the same for all
 * that read it: settings, scripts, templates, JSON, CSV, secrets and tokens.
 *
 * A byte order mark of UTF-8 is dropped; CR LF and CR become LF. UTF-16, UTF-32 and a NUL
 * byte are refused for every kind of text, and so is what is not UTF-8 (a CSV file names
 * its bad lines one by one instead). Errors are ERR_INVALID: "cannot read NAME:LINE: …";
 * compiled Lua is ERR_SCRIPT: "cannot load NAME: it is compiled Lua, not text".
 */
#ifndef FOYER_TEXTFILE_H
#define FOYER_TEXTFILE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Changes TEXT in place. NAME is for errors: a path, or "standard input". -1 with E. */
int textfile_clean(struct buf *text, const char *name, struct err *e);
/* The same, except that bytes which are not UTF-8 stay as they are. */
int textfile_clean_lines(struct buf *text, const char *name, struct err *e);
/* As path_read_below, cleaned. SHOWN is the file's name for errors. */
int textfile_read_below(const char *dir, const char *name, const char *shown,
                        struct buf *out, struct err *e);

#endif
