#include "auth/kept_app.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/str.h"
#include "store/store_app.h"

enum { PAIR_MAX = 48 * 1024 };

static struct vault_place place_of(const char *owner, int64_t version)
{
    return (struct vault_place){"token", owner, "client", version};
}

/* The pair is "LENGTH:IDSECRET", with the id's length: either may hold any character. */
static int split(const struct buf *pair, struct buf *id, struct buf *secret)
{
    char *end;
    size_t n = strtoul(buf_str(pair), &end, 10);
    if (*end != ':' || n > pair->len - (size_t)(end + 1 - buf_str(pair)))
        return -1;
    buf_add(id, end + 1, n);
    return buf_adds(secret, end + 1 + n);
}

/* Returns 1 and opens the kept ones, of which *VERSION is the number; 0 with *VERSION 0:
 * there are none. */
static int open_kept(struct workspace *w, const char *app, const char *mark,
                     struct buf *id, struct buf *secret, int64_t *version, struct err *e)
{
    struct store_sealed sealed = {0};
    struct store *store = workspace_store(w, e);
    buf_init(id, PAIR_MAX);
    buf_init(secret, PAIR_MAX);
    *version = 0;
    if (!store || store_app_get(store, app, mark, &sealed, e) != 0)
        return -1;
    if (!sealed.data)
        return 0;
    *version = sealed.version;
    struct buf pair;
    char *owner = xasprintf("%s/%s", app, mark);
    struct vault_place place = place_of(owner, sealed.version);
    struct vault *vault = workspace_vault(w, e);
    buf_init(&pair, PAIR_MAX);
    int rc = vault ? vault_unseal(vault, &place, sealed.data, sealed.len, &pair, e) : -1;
    if (rc == 0 && split(&pair, id, secret) != 0)
        rc = err_set(e, ERR_STORE, "cannot read the kept app of a grant");
    vault_wipe(&pair);
    free(owner);
    free(sealed.data);
    return rc == 0 ? 1 : -1;
}

int kept_app_open(struct workspace *w, const char *app, const char *mark, struct buf *id,
                  struct buf *secret, struct err *e)
{
    int64_t version;
    return open_kept(w, app, mark, id, secret, &version, e);
}

static int seal_and_put(struct workspace *w, const char *app, const char *mark,
                        const struct buf *pair, int64_t version, struct err *e)
{
    struct store *store = workspace_store(w, e);
    struct vault *vault = store ? workspace_sealer(w, e) : NULL;
    if (!vault)
        return -1;
    struct buf sealed;
    char *owner = xasprintf("%s/%s", app, mark);
    struct vault_place place = place_of(owner, version);
    buf_init(&sealed, 2 * PAIR_MAX);
    int rc = vault_seal(vault, &place, pair->data, pair->len, &sealed, e);
    if (rc == 0) {
        struct store_sealed value = {version, (unsigned char *)sealed.data, sealed.len};
        rc = store_app_put(store, app, mark, &value, e);
    }
    buf_free(&sealed);
    free(owner);
    return rc;
}

void kept_app_put(struct workspace *w, const char *app, const char *mark,
                  const struct buf *id, const struct buf *secret)
{
    struct buf old_id, old_secret, pair;
    struct err e = {0};
    int64_t version;
    int rc = open_kept(w, app, mark, &old_id, &old_secret, &version, &e);
    int is_kept =
        rc == 1 && crypto_equal(buf_str(&old_id), old_id.len, buf_str(id), id->len) &&
        crypto_equal(buf_str(&old_secret), old_secret.len, buf_str(secret), secret->len);
    vault_wipe(&old_id);
    vault_wipe(&old_secret);
    if (is_kept)
        return;
    buf_init(&pair, PAIR_MAX);
    buf_addf(&pair, "%zu:", id->len);
    buf_add(&pair, buf_str(id), id->len);
    rc = buf_add(&pair, buf_str(secret), secret->len);
    if (rc != 0)
        err_set(&e, ERR_LIMIT, "the client_secret is too long");
    if (rc == 0)
        rc = seal_and_put(w, app, mark, &pair, version + 1, &e);
    /* the sealing key may have changed in between */
    if (rc != 0 && e.kind == ERR_CONFLICT)
        rc = seal_and_put(w, app, mark, &pair, version + 1, &e);
    if (rc != 0)
        log_line(LOG_WARN, "cannot keep the app of %s for its grants: %s", app, e.text);
    vault_wipe(&pair);
}
