#include "ops/import.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "base/textfile.h"
#include "core/jsontree.h"
#include "core/limits.h"
#include "core/settings_check.h"
#include "ops/text_diff.h"

enum { DOCUMENT_MAX = 32 * 1024 * 1024 };

static const char made[] = "-- Made by `foyer import` ";

/* ---- the document ---- */

static json_t *read_document(const char *file, struct err *e)
{
    struct buf text;
    struct err why = {0};
    json_t *document = NULL;
    buf_init(&text, DOCUMENT_MAX);
    if (path_read(file, &text, &why) != 0 && why.kind == ERR_LIMIT)
        err_set(&why, ERR_LIMIT,
                "it has more than %d MiB: foyer reads a document whole; a copy with the "
                "references not yet resolved, or with fewer paths, is smaller",
                DOCUMENT_MAX >> 20);
    if (why.kind == ERR_NONE && textfile_clean(&text, file, &why) == 0)
        document = openapi_parse(buf_str(&text), text.len, &why);
    buf_free(&text);
    if (!document) {
        *e = why;
        err_prefix(e, "cannot import %s", file);
    }
    return document;
}

static int check_app(struct workspace *w, const char *app, struct err *e)
{
    static const char *const ours[] = {"std", "mock", "meta", "templates"};
    int is_ours = 0;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        is_ours |= strcmp(app, ours[i]) == 0;
    if (!str_is_name(app) || strchr(app, '.'))
        return err_set(
            e, ERR_USAGE,
            "\"%.64s\" cannot name an app: a name has letters, digits, '-' and "
            "'_'",
            app);
    if (settings_is_client_key(app))
        return err_set(e, ERR_USAGE,
                       "%s is a setting of client.lua: give the app another name", app);
    char *path = xasprintf("lua/%s/connector.lua", app);
    int is_builtin =
        overlay_find(workspace_overlay(w), NULL, path, OVERLAY_BUILTIN, NULL) != NULL;
    free(path);
    if (is_builtin || is_ours)
        return err_set(e, ERR_USAGE, "%s is built in: give the app another name", app);
    return 0;
}

/* ---- comparing ---- */

/* Sets the state of FILE, which is at PATH in the workspace W. Its text is the new one.
 */
static int compare(struct workspace *w, json_t *file, const char *path, int force,
                   struct err *e)
{
    struct buf old, diff;
    struct err why = {0};
    const char *text = json_text(file, "text"), *state = "new";
    int rc = 0;
    buf_init(&old, DOCUMENT_MAX);
    buf_init(&diff, TEXT_DIFF_MAX);
    if (path_read_below(workspace_dir(w), path, path, &old, &why) == 0) {
        struct text_diff_side before = {path, buf_str(&old), old.len};
        struct text_diff_side after = {"the document", text, strlen(text)};
        int same = old.len == strlen(text) && memcmp(buf_str(&old), text, old.len) == 0;
        state = same ? "same" : force ? "replaced" : "differs";
        rc = same ? 0 : text_diff(&before, &after, &diff, e);
        json_t *shown = json_stringn(buf_str(&diff), diff.len);
        if (diff.len)
            json_object_set_new(file, "diff", shown ? shown : json_null());
        else
            json_decref(shown);
    } else if (why.kind != ERR_NOT_FOUND) {
        *e = why;
        rc = -1;
    }
    json_object_set_new(file, "state", json_string(state));
    buf_free(&diff);
    buf_free(&old);
    return rc < 0 ? -1 : 0;
}

static int is_written(const json_t *file)
{
    const char *state = json_text(file, "state");
    return strcmp(state, "new") == 0 || strcmp(state, "replaced") == 0;
}

struct gone_search {
    struct workspace *w;
    const char *app;
    const json_t *known; /* path -> true */
    json_t *gone;
};

static int look_at(void *arg, const char *name)
{
    struct gone_search *s = arg;
    char *path = xasprintf("lua/%s/actions/%s", s->app, name);
    struct buf text;
    buf_init(&text, limits_default.script_bytes);
    if (!json_object_get(s->known, path) &&
        path_read_below(workspace_dir(s->w), path, path, &text, NULL) == 0 &&
        str_starts(buf_str(&text), made))
        json_array_append_new(s->gone, json_string(path));
    buf_free(&text);
    free(path);
    return 0;
}

