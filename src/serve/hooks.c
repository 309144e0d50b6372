#include "serve/hooks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/loopguard.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "core/settings_value.h"
#include "store/store_secret.h"
#include "store/secret_usage.h"

enum { KEY_MAX = 64 * 1024, USES_MAX = 16, PATH_MAX_BYTES = 300 };

static const int64_t SECOND_US = 1000 * 1000;
static const int64_t OLD_US = 60 * SECOND_US;
static const int64_t DAY_MS = 24 * 3600 * 1000;

/* Token bucket for reads of the store: a burst, then one per second. */
struct token_bucket {
    int64_t since_us;
    int left;
};

static int take_token(struct token_bucket *b)
{
    enum { BURST = 10 };
    int64_t now = clock_mono_us(), more = (now - b->since_us) / SECOND_US;
    if (more > 0) {
        b->left = more >= BURST ? BURST : b->left + (int)more;
        b->left = b->left > BURST ? BURST : b->left;
        b->since_us = now;
    }
    return b->left > 0 && b->left-- > 0;
}

struct use { /* of a version of a secret; noted once a day */
    char *name;
    int64_t version, day;
};

struct app {
    SLIST_ENTRY(app) link;
    char *name;
    struct hook_app about;
    struct sign *sign;
};

struct entry {
    struct hook hook; /* first: callers hold a pointer to it; owns its texts, but for the
                         app's name */
    struct app *app;
    struct sign_keys *keys; /* NULL: not read yet */
    int64_t read_us;
    struct token_bucket reads;
    struct use uses[USES_MAX];
    size_t nuses;
};

struct hooks {
    struct workspace *w;
    SLIST_HEAD(, app) apps;
    struct entry **entries;
    size_t n;
    json_t *by_path;   /* path -> index of entries */
    json_t *companies; /* "front/cmp_1" -> true */
    json_t *clients;   /* "front/acme" -> "cmp_1" */
    int64_t read_us;   /* when these two were read; 0: never */
    struct token_bucket reads;
    struct buf sentence;
};

struct hooks *hooks_new(struct workspace *w)
{
    struct hooks *h = xcalloc(1, sizeof *h);
    h->w = w;
    h->by_path = json_object();
    h->companies = json_object();
    h->clients = json_object();
    buf_init(&h->sentence, 1000);
    return h;
}

static void entry_free(struct entry *t)
{
    sign_keys_free(t->keys);
    for (size_t i = 0; i < t->nuses; i++)
        free(t->uses[i].name);
    free((char *)t->hook.path);
    free((char *)t->hook.client);
    free((char *)t->hook.trigger);
    free(t);
}

void hooks_free(struct hooks *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->n; i++)
        entry_free(h->entries[i]);
    free(h->entries);
    struct app *app;
    while ((app = SLIST_FIRST(&h->apps))) {
        SLIST_REMOVE_HEAD(&h->apps, link);
        sign_free(app->sign);
        free(app->name);
        free(app);
    }
    json_decref(h->by_path);
    json_decref(h->companies);
    json_decref(h->clients);
    buf_free(&h->sentence);
    free(h);
}

/* ---- routes ---- */

static struct hook_app read_about(const json_t *webhooks)
{
    const json_t *channel = json_object_get(webhooks, "channel");
    const json_t *paths = json_object_get(channel, "conversation");
    struct hook_app about = {
        .signature = json_text(webhooks, "signature"),
        .company = json_text(webhooks, "company"),
        .challenge = json_text(webhooks, "challenge.header"),
        .challenge_answer = json_text(webhooks, "challenge.answer"),
        .type = json_text(webhooks, "event.type"),
        .event = json_text(webhooks, "event.id"),
        .conversation = json_text(webhooks, "event.conversation"),
        .channel = channel,
        .channel_type = json_text(channel, "type"),
        .channel_about = json_text(channel, "about"),
        .channel_deleted = json_text(channel, "deleted"),
    };
    for (size_t i = 0; i < HOOK_PATHS; i++)
        about.channel_conversation[i] =
            json_string_value(json_is_array(paths) ? json_array_get(paths, i)
                              : i == 0             ? paths
                                                   : NULL);
    return about;
}

