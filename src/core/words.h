/* words: what a person reads of a state. The precise names ("parked", "queued") stand in
 * JSON, in `foyer runs show` and in the store; tables and sentences have these words.
 * Two precise states may be one word: what a person does about both is the same. */
#ifndef FOYER_WORDS_H
#define FOYER_WORDS_H

#define WORD_NEEDS_YOU       "needs you" /* a person decides, or answers the customer */
#define WORD_NEEDS_RECONNECT "needs reconnect"
#define WORD_PAUSED          "paused" /* by foyer pause, or suspended after crashes */
#define WORD_FAILED          "failed"
#define WORD_WAITING         "waiting" /* foyer goes on with it by itself */

/* Returns the word for the precise STATE of a run ("retrying" and "undelivered" are such
 * too), of a delivery or of a connection; STATE itself when there is no other word. */
const char *words_of(const char *state);
/* Returns the word that TYPED is, with a space, "-" or "_" between its parts, or NULL. */
const char *words_find(const char *typed);
/* Returns the I-th word, from 0 on, or NULL after the last one. */
const char *words_nth(int i);

#endif
