#include "ops/deploy.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "ops/bases.h"
#include "ops/check.h"
#include "ops/person.h"
#include "ops/release_diff.h"
#include "ops/revision.h"
#include "ops/rollback.h"
#include "store/ledger.h"
#include "store/release.h"
#include "vm/pins.h"
#include "work/session.h"
#include "workspace/snapshot.h"
#include "workspace/view.h"

enum { REFUSED_TEXT_MAX = 4096, REFUSED_LINES = 20, TRIES = 5 };

struct work {
    const struct deploy *d;
    struct workspace *w;
    struct db *db;
    struct snapshot *files;
    struct workspace *now; /* a workspace on FILES */
    struct session *session;
    struct view *live; /* NULL: there is no release */
    char *by, *revision;
    json_t *tree;
    json_t *rows;    /* of the tree's `clients` */
    json_t *refused; /* client -> how many mistakes */
    json_t *all;     /* release_diff_add's */
    json_t *runs;    /* hash of pins -> whether their code has changed */
    int differs, stopped;
    int64_t release;
};

/* ---- which clients ---- */

static int is_asked(const struct work *k, const char *client)
{
    return choice_has(k->d->clients, client);
}

static json_t *add_client(struct work *k, const char *client, const char *state)
{
    json_t *row = json_pack("{s:s, s:s}", "client", client, "state", state);
    const struct manifest *files;
    int64_t old = k->live ? view_release(k->live, client, &files, NULL) : 0;
    if (old > 0)
        json_object_set_new(row, "old", json_integer(old));
    json_array_append_new(k->rows, row);
    return row;
}

static void add_present(void *arg, const char *client)
{
    struct work *k = arg;
    const json_t *n = json_object_get(k->refused, client);
    if (!is_asked(k, client))
        return;
    json_t *row = add_client(k, client, n ? "refused" : "deployed");
    if (n)
        json_object_set(row, "mistakes", (json_t *)n);
}

static void add_absent(void *arg, const char *client)
{
    struct work *k = arg;
    const json_t *n = json_object_get(k->refused, client);
    if (!is_asked(k, client) || workspace_has_client(k->now, client))
        return;
    json_t *row = add_client(k, client, n ? "refused" : "gone");
    if (n)
        json_object_set(row, "mistakes", (json_t *)n);
}

static int is_deployed(const json_t *row)
{
    const char *state = json_text(row, "state");
    return str_eq(state, "deployed") || str_eq(state, "same");
}

static size_t count_deployed(const struct work *k)
{
    size_t i, n = 0;
    const json_t *row;
    json_array_foreach(k->rows, i, row)
    {
        n += is_deployed(row);
    }
    return n;
}

/* Without a client that is deployed the server moves in a workspace without clients only:
 * else its files change with nothing that uses them. The first release is its own in any
 * case. */
static int moves_server(const struct work *k)
{
    const struct manifest *files;
    int is_first = !k->live || view_release(k->live, "", &files, NULL) <= 0;
    if (k->d->is_part)
        return is_first && count_deployed(k);
    return is_first || count_deployed(k) || json_array_size(k->rows) == 0;
}

/* ---- mistakes ---- */

static void refuse(struct work *k, const char *client)
{
    json_int_t n = json_integer_value(json_object_get(k->refused, client));
    json_object_set_new(k->refused, client, json_integer(n + 1));
}

/* Returns the client that the file PATH belongs to, as a new string, or NULL. */
static char *client_of(const char *path)
{
    static const char clients[] = "clients/";
    const char *slash =
        str_starts(path, clients) ? strchr(path + sizeof clients - 1, '/') : NULL;
    return slash ? xmemdup0(path + sizeof clients - 1,
                            (size_t)(slash - path) - (sizeof clients - 1))
                 : NULL;
}

/* Finds which clients the mistake keeps from the release. */
static void judge(struct work *k, const json_t *mistake)
{
    const json_t *clients = json_object_get(mistake, "clients"), *name;
    char *client = client_of(json_text_or(mistake, "path", ""));
    size_t i;
    json_array_foreach(clients, i, name)
    {
        refuse(k, json_string_value(name));
    }
    if (!clients && client)
        refuse(k, client);
    if (!clients && !client)
        k->stopped = 1;
    free(client);
}

