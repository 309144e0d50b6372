#include "core/oauth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "core/jsontree.h"
#include "base/str.h"
#include "base/url.h"
#include "base/crypto.h"

/* Front's access tokens live for 60 minutes. Five minutes are enough for a clock that is
 * a little wrong and a slow token endpoint. */
enum { MARGIN_MS = 5 * 60 * 1000, SPREAD_MS = 60 * 1000 };

void oauth_token_fini(struct oauth_token *t)
{
    crypto_free_text(t->access);
    crypto_free_text(t->refresh);
    *t = (struct oauth_token){0};
}

char *oauth_endpoint(const json_t *connector, const char *which, const char *oauth_url,
                     struct err *e)
{
    const char *url =
        json_string_value(json_object_get(json_object_get(connector, "auth"), which));
    const char *path =
        url && strstr(url, "://") ? strchr(strstr(url, "://") + 3, '/') : NULL;
    if (!path) {
        err_set(e, ERR_SETTINGS, "the app's connector has no auth.%s address", which);
        return NULL;
    }
    if (!oauth_url)
        return xstrdup(url);
    size_t n = strlen(oauth_url);
    while (n && oauth_url[n - 1] == '/')
        n--;
    return xasprintf("%.*s%s", (int)n, oauth_url, path);
}

static void add_pair(struct buf *out, const char *separator, const char *name,
                     const char *value)
{
    buf_addf(out, "%s%s=", separator, name);
    url_add_escaped(out, value, strlen(value));
}

char *oauth_authorize_url(const char *endpoint, const char *client_id,
                          const char *redirect_url, const char *state, const char *scope)
{
    struct buf out;
    buf_init(&out, 16 * 1024);
    buf_adds(&out, endpoint);
    add_pair(&out, strchr(endpoint, '?') ? "&" : "?", "response_type", "code");
    add_pair(&out, "&", "client_id", client_id);
    add_pair(&out, "&", "redirect_uri", redirect_url);
    add_pair(&out, "&", "state", state);
    if (scope)
        add_pair(&out, "&", "scope", scope);
    return buf_take(&out, NULL);
}

char *oauth_code_body(const char *code, const char *redirect_url)
{
    struct buf out;
    buf_init(&out, 64 * 1024);
    add_pair(&out, "", "grant_type", "authorization_code");
    add_pair(&out, "&", "code", code);
    add_pair(&out, "&", "redirect_uri", redirect_url);
    return buf_take(&out, NULL);
}

char *oauth_refresh_body(const char *refresh)
{
    struct buf out;
    buf_init(&out, 64 * 1024);
    add_pair(&out, "", "grant_type", "refresh_token");
    add_pair(&out, "&", "refresh_token", refresh);
    return buf_take(&out, NULL);
}

char *oauth_revoke_body(const char *refresh)
{
    struct buf out;
    buf_init(&out, 64 * 1024);
    add_pair(&out, "", "token", refresh);
    add_pair(&out, "&", "token_type_hint", "refresh_token");
    return buf_take(&out, NULL);
}

char *oauth_client_body(const char *scope)
{
    struct buf out;
    buf_init(&out, 64 * 1024);
    add_pair(&out, "", "grant_type", "client_credentials");
    if (scope)
        add_pair(&out, "&", "scope", scope);
    return buf_take(&out, NULL);
}

char *oauth_add_client(const char *body, const char *client_id, const char *client_secret)
{
    struct buf out;
    buf_init(&out, 128 * 1024);
    buf_adds(&out, body);
    add_pair(&out, "&", "client_id", client_id);
    add_pair(&out, "&", "client_secret", client_secret);
    return buf_take(&out, NULL);
}

char *oauth_basic_header(const char *client_id, const char *client_secret)
{
    char *pair = xasprintf("%s:%s", client_id, client_secret);
    char *coded = str_base64(pair, strlen(pair));
    char *header = xasprintf("Authorization: Basic %s", coded);
    crypto_free_text(pair);
    crypto_free_text(coded);
    return header;
}

/* Returns a form's fields as the object that JSON would give. */
static json_t *parse_form(const char *body, size_t len)
{
    json_t *tree = json_object();
    const char *p = body, *end = body + len;
    while (p < end) {
        const char *stop = memchr(p, '&', (size_t)(end - p));
        stop = stop ? stop : end;
        const char *eq = memchr(p, '=', (size_t)(stop - p));
        if (eq) {
            char *name = xmemdup0(p, (size_t)(eq - p));
            char *value = xmemdup0(eq + 1, (size_t)(stop - eq - 1));
            for (char *c = value; *c; c++)
                if (*c == '+')
                    *c = ' ';
            long n = url_unescape(value, (size_t)(stop - eq - 1), value);
            if (n >= 0)
                json_object_set_new(tree, name, json_stringn(value, (size_t)n));
            crypto_wipe(value, (size_t)(stop - eq));
            free(value);
            free(name);
        }
        p = stop + 1;
    }
    return tree;
}

static json_t *parse_body(const char *type, const char *body, size_t len)
{
    if (type && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0)
        return parse_form(body, len);
    return jsontree_read(body, len, NULL);
}

