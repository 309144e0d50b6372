/* store_app: the credentials of the OAuth apps that grants were made with, sealed, as the
 * API took them last. Only the app of a grant can refresh it: so they are kept while
 * there is such a grant, also when the settings name another app or another secret by
 * then. It cannot open them. Errors as in store/store.h. */
#ifndef FOYER_STORE_APP_H
#define FOYER_STORE_APP_H

#include "base/err.h"
#include "store/store.h"

/* Fills OUT with the value of the app MARK (a connection's made_with), whose data the
 * caller frees; data NULL: nothing is kept, or of an app without a grant. */
int store_app_get(struct store *s, const char *app, const char *mark,
                  struct store_sealed *out, struct err *e);
/* Keeps VALUE instead of the older one. ERR_CONFLICT when its version is not one more. */
int store_app_put(struct store *s, const char *app, const char *mark,
                  const struct store_sealed *value, struct err *e);

#endif