/* Adds what could not be read to the mistakes. */
static void add_unread(struct work *k, json_t *mistakes)
{
    const char *path;
    json_t *why;
    json_object_foreach((json_t *)snapshot_unread(k->files), path, why)
    {
        char *client = client_of(path);
        if (!client || is_asked(k, client))
            json_array_append_new(mistakes, json_pack("{s:s, s:i, s:O}", "path", path,
                                                      "line", 1, "sentence", why));
        free(client);
    }
}

static void add_name(void *arg, const char *client)
{
    struct buf *names = arg;
    (void)buf_add(names, client, strlen(client) + 1);
}

/* Returns the clients that were asked for and are there, as a new list of N, or NULL:
 * all. The names are TEXT's. */
static const char **asked_names(const struct work *k, struct buf *text, size_t *n)
{
    const char **names = NULL;
    *n = 0;
    if (!k->d->clients || !choice_is_given(k->d->clients))
        return NULL;
    workspace_each_client(k->now, add_name, text);
    names = xcalloc(k->d->clients->n + 1, sizeof *names);
    for (size_t at = 0; at < text->len; at += strlen(text->data + at) + 1)
        if (is_asked(k, text->data + at))
            names[(*n)++] = text->data + at;
    return names;
}

static int check(struct work *k, struct err *e)
{
    struct buf text;
    size_t n, i;
    json_t *found = NULL, *mistake;
    buf_init(&text, 16 * 1024 * 1024);
    const char **names = asked_names(k, &text, &n);
    if (!names || n)
        found = check_run(k->session, names, n, e);
    else /* none of them can be read */
        found = json_pack("{s:[], s:[]}", "mistakes", "notes");
    free(names);
    buf_free(&text);
    if (!found)
        return -1;
    json_t *mistakes = json_object_get(found, "mistakes");
    if (!json_is_true(json_object_get(found, "unread")))
        add_unread(k, mistakes);
    json_array_foreach(mistakes, i, mistake)
    {
        judge(k, mistake);
    }
    json_object_set(k->tree, "mistakes", mistakes);
    json_object_set(k->tree, "notes", json_object_get(found, "notes"));
    json_decref(found);
    return 0;
}

/* ---- what differs ---- */

static int compare_one(struct work *k, json_t *row, const char *client, struct err *e)
{
    const struct manifest *old = NULL;
    if (k->live && view_release(k->live, client, &old, e) < 0)
        return -1;
    json_t *files = release_diff(old, snapshot_files(k->files), client);
    if (old) /* of a first release all is new */
        release_diff_add(k->all, files, client);
    if (*client && json_array_size(files) == 0)
        json_object_set_new(row, "state", json_string("same"));
    k->differs |= json_array_size(files) > 0 || !old;
    json_object_set_new(row, "files", files);
    return 0;
}

static int compare_all(struct work *k, struct err *e)
{
    size_t i;
    json_t *row;
    json_array_foreach(k->rows, i, row)
    {
        if (is_deployed(row) && compare_one(k, row, json_text(row, "client"), e) != 0)
            return -1;
    }
    if (!moves_server(k))
        return 0;
    json_t *server = json_object();
    const struct manifest *files;
    int64_t old = k->live ? view_release(k->live, "", &files, NULL) : 0;
    if (old > 0)
        json_object_set_new(server, "old", json_integer(old));
    json_object_set_new(k->tree, "server", server);
    return compare_one(k, server, "", e);
}

static int live_text(void *arg, const char *hash, char **text, size_t *len, struct err *e)
{
    return release_text(arg, hash, text, len, e);
}

static int file_text(void *arg, const char *hash, char **text, size_t *len, struct err *e)
{
    return snapshot_text(arg, hash, text, len, e);
}

