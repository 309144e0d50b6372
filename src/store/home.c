#include "store/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/db.h"
#include "store/ledger_row.h"
#include "store/rollup.h"
#include "store/state_sql.h"

/* ---- the place ---- */

/* machine-id(5): an id is confidential, so that a hash of it is kept. It is the same at
 * each start of a machine; a container has one of its own, or none. */
static void read_machine(char out[2 * CRYPTO_SHA256_SIZE + 1])
{
    static const char *const files[] = {"/etc/machine-id", "/var/lib/dbus/machine-id"};
    char text[128] = "foyer ";
    const size_t before = strlen(text);
    unsigned char hash[CRYPTO_SHA256_SIZE];
    size_t len = before;
    *out = '\0';
    for (size_t i = 0; i < sizeof files / sizeof *files && len == before; i++) {
        FILE *file = fopen(files[i], "re");
        if (!file)
            continue;
        if (fgets(text + before, (int)(sizeof text - before), file))
            len = before + strcspn(text + before, " \r\n");
        fclose(file);
    }
    if (len == before)
        return;
    crypto_sha256(text, len, hash);
    str_hex(hash, sizeof hash, out);
}

/* Fills OUT with where the file PATH is. */
static int read_place(const char *path, struct home_place *out, struct err *e)
{
    struct statx at;
    *out = (struct home_place){.inode = 0};
    if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &at) != 0)
        return err_set(e, ERR_STORE, "cannot look at %s: %s", path, strerror(errno));
    read_machine(out->machine);
    out->inode = (int64_t)at.stx_ino;
    if (at.stx_mask & STATX_BTIME)
        out->born_ms =
            (int64_t)at.stx_btime.tv_sec * 1000 + at.stx_btime.tv_nsec / 1000000;
    return 0;
}

int home_is_same(const struct home_place *a, const struct home_place *b)
{
    return strcmp(a->machine, b->machine) == 0 && a->inode == b->inode &&
           (!a->born_ms || !b->born_ms || a->born_ms == b->born_ms);
}

/* ---- the row ---- */

struct home {
    struct home_place place; /* where the store lives */
    int64_t copied_ms;       /* when it was found to be a copy; 0: it is at home */
    int64_t run, delivery; /* the newest ones then: these and older ones are left alone */
};

/* *OUT is all zero where there is no row. */
static int read_home(struct db *db, struct home *out, struct err *e)
{
    *out = (struct home){.copied_ms = 0};
    struct db_row *row = db_select(
        db, "SELECT machine, inode, born_ms, copied_ms, run, delivery FROM home", DB_NONE,
        e);
    if (db_step(row, e) == 1) {
        snprintf(out->place.machine, sizeof out->place.machine, "%s",
                 db_row_text(row, 0));
        out->place.inode = db_row_int(row, 1);
        out->place.born_ms = db_row_int(row, 2);
        out->copied_ms = db_row_int(row, 3);
        out->run = db_row_int(row, 4);
        out->delivery = db_row_int(row, 5);
    }
    return db_finish(row);
}

static int set_place(struct db *db, const struct home_place *at, struct err *e)
{
    return db_change(
        db,
        "INSERT OR REPLACE INTO home (one, machine, inode, born_ms) VALUES (1, ?, ?, ?)",
        DB_ARGS(db_text(at->machine), db_int(at->inode), db_int(at->born_ms)), NULL, e);
}

struct opening {
    const struct home_place *here;
    struct home home;
};

/* Inside of the transaction, because two processes may find the copy at once. */
static int record(struct db *db, void *arg, struct err *e)
{
    struct opening *o = arg;
    if (read_home(db, &o->home, e) != 0)
        return -1;
    if (!o->home.place.inode ||
        (o->home.copied_ms && home_is_same(&o->home.place, o->here)))
        return set_place(db, o->here, e);
    if (o->home.copied_ms || home_is_same(&o->home.place, o->here))
        return 0;
    return db_change(db,
                     "UPDATE home SET copied_ms = ?,"
                     " run = (SELECT coalesce(max(id), 0) FROM run),"
                     " delivery = (SELECT coalesce(max(id), 0) FROM delivery)",
                     DB_ARGS(db_int(clock_wall_ms())), NULL, e);
}

