/* prompt: reads a token or a secret that a person types at a terminal. */
#ifndef FOYER_PROMPT_H
#define FOYER_PROMPT_H

#include "base/buf.h"
#include "base/err.h"

/* Prints PROMPT on standard error, reads one line from the terminal that standard input
 * is, without echo, and adds it to OUT without its line end. Enter or Ctrl-D ends the
 * line. ERR_INVALID when more text came with it, as with a paste of several lines, or
 * when the terminal may have cut the line; all of that text is dropped. The terminal is
 * as before when this returns, and when a signal such as Ctrl-C ends the process. Wipe
 * OUT with vault_wipe. */
int prompt_line(const char *prompt, struct buf *out, struct err *e);

#endif