static int add_files(struct work *k, struct err *e)
{
    json_t *rows = release_diff_sort(k->all);
    struct release_diff_side old = {"live", live_text, k->db},
                             new = {"the files", file_text, k->files};
    json_object_set_new(k->tree, "files", rows);
    if (rollback_note(k->db, rows, e) != 0)
        return -1;
    return k->d->diffs ? release_diff_texts(rows, &old, &new, e) : 0;
}

/* ---- the runs under way ---- */

struct counting {
    struct work *k;
    int64_t n;
};

static void note_changed(void *arg, const char *path)
{
    (void)path;
    *(int *)arg = 1;
}

static int has_changed(struct work *k, const unsigned char *pins)
{
    char key[2 * CRYPTO_SHA256_SIZE + 1], *list = NULL;
    int changed = 0;
    str_hex(pins, CRYPTO_SHA256_SIZE, key);
    const json_t *known = json_object_get(k->runs, key);
    if (known)
        return json_is_true(known);
    if (ledger_pins(k->db, pins, &list, NULL) == 0)
        pins_each_changed(workspace_overlay(k->now), list, note_changed, &changed);
    free(list);
    json_object_set_new(k->runs, key, json_boolean(changed));
    return changed;
}

static int count_run(void *arg, const struct ledger_run *run)
{
    struct counting *c = arg;
    c->n += run->pins && has_changed(c->k, run->pins);
    return 0;
}

/* Counts the runs of each client that go on with what they began with. */
static int count_runs(struct work *k, struct err *e)
{
    int states[LEDGER_STATES], n = 0;
    size_t i;
    json_t *row;
    for (int s = 0; s < LEDGER_STATES; s++)
        if (!ledger_is_over((enum ledger_state)s))
            states[n++] = s;
    json_array_foreach(k->rows, i, row)
    {
        struct counting c = {k, 0};
        struct ledger_filter filter = {
            .client = json_text(row, "client"), .states = states, .nstates = (size_t)n};
        if (!str_eq(json_text(row, "state"), "deployed"))
            continue;
        if (ledger_each(k->db, &filter, count_run, &c, e) != 0)
            return -1;
        json_object_set_new(row, "runs", json_integer(c.n));
    }
    return 0;
}

/* ---- storing it ---- */

/* Takes the clients that are not deployed out of FILES: a later rollback to this release
 * must not give them what was never checked, or refused. */
static void leave_out(struct work *k)
{
    struct manifest *files = snapshot_files(k->files);
    json_t *in = json_object(), *row;
    size_t i;
    json_array_foreach(k->rows, i, row)
    {
        if (is_deployed(row))
            json_object_set_new(in, json_text(row, "client"), json_true());
    }
    for (size_t at = manifest_count(files); at > 0; at--) {
        char *path = xstrdup(manifest_line(files, at - 1)->path);
        char *client = client_of(path);
        if (client && !json_object_get(in, client))
            manifest_set(files, path, NULL);
        free(client);
        free(path);
    }
    json_decref(in);
}

static int move_clients(struct work *k, struct db *db, struct err *e)
{
    const char *why = k->d->why ? k->d->why : "deploy";
    int rc = 0;
    size_t i;
    json_t *row;
    if (json_object_get(k->tree, "server"))
        rc = release_set_live(db, "", k->release, k->by, why, e);
    json_array_foreach(k->rows, i, row)
    {
        if (rc == 0 && is_deployed(row))
            rc =
                release_set_live(db, json_text(row, "client"), k->release, k->by, why, e);
    }
    return rc;
}

/* Appends the mistakes that all clients share, or with SHARED 0 the others, until there
 * are REFUSED_LINES. Returns how many there are then; N were there before. */
static size_t add_refused(const struct work *k, int shared, size_t n, struct buf *out)
{
    size_t i;
    json_t *mistake;
    json_array_foreach(json_object_get(k->tree, "mistakes"), i, mistake)
    {
        const char *path = json_text_or(mistake, "path", "");
        int is_one = json_object_get(mistake, "clients") || str_starts(path, "clients/");
        if (is_one == shared)
            continue;
        if (n == REFUSED_LINES || buf_addf(out, "%s%s:%d: %.300s", n ? "\n" : "", path,
                                           (int)json_int(mistake, "line"),
                                           json_text_or(mistake, "sentence", "")) != 0)
            break;
        n++;
    }
    return n;
}

