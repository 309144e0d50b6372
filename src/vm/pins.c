#include "vm/pins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "core/jsontree.h"
#include "base/str.h"

/* Settings as canonical text, made once for all runs with the same tree. */
struct shown {
    int refs;
    json_t *tree; /* a reference: while it is held, its address identifies the tree */
    size_t len;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    char *text;
};

/* One note. A file's name has the client and the first layer that were searched; settings
 * have their name, and a file of the command line its path. */
struct pin {
    char
        *name; /* first, for str_compare: "2 acme recipes/x.lua", "= client", "@ a.csv" */
    struct overlay_file *file; /* NULL: no layer had it */
    json_t *tree;              /* settings, a reference */
    struct shown *shown;       /* the text of today's settings, once it is needed */
    char *text;                /* loaded settings, or the bytes of a file */
    size_t len;
    unsigned char hash[CRYPTO_SHA256_SIZE]; /* of text */
};

struct pins {
    struct overlay *overlay;
    struct pin *list; /* in order of name */
    int n;
    int64_t release; /* 0: what is live */
};

enum { LIST_MAX = 64 * 1024 * 1024, NAME_MAX_BYTES = 600, SHOWN_MAX = 64 };

static struct shown *shown[SHOWN_MAX]; /* for the loop's thread alone */
static unsigned shown_next;

static void release(struct shown *s)
{
    if (!s || --s->refs > 0)
        return;
    json_decref(s->tree);
    free(s->text);
    free(s);
}

/* Returns TREE's text, with a reference for the caller. */
static struct shown *show(const json_t *tree)
{
    for (int i = 0; i < SHOWN_MAX; i++)
        if (shown[i] && shown[i]->tree == tree) {
            shown[i]->refs++;
            return shown[i];
        }
    char *text = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    if (!text) /* out of memory: any tree that was read has a text */
        abort();
    struct shown *s = xcalloc(1, sizeof *s);
    *s = (struct shown){.refs = 2,
                        .tree = json_incref((json_t *)tree),
                        .len = strlen(text),
                        .text = text};
    crypto_sha256(text, s->len, s->hash);
    struct shown **place = &shown[shown_next++ % SHOWN_MAX];
    release(*place);
    *place = s;
    return s;
}

struct pins *pins_new(struct overlay *overlay)
{
    struct pins *p = xcalloc(1, sizeof *p);
    p->overlay = overlay;
    return p;
}

void pins_set_release(struct pins *p, int64_t release)
{
    p->release = release;
}

struct pins *pins_copy(const struct pins *p)
{
    struct pins *copy = pins_new(p->overlay);
    copy->release = p->release;
    while (copy->n < p->n) {
        array_grow(copy->list, copy->n);
        struct pin *pin = &copy->list[copy->n];
        *pin = p->list[copy->n++];
        pin->name = xstrdup(pin->name);
        pin->text = pin->text ? xmemdup0(pin->text, pin->len) : NULL;
        json_incref(pin->tree);
        if (pin->shown)
            pin->shown->refs++;
    }
    return copy;
}

void pins_free(struct pins *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n; i++) {
        free(p->list[i].name);
        free(p->list[i].text);
        release(p->list[i].shown);
        json_decref(p->list[i].tree);
    }
    free(p->list);
    free(p);
}

static struct pin *find(struct pins *p, const char *name)
{
    return p->n ? bsearch(&name, p->list, (size_t)p->n, sizeof *p->list, str_compare)
                : NULL;
}

static struct pin *add(struct pins *p, const char *name)
{
    array_grow(p->list, p->n);
    int at = p->n++;
    for (; at > 0 && strcmp(p->list[at - 1].name, name) > 0; at--)
        p->list[at] = p->list[at - 1];
    p->list[at] = (struct pin){.name = xstrdup(name)};
    return &p->list[at];
}

/* The part that checks definitions is not noted: a run may use a script for the first
 * time that is newer than the run, and that only today's check knows. */
static int is_noted(const char *name)
{
    return !str_eq(name, "lua/std/definition.lua");
}

struct overlay_file *pins_find(struct pins *p, const char *client, const char *name,
                               enum overlay_layer from, struct err *e)
{
    char key[NAME_MAX_BYTES];
    int n = snprintf(key, sizeof key, "%d %s %s", (int)from, client ? client : "-", name);
    if (n < 0 || (size_t)n >= sizeof key || strpbrk(key, "\t\n") || !is_noted(name))
        return overlay_find(p->overlay, client, name, from, e);
    struct pin *pin = find(p, key);
    if (!pin) {
        struct err why;
        struct overlay_file *file = overlay_find_at(p->overlay, client ? p->release : 0,
                                                    client, name, from, &why);
        if (!file && why.kind != ERR_NOT_FOUND) { /* may pass: not noted */
            *e = why;
            return NULL;
        }
        pin = add(p, key);
        pin->file = file;
    }
    if (!pin->file)
        err_set(e, ERR_NOT_FOUND, "cannot find %s in any layer", name);
    return pin->file;
}

