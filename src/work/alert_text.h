/* alert_text: what an alert says, of what work/judge.h decided. */
#ifndef FOYER_ALERT_TEXT_H
#define FOYER_ALERT_TEXT_H

#include "work/judge.h"
#include "workspace/workspace.h"

/* Returns one text for the LINES of TARGET, a sentence a line, each kind of incident at
 * most three times, else counted. NULL when there is none. The caller frees it. */
char *alert_text(struct workspace *w, const struct judge_line *lines, size_t n,
                 int target, int64_t now_ms);
/* Appends the sentence about one incident: "Acme needs you: 1 run; ...". */
void alert_text_add(struct workspace *w, const struct judge_line *line, int64_t now_ms,
                    struct buf *out);

#endif