/* Returns what `foyer status` says of the mistakes, a line each; the caller frees it. An
 * alert shows the first lines alone: those of what stopped the deploy. */
static char *refused_text(const struct work *k)
{
    struct buf out;
    size_t all = json_array_size(json_object_get(k->tree, "mistakes"));
    buf_init(&out, REFUSED_TEXT_MAX);
    size_t n = add_refused(k, 0, add_refused(k, 1, 0, &out), &out);
    if (n < all)
        (void)buf_addf(&out, "\nand %zu more", all - n);
    size_t len;
    char *text = buf_take(&out, &len);
    buf_free(&out);
    return text ? text : xstrdup("");
}

static int note_refused(struct work *k, struct db *db, struct err *e)
{
    char *text = refused_text(k);
    int rc = k->stopped || json_object_size(k->refused)
                 ? release_refused_set(db, k->by, text, e)
                 : release_refused_forget(db, e);
    free(text);
    return rc;
}

static int makes_release(const struct work *k)
{
    return !k->stopped && k->differs &&
           (count_deployed(k) || json_object_get(k->tree, "server"));
}

/* Fails when what runs is not what was compared: a deploy, a rollback or a reload ended
 * meanwhile. */
static int check_live(const struct work *k, struct db *db, struct err *e)
{
    int64_t generation;
    if (release_generation(db, &generation, e) != 0)
        return -1;
    if (generation == (k->live ? view_generation(k->live) : 0))
        return 0;
    return err_set(e, ERR_CONFLICT,
                   "nothing is deployed: what runs was changed by others again and again "
                   "meanwhile; `foyer releases` lists it, deploy again");
}

/* For store_transaction. */
static int put(struct db *db, void *arg, struct err *e)
{
    struct work *k = arg;
    if (makes_release(k)) {
        if (check_live(k, db, e) != 0)
            return -1;
        char *manifest = manifest_text(snapshot_files(k->files));
        char *bases = bases_text(k->w, snapshot_files(k->files));
        struct release r = {
            .by = k->by, .revision = k->revision, .note = k->d->note, .bases = bases};
        int rc = snapshot_keep(k->files, db, e);
        if (rc == 0)
            k->release = release_add(db, &r, manifest, e);
        free(bases);
        free(manifest);
        if (rc != 0 || k->release < 0 || move_clients(k, db, e) != 0)
            return -1;
    }
    return note_refused(k, db, e);
}

/* ---- the deploy ---- */

static int open_work(struct work *k, struct workspace *w, const struct deploy *d,
                     struct err *e)
{
    struct store *store = workspace_store(w, e);
    *k = (struct work){.d = d, .w = w};
    k->tree = json_pack("{s:[], s:[], s:[]}", "mistakes", "notes", "clients");
    k->rows = json_object_get(k->tree, "clients");
    k->refused = json_object();
    k->all = json_object();
    k->runs = json_object();
    if (!store)
        return -1;
    k->db = store_db(store);
    struct err why = {0};
    k->live = view_open(k->db, &why);
    if (!k->live && why.kind != ERR_NONE) {
        *e = why;
        return -1;
    }
    k->by = d->by ? xstrdup(d->by) : person_name();
    return 0;
}

static int take_files(struct work *k, struct err *e)
{
    k->files = snapshot_take(workspace_dir(k->w), e);
    if (!k->files) {
        e->kind = ERR_SETTINGS;
        return -1;
    }
    k->revision = revision_read(workspace_dir(k->w));
    k->now = workspace_open(workspace_dir(k->w), 0, e);
    if (!k->now)
        return -1;
    workspace_use_snapshot(k->now, k->files);
    workspace_be_lenient(k->now);
    return 0;
}

static void add_clients(struct work *k)
{
    workspace_each_client(k->now, add_present, k);
    if (k->live)
        view_each_client(k->live, add_absent, k);
}