const json_t *pins_tree(struct pins *p, const char *name, const json_t *today)
{
    char key[NAME_MAX_BYTES];
    snprintf(key, sizeof key, "= %s", name);
    struct pin *pin = find(p, key);
    if (pin)
        return pin->tree;
    pin = add(p, key);
    pin->tree = json_incref((json_t *)today);
    return today;
}

/* 0 for a path that is too long, or has a tab or a line end: it is not noted. */
static int bytes_key(char key[NAME_MAX_BYTES], const char *path)
{
    int n = snprintf(key, NAME_MAX_BYTES, "@ %s", path);
    return n > 0 && n < NAME_MAX_BYTES && !strpbrk(path, "\t\n");
}

const char *pins_bytes(struct pins *p, const char *path, size_t *len)
{
    char key[NAME_MAX_BYTES];
    struct pin *pin = bytes_key(key, path) ? find(p, key) : NULL;
    if (!pin)
        return NULL;
    *len = pin->len;
    return pin->text;
}

void pins_note_bytes(struct pins *p, const char *path, const void *data, size_t len)
{
    char key[NAME_MAX_BYTES];
    if (!bytes_key(key, path) || find(p, key))
        return;
    struct pin *pin = add(p, key);
    pin->text = xmemdup0(data, len);
    pin->len = len;
    crypto_sha256(data, len, pin->hash);
}

int pins_count(const struct pins *p)
{
    return p->n;
}

struct source {
    unsigned char hash[CRYPTO_SHA256_SIZE];
    const char *text; /* NULL: no layer had it */
    size_t len;
};

/* Makes the texts of settings and the hashes of files, which a run in memory never needs.
 */
static struct source source_of(struct pin *pin)
{
    struct source s = {.text = pin->text, .len = pin->len};
    if (pin->file) {
        s.text = pin->file->text;
        s.len = pin->file->len;
        str_unhex(overlay_hash(pin->file), 2 * sizeof s.hash, s.hash);
        return s;
    }
    if (pin->tree && !pin->text && !pin->shown)
        pin->shown = show(pin->tree);
    if (pin->shown) {
        s.text = pin->shown->text;
        s.len = pin->shown->len;
    }
    memcpy(s.hash, pin->shown ? pin->shown->hash : pin->hash, sizeof s.hash);
    return s;
}

/* A line is NAME, HASH ("-": no layer had it), LAYER and PATH, with tabs between. */
char *pins_list(const struct pins *p, unsigned char hash[CRYPTO_SHA256_SIZE])
{
    struct buf out;
    buf_init(&out, LIST_MAX);
    for (int i = 0; i < p->n; i++) {
        struct pin *pin = &p->list[i];
        struct source source = source_of(pin);
        char hex[2 * CRYPTO_SHA256_SIZE + 1] = "-";
        if (source.text)
            str_hex(source.hash, sizeof source.hash, hex);
        buf_addf(&out, "%s\t%s\t%d\t%s\n", pin->name, hex,
                 pin->file ? (int)pin->file->layer : 0, pin->file ? pin->file->path : "");
    }
    size_t len;
    char *text = buf_take(&out, &len);
    if (!text)
        text = xstrdup("");
    crypto_sha256(text, strlen(text), hash);
    return text;
}

void pins_each(const struct pins *p,
               void (*fn)(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE],
                          const char *text, size_t len),
               void *arg)
{
    for (int i = 0; i < p->n; i++) {
        struct source source = source_of(&p->list[i]);
        if (source.text)
            fn(arg, source.hash, source.text, source.len);
    }
}

/* ---- the notes of an earlier attempt ---- */

static int malformed(const char *line, struct err *e)
{
    return err_set(e, ERR_STORE, "cannot read what code a run began with: \"%.80s\"",
                   line);
}

static int load_tree(struct pin *pin, pins_text_fn *text, void *arg, struct err *e)
{
    struct err why;
    if (text(arg, pin->hash, &pin->text, &pin->len, e) != 0)
        return -1;
    pin->tree = jsontree_read(pin->text, pin->len, &why);
    if (!pin->tree)
        return err_set(e, ERR_STORE, "cannot read the settings that a run began with: %s",
                       why.text);
    return 0;
}

/* Finds today's file for a note's NAME ("2 acme recipes/x.lua"), or NULL when there is
 * none. Returns -1 for another note. */
