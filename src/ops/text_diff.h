/* text_diff: how two texts differ, by diff(1). */
#ifndef FOYER_TEXT_DIFF_H
#define FOYER_TEXT_DIFF_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum { TEXT_DIFF_MAX = 8 * 1024 * 1024 }; /* of what OUT should take */

struct text_diff_side { /* borrowed */
    const char *label, *text;
    size_t len;
};

/* Appends the difference in diff's unified form to OUT. Returns 0: the same, 1:
 * different, -1 with E. */
int text_diff(const struct text_diff_side *old, const struct text_diff_side *new,
              struct buf *out, struct err *e);

#endif
