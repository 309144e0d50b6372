#include "core/mask.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/str.h"
#include "base/url.h"

/* Shorter parts of an address are words ("services", "notifications"), longer ones keys.
 */
enum { URL_PART_MIN = 16, FORM_MAX = 64 * 1024 };

static void add_form(struct mask *m, const char *form, size_t len)
{
    if (len < STR_MASK_MIN)
        return;
    for (size_t i = 0; i < m->n; i++)
        if (strlen(m->values[i]) == len && memcmp(m->values[i], form, len) == 0)
            return;
    array_grow(m->values, m->n);
    m->values[m->n++] = xmemdup0(form, len);
}

/* Changes "\u00E9" to "\u00e9": libraries write both. */
static void lower_escapes(char *text)
{
    for (char *p = text; *p; p++) {
        if (*p != '\\')
            continue;
        p++;
        for (int i = 1; *p == 'u' && i <= 4 && p[i]; i++)
            p[i] = (char)tolower((unsigned char)p[i]);
    }
}

/* Adds VALUE as JSON writes it, without the quotes. Does nothing when it is not UTF-8. */
static void add_json(struct mask *m, const char *value, size_t len, size_t flags)
{
    json_t *tree = json_stringn(value, len);
    char *text = tree ? json_dumps(tree, JSON_ENCODE_ANY | flags) : NULL;
    if (text) {
        add_form(m, text + 1, strlen(text) - 2);
        lower_escapes(text);
        add_form(m, text + 1, strlen(text) - 2);
    }
    crypto_free_text(text);
    json_decref(tree);
}

void mask_add(struct mask *m, const char *value, size_t len)
{
    struct buf escaped;
    add_form(m, value, len);
    add_json(m, value, len, 0);
    add_json(m, value, len, JSON_ENSURE_ASCII);
    add_json(m, value, len, JSON_ESCAPE_SLASH);
    add_json(m, value, len, JSON_ESCAPE_SLASH | JSON_ENSURE_ASCII); /* as PHP does */
    buf_init(&escaped, FORM_MAX);
    if (url_add_escaped(&escaped, value, len) == 0)
        add_form(m, buf_str(&escaped), escaped.len);
    if (escaped.data)
        crypto_wipe(escaped.data, escaped.cap);
    buf_free(&escaped);
}

void mask_add_url(struct mask *m, const char *url)
{
    const char *host = strstr(url, "://");
    const char *p = host ? strchr(host + 3, '/') : NULL;
    mask_add(m, url, strlen(url));
    if (!p)
        return;
    mask_add(m, p, strlen(p));
    mask_add(m, p, strcspn(p, "?#"));
    for (; *p; p++) {
        size_t len = strcspn(p, "/?&=#");
        if (len >= URL_PART_MIN)
            mask_add(m, p, len);
        p += len;
        if (!*p)
            break;
    }
}

void mask_apply(const struct mask *m, char *text, size_t len)
{
    for (size_t i = 0; i < m->n; i++)
        str_mask(text, len, m->values[i]);
}

void mask_fini(struct mask *m)
{
    for (size_t i = 0; i < m->n; i++)
        crypto_free_text(m->values[i]);
    free(m->values);
    *m = (struct mask){0};
}
