/* mask: the secret values that a request sent, and text that repeats them made
 * unreadable.
 *
 * An API may echo what it was sent: in an answer, an error page, a header. Each value is
 * looked for as it is, percent-encoded and as JSON writes it, and replaced by as many
 * '*'. Values of fewer than STR_MASK_MIN bytes are left: they would garble any text. */
#ifndef FOYER_MASK_H
#define FOYER_MASK_H

#include <stddef.h>

struct mask { /* all zero: none */
    char **values;
    size_t n;
};

/* Copies VALUE of LEN bytes; nothing when it is there already, or too short. */
void mask_add(struct mask *m, const char *value, size_t len);
/* Adds an address that is a secret: the whole of it, what follows its host, and each part
 * between '/', '?', '&', '=' and '#' that is long enough to be a key. */
void mask_add_url(struct mask *m, const char *url);
void mask_apply(const struct mask *m, char *text, size_t len);
/* Wipes and frees the copies. */
void mask_fini(struct mask *m);

#endif
