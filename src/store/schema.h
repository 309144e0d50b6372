/* schema: the tables of state/foyer.db, as numbered migrations. Their rows belong to
 * store/store.h, store/inbox.h, store/ledger.h and store/rollup.h. */
#ifndef FOYER_SCHEMA_H
#define FOYER_SCHEMA_H

/* Step i leads from version i to i + 1. A step that was released is never edited. */
extern const char *const schema_steps[];
extern const int schema_version;

/* The newest activation's id; 0: there was none. Retention keeps the newest row. */
#define SCHEMA_NEWEST_ACTIVATION "(SELECT coalesce(max(id), 0) FROM activation)"

#endif
