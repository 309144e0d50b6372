/* local_settings: foyer.local.lua, the settings of one machine. It has the keys of
 * foyer.lua, lies beside it, outside of version control, and is in no release. */
#ifndef FOYER_LOCAL_SETTINGS_H
#define FOYER_LOCAL_SETTINGS_H

#include <jansson.h>

#include "base/err.h"

#define LOCAL_SETTINGS "foyer.local.lua"

/* Returns SETTINGS, of foyer.lua, with what LOCAL sets: a table is merged key by key, and
 * a list or any other value replaces the one of foyer.lua. Takes SETTINGS over, borrows
 * LOCAL; NULL: none. */
json_t *local_settings_merge(json_t *settings, const json_t *local);

/* Keeps the text of foyer.local.lua, or that there is none, in DIR/state: *LOCAL is what
 * it says, NULL with WHY of ERR_NOT_FOUND when there is none. With another WHY the file
 * has a mistake, which is logged, and *LOCAL becomes what was kept before; -1 when
 * nothing was. */
int local_settings_keep(const char *dir, json_t **local, const struct err *why);

#endif
