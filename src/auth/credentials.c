#include "auth/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/audience.h"
#include "auth/kept_app.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "core/settings_value.h"
#include "store/store.h"
#include "base/crypto.h"

enum { TEXT_MAX = 16 * 1024 };

static const char default_redirect[] = "http://127.0.0.1:8976/oauth/callback";

void credentials_fini(struct credentials *c)
{
    vault_wipe(&c->id);
    vault_wipe(&c->secret);
    free(c->where);
    *c = (struct credentials){0};
}

/* ---- one app in a settings file ---- */

struct app_place {
    const json_t *block; /* the app's settings; NULL: the file has none */
    char *file, *prefix; /* "clients/acme/client.lua", "front."; owned */
};

static void place_fini(struct app_place *p)
{
    free(p->file);
    free(p->prefix);
}

/* One field alone counts too: the error then names the missing one, instead of mixing the
 * fields of two files. */
static int has_app(const json_t *block)
{
    return json_object_get(block, "client_id") || json_object_get(block, "client_secret");
}

/* CLIENT NULL: foyer.lua. */
static int find_place(struct workspace *w, const char *app, const char *client,
                      struct app_place *out, struct err *e)
{
    const json_t *settings =
        client ? workspace_client(w, client, e) : workspace_settings(w, e);
    *out = (struct app_place){0};
    if (!settings)
        return -1;
    out->block = client ? settings_client_app(settings, app)
                        : settings_workspace_app(settings, app);
    out->file =
        client ? xasprintf("clients/%s/client.lua", client) : xstrdup("foyer.lua");
    out->prefix = xasprintf("%s%s.", client ? "" : "apps.", app);
    return 0;
}

int credentials_are_own(struct workspace *w, const char *app, const char *client)
{
    const json_t *settings = workspace_client(w, client, NULL);
    return has_app(settings_client_app(settings, app));
}

static int open_field(struct workspace *w, const struct app_place *at, const char *field,
                      struct buf *out, struct err *e)
{
    const json_t *value = json_object_get(at->block, field);
    const char *secret = settings_secret(value);
    buf_init(out, TEXT_MAX);
    if (secret && workspace_secret(w, secret, out, e) != 0)
        return err_prefix(e, "%s%s in %s", at->prefix, field, at->file);
    if (secret)
        return 0;
    if (json_is_string(value) && buf_adds(out, json_string_value(value)) != 0)
        return err_set(e, ERR_SETTINGS,
                       "cannot connect by OAuth: %s%s in %s has more than %d KiB",
                       at->prefix, field, at->file, TEXT_MAX / 1024);
    if (json_is_string(value))
        return 0;
    return err_set(e, ERR_SETTINGS,
                   "cannot connect by OAuth: %s has no %s%s; it is in the app's OAuth "
                   "settings (or use --token-file)",
                   at->file, at->prefix, field);
}

static int open_id(struct workspace *w, const struct app_place *at,
                   struct credentials *out, struct err *e)
{
    unsigned char hash[CRYPTO_SHA256_SIZE];
    if (open_field(w, at, "client_id", &out->id, e) != 0)
        return -1;
    crypto_sha256(buf_str(&out->id), out->id.len, hash);
    str_hex(hash, (sizeof out->mark - 1) / 2, out->mark);
    return 0;
}

static int open_secret(struct workspace *w, const struct app_place *at,
                       struct credentials *out, struct err *e)
{
    out->where = xasprintf("%sclient_id and %sclient_secret in %s", at->prefix,
                           at->prefix, at->file);
    return open_field(w, at, "client_secret", &out->secret, e);
}

/* Finds the app that CLIENT connects by: its own, else the agency's. */
static int choose_place(struct workspace *w, const char *app, const char *client,
                        struct app_place *at, struct err *e)
{
    if (find_place(w, app, client, at, e) != 0)
        return -1;
    if (!client || has_app(at->block))
        return 0;
    place_fini(at);
    return find_place(w, app, NULL, at, e);
}

int credentials_mark(struct workspace *w, const char *app, const char *client,
                     char mark[CREDENTIALS_MARK_SIZE], struct err *e)
{
    struct app_place at;
    struct credentials by = {.where = NULL};
    if (choose_place(w, app, client, &at, e) != 0)
        return -1;
    int rc = open_id(w, &at, &by, e);
    if (rc == 0)
        memcpy(mark, by.mark, sizeof by.mark);
    credentials_fini(&by);
    place_fini(&at);
    return rc;
}

