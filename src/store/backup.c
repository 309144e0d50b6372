#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/path.h"
#include "base/str.h"
#include "io/db.h"
#include "store/home.h"
#include "store/presence.h"
#include "store/schema.h"
#include "store/store.h"
#include "store/store_row.h"

enum { PIECE = 256 * 1024 };

static const char name_format[] = "foyer-%Y%m%dT%H%M%SZ.db";
static const char name_form[] = "foyer-00000000T000000Z.db"; /* 0 stands for a digit */

static int64_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static int sync_path(const char *path, int flags, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    int rc = fd >= 0 ? fsync(fd) : -1;
    if (rc != 0)
        err_set(e, ERR_STORE, "cannot write %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return rc;
}

static void remove_with_log(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *name = xasprintf("%s%s", path, ends[i]);
        unlink(name);
        free(name);
    }
}

/* Reads the whole of PATH, which this process has just made. IS_BACKUP_FILE 1: it lives
 * nowhere from now on, so that it is a copy also where a person copies it over the store
 * instead of calling restore: the file's inode and its time of birth stay the same. */
static int check_copy(const char *path, int is_backup_file, struct err *e)
{
    char *found = NULL;
    size_t len;
    struct db *db = db_open(path, e);
    int rc = db ? store_row_blob(db_select(db, "PRAGMA quick_check(1)", DB_NONE, e),
                                 &found, &len, e)
                : -1;
    if (rc == 0 && !str_eq(found, "ok"))
        rc = err_set(e, ERR_STORE, "%s is damaged: %.120s", path,
                     found ? found : "it cannot be read");
    free(found);
    if (rc == 0 && is_backup_file)
        rc = home_leave(db, e);
    if (db && rc == 0) /* one file is the whole of it */
        rc = db_exec(db, "PRAGMA journal_mode=DELETE", e);
    db_close(db);
    return rc;
}

/* ---- making one ---- */

static int is_backup(const char *name)
{
    size_t i = 0;
    for (; name_form[i] && name[i]; i++)
        if (name_form[i] == '0' ? name[i] < '0' || name[i] > '9'
                                : name[i] != name_form[i])
            return 0;
    return !name_form[i] && !name[i];
}

struct names {
    char **list; /* the oldest first, as the names say */
    size_t n;
};

static int add_name(void *arg, const char *name)
{
    struct names *names = arg;
    if (!is_backup(name))
        return 0;
    array_grow(names->list, names->n);
    names->list[names->n++] = xstrdup(name);
    return 0;
}

static int remove_old(const char *dir, int keep, int *removed, struct err *e)
{
    struct names names = {0};
    int rc = 0;
    path_each(dir, add_name, &names);
    for (size_t i = 0; i < names.n; i++) {
        char *path = path_join(dir, names.list[i]);
        if (rc == 0 && names.n - i > (size_t)keep) {
            if (unlink(path) == 0)
                ++*removed;
            else
                rc = err_set(e, ERR_STORE,
                             "the new copy is there, but cannot remove %s: %s", path,
                             strerror(errno));
        }
        free(path);
        free(names.list[i]);
    }
    free(names.list);
    return rc;
}

static int copy_store(struct db *db, const char *to, struct err *e)
{
    if (path_create(to, "", 0, 0600, e) != 0)
        return -1;
    int rc = db_change(db, "VACUUM INTO ?", DB_ARGS(db_text(to)), NULL, e);
    if (rc == 0)
        rc = check_copy(to, 1, e);
    return rc == 0 ? sync_path(to, 0, e) : -1;
}

