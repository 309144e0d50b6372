/* schema: the tables of state/foyer.db, as numbered migrations. Their rows belong to
 * store/store.h, store/inbox.h, store/ledger.h and store/rollup.h. */
#ifndef FOYER_SCHEMA_H
#define FOYER_SCHEMA_H

/* Step i leads from version i to i + 1. A step that was released is never edited. */
extern const char *const schema_steps[];
extern const int schema_version;

/* The newest activation's id, also when it is gone; 0: there was none. Each run that is
 * added changes the page that this reads. */
#define SCHEMA_NEWEST_ACTIVATION                                                         \
    "(SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'activation')"

#endif
