#include "core/openapi_connector.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/openapi_field.h"

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void note(json_t *notes, json_t *text)
{
    json_array_append_new(notes, text);
}

/* ---- where ---- */

char *openapi_server(const json_t *servers)
{
    const json_t *server = json_array_get(servers, 0);
    const json_t *variables = json_object_get(server, "variables");
    const char *url = text_of(server, "url");
    struct buf out;
    if (!url)
        return NULL;
    buf_init(&out, 4096);
    while (*url) {
        const char *end = *url == '{' ? strchr(url, '}') : NULL;
        if (!end) {
            buf_addc(&out, *url++);
            continue;
        }
        char *name = xmemdup0(url + 1, (size_t)(end - url - 1));
        const json_t *variable = json_object_get(variables, name);
        const char *value = text_of(variable, "default");
        buf_adds(&out, value ? value : name);
        free(name);
        url = end + 1;
    }
    while (out.len && out.data[out.len - 1] == '/')
        out.data[--out.len] = '\0';
    return buf_take(&out, NULL);
}

/* Returns the host of URL as connector's `hosts` name it, a new string; NULL when URL is
 * no address. */
static char *host_of(const char *url)
{
    int is_plain = str_starts(url, "http://");
    if (!is_plain && !str_starts(url, "https://"))
        return NULL;
    const char *host = strstr(url, "://") + 3;
    size_t len = strcspn(host, "/?#");
    if (len == 0 || memchr(host, '@', len))
        return NULL;
    /* plain http only for a host that is named with its port */
    int has_port = memchr(host, ':', len) != NULL;
    return xasprintf("%.*s%s", (int)len, host, is_plain && !has_port ? ":80" : "");
}

static int set_api(struct openapi_document *d, const char *api_url, json_t *connector,
                   json_t *notes, struct err *e)
{
    const json_t *servers = json_object_get(d->tree, "servers");
    char *base = api_url ? xstrdup(api_url) : openapi_server(servers);
    size_t n = base ? strlen(base) : 0;
    while (n && base[n - 1] == '/')
        base[--n] = '\0';
    char *host = base ? host_of(base) : NULL;
    if (!host)
        err_set(e, ERR_INVALID,
                base && *base ? "its address is \"%.200s\", which names no host: give it "
                                "with --api-url https://…"
                              : "it names no address (`servers`)%.0s: give it with "
                                "--api-url https://…",
                base ? base : "");
    else
        json_object_set_new(connector, "api",
                            json_pack("{s:s, s:[s]}", "base", base, "hosts", host));
    if (host && !api_url && json_array_size(servers) > 1)
        note(notes,
             json_sprintf("the address is %s, the first of %zu; --api-url takes another",
                          base, json_array_size(servers)));
    int rc = host ? 0 : -1;
    free(host);
    free(base);
    return rc;
}

/* ---- how ---- */

/* Returns the address KEY of an OAuth flow when it names a host. */
static const char *address_of(const json_t *flow, const char *key)
{
    const char *url = text_of(flow, key);
    return url && (str_starts(url, "https://") || str_starts(url, "http://")) ? url
                                                                              : NULL;
}

/* Returns the connector's `auth` for the security scheme ONE, or NULL with *WHY. *KEY
 * gets the header or parameter. */
static json_t *auth_of(const json_t *one, const char **key, const char **why)
{
    const char *type = text_of(one, "type"), *name = text_of(one, "name");
    const char *at = text_of(one, "in"), *scheme = text_of(one, "scheme");
    const json_t *flows = json_object_get(one, "flows");
    const json_t *client = json_object_get(flows, "clientCredentials");
    const json_t *code = json_object_get(flows, "authorizationCode");
    *key = NULL;
    *why = "is of a kind that foyer does not know";
    if (!type)
        return NULL;
    if (strcmp(type, "http") == 0 && scheme && strcasecmp(scheme, "bearer") == 0)
        return json_string("bearer");
    if (strcmp(type, "http") == 0 && scheme && strcasecmp(scheme, "basic") == 0)
        return json_string("basic");
    if (strcmp(type, "apiKey") == 0 && name && at && strcmp(at, "cookie") != 0) {
        *key = name;
        return json_pack("{s:s}", strcmp(at, "header") == 0 ? "header" : "query", name);
    }
    if (strcmp(type, "apiKey") == 0)
        *why = "is a cookie, which foyer does not send";
    if (strcmp(type, "oauth2") == 0 && address_of(client, "tokenUrl"))
        return json_pack("{s:s, s:s}", "oauth", "client_credentials", "token",
                         address_of(client, "tokenUrl"));
    if (strcmp(type, "oauth2") == 0 && address_of(code, "tokenUrl") &&
        address_of(code, "authorizationUrl"))
        return json_pack("{s:s, s:s, s:s}", "oauth", "authorization_code", "authorize",
                         address_of(code, "authorizationUrl"), "token",
                         address_of(code, "tokenUrl"));
    if (strcmp(type, "oauth2") == 0)
        *why = "is OAuth in a way that foyer does not know (implicit, password, or "
               "without a whole address)";
    if (strcmp(type, "openIdConnect") == 0)
        *why = "is OpenID Connect, whose addresses are not in the document";
    return NULL;
}

