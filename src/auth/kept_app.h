/* kept_app: the credentials of an app as the API took them last, kept sealed in the store
 * for the grants that were made with it (store/store_app.h). */
#ifndef FOYER_KEPT_APP_H
#define FOYER_KEPT_APP_H

#include "base/buf.h"
#include "base/err.h"
#include "workspace/workspace.h"

/* Keeps ID and SECRET of the app MARK, which the API has just taken, unless the same are
 * kept already. What cannot be kept is logged: the settings have it. */
void kept_app_put(struct workspace *w, const char *app, const char *mark,
                  const struct buf *id, const struct buf *secret);
/* Opens those of the app MARK: 1; 0: none are kept; -1 with E. The caller wipes both in
 * any case. */
int kept_app_open(struct workspace *w, const char *app, const char *mark, struct buf *id,
                  struct buf *secret, struct err *e);

#endif
