#include "ops/upgrade.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "base/when.h"
#include "core/jsontree.h"
#include "core/manifest.h"
#include "ops/bases.h"
#include "ops/check.h"
#include "ops/replay.h"
#include "store/release.h"
#include "store/store.h"
#include "work/session.h"

enum { MISTAKES_SHOWN = 20 };

struct upgrade {
    struct workspace *w;
    char *home; /* of the copy */
    struct session *session;
    struct diagnosis *found;
    int differing;
};

/* ---- files of the copy ---- */

static char *temporary_dir(void)
{
    const char *dir = getenv("TMPDIR");
    return path_join(dir && *dir ? dir : "/tmp", "foyer-upgrade-XXXXXX");
}

/* Removes the files of DIR, which has no directories but "owners" and "state". */
static void remove_dir(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    while (d && (entry = readdir(d))) {
        if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
            continue;
        char *path = path_join(dir, entry->d_name);
        if (unlink(path) != 0)
            remove_dir(path);
        free(path);
    }
    if (d)
        closedir(d);
    rmdir(dir);
}

/* The copy, and the copy of the copy that a migration keeps. */
static int check_room(const char *dir, int64_t bytes, struct err *e)
{
    struct statvfs fs;
    if (statvfs(dir, &fs) != 0)
        return err_set(e, ERR_INTERNAL, "cannot look at %s: %s", dir, strerror(errno));
    double room = (double)fs.f_bavail * (double)fs.f_frsize, needed = 3 * (double)bytes;
    if (room >= needed)
        return 0;
    return err_set(e, ERR_UNAVAILABLE,
                   "cannot copy the store to %s: it needs %.0f MB and %.0f MB are free; "
                   "set TMPDIR to a directory with more",
                   dir, needed / 1e6, room / 1e6);
}

/* ---- the store ---- */

static void add_versions(struct upgrade *u, int version, int64_t bytes)
{
    int to = store_version();
    if (version > to)
        diagnosis_add(
            u->found, DIAGNOSIS_PROBLEM, "store",
            "the store has version %d, which a newer foyer made; this one knows "
            "versions up to %d: install that newer foyer",
            version, to);
    else if (version == to)
        diagnosis_add(u->found, DIAGNOSIS_OK, "store",
                      "the store has version %d already; it has %.1f MB", to,
                      (double)bytes / 1e6);
    else
        diagnosis_add(u->found, DIAGNOSIS_OK, "store",
                      "the store has version %d and %.1f MB; this foyer makes it version "
                      "%d, and keeps what it was as state/foyer.db.version-%d",
                      version, (double)bytes / 1e6, to, version);
}

static int migrate(struct upgrade *u, int version, struct err *e)
{
    char spent[64];
    int64_t began_us = clock_mono_us();
    if (!workspace_store(u->w, e))
        return err_prefix(e, "a copy of the store could not be brought to version %d",
                          store_version());
    double seconds = (double)(clock_mono_us() - began_us) / 1e6;
    when_format_duration(seconds < 1 ? 1 : seconds, spent);
    if (version < store_version()) {
        json_t *finding = diagnosis_add(
            u->found, DIAGNOSIS_OK, "migration",
            "bringing a copy of it to version %d took %s%s here; meanwhile nothing else "
            "can be stored, and Front sends webhooks again that got no answer",
            store_version(), seconds < 1 ? "less than " : "", spent);
        json_object_set_new(finding, "seconds", json_real(seconds));
    }
    return 0;
}

static int copy(struct upgrade *u, int64_t bytes, struct err *e)
{
    char *dir = temporary_dir();
    if (!mkdtemp(dir)) {
        err_set(e, ERR_INTERNAL, "cannot make the directory %s: %s", dir,
                strerror(errno));
        free(dir);
        return -1;
    }
    u->home = dir;
    if (check_room(dir, bytes, e) != 0)
        return -1;
    if (bytes > 0 && store_copy(workspace_dir(u->w), dir, e) != 0)
        return -1;
    workspace_use_copy(u->w, dir);
    return 0;
}

struct upgrade *upgrade_begin(struct workspace *w, struct diagnosis *found, struct err *e)
{
    int version;
    int64_t bytes;
    struct upgrade *u = xcalloc(1, sizeof *u);
    *u = (struct upgrade){.w = w, .found = found};
    int rc = store_version_of(workspace_dir(w), &version, &bytes, e);
    if (rc == 0 && bytes > 0)
        add_versions(u, version, bytes);
    if (rc == 0 && version <= store_version())
        rc = copy(u, bytes, e) == 0 ? migrate(u, version, e) : -1;
    if (rc == 0)
        return u;
    upgrade_end(u);
    return NULL;
}

/* ---- files ---- */

static void add_mistakes(struct diagnosis *found, const json_t *checked)
{
    size_t i, n = json_array_size(json_object_get(checked, "mistakes"));
    const json_t *mistake;
    json_array_foreach(json_object_get(checked, "mistakes"), i, mistake)
    {
        if (i == MISTAKES_SHOWN)
            break;
        diagnosis_add(found, DIAGNOSIS_PROBLEM, "check", "%s:%d: %s",
                      json_text_or(mistake, "path", ""), (int)json_int(mistake, "line"),
                      json_text_or(mistake, "sentence", ""));
    }
    if (n > MISTAKES_SHOWN)
        diagnosis_add(found, DIAGNOSIS_PROBLEM, "check", "and %zu mistakes more",
                      n - MISTAKES_SHOWN);
    if (n == 0)
        diagnosis_add(found, DIAGNOSIS_OK, "check",
                      "settings, scripts and templates have no mistake for this foyer");
}