struct search {
    const char *name;
    int found;
};

static void match(void *arg, const char *name)
{
    struct search *s = arg;
    s->found |= strcmp(name, s->name) == 0;
}

/* Whether directory DIR of any layer has NAME. overlay_find would remember each name that
 * is not there, and a stranger can send any number of names. */
static int has_file(struct hooks *h, const char *client, const char *dir,
                    const char *name)
{
    struct search s = {name, 0};
    overlay_each(workspace_overlay(h->w), client, dir, match, &s);
    return s.found;
}

static struct app *find_app(struct hooks *h, const char *name, struct err *e)
{
    struct app *app;
    SLIST_FOREACH(app, &h->apps, link)
    if (strcmp(app->name, name) == 0)
        return app;
    if (!has_file(h, NULL, "lua", name)) {
        err_set(e, ERR_NOT_FOUND, "there is no app \"%.64s\"", name);
        return NULL;
    }
    const json_t *connector = workspace_connector(h->w, name, e);
    const json_t *webhooks = json_object_get(connector, "webhooks");
    if (!webhooks) {
        if (connector)
            err_set(e, ERR_NOT_FOUND, "the app \"%s\" has no webhooks", name);
        return NULL;
    }
    app = xcalloc(1, sizeof *app);
    *app = (struct app){
        .name = xstrdup(name), .about = read_about(webhooks), .sign = sign_new(webhooks)};
    SLIST_INSERT_HEAD(&h->apps, app, link);
    return app;
}

static int find_trigger(struct hooks *h, const char *client, const char *app,
                        const char *trigger, struct err *e)
{
    char *in = xasprintf("lua/%s/triggers", app), *name = xasprintf("%s.lua", trigger);
    int found = has_file(h, client, in, name);
    free(in);
    free(name);
    return found ? 0
                 : err_set(e, ERR_NOT_FOUND, "the app \"%s\" has no trigger \"%.64s\"",
                           app, trigger);
}

/* Splits the rest of a path behind "/hooks/" in place. Returns the number of names, one
 * to three, or 0 when it is not a hook's path. */
static int split(char *path, char *names[3])
{
    int n = 0;
    for (char *p = path; p; n++) {
        char *slash = strchr(p, '/');
        if (slash)
            *slash++ = '\0';
        if (n == 3 || !str_is_name(p))
            return 0;
        names[n] = p;
        p = slash;
    }
    return n;
}

static struct entry *make_entry(struct hooks *h, const char *path, struct err *e)
{
    char *names[3] = {NULL};
    char *rest = xstrdup(path + strlen("/hooks/"));
    int n = split(rest, names);
    const char *client = n > 1 ? names[0] : NULL, *trigger = n > 2 ? names[2] : NULL;
    const char *name = n > 1 ? names[1] : names[0];
    struct app *app = NULL;
    if (n == 0)
        err_set(
            e, ERR_NOT_FOUND,
            "it is not one of /hooks/APP, /hooks/CLIENT/APP, /hooks/CLIENT/APP/TRIGGER");
    else if (client && !workspace_has_client(h->w, client))
        err_set(e, ERR_NOT_FOUND, "there is no client \"%.64s\"", client);
    else if (!client || workspace_client(h->w, client, e))
        app = find_app(h, name, e);
    struct entry *t = NULL;
    if (app && (!trigger || find_trigger(h, client, name, trigger, e) == 0)) {
        t = xcalloc(1, sizeof *t);
        t->app = app;
        t->hook = (struct hook){xstrdup(path), app->name, xstrdup_null(client),
                                xstrdup_null(trigger), &app->about};
    }
    free(rest);
    return t;
}

