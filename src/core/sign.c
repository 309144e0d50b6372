#include "core/sign.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/crypto.h"
#include "base/str.h"
#include "core/jsontree.h"

enum { PARTS_MAX = 7, MACS = 2 };
static const char *const macs[MACS] = {"sha256", "sha1"};

struct scheme {
    struct sign_scheme public; /* owns its texts, but not the digest */
    int mac;                   /* index in macs */
};

struct sign {
    struct scheme *schemes;
    size_t n;
};

struct key {
    char *setting, *secret;
    int64_t version;
    unsigned char *bytes;
    size_t len;
    struct crypto_mac *ready[MACS]; /* made when first used */
};

struct sign_keys {
    struct key *keys;
    size_t n;
};

/* ---- schemes ---- */

static struct scheme read_scheme(const char *name, const json_t *v)
{
    int mac = str_eq(json_text(v, "mac"), "hmac-sha1");
    struct sign_scheme public = {
        .name = xstrdup(name),
        .when = xstrdup_null(json_text(v, "when")),
        .digest = macs[mac],
        .over = xstrdup(json_text_or(v, "over", "{body}")),
        .key = xstrdup_null(json_text(v, "key")),
        .unit_ms = str_eq(json_text(v, "unit"), "ms") ? 1 : 1000,
        .window_ms = json_integer_value(json_object_get(v, "window")) * 1000};
    return (struct scheme){public, mac};
}

struct sign *sign_new(const json_t *webhooks)
{
    const json_t *all = json_object_get(webhooks, "schemes");
    struct sign *s = xcalloc(1, sizeof *s);
    s->schemes = xcalloc(json_object_size(all) + 1, sizeof *s->schemes);
    /* a Lua table has no order */
    const char **names = xcalloc(json_object_size(all) + 1, sizeof *names), *name;
    size_t n = 0;
    json_t *v;
    json_object_foreach((json_t *)all, name, v) names[n++] = name;
    qsort(names, n, sizeof *names, str_compare);
    for (; s->n < n; s->n++)
        s->schemes[s->n] = read_scheme(names[s->n], json_object_get(all, names[s->n]));
    free(names);
    return s;
}

void sign_free(struct sign *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        free((char *)s->schemes[i].public.name);
        free((char *)s->schemes[i].public.when);
        free((char *)s->schemes[i].public.over);
        free((char *)s->schemes[i].public.key);
    }
    free(s->schemes);
    free(s);
}

size_t sign_count(const struct sign *s)
{
    return s->n;
}

const struct sign_scheme *sign_at(const struct sign *s, size_t i)
{
    return &s->schemes[i].public;
}

/* ---- keys ---- */

struct sign_keys *sign_keys_new(void)
{
    return xcalloc(1, sizeof(struct sign_keys));
}

void sign_keys_free(struct sign_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->n; i++) {
        struct key *k = &keys->keys[i];
        for (int m = 0; m < MACS; m++)
            crypto_mac_free(k->ready[m]);
        crypto_wipe(k->bytes, k->len);
        free(k->bytes);
        free(k->setting);
        free(k->secret);
    }
    free(keys->keys);
    free(keys);
}

void sign_keys_add(struct sign_keys *keys, const char *setting, const char *secret,
                   int64_t version, const void *key, size_t len)
{
    if (len == 0) /* a MAC with an empty key proves nothing */
        return;
    array_grow(keys->keys, keys->n);
    keys->keys[keys->n++] = (struct key){.setting = xstrdup(setting),
                                         .secret = xstrdup_null(secret),
                                         .version = version,
                                         .bytes = (unsigned char *)xmemdup0(key, len),
                                         .len = len};
}

size_t sign_keys_count(const struct sign_keys *keys, const char *setting)
{
    size_t n = 0;
    for (size_t i = 0; i < keys->n; i++)
        n += (size_t)str_eq(keys->keys[i].setting, setting);
    return n;
}

/* ---- a request ---- */