struct overrides { /* of one release */
    struct diagnosis *found;
    const json_t *live; /* client -> release */
    int64_t release;
    size_t n;
};

static int add_live(void *arg, const char *client, int64_t id)
{
    json_object_set_new(arg, client, json_integer((json_int_t)id));
    return 0;
}

/* A release also has the files of clients that run another one. */
static void on_override(void *arg, const char *path, int is_gone)
{
    struct overrides *o = arg;
    static const char clients[] = "clients/";
    char *client = NULL;
    if (str_starts(path, clients)) {
        const char *name = path + strlen(clients);
        client = xmemdup0(name, strcspn(name, "/"));
        if (json_int(o->live, client) != o->release) {
            free(client);
            return;
        }
    }
    o->n++;
    if (is_gone)
        diagnosis_add(
            o->found, DIAGNOSIS_PROBLEM, "overrides",
            "%s overrides a built-in file that this foyer does not have any more", path);
    else
        diagnosis_add(o->found, DIAGNOSIS_WARNING, "overrides",
                      "%s overrides a built-in file that is another one in this foyer; "
                      "this foyer's `foyer diff %s%s%s` shows how they differ",
                      path, path, client ? " --client " : "", client ? client : "");
    free(client);
}

static int on_release(void *arg, const struct release *r)
{
    *(char **)arg = xstrdup_null(r->bases);
    return 0;
}

static int check_release(struct upgrade *u, struct overrides *o, struct err *e)
{
    struct db *db = store_db(workspace_store(u->w, e));
    char *bases = NULL, *text = release_manifest(db, o->release, e);
    struct manifest *files = text ? manifest_read(text, e) : NULL, *was = NULL;
    if (files && release_get(db, o->release, on_release, &bases, e) == 0)
        was = manifest_read(bases ? bases : "", e);
    if (was)
        bases_each_changed(u->w, files, was, on_override, o);
    int rc = was ? 0 : -1;
    manifest_free(was);
    manifest_free(files);
    free(bases);
    free(text);
    return rc;
}

static int check_overrides(struct upgrade *u, struct diagnosis *found, struct err *e)
{
    json_t *live = json_object(), *done = json_object(), *id;
    struct overrides o = {.found = found, .live = live};
    const char *client;
    int rc = release_each_live(store_db(workspace_store(u->w, e)), add_live, live, e);
    json_object_foreach(live, client, id)
    {
        char key[24];
        o.release = (int64_t)json_integer_value(id);
        snprintf(key, sizeof key, "%" PRId64, o.release);
        if (rc == 0 && !json_object_get(done, key))
            rc = check_release(u, &o, e);
        json_object_set_new(done, key, json_true());
    }
    if (rc == 0 && o.n == 0 && json_object_size(live))
        diagnosis_add(found, DIAGNOSIS_OK, "overrides",
                      "no override is of a built-in file that this foyer has changed");
    json_decref(done);
    json_decref(live);
    return rc;
}

int upgrade_check_files(struct upgrade *u, struct diagnosis *found, struct err *e)
{
    if (!u->home) /* a newer store */
        return 0;
    if (workspace_use_releases(u->w, e) != 0)
        return -1;
    workspace_be_lenient(u->w);
    if (!u->session && !(u->session = session_open_offline(u->w, e)))
        return -1;
    json_t *checked = check_run(u->session, NULL, 0, e);
    if (!checked)
        return -1;
    add_mistakes(found, checked);
    json_decref(checked);
    return check_overrides(u, found, e);
}

/* ---- runs ---- */

static void on_run(void *arg, const struct ledger_run *run, const char *why)
{
    struct upgrade *u = arg;
    u->differing++;
    json_t *finding = diagnosis_add(u->found, DIAGNOSIS_PROBLEM, "runs",
                                    "run %" PRId64
                                    " (%s, %s) would need a person after the upgrade: %s",
                                    run->id, run->client, run->recipe, why);
    json_object_set_new(finding, "run", json_integer(run->id));
}

int upgrade_check_runs(struct upgrade *u, struct diagnosis *found, struct err *e)
{
    int n = 0;
    struct store *store = u->home ? workspace_store(u->w, e) : NULL;
    if (!u->home) /* a newer store */
        return 0;
    u->found = found;
    u->differing = 0;
    if (!store || (!u->session && !(u->session = session_open_offline(u->w, e))))
        return -1;
    int rc = replay_all(u->session, store_db(store), 0, on_run, u, &n, e);
    if (rc == 0 && u->differing == 0)
        diagnosis_add(found, DIAGNOSIS_OK, "runs",
                      n == 0   ? "no run is under way"
                      : n == 1 ? "one run is under way, and goes on where it is"
                               : "%d runs are under way, and go on where they are",
                      n);
    return rc;
}

void upgrade_end(struct upgrade *u)
{
    if (!u)
        return;
    session_close(u->session);
    workspace_close(u->w);
    if (u->home)
        remove_dir(u->home);
    free(u->home);
    free(u);
}
