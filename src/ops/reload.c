#include "ops/reload.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "ops/person.h"
#include "store/release.h"
#include "store/store.h"
#include "workspace/snapshot.h"
#include "workspace/workspace_check.h"

enum { POLL_MS = 50, WAIT_US = 60 * 1000 * 1000 };

static const char why[] = "foyer reload";

/* ---- the check ---- */

static void add_problem(void *arg, const char *path, int line, const char *field,
                        const char *sentence)
{
    buf_addf(arg, "\n%s:%d: %s%s%s", path, line, field, *field ? ": " : "", sentence);
}

static int check(struct workspace *w, struct err *e)
{
    struct buf text;
    buf_init(&text, sizeof e->text - 100);
    int n = workspace_check(w, add_problem, &text) +
            workspace_check_connectors(w, add_problem, &text);
    if (n)
        err_set(e, ERR_SETTINGS, "not reloaded, what was loaded before stays in force:%s",
                buf_str(&text));
    buf_free(&text);
    return n ? -1 : 0;
}

/* ---- the release ---- */

struct move {
    struct snapshot *files;
    const struct manifest *base;
    const char *by;
    int64_t id, generation;
    json_t *changed;
};

/* Adds the paths of A that B does not have with the same hash. */
static void add_changed(json_t *changed, const struct manifest *a,
                        const struct manifest *b, int only_gone)
{
    for (size_t i = 0; i < manifest_count(a); i++) {
        const struct manifest_line *line = manifest_line(a, i);
        const char *hash = manifest_hash(b, line->path);
        if (only_gone ? !hash : !str_eq(hash, line->hash))
            json_array_append_new(changed, json_string(line->path));
    }
}

static int store_move(struct db *db, void *arg, struct err *e)
{
    struct move *m = arg;
    struct release r = {.by = m->by, .note = why};
    struct manifest *files = snapshot_files(m->files);
    add_changed(m->changed, files, m->base, 0);
    add_changed(m->changed, m->base, files, 1);
    int rc = 0;
    if (json_array_size(m->changed) == 0) {
        rc = release_touch(db, r.by, why, e);
    } else {
        char *manifest = manifest_text(files);
        rc = snapshot_keep(m->files, db, e);
        if (rc == 0 && (m->id = release_add(db, &r, manifest, e)) < 0)
            rc = -1;
        free(manifest);
        if (rc == 0)
            rc = release_set_live(db, "", m->id, r.by, why, e);
    }
    return rc == 0 ? release_generation(db, &m->generation, e) : -1;
}

json_t *reload_store(struct workspace *w, struct err *e)
{
    struct store *store = workspace_store(w, e);
    struct move m = {0};
    if (!store || release_live(store_db(store), "", &m.id, e) != 0)
        return NULL;
    if (!m.id) {
        err_set(
            e, ERR_CONFLICT,
            "there is no release yet, so that all commands follow the files: the first "
            "`foyer serve` makes one, and `foyer deploy`");
        return NULL;
    }
    char *text = check(w, e) == 0 ? release_manifest(store_db(store), m.id, e) : NULL;
    struct manifest *base = text ? manifest_read(text, e) : NULL;
    m.base = base;
    char *by = person_name();
    m.by = by;
    m.files = base ? snapshot_take_server(workspace_dir(w), base, e) : NULL;
    m.changed = json_array();
    int rc = m.files ? store_transaction(store_db(store), store_move, &m, e) : -1;
    json_t *done =
        rc == 0 ? json_pack("{s:I, s:I, s:O}", "release", (json_int_t)m.id, "generation",
                            (json_int_t)m.generation, "changed", m.changed)
                : NULL;
    json_decref(m.changed);
    snapshot_free(m.files);
    manifest_free(base);
    free(by);
    free(text);
    return done;
}

/* ---- the servers ---- */

struct look {
    json_t *servers;
    int64_t generation;
    int nlate;
};

static int look_at(void *arg, int64_t pid, int64_t at_ms, int64_t generation,
                   const char *error)
{
    struct look *l = arg;
    (void)at_ms;
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return 0; /* it was killed */
    int is_late = generation < l->generation;
    l->nlate += is_late;
    json_array_append_new(
        l->servers,
        json_pack("{s:I, s:s*}", "pid", (json_int_t)pid, "error",
                  is_late ? "it has not taken the settings within a minute; its log may "
                            "say why"
                          : error));
    return 0;
}

json_t *reload_wait(struct workspace *w, int64_t generation, struct err *e)
{
    struct store *store = workspace_store(w, e);
    int64_t until = clock_mono_us() + WAIT_US;
    struct look l = {.generation = generation};
    int rc = store ? 0 : -1;
    do {
        if (l.servers)
            nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
        json_decref(l.servers);
        l = (struct look){json_array(), generation, 0};
        rc = rc == 0 ? release_each_serving(store_db(store), look_at, &l, e) : -1;
    } while (rc == 0 && l.nlate && clock_mono_us() < until);
    if (rc == 0)
        return l.servers;
    json_decref(l.servers);
    return NULL;
}