const struct hook *hooks_find(struct hooks *h, const char *path, struct err *e)
{
    const json_t *hit = json_object_get(h->by_path, path);
    if (hit)
        return &h->entries[json_integer_value(hit)]->hook;
    struct err why = {0};
    struct entry *t = NULL;
    if (strlen(path) > PATH_MAX_BYTES)
        err_set(&why, ERR_NOT_FOUND, "it is too long");
    else
        t = make_entry(h, path, &why);
    if (!t) {
        if (e)
            *e = why;
        return NULL;
    }
    array_grow(h->entries, h->n);
    json_object_set_new(h->by_path, path, json_integer((json_int_t)h->n));
    h->entries[h->n++] = t;
    return &t->hook;
}

/* ---- keys ---- */

struct reading {
    struct hooks *h;
    struct sign_keys *keys;
    const char *setting, *name; /* of the secret */
};

static int add_version(void *arg, const struct store_secret *row)
{
    struct reading *r = arg;
    if (strcmp(row->name, r->name) != 0)
        return 0;
    struct err e = {0};
    struct vault *vault = workspace_vault(r->h->w, &e);
    struct vault_place place = {"secret", "", row->name, row->value.version};
    struct buf plain;
    buf_init(&plain, KEY_MAX);
    if (vault &&
        vault_unseal(vault, &place, row->value.data, row->value.len, &plain, &e) == 0)
        sign_keys_add(r->keys, r->setting, row->name, row->value.version, plain.data,
                      plain.len);
    else
        log_line(LOG_WARN, "%s", e.text);
    vault_wipe(&plain);
    return 0;
}

/* Adds the keys of VALUE: a secret, a text, or a list of these. */
static int add_value(struct reading *r, const json_t *value, struct err *e)
{
    size_t i;
    json_t *item;
    const char *plain = json_string_value(value);
    struct store *store = workspace_store(r->h->w, e);
    if (!store)
        return -1;
    r->name = settings_secret(value);
    if (plain)
        sign_keys_add(r->keys, r->setting, NULL, 0, plain, strlen(plain));
    else if (r->name && store_secret_each(store, add_version, r, e) != 0)
        return -1;
    json_array_foreach((json_t *)value, i, item)
    {
        if (!json_is_array(item) && add_value(r, item, e) != 0)
            return -1;
    }
    return 0;
}

/* SETTING in the client's block for the app, else in the app's block in foyer.lua. */
static const json_t *key_setting(struct hooks *h, const struct entry *t,
                                 const char *setting)
{
    const json_t *value = NULL;
    if (t->hook.client)
        value = json_object_get(
            settings_client_app(workspace_client(h->w, t->hook.client, NULL),
                                t->hook.app),
            setting);
    if (!value)
        value = json_object_get(
            settings_workspace_app(workspace_settings(h->w, NULL), t->hook.app), setting);
    return value;
}

static int read_keys(struct hooks *h, struct entry *t, struct err *e)
{
    struct reading r = {.h = h, .keys = sign_keys_new()};
    const struct sign *sign = t->app->sign;
    int rc = 0;
    loopguard_lift("the keys and connections of webhooks, once a minute");
    for (size_t i = 0; rc == 0 && i < sign_count(sign); i++) {
        r.setting = sign_at(sign, i)->key;
        int again = 0;
        for (size_t k = 0; k < i; k++)
            again |= strcmp(sign_at(sign, k)->key, r.setting) == 0;
        const json_t *value = again ? NULL : key_setting(h, t, r.setting);
        if (value)
            rc = add_value(&r, value, e);
    }
    loopguard_restore();
    if (rc == 0) {
        sign_keys_free(t->keys);
        t->keys = r.keys;
        t->read_us = clock_mono_us();
    } else {
        sign_keys_free(r.keys); /* the ones that were read before stay */
    }
    return rc;
}

