#include "ops/removal.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "ops/erasure.h"
#include "ops/revocation.h"
#include "store/erase.h"
#include "store/presence.h"
#include "store/store.h"

enum {
    PATIENCE_MS = 30 * 1000,
    PAUSE_MS = 50,
    NOTICE_MS = 2500, /* by then a running server has seen that the client is gone */
    DEPTH = 16
};

/* ---- looking ---- */

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

struct grants {
    const char *client;
    json_t *rows;
};

static int add_grant(void *arg, const char *client, const struct store_connection *c)
{
    struct grants *g = arg;
    if (str_eq(client, g->client))
        json_array_append_new(g->rows,
                              json_pack("{s:s, s:s, s:s, s:b, s:[]}", "app", c->app,
                                        "company", c->id, "name", c->company, "static",
                                        c->refresh.data == NULL, "shared_with"));
    return 0;
}

static int add_sharer(void *arg, const char *client, const struct store_connection *c)
{
    struct grants *g = arg;
    size_t i;
    json_t *row;
    json_array_foreach(g->rows, i, row)
    {
        if (!str_eq(client, g->client) && str_eq(json_text(row, "app"), c->app) &&
            str_eq(json_text(row, "company"), c->id))
            json_array_append_new(json_object_get(row, "shared_with"),
                                  json_string(client));
    }
    return 0;
}

static char *directory_of(struct report *r, const char *client)
{
    char *below = xasprintf("clients/%s", client);
    char *dir = path_join(workspace_dir(report_workspace(r)), below);
    free(below);
    return dir;
}

static int look(struct report *r, struct store *store, const char *client, json_t *tree,
                struct err *e)
{
    struct grants g = {client, json_array()};
    json_t *open = json_array();
    int64_t rows;
    json_object_set_new(tree, "open", open);
    json_object_set_new(tree, "grants", g.rows);
    if (erase_client_rows(store, client, &rows, e) != 0 ||
        erase_client_each_open(store, client, add_open, open, e) != 0 ||
        store_connection_each(store, add_grant, &g, e) != 0 ||
        store_connection_each(store, add_sharer, &g, e) != 0)
        return -1;
    char *dir = directory_of(r, client);
    int has_files = path_is_taken(dir);
    free(dir);
    json_object_set_new(tree, "rows", json_integer((json_int_t)rows));
    json_object_set_new(tree, "directory", json_boolean(has_files));
    if (rows || has_files || workspace_has_client(report_workspace(r), client))
        return 0;
    return err_set(
        e, ERR_NOT_FOUND,
        "there is no client \"%.64s\": neither clients/%.64s nor the store has "
        "anything of it; `foyer clients` lists them",
        client, client);
}

json_t *removal_look(struct report *r, const char *client, struct err *e)
{
    struct store *store = workspace_store(report_workspace(r), e);
    if (!store)
        return NULL;
    if (!str_is_name(client)) {
        err_set(e, ERR_USAGE,
                "\"%.64s\" is not a client's name: letters, digits, '-', '_' and '.'",
                client);
        return NULL;
    }
    json_t *tree = json_pack("{s:s}", "client", client);
    if (look(r, store, client, tree, e) == 0)
        return tree;
    json_decref(tree);
    return NULL;
}

/* ---- the export ---- */

struct export
{
    FILE *file;
    int64_t rows;
};

static int write_row(void *arg, const char *line)
{
    struct export *x = arg;
    x->rows++;
    return fprintf(x->file, "%s\n", line) < 0 ? -1 : 0;
}

static int export_rows(struct store *store, const struct removal *how, json_t *tree,
                       struct err *e)
{
    struct export x = {0};
    if (path_create(how->export, "", 0, 0600, e) != 0)
        return err_prefix(e, "cannot export, and nothing was removed");
    x.file = fopen(how->export, "w");
    int rc = x.file ? erase_client_export(store, how->client, write_row, &x, e) : -1;
    if (x.file && (fflush(x.file) != 0 || fsync(fileno(x.file)) != 0))
        rc = 1;
    if (x.file && fclose(x.file) != 0)
        rc = 1;
    if (!x.file || rc > 0)
        return err_set(e, ERR_STORE, "cannot write %s, and nothing was removed: %s",
                       how->export, strerror(errno));
    json_object_set_new(tree, "exported", json_integer((json_int_t)x.rows));
    return rc;
}

/* ---- the grants ---- */

/* Revokes the grant of ROW, which no other client uses. A failure is noted, and hinders
 * nothing: the person can still remove the app at the API. */
static void revoke_grant(struct store *store, struct workspace *w,
                         const struct removal *how, json_t *row)
{
    struct store_connection c = {0};
    struct err e = {0};
    if (store_connection_read(store, json_text(row, "app"), json_text(row, "company"), &c,
                              &e) == 0 &&
        revocation_is_possible(w, &c)) {
        struct session *s = NULL;
        if (store_is_copy(store)) /* the original may still use the grant */
            err_set(&e, ERR_CONFLICT, "this store is a copy");
        else
            s = how->session(how->arg, &e);
        int rc = s ? revocation_ask(s, &c, &e) : -1;
        json_object_set_new(row, "revoked", json_boolean(rc == 0));
        if (rc != 0)
            report_set_text(row, "why", e.text);
    }
    store_connection_fini(&c);
}

static void revoke_all(struct report *r, struct store *store, const struct removal *how,
                       const json_t *tree)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(tree, "grants"), i, row)
    {
        if (json_array_size(json_object_get(row, "shared_with")) == 0 && how->session)
            revoke_grant(store, report_workspace(r), how, row);
    }
}

/* ---- removing ---- */