int backup_make(struct db *db, const char *dir, int keep, int64_t now_ms,
                struct backup *out, struct err *e)
{
    char name[sizeof name_form];
    time_t now = (time_t)(now_ms / 1000);
    struct tm tm;
    *out = (struct backup){.file = NULL};
    if (path_make_dirs(dir, 0700, e) != 0)
        return -1;
    strftime(name, sizeof name, name_format, gmtime_r(&now, &tm));
    char *path = path_join(dir, name);
    char *fresh = xasprintf("%s.%ld.new", path, (long)getpid());
    remove_with_log(fresh); /* left by a killed process that had the same number */
    int rc = copy_store(db, fresh, e);
    if (rc == 0 && rename(fresh, path) != 0)
        rc = err_set(e, ERR_STORE, "cannot write %s: %s", path, strerror(errno));
    if (rc != 0)
        remove_with_log(fresh);
    free(fresh);
    if (rc == 0)
        rc = sync_path(dir, O_DIRECTORY, e);
    if (rc == 0)
        out->bytes = size_of(path);
    out->file = path;
    return rc == 0 && keep > 0 ? remove_old(dir, keep, &out->removed, e) : rc;
}

void backup_fini(struct backup *b)
{
    free(b->file);
    b->file = NULL;
}

/* ---- the way back ---- */

/* Copies the bytes: FILE may lie on a disk that cannot be written. */
static int copy_file(const char *from, const char *to, struct err *e)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in >= 0 ? open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    int rc = 0;
    if (in < 0)
        rc = err_set(e, ERR_USAGE, "cannot read %s: %s", from, strerror(errno));
    else if (out < 0)
        rc = err_set(e, ERR_STORE, "cannot write %s: %s", to, strerror(errno));
    char *piece = xmalloc(PIECE);
    while (rc == 0) {
        ssize_t n = read(in, piece, PIECE);
        if (n < 0)
            rc = err_set(e, ERR_USAGE, "cannot read %s: %s", from, strerror(errno));
        if (n <= 0)
            break;
        if (write(out, piece, (size_t)n) != n)
            rc = err_set(e, ERR_STORE, "cannot write %s: %s", to,
                         errno ? strerror(errno) : "the disk is full");
    }
    if (rc == 0 && fsync(out) != 0)
        rc = err_set(e, ERR_STORE, "cannot write %s: %s", to, strerror(errno));
    free(piece);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return rc;
}

static int check_version(const char *path, const char *file, struct err *e)
{
    int64_t version = 0, tables = 0;
    struct db *db = db_open(path, e);
    int rc = db ? db_select_int(db, "PRAGMA user_version", DB_NONE, &version, e) : -1;
    if (rc == 0)
        rc = db_select_int(db,
                           "SELECT count(*) FROM sqlite_schema WHERE name IN ('run',"
                           " 'connection')",
                           DB_NONE, &tables, e);
    db_close(db);
    if (rc == 0 && version > schema_version)
        rc = err_set(e, ERR_STORE,
                     "cannot restore %s: a newer foyer made it (version %lld of the "
                     "tables; this foyer knows %d)",
                     file, (long long)version, schema_version);
    else if (rc == 0 && (version < 1 || tables != 2))
        rc = err_set(e, ERR_USAGE, "cannot restore %s: it is no store of foyer", file);
    return rc;
}

/* Brings the file PATH to this version, and records that it is a copy wherever it is. */
static int make_copy(const char *path, struct err *e)
{
    struct db *db = db_open(path, e);
    int rc = db && db_migrate(db, schema_steps, schema_version, e) == 0 &&
                     home_leave(db, e) == 0
                 ? db_exec(db, "PRAGMA journal_mode=DELETE", e)
                 : -1;
    db_close(db);
    return rc == 0 ? sync_path(path, 0, e) : -1;
}

/* Copies FILE to TO and checks that it is a whole store. */
static int take_file(const char *file, const char *to, struct err *e)
{
    char *log = xasprintf("%s-wal", file);
    int has_log = size_of(log) > 0;
    free(log);
    if (has_log)
        return err_set(e, ERR_USAGE,
                       "cannot restore %s: %s-wal lies beside it, so that it is a store "
                       "in use and not a backup; `foyer backup --to DIR` in its "
                       "workspace makes one",
                       file, file);
    remove_with_log(to);
    int rc = copy_file(file, to, e);
    if (rc == 0)
        rc = check_version(to, file, e);
    return rc == 0 && check_copy(to, 0, e) == 0 ? make_copy(to, e) : -1;
}