static void note_use(struct hooks *h, struct entry *t, const struct sign_result *result)
{
    if (!result->name)
        return;
    int64_t now_ms = clock_wall_ms(), day = now_ms / DAY_MS;
    size_t i = 0;
    while (i < t->nuses && (t->uses[i].version != result->version ||
                            strcmp(t->uses[i].name, result->name) != 0))
        i++;
    if (i < t->nuses && t->uses[i].day == day)
        return;
    if (i == USES_MAX)
        i = 0;
    if (i < t->nuses)
        free(t->uses[i].name);
    else
        t->nuses++;
    t->uses[i] = (struct use){xstrdup(result->name), result->version, day};
    struct err ignored; /* no request is refused for a column of a list */
    loopguard_lift("the keys and connections of webhooks, once a minute");
    if (secret_usage_note(workspace_live(h->w), result->name, result->version, now_ms,
                          &ignored) != 0)
        log_line(LOG_DEBUG, "%s", ignored.text);
    loopguard_restore();
}

int hooks_verify(struct hooks *h, const struct hook *hook, const struct sign_request *r,
                 struct sign_result *result, struct err *e)
{
    struct entry *t = (struct entry *)(void *)hook;
    int rc = 0;
    if (!t->keys || (clock_mono_us() - t->read_us > OLD_US && take_token(&t->reads)))
        rc = read_keys(h, t, e);
    if (!t->keys)
        return -1;
    *result = sign_verify(t->app->sign, t->keys, r);
    int is_unknown = result->verdict == SIGN_WRONG || result->verdict == SIGN_NO_KEY;
    if (is_unknown && rc == 0 && take_token(&t->reads)) {
        rc = read_keys(h, t, e);
        *result = sign_verify(t->app->sign, t->keys, r);
        is_unknown = result->verdict == SIGN_WRONG || result->verdict == SIGN_NO_KEY;
    }
    if (is_unknown)
        return rc;
    if (result->verdict != SIGN_UNSIGNED)
        note_use(h, t, result);
    return 0;
}

/* Returns the scheme that makes MACs of LEN bytes and has no key here, or NULL. */
static const struct sign_scheme *find_keyless(const struct entry *t, size_t len)
{
    for (size_t i = 0; i < sign_count(t->app->sign); i++) {
        const struct sign_scheme *s = sign_at(t->app->sign, i);
        size_t makes = strcmp(s->digest, "sha1") == 0 ? 20 : 32;
        if (!s->when && makes == len && sign_keys_count(t->keys, s->key) == 0)
            return s;
    }
    return NULL;
}

static void explain_no_key(struct hooks *h, const struct entry *t,
                           const struct sign_result *result)
{
    const struct sign_scheme *s = result->scheme;
    const char *setting = s ? s->key : "signing_key";
    if (t->hook.client)
        buf_addf(&h->sentence,
                 "there is no %s to verify it with: set it in clients/%s/client.lua, or "
                 "apps.%s.%s in foyer.lua, and the secret that it names",
                 setting, t->hook.client, t->hook.app, setting);
    else
        buf_addf(&h->sentence,
                 "there is no %s to verify it with: set apps.%s.%s in foyer.lua, and the "
                 "secret that it names",
                 setting, t->hook.app, setting);
}

const char *hooks_explain(struct hooks *h, const struct hook *hook,
                          const struct sign_request *r, const struct sign_result *result)
{
    const struct entry *t = (const struct entry *)(const void *)hook;
    const struct sign_scheme *keyless = NULL;
    buf_reset(&h->sentence);
    if (result->mac_len && (!result->scheme || !result->scheme->when))
        keyless = find_keyless(t, result->mac_len);
    if (!r->signature)
        buf_addf(&h->sentence,
                 "it has no %s: it is not from %s, or something on the way takes the "
                 "header off",
                 hook->about->signature, t->hook.app);
    else if (result->verdict == SIGN_UNSIGNED)
        buf_addf(&h->sentence, "its %s is not base64", hook->about->signature);
    else if (keyless && result->mac_len == 20 && t->hook.client)
        buf_addf(&h->sentence,
                 "signed with SHA-1: this is a %s webhook; set %s of client %s",
                 keyless->name, keyless->key, t->hook.client);
    else if (keyless && result->mac_len == 20)
        buf_addf(&h->sentence,
                 "signed with SHA-1: this is a %s webhook, whose URL names the client: "
                 "/hooks/CLIENT/%s",
                 keyless->name, t->hook.app);
    else if (result->verdict == SIGN_NO_KEY)
        explain_no_key(h, t, result);
    else if (result->mac_len != 20 && result->mac_len != 32)
        buf_addf(&h->sentence, "its %s is neither SHA-1 nor SHA-256",
                 hook->about->signature);
    else if (result->scheme && result->scheme->when && result->mac_len == 20)
        buf_addf(&h->sentence, "signed with SHA-1 and with %s: no such webhook is known",
                 result->scheme->when);
    else
        buf_addf(&h->sentence,
                 "no key in force made its signature (%s, %s): it is another app's or "
                 "company's key, or something on the way changes the body",
                 result->mac_len == 20 ? "SHA-1" : "SHA-256",
                 result->scheme && result->scheme->when ? "with its time"
                                                        : "over the body alone");
    return buf_str(&h->sentence);
}