int home_open(struct db *db, const char *path, int *is_copy, struct err *e)
{
    struct home_place here;
    struct opening o = {.here = &here};
    if (read_place(path, &here, e) != 0 || read_home(db, &o.home, e) != 0)
        return -1;
    int is_same = o.home.place.inode && home_is_same(&o.home.place, &here);
    *is_copy = o.home.place.inode && !is_same;
    if (is_same ? !o.home.copied_ms : o.home.copied_ms != 0)
        return 0;
    return db_transaction(db, record, &o, e);
}

int home_leave(struct db *db, struct err *e)
{
    static const struct home_place nowhere = {.inode = -1};
    return set_place(db, &nowhere, e);
}

/* ---- promoting ---- */

struct promoting {
    const struct home_place *here;
    int is_moved;
    int64_t now_ms;
    struct home_promoted *out;
};

#define LEFT_RUNS       "id <= " HOME_LAST_RUN " AND state <= " SQL_HELD
#define LEFT_DELIVERIES "id <= " HOME_LAST_DELIVERY " AND state = " SQL_DELIVERY_WAITING

static const char run_reason[] =
    "the store was copied while this run went on, and the original may have finished it: "
    "look at the conversation, then `foyer runs retry` goes on and `foyer runs cancel` "
    "gives it up";
static const char delivery_note[] =
    "{\"\":{\"why\":\"the store was copied while this waited, and the original may have "
    "taken it: look at the conversation, then `foyer events replay` takes it\"}}";

static int note_parked(struct db *db, int64_t run, void *arg, struct err *e)
{
    const struct promoting *p = arg;
    return ledger_row_note(db, run, p->now_ms, "parked", run_reason, e) == 0
               ? rollup_touch(db, run, e)
               : -1;
}

/* Calls FN for each run that is left alone. */
static int each_left(struct db *db, struct promoting *p, struct err *e)
{
    struct db_row *row =
        db_select(db, "SELECT id FROM run WHERE " LEFT_RUNS " ORDER BY id", DB_NONE, e);
    int rc = 0;
    while (rc == 0 && db_step(row, e) == 1)
        rc = note_parked(db, db_row_int(row, 0), p, e);
    return db_finish(row) == 0 && rc == 0 ? 0 : -1;
}

/* The runs behind others of their order key are parked too, so that none of the key is
 * blocked by one that is gone. */
static int stop_left(struct db *db, struct promoting *p, struct err *e)
{
    if (each_left(db, p, e) != 0 ||
        db_change(db,
                  "UPDATE run SET state = ?, behind = 0, owner = NULL, epoch = epoch + 1,"
                  " held_ms = 0, kind = ?, reason = ? WHERE " LEFT_RUNS,
                  DB_ARGS(db_int(LEDGER_PARKED), db_text(err_kind_name(ERR_UNCERTAIN)),
                          db_text(run_reason)),
                  NULL, e) != 0 ||
        db_change(db, "UPDATE delivery SET state = ?, note = ? WHERE " LEFT_DELIVERIES,
                  DB_ARGS(db_int(DELIVERY_DEAD), db_text(delivery_note)), NULL, e) != 0)
        return -1;
    return db_change(db, "UPDATE mark SET at_ms = ? WHERE at_ms < ?",
                     DB_ARGS(db_int(p->now_ms), db_int(p->now_ms)), NULL, e);
}

static int promote(struct db *db, void *arg, struct err *e)
{
    struct promoting *p = arg;
    struct home_promoted *out = p->out;
    struct home home;
    if (read_home(db, &home, e) != 0)
        return -1;
    out->copied_ms = home.copied_ms;
    if (!home.copied_ms)
        return 0;
    if (db_select_int(db, "SELECT count(*) FROM run WHERE " LEFT_RUNS, DB_NONE,
                      &out->runs, e) != 0 ||
        db_select_int(db, "SELECT count(*) FROM delivery WHERE " LEFT_DELIVERIES, DB_NONE,
                      &out->deliveries, e) != 0 ||
        db_select_int(db,
                      "SELECT count(*) FROM run WHERE dry = 1 AND id > " HOME_LAST_RUN,
                      DB_NONE, &out->dry, e) != 0 ||
        (!p->is_moved && stop_left(db, p, e) != 0))
        return -1;
    return set_place(db, p->here, e);
}

int home_promote(struct db *db, const char *path, int is_moved, int64_t now_ms,
                 struct home_promoted *out, struct err *e)
{
    struct home_place here;
    struct promoting p = {&here, is_moved, now_ms, out};
    *out = (struct home_promoted){.runs = 0};
    if (read_place(path, &here, e) != 0)
        return -1;
    return db_transaction(db, promote, &p, e);
}