static double number_of(const json_t *value)
{
    if (json_is_string(value)) {
        char *end;
        double n = strtod(json_string_value(value), &end);
        return *end || end == json_string_value(value) ? 0 : n;
    }
    return json_number_value(value);
}

/* RFC 6749, 5.2 */
static int has_error(int status, const char *body, size_t len, const char *code)
{
    json_t *tree = status >= 400 && status < 500 ? jsontree_read(body, len, NULL) : NULL;
    const char *error = json_text(tree, "error");
    int has = error && strcmp(error, code) == 0;
    json_decref(tree);
    return has;
}

int oauth_is_gone(int status, const char *body, size_t len)
{
    return has_error(status, body, len, "invalid_grant");
}

int oauth_is_unknown(int status, const char *body, size_t len)
{
    return has_error(status, body, len, "invalid_client");
}

/* Appends S, but "…" instead of words that look like a token or credentials. Some servers
 * repeat what they refuse, and this text is stored, logged and shown to the person who
 * consents. */
static void add_said(struct buf *out, const char *s)
{
    static const char used[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_-.~+/=%";
    while (*s) {
        size_t n = strspn(
            s, used); /* ordinary words have no digits, and capitals only at the start */
        if (n >= 10 &&
            (n > 32 || 1 + strspn(s + 1, "abcdefghijklmnopqrstuvwxyz_-./") < n))
            buf_adds(out, "…");
        else
            buf_add(out, s, n ? n : 1);
        s += n ? n : 1;
    }
}

static int refused(int status, const json_t *tree, struct err *e)
{
    /* RFC 6749, 5.2; Front does not document its own error body */
    const char *error = json_text(tree, "error");
    const char *about = json_text(tree, "error_description");
    enum err_kind kind = status == 429                   ? ERR_RATE_LIMITED
                         : status == 408                 ? ERR_TIMEOUT
                         : status >= 400 && status < 500 ? ERR_AUTH
                                                         : ERR_UNAVAILABLE;
    struct buf said;
    buf_init(&said, 4096);
    if (error) {
        buf_adds(&said, " ");
        add_said(&said, error);
    }
    if (about) {
        buf_adds(&said, ": ");
        add_said(&said, about);
    }
    err_set(e, kind, "the token endpoint answers %d%.300s", status, buf_str(&said));
    buf_free(&said);
    e->status = status;
    return -1;
}

int oauth_check_token(const char *token, size_t len, struct err *e)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)token[i];
        if (c < ' ' || c == 0x7f)
            return err_set(e, ERR_INVALID, "it holds a control character (%s, byte %zu)",
                           c == '\n'   ? "a new line"
                           : c == '\r' ? "a carriage return"
                           : c == '\t' ? "a tab"
                                       : "not printable",
                           i + 1);
        if (c > 0x7f)
            return err_set(e, ERR_INVALID, "it holds a byte that is not ASCII (byte %zu)",
                           i + 1);
    }
    return 0;
}

static int take_token(const json_t *value, const char *which, char **out, struct err *e)
{
    struct err why;
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if (oauth_check_token(text, len, &why) != 0)
        return err_set(e, ERR_UNAVAILABLE,
                       "the token endpoint's %s token cannot be used: %s", which,
                       why.text);
    *out = xstrdup(text);
    return 0;
}

int oauth_parse_answer(int status, const char *type, const char *body, size_t len,
                       int64_t now_ms, struct oauth_token *out, struct err *e)
{
    *out = (struct oauth_token){0};
    json_t *tree = parse_body(type, body, len);
    const json_t *access = json_object_get(tree, "access_token");
    int rc = 0;
    if (status >= 400 || status < 200) {
        rc = refused(status, tree, e);
    } else if (!json_is_string(access) || json_string_length(access) == 0) {
        rc = err_set(e, ERR_UNAVAILABLE,
                     "the token endpoint answers %d without an access token%s", status,
                     tree ? "" : " (no JSON)");
    } else {
        const json_t *refresh = json_object_get(tree, "refresh_token");
        rc = take_token(access, "access", &out->access, e);
        if (rc == 0 && json_string_length(refresh) > 0)
            rc = take_token(refresh, "refresh", &out->refresh, e);
        if (rc != 0)
            oauth_token_fini(out);
        /* Front sends expires_at in Unix seconds, as a number or as a text */
        double at = number_of(json_object_get(tree, "expires_at"));
        double in = number_of(json_object_get(tree, "expires_in"));
        if (at > 0 && at < 1e11)
            out->expires_ms = (int64_t)(at * 1000);
        else if (in > 0 && in < 1e9)
            out->expires_ms = now_ms + (int64_t)(in * 1000);
    }
    json_decref(tree);
    return rc;
}

int64_t oauth_due_ms(int64_t expires_ms, int64_t obtained_ms, const char *salt)
{
    if (expires_ms == 0)
        return INT64_MAX;
    uint32_t h = 2166136261u;
    for (const char *p = salt; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    int64_t margin = MARGIN_MS + (int64_t)(h % SPREAD_MS);
    int64_t quarter = (expires_ms - obtained_ms) / 4;
    if (obtained_ms && quarter < margin)
        margin = quarter > 0 ? quarter : 0;
    return expires_ms - margin;
}