int credentials_open(struct workspace *w, const char *app, const char *client,
                     struct credentials *out, struct err *e)
{
    struct app_place at;
    *out = (struct credentials){.where = NULL};
    if (choose_place(w, app, client, &at, e) != 0)
        return -1;
    int rc = open_id(w, &at, out, e);
    if (rc == 0)
        rc = open_secret(w, &at, out, e);
    place_fini(&at);
    return rc;
}

int credentials_split(const char *pair, struct credentials *out, struct err *e)
{
    const char *colon = strchr(pair, ':');
    *out = (struct credentials){.where = NULL};
    if (!colon || colon == pair || !colon[1])
        return err_set(e, ERR_INVALID,
                       "it must be the client id, a colon, and the client secret");
    buf_init(&out->id, TEXT_MAX);
    buf_init(&out->secret, TEXT_MAX);
    buf_add(&out->id, pair, (size_t)(colon - pair));
    buf_adds(&out->secret, colon + 1);
    out->where = xstrdup("the client id and the client secret");
    return 0;
}

/* ---- the app of a grant ---- */

struct app_search {
    struct workspace *w;
    const char *app, *company, *mark;
    struct credentials *out;
    const char *secret; /* credentials_use_secret: only a place that names it counts */
    int is_over;        /* found */
    int is_half;        /* found, but its secret cannot be opened: ERR says why */
    struct err err;     /* else of the first place that could not be read */
};

/* Returns 1 when the client_secret of BLOCK is the secret of that NAME. */
static int has_name(const json_t *block, const char *name)
{
    const char *named = settings_secret(json_object_get(block, "client_secret"));
    return named && strcmp(named, name) == 0;
}

static void search_place(struct app_search *s, const char *client)
{
    struct app_place at;
    struct err why = {0};
    struct credentials c = {.where = NULL};
    if (s->is_over)
        return;
    int rc = find_place(s->w, s->app, client, &at, &why);
    if (rc == 0 && json_object_get(at.block, "client_id"))
        rc = open_id(s->w, &at, &c, &why);
    int is_it = rc == 0 && strcmp(c.mark, s->mark) == 0;
    if (is_it && s->secret)
        is_it = has_name(at.block, s->secret);
    else if (is_it)
        rc = open_secret(s->w, &at, &c, &why);
    if (rc != 0 && !s->is_half && (is_it || s->err.kind == ERR_NONE))
        s->err = why;
    s->is_half |= is_it;
    s->is_over = is_it && rc == 0;
    if (s->is_over) {
        *s->out = c;
        s->err.kind = ERR_NONE;
    } else {
        credentials_fini(&c);
    }
    place_fini(&at);
}

static void on_client(void *arg, const char *client)
{
    search_place(arg, client);
}

/* foyer.lua is the likeliest, then the clients of the company. Another client's file is
 * only needed when that client was disconnected since. */
static int search_all(struct app_search *s, struct err *e)
{
    search_place(s, NULL);
    if (s->is_over)
        return 0;
    struct store *store = workspace_store(s->w, e);
    struct audience *clients = store ? audience_new(store) : NULL;
    int rc = clients ? audience_each(clients, s->app, s->company, on_client, s, e) : -1;
    audience_free(clients);
    if (rc == 0 && !s->is_over)
        workspace_each_client(s->w, on_client, s);
    return rc;
}

/* 1: found; 0: nowhere; -1. */
static int search_in(struct workspace *w, const char *app, const char *company,
                     const char *mark, struct credentials *out, struct err *e)
{
    struct app_search s = {
        .w = w, .app = app, .company = company, .mark = mark, .out = out};
    if (search_all(&s, e) != 0)
        return -1;
    if (s.err.kind == ERR_NONE)
        return s.is_over;
    if (e)
        *e = s.err;
    return -1;
}

