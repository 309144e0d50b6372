/* release: numbered, immutable snapshots of what a workspace runs, and which one is live
 * for each client, in state/foyer.db.
 *
 * It owns the tables release, live, release_move, serving and refused_deploy; the texts
 * are in `code`, by hash, as the ones that runs have pinned. A release's manifest has a
 * line "PATH TAB HASH" for each file below the workspace, in byte order of PATH (see
 * core/manifest.h). The client '' is the server itself: foyer.lua's settings of the
 * server, and the connectors.
 *
 * Functions that write take the writer's handle inside a transaction, or the handle of a
 * command; one that only reads takes any handle. Times are Unix milliseconds. Errors as
 * in io/db.h. What a callback gets is borrowed until it returns; one that returns
 * non-zero ends the walk. */
#ifndef FOYER_RELEASE_H
#define FOYER_RELEASE_H

#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/err.h"

struct db; /* store_db */

struct release {
    int64_t id;           /* counts from 1; set by release_add */
    int64_t at_ms;        /* 0 for release_add: now */
    const char *by;       /* the user's name, or what made it */
    const char *revision; /* of git; NULL: not known */
    const char *note;     /* for people; NULL: none */
    const char *bases;    /* a manifest of the built-in files that its files override, as
                             the program that made it had them; NULL: none */
};

/* Keeps TEXT, whose SHA-256 is HASH. Does nothing when it is kept already. */
int release_keep_text(struct db *db, const unsigned char hash[CRYPTO_SHA256_SIZE],
                      const char *text, size_t len, struct err *e);
/* Reads the text of HASH, in hex, as a new block with a NUL behind it. ERR_STORE when it
 * is not there. */
int release_text(struct db *db, const char *hash, char **text, size_t *len,
                 struct err *e);

/* Returns 0 when the text of HASH, in hex, is there; else as release_text. */
int release_has_text(struct db *db, const char *hash, struct err *e);

/* Adds a release, whose texts are kept, and returns its number; -1 with E. */
int64_t release_add(struct db *db, const struct release *r, const char *manifest,
                    struct err *e);
/* Removes the release ID, which is the only one, and all that names it. Does nothing when
 * there is another one. */
int release_undo_first(struct db *db, int64_t id, struct err *e);
typedef int release_fn(void *arg, const struct release *r);
/* Calls FN for the release ID, if there is one. */
int release_get(struct db *db, int64_t id, release_fn *fn, void *arg, struct err *e);
/* Calls FN for all releases, the newest first. */
int release_each(struct db *db, release_fn *fn, void *arg, struct err *e);
/* Returns the number of the newest release; 0: there is none; -1 with E. */
int64_t release_newest(struct db *db, struct err *e);
/* Returns the manifest of ID as a new string. ERR_NOT_FOUND when there is no such
 * release. */
char *release_manifest(struct db *db, int64_t id, struct err *e);

/* Sets *ID to the live release of CLIENT, or to 0 when it has none. */
int release_live(struct db *db, const char *client, int64_t *id, struct err *e);
typedef int release_live_fn(void *arg, const char *client, int64_t id);
/* Calls FN for each client that has a live release, by name; '' is the first. */
int release_each_live(struct db *db, release_live_fn *fn, void *arg, struct err *e);
/* Makes ID the live release of CLIENT, and notes the person BY and WHY (NULL: no reason).
 * 0 takes the client out of what runs. Does nothing when ID is live already.
 * ERR_NOT_FOUND when there is no release ID. */
int release_set_live(struct db *db, const char *client, int64_t id, const char *by,
                     const char *why, struct err *e);

struct release_move { /* one change of a live release */
    int64_t id, at_ms;
    const char *by, *client;
    int64_t old, new; /* 0: none */
    const char *why;  /* NULL: not given */
};
typedef int release_move_fn(void *arg, const struct release_move *m);
/* Calls FN for the moves of CLIENT (NULL: all), the newest first. */
int release_each_move(struct db *db, const char *client, release_move_fn *fn, void *arg,
                      struct err *e);
/* Sets *GENERATION to a number that grows with each change of a live release; 0: there
 * was none. One row is read. */
int release_generation(struct db *db, int64_t *generation, struct err *e);

/* Asks all servers to read again what is live, which has not changed: notes a move of the
 * server from its release to itself. */
int release_touch(struct db *db, const char *by, const char *why, struct err *e);

/* Stores what the `foyer serve` with this PID has in force: the generation that it opened
 * last, or, with ERROR, the one that it could not open. ERROR NULL: it is in force. */
int release_serving_set(struct db *db, int64_t pid, int64_t generation, const char *error,
                        struct err *e);
/* Removes its row: the server ends. */
int release_serving_forget(struct db *db, int64_t pid, struct err *e);
typedef int release_serving_fn(void *arg, int64_t pid, int64_t at_ms, int64_t generation,
                               const char *error);
/* Calls FN for each. The row of a server that was killed stays: FN looks whether the
 * process is there. */
int release_each_serving(struct db *db, release_serving_fn *fn, void *arg, struct err *e);

/* Stores the last deploy that was refused, by the person BY: TEXT says why, for people.
 * A deploy that succeeds forgets it. */
int release_refused_set(struct db *db, const char *by, const char *text, struct err *e);
int release_refused_forget(struct db *db, struct err *e);
typedef void release_refused_fn(void *arg, int64_t at_ms, const char *by,
                                const char *text);
/* Calls FN when there is one. */
int release_refused_get(struct db *db, release_refused_fn *fn, void *arg, struct err *e);

#endif