/* ---- companies ---- */

static int add_connection(void *arg, const char *client, const struct store_connection *c)
{
    struct hooks *h = arg;
    char *company = xasprintf("%s/%s", c->app, c->id);
    char *link = xasprintf("%s/%s", c->app, client);
    json_object_set_new_nocheck(h->companies, company, json_true());
    json_object_set_new_nocheck(h->clients, link, json_string_nocheck(c->id));
    free(company);
    free(link);
    return 0;
}

static void read_companies(struct hooks *h)
{
    struct err e = {0};
    struct store *store = workspace_store(h->w, &e);
    json_object_clear(h->companies);
    json_object_clear(h->clients);
    h->read_us = clock_mono_us();
    loopguard_lift("the keys and connections of webhooks, once a minute");
    if (!store || store_connection_each(store, add_connection, h, &e) != 0)
        log_line(LOG_WARN, "the connections cannot be read: %s", e.text);
    loopguard_restore();
}

static int is_old(const struct hooks *h)
{
    return h->read_us == 0 || clock_mono_us() - h->read_us > OLD_US;
}

/* Reads TABLE, `companies` or `clients`. */
static const json_t *find_link(const json_t *table, const char *app, const char *name)
{
    char key[2 * PATH_MAX_BYTES];
    int n = snprintf(key, sizeof key, "%s/%s", app, name);
    return n < (int)sizeof key ? json_object_get(table, key) : NULL;
}

int hooks_has_company(struct hooks *h, const struct hook *hook, const char *company)
{
    if (is_old(h))
        read_companies(h);
    if (find_link(h->companies, hook->app, company))
        return 1;
    if (!take_token(&h->reads))
        return 0;
    read_companies(h);
    return find_link(h->companies, hook->app, company) != NULL;
}

/* The company that the client is connected to; before that, the one in its settings.
 * NULL: neither names one. */
static const char *company_of(struct hooks *h, const struct hook *hook)
{
    const char *id = json_string_value(find_link(h->clients, hook->app, hook->client));
    return id ? id
              : settings_company(workspace_client(h->w, hook->client, NULL), hook->app);
}

int hooks_fits_company(struct hooks *h, const struct hook *hook, const char *company,
                       struct err *e)
{
    if (is_old(h))
        read_companies(h);
    const char *own = company_of(h, hook);
    if (own && strcmp(own, company) != 0 && take_token(&h->reads)) {
        read_companies(h);
        own = company_of(h, hook);
    }
    if (!own || strcmp(own, company) == 0)
        return 1;
    err_set(e, ERR_FORBIDDEN,
            "it is from the company %.80s, and client %s is connected to %.80s", company,
            hook->client, own);
    return 0;
}

char *hooks_url(struct hooks *h, const struct hook *hook)
{
    const char *url = json_text(workspace_settings(h->w, NULL), "public_url");
    size_t n = url ? strlen(url) : 0;
    while (n && url[n - 1] == '/')
        n--;
    return url ? xasprintf("%.*s%s", (int)n, url, hook->path) : NULL;
}