static int find_today(struct overlay *overlay, const char *note,
                      struct overlay_file **file)
{
    char client[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
    int from;
    if (sscanf(note, "%d %599s %599[^\n]", &from, client, name) != 3)
        return -1;
    *file = overlay_find(overlay, strcmp(client, "-") != 0 ? client : NULL, name,
                         (enum overlay_layer)from, NULL);
    return 0;
}

static int load_file(struct pins *p, struct pin *pin, const char *hex, int layer,
                     const char *path, pins_text_fn *text, void *arg, struct err *e)
{
    struct overlay_file *file;
    if (find_today(p->overlay, pin->name, &file) != 0)
        return malformed(pin->name, e);
    /* today's file, if it has the same text and path */
    if (!file || strcmp(overlay_hash(file), hex) != 0 || strcmp(file->path, path) != 0)
        file = overlay_kept(p->overlay, path, hex);
    if (!file) {
        char *bytes;
        size_t len;
        if (text(arg, pin->hash, &bytes, &len, e) != 0)
            return -1;
        file = overlay_keep(p->overlay, (enum overlay_layer)layer, path, bytes, len);
        free(bytes);
    }
    pin->file = file;
    return 0;
}

static int load_line(struct pins *p, char *line, pins_text_fn *text, void *arg,
                     struct err *e)
{
    char *hex = strchr(line, '\t'), *layer = hex ? strchr(hex + 1, '\t') : NULL,
         *path = layer ? strchr(layer + 1, '\t') : NULL;
    if (!path)
        return malformed(line, e);
    *hex++ = *layer++ = *path++ = '\0';
    struct pin *pin = add(p, line);
    if (strcmp(hex, "-") == 0)
        return 0;
    if (strlen(hex) != 2 * sizeof pin->hash ||
        str_unhex(hex, 2 * sizeof pin->hash, pin->hash) != 0 || *layer < '0' ||
        *layer >= '0' + OVERLAY_LAYERS)
        return malformed(line, e);
    if (line[0] == '=')
        return load_tree(pin, text, arg, e);
    if (line[0] == '@')
        return text(arg, pin->hash, &pin->text, &pin->len, e);
    return load_file(p, pin, hex, *layer - '0', path, text, arg, e);
}

int pins_load(struct pins *p, const char *list, pins_text_fn *text, void *arg,
              struct err *e)
{
    char *copy = xstrdup(list), *line = copy;
    int rc = 0;
    while (rc == 0 && *line) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        rc = load_line(p, line, text, arg, e);
        line = end ? end + 1 : line + strlen(line);
    }
    free(copy);
    return rc;
}

int pins_list_each(const char *list,
                   int (*fn)(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE],
                             int is_file),
                   void *arg)
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    char *copy = xstrdup(list), *rest = copy, *line;
    int rc = 0;
    while (rc == 0 && (line = strsep(&rest, "\n"))) {
        const char *name = strsep(&line, "\t"), *hex = line ? strsep(&line, "\t") : NULL;
        /* pins_load reports what is malformed */
        if (hex && strlen(hex) == 2 * sizeof hash &&
            str_unhex(hex, 2 * sizeof hash, hash) == 0)
            rc = fn(arg, hash, name[0] != '=' && name[0] != '@');
    }
    free(copy);
    return rc;
}

/* Compares a line of pins_list, split at its tabs, with today's file. */
static void compare_line(struct overlay *overlay, const char *line, const char *hex,
                         const char *path, void (*fn)(void *arg, const char *path),
                         void *arg)
{
    struct overlay_file *today;
    if (find_today(overlay, line, &today) != 0)
        return; /* settings, or a file's bytes */
    if (today ? strcmp(overlay_hash(today), hex) != 0 : *path != '\0')
        fn(arg, today ? today->path : path);
}

void pins_each_changed(struct overlay *overlay, const char *list,
                       void (*fn)(void *arg, const char *path), void *arg)
{
    char *copy = xstrdup(list), *rest = copy, *line;
    while ((line = strsep(&rest, "\n"))) {
        const char *name = strsep(&line, "\t"), *hex = line ? strsep(&line, "\t") : NULL;
        const char *layer = line ? strsep(&line, "\t") : NULL;
        if (layer && line && name[0] != '=' && name[0] != '@')
            compare_line(overlay, name, hex, line, fn, arg);
    }
    free(copy);
}

int pins_describe(const struct pins *p, const char *name, enum overlay_layer *layer,
                  char hex[65])
{
    for (int i = 0; i < p->n; i++) {
        const struct pin *pin = &p->list[i];
        const char *own = strrchr(pin->name, ' ');
        if (!pin->file || pin->name[0] != '0' || !own || strcmp(own + 1, name) != 0)
            continue;
        *layer = pin->file->layer;
        memcpy(hex, overlay_hash(pin->file), sizeof pin->file->hash);
        return 1;
    }
    return 0;
}
