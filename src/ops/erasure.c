#include "ops/erasure.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/erase.h"
#include "core/jsontree.h"

enum { PATIENCE_MS = 30 * 1000, TAKEN_MS = 3000, PAUSE_MS = 50, NAMED_MAX = 8 };

/* ---- what was found, as JSON ---- */

static int add_open(void *arg, const struct erase_open *open)
{
    json_t *row = json_pack("{s:I, s:s, s:s}", "run", (json_int_t)open->run, "recipe",
                            open->recipe, "state", ledger_state_name(open->state));
    report_set_text(row, "write", open->write);
    if (open->write)
        report_set_time(row, "written_at", open->written_ms);
    json_array_append_new(arg, row);
    return 0;
}

static json_t *counts_tree(const struct erase *x)
{
    int64_t counts[ERASE_KINDS];
    json_t *tree = json_object();
    erase_counts(x, counts);
    for (int i = 0; i < ERASE_KINDS; i++)
        json_object_set_new(tree, erase_name((enum erase_what)i),
                            json_integer((json_int_t)counts[i]));
    return tree;
}

static int describe(struct erase *x, json_t *tree, struct err *e)
{
    json_t *open = json_array();
    json_object_set_new(tree, "found", counts_tree(x));
    json_object_set_new(tree, "open", open);
    return erase_each_open(x, add_open, open, e);
}

static void add_left(void *arg, const char *table, int64_t rows)
{
    json_array_append_new(
        arg, json_pack("{s:s, s:I}", "table", table, "rows", (json_int_t)rows));
}

struct copies {
    json_t *rows;
    int remove;
};

static int on_copy(void *arg, const char *path)
{
    struct copies *c = arg;
    int removed = c->remove && unlink(path) == 0;
    json_array_append_new(c->rows,
                          json_pack("{s:s, s:b}", "path", path, "removed", removed));
    return 0;
}

json_t *erasure_copies(const char *workspace_dir, int remove)
{
    struct copies c = {json_array(), remove};
    erase_each_copy(workspace_dir, on_copy, &c);
    return c.rows;
}

/* ---- erasure ---- */

static int still_open(const json_t *tree, const char *why, struct err *e)
{
    const json_t *open = json_object_get(tree, "open");
    struct buf names;
    size_t i;
    json_t *row;
    buf_init(&names, 4096);
    json_array_foreach(open, i, row)
    {
        if (i < NAMED_MAX)
            buf_addf(&names, "%s%lld (%s, %s)", i ? ", " : "",
                     (long long)json_int(row, "run"), json_text_or(row, "recipe", "?"),
                     json_text_or(row, "state", "?"));
    }
    if (json_array_size(open) > NAMED_MAX)
        buf_addf(&names, " and %zu more", json_array_size(open) - NAMED_MAX);
    err_set(e, ERR_CONFLICT, "nothing was erased: %s%s%s", why,
            json_array_size(open) ? ": run " : "", buf_str(&names));
    buf_free(&names);
    return -1;
}

/* Erases, once no process works on what was found. */
static int apply(struct erase *x, const char *dir, const struct erasure *how,
                 json_t *tree, struct err *e)
{
    int64_t deadline = clock_mono_us() + (int64_t)PATIENCE_MS * 1000;
    int64_t taken = clock_mono_us() + (int64_t)TAKEN_MS * 1000;
    int cancel = how->cancel, told = 0;
    for (;;) {
        int end = describe(x, tree, e) == 0 ? 0 : -1;
        if (end == 0)
            end = erase_apply(x, dir, cancel, clock_wall_ms(), e);
        if (end < 0)
            return -1;
        if (end == ERASE_DONE) /* what was found at the end counts */
            return json_object_set_new(tree, "found", counts_tree(x));
        if (end == ERASE_OPEN)
            return still_open(tree,
                              "runs are not over; wait for them, or give them up with "
                              "--cancel",
                              e);
        if (clock_mono_us() >= deadline)
            return still_open(tree,
                              "what belongs to the address is still being worked on, or "
                              "waits for its triggers; try again while `foyer serve` "
                              "runs, or with --cancel",
                              e);
        if (cancel && clock_mono_us() >= taken)
            cancel = 2; /* a delivery that no worker takes */
        if (how->waiting && !told++)
            how->waiting(how->arg, (int)json_array_size(json_object_get(tree, "open")));
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000 * 1000}, NULL);
    }
}

/* Removes what was deleted from the files, and looks what is left. */
static int clean(struct report *r, const struct erasure *how, json_t *tree, struct err *e)
{
    const char *dir = workspace_dir(report_workspace(r));
    struct store *store = workspace_store(report_workspace(r), e);
    struct live *live = live_new(dir);
    json_t *left = json_array();
    int lines, rc;
    json_object_set_new(tree, "left", left);
    rc = store ? erase_log_lines(dir, store, how->address, NULL, 0, &lines, e) : -1;
    if (rc == 0)
        rc = erase_scrub(store, live, how->address, NULL, e);
    if (rc == 0)
        rc = erase_each_left(store, how->address, add_left, left, e);
    else
        err_prefix(e,
                   "the rows are erased, but what was deleted may still be in the files: "
                   "run this again");
    live_free(live);
    return rc;
}

/* Finds and erases what one client has; ROW says what. */
static int forget_one(struct report *r, struct store *store, const char *client,
                      const struct erasure *how, json_t *row, struct err *e)
{
    struct erase *x = erase_find(store, client, how->address, e);
    int rc = x ? describe(x, row, e) : -1;
    if (rc == 0 && !how->dry_run)
        rc = apply(x, workspace_dir(report_workspace(r)), how, row, e);
    erase_free(x);
    return rc;
}

/* A client whose runs are not over is named, and the others go on. */
static int forget_each(struct report *r, struct store *store, const struct erasure *how,
                       json_t *tree, struct err *e)
{
    json_t *rows = json_object_get(tree, "clients");
    int rc = 0, any = 0;
    for (size_t i = 0; i < how->nclients && rc == 0; i++) {
        struct err why = {0};
        json_t *row = json_pack("{s:s}", "client", how->clients[i]);
        json_array_append_new(rows, row);
        if (forget_one(r, store, how->clients[i], how, row, &why) == 0) {
            any = 1;
            continue;
        }
        report_set_text(row, "error", why.text);
        json_object_set_new(tree, "failed", json_true());
        *e = why;
        if (how->nclients == 1 || why.kind != ERR_CONFLICT)
            rc = -1;
    }
    return rc == 0 && any && !how->dry_run ? clean(r, how, tree, e) : rc;
}

static int forget(struct report *r, const struct erasure *how, json_t *tree,
                  struct err *e)
{
    int lines = 0;
    const char *dir = workspace_dir(report_workspace(r));
    struct store *store = workspace_store(report_workspace(r), e);
    if (!store || erase_log_lines(dir, NULL, how->address, NULL, 1, &lines, e) != 0)
        return -1;
    json_object_set_new(tree, "log_lines", json_integer(lines));
    if (forget_each(r, store, how, tree, e) != 0)
        return -1;
    json_object_set_new(tree, "copies",
                        erasure_copies(dir, how->copies && !how->dry_run));
    return 0;
}

json_t *erasure_forget(struct report *r, const struct erasure *how, struct err *e)
{
    json_t *tree = json_pack("{s:b, s:[]}", "dry_run", how->dry_run, "clients");
    if (forget(r, how, tree, e) == 0)
        return tree;
    json_decref(tree);
    return NULL;
}