/* ---- writing ---- */

/* Removes DIR, one that make_beside made. */
static void remove_all(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    while (d && (entry = readdir(d))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *path = path_join(dir, entry->d_name);
        if (unlink(path) != 0)
            remove_all(path);
        free(path);
    }
    if (d)
        closedir(d);
    rmdir(dir);
}

/* Writes all files that are to be written to the directory DIR. */
static int make_beside(const char *dir, const json_t *files, struct err *e)
{
    size_t i;
    json_t *file;
    char *actions = path_join(dir, "actions");
    int rc = path_make_dirs(actions, 0755, e);
    free(actions);
    json_array_foreach(files, i, file)
    {
        const char *text = json_text(file, "text");
        if (rc != 0 || !is_written(file))
            continue;
        char *path = path_join(dir, json_text(file, "name"));
        rc = path_create(path, text, strlen(text), 0644, e);
        free(path);
    }
    return rc;
}

static int move(const char *from, const char *to, struct err *e)
{
    if (rename(from, to) == 0)
        return 0;
    return err_set(e, ERR_STORE, "cannot write %s: %s", to, strerror(errno));
}

/* Renames each file of DIR to its place below HOME, which is there already. */
static int move_each(const char *dir, const char *home, const json_t *files,
                     struct err *e)
{
    size_t i;
    json_t *file;
    char *actions = path_join(home, "actions");
    int rc = path_make_dirs(actions, 0755, e);
    free(actions);
    json_array_foreach(files, i, file)
    {
        if (rc != 0 || !is_written(file))
            continue;
        const char *name = json_text(file, "name");
        char *from = path_join(dir, name), *to = path_join(home, name);
        rc = move(from, to, e);
        free(from);
        free(to);
    }
    return rc;
}

static int write_all(struct workspace *w, const char *app, const json_t *files,
                     struct err *e)
{
    char *home = xasprintf("%s/lua/%s", workspace_dir(w), app);
    char *dir = xasprintf("%s/lua/.import-%s-%d", workspace_dir(w), app, (int)getpid());
    int rc = make_beside(dir, files, e);
    if (rc == 0)
        rc = path_is_taken(home) ? move_each(dir, home, files, e) : move(dir, home, e);
    remove_all(dir);
    free(dir);
    free(home);
    return rc;
}

/* ---- the import ---- */

/* Sets the path and the state of each file, and the files that are gone. */
static int compare_all(struct workspace *w, const char *app, json_t *read, int force,
                       int is_whole, struct err *e)
{
    size_t i;
    json_t *file, *known = json_object(), *files = json_object_get(read, "files");
    int rc = 0;
    json_array_foreach(files, i, file)
    {
        char *path = xasprintf("lua/%s/%s", app, json_text(file, "path"));
        json_object_set(file, "name", json_object_get(file, "path"));
        json_object_set_new(file, "path", json_string(path));
        json_object_set_new(known, path, json_true());
        if (rc == 0)
            rc = compare(w, file, path, force, e);
        free(path);
    }
    struct gone_search search = {w, app, known, json_array()};
    char *actions = xasprintf("%s/lua/%s/actions", workspace_dir(w), app);
    if (rc == 0 && is_whole)
        path_each(actions, look_at, &search);
    free(actions);
    json_object_set_new(read, "gone", search.gone);
    json_decref(known);
    return rc;
}

static void drop_texts(json_t *files)
{
    size_t i;
    json_t *file;
    json_array_foreach(files, i, file)
    {
        json_object_del(file, "text");
        json_object_del(file, "name");
    }
}

json_t *import_file(struct workspace *w, const char *file, const char *app, int force,
                    const struct openapi_options *options, struct err *e)
{
    if (check_app(w, app, e) != 0)
        return NULL;
    json_t *document = read_document(file, e), *read = NULL;
    if (!document)
        return NULL;
    read = openapi_read(document, options, e);
    json_decref(document);
    if (!read) {
        err_prefix(e, "cannot import %s", file);
        return NULL;
    }
    json_t *files = json_object_get(read, "files");
    if (compare_all(w, app, read, force, !options->only, e) != 0 ||
        write_all(w, app, files, e) != 0) {
        json_decref(read);
        return NULL;
    }
    drop_texts(files);
    return read;
}
