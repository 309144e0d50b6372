#include "core/openapi.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/lua_text.h"
#include "core/openapi_action.h"
#include "core/openapi_connector.h"
#include "core/openapi_field.h"
#include "core/yamltree.h"

enum { NAME_BYTES = 100 };

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* ---- the document ---- */

static int check_document(const json_t *document, struct err *e)
{
    const char *version = text_of(document, "openapi");
    if (json_object_get(document, "swagger"))
        return err_set(e, ERR_INVALID,
                       "it is Swagger 2.0, and foyer reads OpenAPI 3: have it converted, "
                       "as by `npx swagger2openapi FILE`");
    if (!version)
        return err_set(
            e, ERR_INVALID,
            "it is no OpenAPI document: it has no text `openapi`, the version");
    if (!str_starts(version, "3."))
        return err_set(e, ERR_INVALID, "it is OpenAPI %.20s, and foyer reads OpenAPI 3",
                       version);
    if (!json_is_object(json_object_get(document, "paths")) ||
        json_object_size(json_object_get(document, "paths")) == 0)
        return err_set(e, ERR_INVALID, "it describes no operations: it has no `paths`");
    return 0;
}

json_t *openapi_parse(const char *text, size_t len, struct err *e)
{
    size_t i = 0;
    while (i < len && strchr(" \t\r\n", text[i]) && text[i])
        i++;
    int is_json = i < len && text[i] == '{';
    json_t *tree = is_json ? jsontree_read(text, len, e) : yamltree_read(text, len, e);
    if (!tree)
        err_prefix(e, is_json ? "it is not JSON" : "it is not YAML");
    else if (check_document(tree, e) != 0) {
        json_decref(tree);
        tree = NULL;
    }
    return tree;
}

/* ---- names ---- */

/* Appends the words of S in small letters, with '-' between them. */
static void add_words(struct buf *out, const char *s)
{
    for (const char *p = s; *p; p++) {
        int is_upper = isupper((unsigned char)*p) != 0;
        int begins = is_upper && p > s &&
                     (islower((unsigned char)p[-1]) || isdigit((unsigned char)p[-1]) ||
                      (isupper((unsigned char)p[-1]) && islower((unsigned char)p[1])));
        int is_word = isalnum((unsigned char)*p) != 0;
        if ((begins || !is_word) && out->len && out->data[out->len - 1] != '-')
            buf_addc(out, '-');
        if (is_word)
            buf_addc(out, (char)tolower((unsigned char)*p));
    }
}

char *openapi_action_name(const char *operation_id, const char *method, const char *path)
{
    struct buf out;
    buf_init(&out, 4096);
    if (operation_id)
        add_words(&out, operation_id);
    if (out.len == 0) {
        add_words(&out, method);
        buf_addc(&out, '-');
        add_words(&out, path);
    }
    if (out.len > NAME_BYTES)
        out.len = NAME_BYTES;
    while (out.len && out.data[out.len - 1] == '-')
        out.len--;
    char *name = xmemdup0(out.data, out.len);
    buf_free(&out);
    return name;
}

/* Returns a name that no action has yet, a new string. An operation of a name that is
 * taken gets the name of its method and path; *NOTE says so. */
static char *unused_name(const json_t *used, const struct openapi_operation *o,
                         json_t **note)
{
    char *name =
        openapi_action_name(text_of(o->about, "operationId"), o->method, o->path);
    const char *other = text_of(used, name);
    if (!other)
        return name;
    char *own = openapi_action_name(NULL, o->method, o->path);
    for (int i = 2; json_object_get(used, own); i++) {
        char *next = xasprintf("%.96s-%d", own, i);
        free(own);
        own = next;
    }
    *note =
        json_sprintf("%s and %s %s are both called \"%s\": the second is the action %s",
                     other, o->method, o->path, name, own);
    free(name);
    return own;
}

/* ---- the import ---- */

struct import {
    struct openapi_document d;
    const struct openapi_options *options;
    struct openapi_connector connector;
    struct openapi_paging paging;
    char *title;
    json_t *files, *left_out, *notes;
    json_t *used;   /* name -> "GET /x" */
    json_t *others; /* operations that another key is for */
    int operations, matched;
};

