#include "ops/first_release.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "ops/deploy.h"
#include "store/release.h"
#include "store/store.h"

enum { LINES_MAX = 20 };

static void add_line(struct buf *out, const json_t *mistake)
{
    buf_addf(out, "%s:%d: %s", json_text_or(mistake, "path", ""),
             (int)json_int(mistake, "line"), json_text_or(mistake, "sentence", ""));
}

/* Fails with the mistakes that stopped it. */
static int refuse(const json_t *tree, struct err *e)
{
    struct buf text;
    size_t i;
    json_t *mistake;
    buf_init(&text, sizeof e->text - 100);
    json_array_foreach(json_object_get(tree, "mistakes"), i, mistake)
    {
        if (i == LINES_MAX)
            break;
        buf_adds(&text, "\n");
        add_line(&text, mistake);
    }
    err_set(e, ERR_SETTINGS, "cannot make the first release of these files:%s",
            buf_str(&text));
    buf_free(&text);
    return -1;
}

static int is_of(const json_t *mistake, const char *client)
{
    size_t i;
    json_t *name;
    char *below = xasprintf("clients/%s/", client);
    int is = str_starts(json_text_or(mistake, "path", ""), below);
    free(below);
    json_array_foreach(json_object_get(mistake, "clients"), i, name)
    {
        is |= str_eq(json_string_value(name), client);
    }
    return is;
}

/* Returns the first mistake of CLIENT as a line, a new string. */
static char *first_line(const json_t *tree, const char *client)
{
    struct buf text;
    size_t i, len;
    json_t *mistake;
    buf_init(&text, 4096);
    json_array_foreach(json_object_get(tree, "mistakes"), i, mistake)
    {
        if (text.len == 0 && is_of(mistake, client))
            add_line(&text, mistake);
    }
    char *line = buf_take(&text, &len);
    return line ? line : xstrdup("`foyer check` says why");
}

static json_t *those_left_out(const json_t *tree)
{
    size_t i;
    json_t *row, *lines = json_object();
    json_array_foreach(json_object_get(tree, "clients"), i, row)
    {
        const char *client = json_text_or(row, "client", "");
        if (!str_eq(json_text(row, "state"), "refused"))
            continue;
        char *line = first_line(tree, client);
        json_object_set_new(lines, client, json_string(line));
        free(line);
    }
    return lines;
}

int first_release(struct workspace *w, int64_t *id, json_t **left_out, struct err *e)
{
    struct store *store = workspace_store(w, e);
    int64_t newest = store ? release_newest(store_db(store), e) : -1;
    *id = 0;
    *left_out = NULL;
    if (newest != 0)
        return newest < 0 ? -1 : 0;
    const struct deploy first = {.note = "the files at the first start",
                                 .why = "the first release"};
    json_t *tree = deploy_run(w, &first, e);
    int rc = tree ? 0 : -1;
    if (!tree && e->kind == ERR_NONE)
        err_set(e, ERR_UNAVAILABLE, "interrupted");
    if (json_is_true(json_object_get(tree, "stopped"))) {
        rc = refuse(tree, e);
    } else if (tree) {
        *id = json_int(tree, "release");
        *left_out = those_left_out(tree);
    }
    json_decref(tree);
    return rc;
}

void first_release_undo(const char *dir, int64_t id)
{
    struct err e = {0};
    struct store *store = store_open(dir, &e);
    if (!store || release_undo_first(store_db(store), id, &e) != 0)
        log_line(LOG_WARN, "cannot take the first release back: %s", e.text);
    store_close(store);
}