static const json_t *scheme_at(struct openapi_document *d, const char *name)
{
    const json_t *all =
        json_object_get(json_object_get(d->tree, "components"), "securitySchemes");
    return openapi_target(d, json_object_get(all, name));
}

static const json_t *security_of(const struct openapi_document *d, const json_t *about)
{
    const json_t *own = json_object_get(about, "security");
    return own ? own : json_object_get(d->tree, "security");
}

int openapi_is_allowed(const struct openapi_document *d, const json_t *about,
                       const char *scheme)
{
    const json_t *list = security_of(d, about);
    size_t i;
    json_t *needs;
    json_array_foreach(list, i, needs)
    {
        size_t n = json_object_size(needs);
        if (n == 0 || (n == 1 && scheme && json_object_get(needs, scheme)))
            return 1;
    }
    return json_array_size(list) == 0;
}

/* Adds one to COUNTS for each scheme that is enough for the operation ABOUT. */
static void count_schemes(const struct openapi_document *d, const json_t *about,
                          json_t *counts)
{
    size_t i;
    json_t *needs;
    json_array_foreach(security_of(d, about), i, needs)
    {
        const char *name = json_object_iter_key(json_object_iter(needs));
        if (json_object_size(needs) == 1)
            json_object_set_new(
                counts, name,
                json_integer(json_integer_value(json_object_get(counts, name)) + 1));
    }
}

static json_t *count_all(const struct openapi_document *d)
{
    static const char *const methods[] = {"get",    "put",   "post",
                                          "delete", "patch", "head"};
    json_t *counts = json_object(), *item;
    const char *path;
    json_object_foreach(json_object_get(d->tree, "paths"), path, item)
    {
        for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
            const json_t *about = json_object_get(item, methods[i]);
            if (about)
                count_schemes(d, about, counts);
        }
    }
    return counts;
}

/* Returns the name of the scheme that most operations take, of those that foyer can use;
 * NULL when there is none. */
static const char *choose(struct openapi_document *d, json_t *notes)
{
    json_t *counts = count_all(d), *one;
    const json_t *all =
        json_object_get(json_object_get(d->tree, "components"), "securitySchemes");
    const char *name, *best = NULL, *key, *why;
    json_int_t most = -1;
    json_object_foreach((json_t *)all, name, one)
    {
        json_int_t n = json_integer_value(json_object_get(counts, name));
        json_t *auth = auth_of(openapi_target(d, one), &key, &why);
        if (!auth && n > 0)
            note(notes, json_sprintf("the security scheme %s %s", name, why));
        if (auth && n > most) {
            best = name;
            most = n;
        }
        json_decref(auth);
    }
    json_decref(counts);
    return best;
}

/* Names the other schemes that foyer can use. */
static void note_others(struct openapi_document *d, const char *chosen, json_t *notes)
{
    const json_t *all =
        json_object_get(json_object_get(d->tree, "components"), "securitySchemes");
    const char *name, *key, *why;
    json_t *one;
    struct buf names;
    buf_init(&names, 2048);
    json_object_foreach((json_t *)all, name, one)
    {
        json_t *auth = auth_of(openapi_target(d, one), &key, &why);
        if (auth && strcmp(name, chosen) != 0)
            buf_addf(&names, "%s%s", names.len ? ", " : "", name);
        json_decref(auth);
    }
    if (names.len)
        note(notes, json_sprintf("it is authorised by %s; --auth takes another: %s",
                                 chosen, buf_str(&names)));
    buf_free(&names);
}

static int set_auth(struct openapi_document *d, const char *scheme,
                    struct openapi_connector *out, json_t *notes, struct err *e)
{
    const json_t *all =
        json_object_get(json_object_get(d->tree, "components"), "securitySchemes");
    const char *why, *name = scheme ? scheme : choose(d, notes);
    const json_t *one = name ? scheme_at(d, name) : NULL;
    json_t *auth = one ? auth_of(one, &out->key, &why) : NULL;
    if (scheme && !one)
        return err_set(e, ERR_USAGE, "it has no security scheme \"%.80s\"", scheme);
    if (scheme && !auth)
        return err_set(e, ERR_INVALID, "its security scheme %.80s %s", scheme, why);
    if (!auth && json_object_size(all) > 0)
        note(notes, json_string("it has no security scheme that foyer can use: the "
                                "connector sends a bearer token; change `auth` in it"));
    else if (!auth)
        note(notes, json_string("it has no security schemes: the connector sends no key; "
                                "change `auth` in it if the API wants one"));
    else if (!scheme)
        note_others(d, name, notes);
    out->scheme = auth ? name : NULL;
    if (!auth)
        auth = json_string(json_object_size(all) > 0 ? "bearer" : "none");
    json_object_set_new(out->table, "auth", auth);
    return 0;
}

int openapi_read_connector(struct openapi_document *d, const char *scheme,
                           const char *api_url, json_t *notes,
                           struct openapi_connector *out, struct err *e)
{
    *out = (struct openapi_connector){.table = json_object()};
    char *title =
        openapi_sentence(text_of(json_object_get(d->tree, "info"), "title"), 60);
    json_object_set_new(out->table, "name", json_string(title ? title : "API"));
    free(title);
    if (set_api(d, api_url, out->table, notes, e) == 0 &&
        set_auth(d, scheme, out, notes, e) == 0)
        return 0;
    json_decref(out->table);
    out->table = NULL;
    return -1;
}