static void add_file(struct import *im, const char *path, const char *text)
{
    json_array_append_new(im->files, json_pack("{s:s, s:s}", "path", path, "text", text));
}

static void leave_out(struct import *im, const struct openapi_operation *o,
                      const char *why)
{
    json_array_append_new(
        im->left_out, json_pack("{s:o, s:s}", "operation",
                                json_sprintf("%s %s", o->method, o->path), "why", why));
}

static int matches(const struct import *im, const char *name,
                   const struct openapi_operation *o)
{
    const char *only = im->options->only;
    return !only || fnmatch(only, name, 0) == 0 || fnmatch(only, o->path, 0) == 0;
}

/* Returns why the operation goes elsewhere than the rest, a new string, or NULL. */
static char *other_server(const struct import *im, const struct openapi_operation *o)
{
    const json_t *servers = json_object_get(o->about, "servers");
    if (!servers)
        servers = json_object_get(o->item, "servers");
    char *own = openapi_server(servers);
    char *all = openapi_server(json_object_get(im->d.tree, "servers"));
    char *why = own && !str_eq(own, all)
                    ? xasprintf("it has an address of its own, %.200s", own)
                    : NULL;
    free(own);
    free(all);
    return why;
}

static void note_parts(struct import *im, const char *name, const json_t *left)
{
    size_t i;
    json_t *text;
    json_array_foreach(left, i, text)
    {
        json_array_append_new(im->notes,
                              json_sprintf("%s: %s", name, json_string_value(text)));
    }
}

static void add_operation(struct import *im, const struct openapi_operation *o)
{
    struct openapi_input in;
    im->operations++;
    json_t *note = NULL;
    char *name = unused_name(im->used, o, &note);
    json_object_set_new(im->used, name, json_sprintf("%s %s", o->method, o->path));
    if (!matches(im, name, o)) {
        json_decref(note);
        free(name);
        return;
    }
    im->matched++;
    if (note)
        json_array_append_new(im->notes, note);
    openapi_read_input(&im->d, o, &in);
    char *why = in.why_not ? xstrdup(in.why_not) : other_server(im, o);
    if (why) {
        leave_out(im, o, why);
    } else {
        char *text = openapi_action(&im->d, o, &in, &im->paging, name, im->title);
        char *path = xasprintf("actions/%s.lua", name);
        add_file(im, path, text);
        note_parts(im, name, in.left);
        if (!openapi_is_allowed(&im->d, o->about, im->connector.scheme))
            json_array_append_new(im->others, json_string(name));
        free(path);
        free(text);
    }
    free(why);
    free(name);
    openapi_input_fini(&in);
}

/* A path stands in a comment of the action too, so no line may end in it. */
static int is_clean(const char *path)
{
    for (const char *p = path; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return 0;
    return *path == '/';
}

static void add_operations(struct import *im)
{
    static const char *const methods[] = {"get",   "head",   "post",    "put",
                                          "patch", "delete", "options", "trace"};
    const char *path;
    json_t *node;
    json_object_foreach(json_object_get(im->d.tree, "paths"), path, node)
    {
        const json_t *item = openapi_target(&im->d, node);
        for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
            const json_t *about = json_object_get(item, methods[i]);
            char method[16] = "";
            for (size_t k = 0; methods[i][k]; k++)
                method[k] = (char)toupper((unsigned char)methods[i][k]);
            struct openapi_operation o = {method, path, item, about, im->connector.key};
            if (json_is_object(about) && i < 6 && is_clean(path))
                add_operation(im, &o);
            else if (json_is_object(about))
                leave_out(im, &o,
                          i < 6 ? "its path has spaces, or does not begin with \"/\""
                                : "foyer does not send this method");
        }
    }
}

/* Notes the members of LIST, a list of texts or an object's keys, after TEXT. */
static void note_names(struct import *im, const char *text, const json_t *list)
{
    struct buf out;
    const char *key;
    json_t *value;
    size_t i, n = json_is_array(list) ? json_array_size(list) : json_object_size(list);
    if (n == 0)
        return;
    buf_init(&out, 16 * 1024);
    json_array_foreach(list, i, value)
    {
        if (i < 8)
            buf_addf(&out, "%s%s", i ? ", " : "", json_string_value(value));
    }
    i = 0;
    json_object_foreach((json_t *)list, key, value)
    {
        if (i < 8)
            buf_addf(&out, "%s%s", i ? ", " : "", key);
        i++;
    }
    if (n > 8)
        buf_addf(&out, " and %zu more", n - 8);
    json_array_append_new(im->notes, json_sprintf("%s: %s", text, buf_str(&out)));
    buf_free(&out);
}