int credentials_open_kept(struct workspace *w, const char *app, const char *mark,
                          struct credentials *out, struct err *e)
{
    *out = (struct credentials){.where = NULL};
    int found = kept_app_open(w, app, mark, &out->id, &out->secret, e);
    if (found == 1) {
        snprintf(out->mark, sizeof out->mark, "%s", mark);
        out->where = xasprintf("the client_id and client_secret that foyer kept of the "
                               "app of %s",
                               app);
        out->is_kept = 1;
    }
    return found;
}

void credentials_keep(struct workspace *w, const char *app, const struct credentials *by)
{
    kept_app_put(w, app, by->mark, &by->id, &by->secret);
}

int credentials_are_same(const struct credentials *a, const struct credentials *b)
{
    return crypto_equal(buf_str(&a->id), a->id.len, buf_str(&b->id), b->id.len) &&
           crypto_equal(buf_str(&a->secret), a->secret.len, buf_str(&b->secret),
                        b->secret.len);
}

int credentials_use_secret(struct workspace *w, const char *app, const char *company,
                           const char *mark, const char *name)
{
    struct credentials found = {.where = NULL};
    struct app_search s = {.w = w,
                           .app = app,
                           .company = company,
                           .mark = mark,
                           .out = &found,
                           .secret = name};
    struct err ignored;
    int is_used = search_all(&s, &ignored) == 0 && s.is_over;
    credentials_fini(&found);
    return is_used;
}

int credentials_find(struct workspace *w, const char *app, const char *company,
                     const char *mark, struct credentials *out, struct err *e)
{
    if (!mark)
        return credentials_open(w, app, NULL, out, e);
    *out = (struct credentials){.where = NULL};
    int found = search_in(w, app, company, mark, out, e);
    struct workspace *now = found == 0 ? workspace_reopen(w, e) : NULL;
    if (found == 0)
        found = now ? search_in(now, app, company, mark, out, e) : -1;
    workspace_close(now);
    if (found == 0) {
        found = credentials_open_kept(w, app, mark, out, e);
    }
    if (found != 0)
        return found > 0 ? 0 : -1;
    return err_set(
        e, ERR_SETTINGS,
        "the app that %s was connected with is no longer in the settings: it is "
        "neither apps.%s.client_id in foyer.lua nor %s.client_id in a "
        "client.lua; put it back, or connect again",
        company, app, app);
}

/* Opens those of CLIENT by NOW, and closes it: 0 when they are of the app MARK (NULL:
 * any); 1 when they are of another; -1 with E. */
static int open_by(struct workspace *now, const char *app, const char *client,
                   const char *mark, struct credentials *out, struct err *e)
{
    credentials_fini(out);
    int rc = now ? credentials_open(now, app, client, out, e) : -1;
    workspace_close(now);
    return rc != 0 ? -1 : mark && strcmp(mark, out->mark) != 0;
}

int credentials_open_as(struct workspace *w, const char *app, const char *client,
                        const char *mark, struct credentials *out, struct err *e)
{
    int rc = credentials_open(w, app, client, out, e);
    if (rc == 0 && (!mark || strcmp(mark, out->mark) == 0))
        return 0;
    /* what is live now; then the files, as a client that comes is in no release yet */
    if (open_by(workspace_reopen(w, e), app, client, mark, out, e) == 0)
        return 0;
    rc = open_by(workspace_open(workspace_dir(w), 0, e), app, client, mark, out, e);
    if (rc <= 0)
        return rc;
    return err_set(
        e, ERR_SETTINGS,
        "cannot connect %s: the link was made for another app than that of %s; "
        "ask for a new one",
        client, out->where);
}

/* ---- redirect URLs ---- */

const char *credentials_redirect_url(struct workspace *w, const char *app,
                                     const char *client)
{
    const json_t *own = client ? workspace_client(w, client, NULL) : NULL;
    const json_t *all = workspace_settings(w, NULL);
    const char *agency =
        json_text_or(settings_workspace_app(all, app), "redirect_url", default_redirect);
    return json_text_or(settings_client_app(own, app), "redirect_url", agency);
}

int credentials_is_default(const char *url)
{
    return url == default_redirect;
}

char *credentials_redirect_path(const char *url)
{
    const char *authority = strstr(url, "://");
    const char *path = authority ? strchr(authority + 3, '/') : NULL;
    return xmemdup0(path ? path : "/", path ? strcspn(path, "?#") : 1);
}