static void add_facts(struct work *k)
{
    size_t i;
    json_t *row;
    json_object_set_new(k->tree, "differs", json_boolean(k->differs));
    json_object_set_new(k->tree, "stopped", json_boolean(k->stopped));
    json_object_set_new(k->tree, "by", json_string(k->by));
    if (k->revision)
        json_object_set_new(k->tree, "revision", json_string(k->revision));
    if (k->d->note)
        json_object_set_new(k->tree, "note", json_string(k->d->note));
    json_array_foreach(k->rows, i, row)
    {
        if (k->stopped && is_deployed(row))
            json_object_set_new(row, "state", json_string("stopped"));
    }
    if (k->release <= 0)
        return;
    json_object_set_new(k->tree, "release", json_integer(k->release));
    if (json_object_get(k->tree, "server"))
        json_object_set_new(json_object_get(k->tree, "server"), "new",
                            json_integer(k->release));
    json_array_foreach(k->rows, i, row)
    {
        if (is_deployed(row))
            json_object_set_new(row, "new", json_integer(k->release));
    }
}

static void close_work(struct work *k)
{
    session_close(k->session);
    workspace_close(k->now);
    snapshot_free(k->files);
    view_free(k->live);
    free(k->by);
    free(k->revision);
    json_decref(k->refused);
    json_decref(k->all);
    json_decref(k->runs);
    json_decref(k->tree);
}

static int compare_files(struct work *k, struct err *e)
{
    add_clients(k);
    return compare_all(k, e) == 0 && add_files(k, e) == 0 ? 0 : -1;
}

/* Returns 1 when what runs is what the files say, so that nothing is to be checked. */
static int is_same(const struct work *k)
{
    size_t i;
    const json_t *row;
    json_array_foreach(k->rows, i, row)
    {
        if (!is_deployed(row)) /* it is gone; or a part of it is there */
            return 0;
    }
    return !k->differs && json_object_size(snapshot_unread(k->files)) == 0;
}

/* Checks the files and finds out again which clients are deployed. */
static int check_files(struct work *k, struct err *e)
{
    json_array_clear(k->rows);
    json_object_clear(k->all);
    json_object_del(k->tree, "server");
    k->differs = 0;
    k->session = session_open_offline(k->now, e);
    return k->session && check(k, e) == 0 && compare_files(k, e) == 0 ? 0 : -1;
}

static int deploy(struct work *k, struct err *e)
{
    if (compare_files(k, e) != 0 || (!is_same(k) && check_files(k, e) != 0) ||
        count_runs(k, e) != 0)
        return -1;
    session_close(k->session); /* what it and the overlay have is of all clients */
    k->session = NULL;
    workspace_close(k->now);
    k->now = NULL;
    leave_out(k);
    return k->d->dry ? 0 : store_transaction(k->db, put, k, e);
}

static json_t *try_once(struct workspace *w, const struct deploy *d, struct err *e)
{
    struct work k;
    json_t *tree = NULL;
    int rc = open_work(&k, w, d, e);
    if (rc == 0 && (rc = take_files(&k, e)) != 0 && !d->dry)
        release_refused_set(k.db, k.by, e->text, NULL);
    if (rc == 0 && deploy(&k, e) == 0) {
        add_facts(&k);
        tree = json_incref(k.tree);
    }
    close_work(&k);
    return tree;
}

json_t *deploy_run(struct workspace *w, const struct deploy *d, struct err *e)
{
    json_t *tree = NULL;
    for (int i = 0; i < TRIES && !tree; i++) {
        err_clear(e);
        tree = try_once(w, d, e);
        if (e->kind != ERR_CONFLICT)
            break;
    }
    return tree;
}

json_t *deploy_difference(struct workspace *w, const struct deploy *d, struct err *e)
{
    struct work k;
    json_t *tree = NULL;
    int rc = open_work(&k, w, d, e);
    if (rc == 0 && !k.live)
        rc = err_set(e, ERR_NOT_FOUND,
                     "there is no release yet: `foyer deploy` makes one of the files");
    if (rc == 0 && take_files(&k, e) == 0 && compare_files(&k, e) == 0) {
        add_facts(&k);
        tree = json_incref(k.tree);
    }
    close_work(&k);
    return tree;
}