struct living {
    const char *workspace_dir;
    struct err *e;
};

static int check_ended(void *arg, const char *id)
{
    const struct living *l = arg;
    int life = presence_judge(l->workspace_dir, id, NULL, 0, l->e);
    if (life == PRESENCE_DEAD || life < 0)
        return life;
    return err_set(l->e, ERR_UNAVAILABLE,
                   "cannot replace the store: process %.*s works with it; end that first "
                   "(`foyer serve`, `foyer work`)",
                   (int)strspn(id, "0123456789"), id);
}

/* Moves the log into the file. A store that cannot be opened at all is moved away as it
 * is. */
static int close_store(const char *path, struct err *e)
{
    struct err why = {0};
    struct db *db = db_open(path, &why);
    int rc = db ? db_exec(db, "PRAGMA journal_mode=DELETE", &why) : 0;
    db_close(db);
    if (rc != 0 && why.kind == ERR_UNAVAILABLE)
        return err_set(e, ERR_UNAVAILABLE,
                       "cannot replace %s: another process has it open; end foyer first "
                       "(serve, work and other commands)",
                       path);
    return 0;
}

static int move(const char *from, const char *to, const char *end, struct err *e)
{
    char *a = xasprintf("%s%s", from, end), *b = xasprintf("%s%s", to, end);
    int rc =
        rename(a, b) == 0 || errno == ENOENT
            ? 0
            : err_set(e, ERR_STORE, "cannot rename %s to %s: %s", a, b, strerror(errno));
    free(a);
    free(b);
    return rc;
}

/* Returns where the store at PATH is moved to, a new string. */
static char *aside(const char *path, int64_t now_ms)
{
    char stamp[32];
    time_t now = (time_t)(now_ms / 1000);
    struct tm tm;
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
    char *name = xasprintf("%s.replaced-%s", path, stamp);
    for (int i = 2; path_is_taken(name); i++) {
        free(name);
        name = xasprintf("%s.replaced-%s-%d", path, stamp, i);
    }
    return name;
}

static int replace(const char *workspace_dir, const char *path, const char *fresh,
                   int64_t now_ms, char **replaced, struct err *e)
{
    char *owners = path_join(workspace_dir, "state/owners");
    struct living living = {workspace_dir, e};
    int rc = path_each(owners, check_ended, &living);
    free(owners);
    if (rc == 0 && path_is_taken(path)) {
        *replaced = aside(path, now_ms);
        rc = close_store(path, e);
        if (rc == 0)
            rc = move(path, *replaced, "-wal", e);
        if (rc == 0)
            rc = move(path, *replaced, "", e);
    }
    if (rc == 0)
        rc = move(fresh, path, "", e);
    if (rc == 0) { /* of the other store, and may be lost */
        static const char *const gone[] = {"foyer.db-shm", "live.db", "live.db-wal",
                                           "live.db-shm", "claims"};
        char *state = path_join(workspace_dir, "state");
        for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
            char *name = path_join(state, gone[i]);
            unlink(name);
            free(name);
        }
        rc = sync_path(state, O_DIRECTORY, e);
        free(state);
    }
    return rc == 0 ? 0 : -1;
}

int backup_restore(const char *workspace_dir, const char *file, int64_t now_ms,
                   char **replaced, struct err *e)
{
    char *path = store_path(workspace_dir);
    char *fresh = xasprintf("%s.%ld.new", path, (long)getpid());
    *replaced = NULL;
    int rc = store_row_make_dir(workspace_dir, e);
    if (rc == 0)
        rc = take_file(file, fresh, e);
    if (rc == 0)
        rc = replace(workspace_dir, path, fresh, now_ms, replaced, e);
    remove_with_log(fresh);
    free(fresh);
    free(path);
    return rc;
}
