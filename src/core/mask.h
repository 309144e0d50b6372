/* mask: collects the secret values that a request sends, and removes them from texts that
 * repeat them.
 *
 * An API may echo a secret in an answer, an error page or a header. Each value is found
 * as it is, percent-encoded and as JSON writes it, and replaced by as many '*'. Values
 * shorter than STR_MASK_MIN bytes are not masked: that would garble any text. */
#ifndef FOYER_MASK_H
#define FOYER_MASK_H

#include <stddef.h>

struct mask { /* all zero: no values */
    char **values;
    size_t n;
};

/* Copies VALUE, LEN bytes. Does nothing when it is too short or known. */
void mask_add(struct mask *m, const char *value, size_t len);
/* Adds an address that is a secret: all of it, what follows its host, and each part
 * between '/', '?', '&', '=' and '#' that is long enough to be a key. */
void mask_add_url(struct mask *m, const char *url);
void mask_apply(const struct mask *m, char *text, size_t len);
/* Wipes and frees the copies. */
void mask_fini(struct mask *m);

#endif