static void add_removed(void *arg, const char *table, int64_t rows)
{
    json_t *n = json_object_get(arg, table);
    json_object_set_new(arg, table,
                        json_integer(json_integer_value(n) + (json_int_t)rows));
}

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L},
              NULL);
}

struct alive {
    const char *dir;
    int n;
};

static int count_alive(void *arg, const char *id)
{
    struct alive *a = arg;
    int life = presence_judge(a->dir, id, NULL, 0, NULL);
    a->n += life != PRESENCE_DEAD && life >= 0;
    return 0;
}

/* A run of a dead process is not worked on. */
static int note_running(void *arg, const struct erase_open *open)
{
    return open->state == LEDGER_RUNNING && open->owner ? count_alive(arg, open->owner)
                                                        : 0;
}

/* Waits until no process works on a run of the client, which is paused by now: what is in
 * flight still needs the grant. */
static int wait_for_runs(const char *dir, struct store *store, const struct removal *how,
                         struct err *e)
{
    int64_t deadline = clock_mono_us() + (int64_t)PATIENCE_MS * 1000;
    int running = 1, told = 0;
    while (running) {
        struct alive a = {dir, 0};
        if (erase_client_each_open(store, how->client, note_running, &a, e) != 0)
            return -1;
        running = a.n > 0;
        if (running && clock_mono_us() >= deadline)
            return err_set(e, ERR_CONFLICT,
                           "nothing was removed: a run of %s is still being worked on; "
                           "`foyer runs list --client %s --state running` shows it",
                           how->client, how->client);
        if (running && how->waiting && !told++)
            how->waiting(how->arg);
        if (running)
            pause_ms(PAUSE_MS);
    }
    return 0;
}

/* Removes the rows, once no process works on a run of the client. */
static int remove_rows(const char *dir, struct store *store, const struct removal *how,
                       json_t *removed, struct err *e)
{
    int end;
    while ((end = erase_client(store, dir, how->client, clock_wall_ms(), add_removed,
                               removed, e)) == (int)ERASE_BUSY) {
        if (wait_for_runs(dir, store, how, e) != 0)
            return -1;
    }
    return end;
}

static int remove_entry(const char *path, const struct stat *st, int type,
                        struct FTW *position)
{
    (void)st;
    (void)type;
    (void)position;
    return remove(path);
}

/* Removes the directory, without following links that lead out of it. */
static int remove_directory(struct report *r, const char *client, struct err *e)
{
    char *dir = directory_of(r, client);
    int rc = nftw(dir, remove_entry, DEPTH, FTW_DEPTH | FTW_PHYS);
    if (rc != 0 && path_is_taken(dir))
        rc = err_set(e, ERR_STORE,
                     "cannot remove %s: %s; the rest of the client is removed", dir,
                     strerror(errno));
    free(dir);
    return rc != 0 && e->kind != ERR_NONE ? -1 : 0;
}

/* What a running server stored for the client before it noticed that it is gone. */
static int remove_late(struct report *r, struct store *store, const struct removal *how,
                       json_t *removed, struct err *e)
{
    struct alive a = {workspace_dir(report_workspace(r)), 0};
    int64_t rows = 0;
    presence_each(a.dir, count_alive, &a);
    if (a.n)
        pause_ms(NOTICE_MS);
    if (erase_client_rows(store, how->client, &rows, e) != 0)
        return -1;
    return rows ? remove_rows(a.dir, store, how, removed, e) : 0;
}

static int clean(struct report *r, struct store *store, const struct removal *how,
                 json_t *tree, struct err *e)
{
    const char *dir = workspace_dir(report_workspace(r));
    struct live *live = live_new(dir);
    int lines = 0;
    int rc = erase_log_lines(dir, NULL, NULL, how->client, 0, &lines, e);
    if (rc == 0)
        rc = erase_scrub(store, live, NULL, how->client, e);
    if (rc != 0)
        err_prefix(e, "the rows are removed, but what was deleted may still be in the "
                      "files: run this again");
    live_free(live);
    json_object_set_new(tree, "log_lines", json_integer(lines));
    return rc;
}

static int remove_client(struct report *r, struct store *store, const struct removal *how,
                         json_t *tree, struct err *e)
{
    json_t *removed = json_object();
    const char *dir = workspace_dir(report_workspace(r));
    json_object_set_new(tree, "removed", removed);
    if (wait_for_runs(dir, store, how, e) != 0)
        return -1;
    revoke_all(r, store, how, tree);
    if (remove_rows(dir, store, how, removed, e) != 0)
        return -1;
    int has_files = json_is_true(json_object_get(tree, "directory"));
    if (how->files && has_files && remove_directory(r, how->client, e) != 0)
        return -1;
    json_object_set_new(tree, "directory_removed", json_boolean(how->files && has_files));
    if (remove_late(r, store, how, removed, e) != 0 || clean(r, store, how, tree, e) != 0)
        return -1;
    json_object_set_new(tree, "copies", erasure_copies(dir, how->copies));
    return 0;
}

json_t *removal_remove(struct report *r, const struct removal *how, struct err *e)
{
    int is_paused = 0, rc;
    struct store *store = workspace_store(report_workspace(r), e);
    json_t *tree = store ? removal_look(r, how->client, e) : NULL;
    if (!tree)
        return NULL;
    rc = how->export ? export_rows(store, how, tree, e) : 0;
    if (rc == 0)
        rc = erase_client_pause(store, how->client, clock_wall_ms(), &is_paused, e);
    if (rc == 0)
        rc = remove_client(r, store, how, tree, e);
    if (rc == 0)
        return tree;
    if (is_paused)
        erase_client_unpause(store, how->client, NULL);
    json_decref(tree);
    return NULL;
}