static size_t add_part(struct crypto_part *parts, size_t n, const void *data, size_t len)
{
    if (n < PARTS_MAX)
        parts[n++] = (struct crypto_part){data, len};
    return n;
}

/* Lists the parts that the MAC covers: OVER, with the time and the body inserted. */
static size_t find_parts(const char *over, const char *time, const struct sign_request *r,
                         struct crypto_part parts[PARTS_MAX])
{
    size_t n = 0;
    while (*over) {
        if (str_starts(over, "{timestamp}")) {
            n = add_part(parts, n, time ? time : "", time ? strlen(time) : 0);
            over += strlen("{timestamp}");
        } else if (str_starts(over, "{body}")) {
            n = add_part(parts, n, r->body, r->len);
            over += strlen("{body}");
        } else {
            size_t len = 1 + strcspn(over + 1, "{");
            n = add_part(parts, n, over, len);
            over += len;
        }
    }
    return n;
}

static int is_fresh(const struct sign_scheme *s, const char *time, int64_t now_ms)
{
    int64_t at;
    if (str_parse_int(time, &at) != 0 || at < 0 || at > INT64_MAX / 2 / s->unit_ms)
        return 0;
    int64_t away = now_ms - at * s->unit_ms;
    return away <= s->window_ms && away >= -s->window_ms;
}

/* Tries the keys of S. Returns 1 with RESULT filled when one of them made the MAC. *TRIED
 * counts the keys. */
static int try_scheme(const struct scheme *s, struct sign_keys *keys,
                      const struct sign_request *r, const char *time, const void *given,
                      struct sign_result *result, size_t *tried)
{
    struct crypto_part parts[PARTS_MAX];
    size_t nparts = find_parts(s->public.over, time, r, parts);
    for (size_t i = 0; i < keys->n; i++) {
        struct key *k = &keys->keys[i];
        if (!str_eq(k->setting, s->public.key))
            continue;
        (*tried)++;
        if (!k->ready[s->mac])
            k->ready[s->mac] = crypto_mac_new(macs[s->mac], k->bytes, k->len);
        unsigned char made[CRYPTO_SHA256_SIZE];
        size_t len = crypto_mac_make(k->ready[s->mac], parts, nparts, made);
        if (!crypto_equal(given, result->mac_len, made, len))
            continue;
        result->verdict =
            !time || is_fresh(&s->public, time, r->now_ms) ? SIGN_OK : SIGN_STALE;
        result->scheme = &s->public;
        result->name = k->secret;
        result->version = k->version;
        return 1;
    }
    return 0;
}

/* Returns the scheme whose `when` header the request has, or NULL. */
static const struct scheme *find_timed(const struct sign *s, const struct sign_request *r,
                                       const char **time)
{
    for (size_t i = 0; i < s->n; i++) {
        const char *when = s->schemes[i].public.when;
        if (when && r->header && (*time = r->header(r->arg, when)))
            return &s->schemes[i];
    }
    return NULL;
}

struct sign_result sign_verify(const struct sign *s, struct sign_keys *keys,
                               const struct sign_request *r)
{
    struct sign_result result = {.verdict = SIGN_UNSIGNED};
    const char *time = NULL;
    const struct scheme *timed = find_timed(s, r, &time);
    unsigned char *given = NULL;
    if (timed)
        result.scheme = &timed->public;
    if (r->signature && strlen(r->signature) <= 4 * CRYPTO_SHA256_SIZE)
        given = str_unbase64(r->signature, strlen(r->signature), &result.mac_len);
    if (!given)
        return result;
    size_t tried = 0;
    int found = 0;
    if (timed)
        found = try_scheme(timed, keys, r, time, given, &result, &tried);
    for (size_t i = 0; !timed && !found && i < s->n; i++)
        if (!s->schemes[i].public.when)
            found = try_scheme(&s->schemes[i], keys, r, NULL, given, &result, &tried);
    if (!found)
        result.verdict = tried ? SIGN_WRONG : SIGN_NO_KEY;
    free(given);
    return result;
}
