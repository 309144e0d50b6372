/* exchanged: the record of what a run sent and got, an item for each request, as JSON:
 *
 *   {at (Unix ms), ms, method, path, app, company, body, status, answer (text), error,
 *    unknown (true: its answer was lost), dry (true: it was not sent, and its answer is
 *    invented), left_out: {body, answer: their bytes},
 *    templates (names of those that a write was made of), body_hash (of a body that is
 *    left out: SHA-256, hex, of its JSON, compact, with sorted members)}
 *
 * It is made of the request's step in the journal, which has handles instead of secrets,
 * and masks the token in answers. Pure. */
#ifndef FOYER_EXCHANGED_H
#define FOYER_EXCHANGED_H

#include <stddef.h>
#include <stdint.h>

#include "core/journal.h"

enum {
    EXCHANGED_BODY_MAX = 16 * 1024,  /* a body or an answer */
    EXCHANGED_RUN_MAX = 64 * 1024,   /* all items of a run */
    EXCHANGED_READS_MAX = 32 * 1024, /* those of its reads: a write finds room */
    EXCHANGED_ITEMS_MAX = 300,
    EXCHANGED_READS = 200 /* at most so many of the items are reads */
};

/* What was kept of a run so far, all zero at first. */
struct exchanged {
    size_t bytes, read_bytes;
    int n, reads;
    int64_t more, more_bytes; /* left out altogether: requests, and bytes of them */
};

/* Returns the item of STEP, a new text, and counts it. What is too large for one item, or
 * for what the run has room for, is left out and named. NULL when STEP is no request that
 * was sent, or is left out altogether. */
char *exchanged_item(struct exchanged *all, const struct journal_entry *step);
/* Returns what stays of the document TEXT (store/ledger.h) when its bodies go: of each
 * write where it went, what came of it, the body's hash and the templates. A new text;
 * NULL: it has no write. */
char *exchanged_strip(const char *text, size_t len);
/* Counts an item that was made before, of LEN bytes. */
void exchanged_count(struct exchanged *all, size_t len, int is_write);

#endif
