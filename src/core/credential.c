#include "core/credential.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/str.h"
#include "base/url.h"
#include "core/jsontree.h"

enum { URL_MAX = 128 * 1024 };

static const char *word_of(const json_t *connector)
{
    const char *word = json_text(connector, "auth");
    if (word)
        return word;
    return "bearer"; /* the default, and what OAuth sends */
}

enum credential_need credential_need(const json_t *connector)
{
    const char *oauth = json_text(connector, "auth.oauth");
    const char *word = word_of(connector);
    if (oauth)
        return strcmp(oauth, "client_credentials") == 0 ? CREDENTIAL_CLIENT
                                                        : CREDENTIAL_CONSENT;
    if (strcmp(word, "none") == 0)
        return CREDENTIAL_NONE;
    return strcmp(word, "basic") == 0 ? CREDENTIAL_PAIR : CREDENTIAL_KEY;
}

char *credential_describe(const json_t *connector)
{
    const char *header = json_text(connector, "auth.header");
    const char *query = json_text(connector, "auth.query");
    if (header)
        return xasprintf("an API key in the header %s", header);
    if (query)
        return xasprintf("an API key in the query as `%s`", query);
    switch (credential_need(connector)) {
    case CREDENTIAL_NONE:
        return xstrdup("no key");
    case CREDENTIAL_PAIR:
        return xstrdup("a user and a password");
    case CREDENTIAL_CLIENT:
        return xstrdup("a client id and a client secret");
    case CREDENTIAL_CONSENT:
        return xstrdup("a consent");
    default:
        return xstrdup("a token");
    }
}

static char *basic_of(const char *token)
{
    return str_base64(token, strlen(token));
}

char *credential_header(const json_t *connector, const char *token)
{
    const char *header = json_text(connector, "auth.header");
    enum credential_need need = credential_need(connector);
    if (header)
        return xasprintf("%s: %s%s", header, json_text_or(connector, "auth.before", ""),
                         token);
    if (need == CREDENTIAL_NONE || json_text(connector, "auth.query"))
        return NULL;
    if (need != CREDENTIAL_PAIR)
        return xasprintf("Authorization: Bearer %s", token);
    char *coded = basic_of(token);
    char *line = xasprintf("Authorization: Basic %s", coded);
    crypto_free_text(coded);
    return line;
}

const char *credential_header_name(const json_t *connector)
{
    if (credential_need(connector) == CREDENTIAL_NONE ||
        json_text(connector, "auth.query"))
        return NULL;
    return json_text_or(connector, "auth.header", "Authorization");
}

/* Returns 1 when the LEN bytes at PAIR are the parameter NAME, as it is or encoded. */
static int is_parameter(const char *pair, size_t len, const char *name)
{
    const char *eq = memchr(pair, '=', len);
    size_t n = eq ? (size_t)(eq - pair) : len;
    char *plain = xmemdup0(pair, n);
    long got = url_unescape(plain, n, plain);
    int is_it =
        got >= 0 && (size_t)got == strlen(name) && memcmp(plain, name, (size_t)got) == 0;
    crypto_free_text(plain);
    return is_it;
}

char *credential_url(const json_t *connector, const char *token, const char *url)
{
    const char *name = json_text(connector, "auth.query");
    if (!name)
        return NULL;
    struct buf out;
    buf_init(&out, URL_MAX);
    size_t path = strcspn(url, "?#");
    const char *p = url + path;
    const char *sep = "?";
    buf_add(&out, url, path);
    for (p += *p == '?'; *p && *p != '#';) {
        size_t len = strcspn(p, "&#");
        if (len && !is_parameter(p, len, name)) {
            buf_adds(&out, sep);
            buf_add(&out, p, len);
            sep = "&";
        }
        p += len;
        p += *p == '&';
    }
    buf_adds(&out, sep);
    url_add_escaped(&out, name, strlen(name));
    buf_addc(&out, '=');
    url_add_escaped(&out, token, strlen(token));
    return buf_take(&out, NULL);
}

void credential_mask(const json_t *connector, const char *token, struct mask *m)
{
    mask_add(m, token, strlen(token));
    if (credential_need(connector) != CREDENTIAL_PAIR)
        return;
    char *coded = basic_of(token);
    mask_add(m, coded, strlen(coded));
    crypto_free_text(coded);
    const char *colon = strchr(token, ':');
    if (colon)
        mask_add(m, colon + 1, strlen(colon + 1));
}