/* Adds what the connector knows of answers, and its text as the first file. */
static void add_connector(struct import *im)
{
    struct buf out;
    json_t *table = im->connector.table;
    char *message = openapi_find_message(&im->d);
    if (im->paging.results) {
        json_t *paging = json_pack("{s:s, s:s}", "results", im->paging.results, "next",
                                   im->paging.next);
        if (im->paging.total)
            json_object_set_new(paging, "total", json_string(im->paging.total));
        json_object_set_new(table, "paging", paging);
        json_array_append_new(
            im->notes, json_sprintf("lists have their items in `%s` and the next page in "
                                    "`%s`: `paging` of the connector, which is a guess",
                                    im->paging.results, im->paging.next));
    }
    json_t *identity = im->connector.scheme ? openapi_find_identity(&im->d) : NULL;
    if (identity) {
        json_array_append_new(
            im->notes, json_sprintf("foyer connect asks GET %s whose key it is: "
                                    "`identity` of the connector, which is a guess",
                                    text_of(identity, "get")));
        json_object_set_new(table, "identity", identity);
    }
    if (message)
        json_object_set_new(table, "errors", json_pack("{s:s}", "message", message));
    buf_init(&out, 64 * 1024);
    char *version =
        openapi_sentence(text_of(json_object_get(im->d.tree, "info"), "version"), 40);
    buf_addf(&out,
             "-- Made by `foyer import` of %s%s%s. foyer-connector(5) says what else "
             "can stand here.\nreturn {\n",
             im->title, version ? " " : "", version ? version : "");
    lua_text_members(&out, table, 2);
    buf_adds(&out, "}\n");
    json_array_insert_new(
        im->files, 0,
        json_pack("{s:s, s:s}", "path", "connector.lua", "text", buf_str(&out)));
    buf_free(&out);
    free(message);
    free(version);
}

static json_t *finish(struct import *im, struct err *e)
{
    if (im->matched == 0) {
        err_set(e, ERR_USAGE,
                "none of its %d operations has a name or a path like \"%.80s\"",
                im->operations, im->options->only ? im->options->only : "");
        return NULL;
    }
    add_connector(im);
    note_names(im, "want another key than the connector's", im->others);
    note_names(im, "schemas that hold themselves, cut where they do", im->d.cut);
    note_names(im, "references to what is not in the document, left open", im->d.lost);
    if (json_object_size(json_object_get(im->d.tree, "webhooks")) > 0)
        json_array_append_new(im->notes,
                              json_string("its webhooks are not imported: a trigger is "
                                          "written by hand"));
    return json_pack("{s:s, s:O, s:i, s:O, s:O}", "title", im->title, "files", im->files,
                     "actions", (int)json_array_size(im->files) - 1, "left_out",
                     im->left_out, "notes", im->notes);
}

json_t *openapi_read(const json_t *document, const struct openapi_options *options,
                     struct err *e)
{
    struct import im = {.d = {document, json_object(), json_object()},
                        .options = options,
                        .files = json_array(),
                        .left_out = json_array(),
                        .notes = json_array(),
                        .used = json_object(),
                        .others = json_array()};
    json_t *result = NULL;
    im.title = openapi_sentence(text_of(json_object_get(document, "info"), "title"), 60);
    if (!im.title)
        im.title = xstrdup("an API");
    if (openapi_read_connector(&im.d, options->auth, options->api_url, im.notes,
                               &im.connector, e) == 0) {
        openapi_find_paging(&im.d, &im.paging);
        add_operations(&im);
        result = finish(&im, e);
    }
    openapi_paging_fini(&im.paging);
    free(im.title);
    json_decref(im.connector.table);
    json_decref(im.d.cut);
    json_decref(im.d.lost);
    json_decref(im.files);
    json_decref(im.left_out);
    json_decref(im.notes);
    json_decref(im.used);
    json_decref(im.others);
    return result;
}
