#include "store/store_consent.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/connection.h"
#include "store/store_row.h"
#include "base/crypto.h"
#include "io/db.h"

/* So long an expired link is still answered with "has expired" instead of "not known". */
static const int64_t CONSENT_KEPT_MS = (int64_t)30 * 24 * 3600 * 1000;

void store_consent_fini(struct store_consent *c)
{
    free(c->client);
    free(c->app);
    free(c->redirect_url);
    free(c->api_url);
    free(c->oauth_url);
    free(c->made_with);
    *c = (struct store_consent){0};
}

struct put_consent {
    const char *state;
    const struct store_consent *consent;
};

static int put_consent(struct db *db, void *arg, struct err *e)
{
    const struct put_consent *put = arg;
    const struct store_consent *c = put->consent;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    crypto_sha256(put->state, strlen(put->state), hash);
    if (db_change(db, "DELETE FROM consent WHERE expires_ms < ?",
                  DB_ARGS(db_int(clock_wall_ms() - CONSENT_KEPT_MS)), NULL, e) != 0)
        return -1;
    return db_change(
        db,
        "INSERT INTO consent (state, client, app, redirect_url, api_url, "
        "oauth_url, replace, expires_ms, made_with) VALUES (?, ?, ?, ?, ?, "
        "?, ?, ?, ?)",
        DB_ARGS(db_blob(hash, sizeof hash), db_text(c->client), db_text(c->app),
                db_text(c->redirect_url), db_text(c->api_url), db_text(c->oauth_url),
                db_int(c->replace), db_int(c->expires_ms), db_text(c->made_with)),
        NULL, e);
}

int store_consent_put(struct store *s, const char *state, const struct store_consent *c,
                      struct err *e)
{
    struct put_consent put = {state, c};
    return db_transaction(store_db(s), put_consent, &put, e);
}

struct take_consent {
    const char *state;
    int64_t now_ms;
    struct store_consent *out;
    int keep; /* 1: it is not used up */
};

/* Fills OUT, all zero when there is no such row, and *USED. */
static int read_consent(struct db *db, const unsigned char hash[CRYPTO_SHA256_SIZE],
                        struct store_consent *out, int *used, struct err *e)
{
    struct db_row *row = db_select(
        db,
        "SELECT client, app, redirect_url, api_url, oauth_url, replace, expires_ms, "
        "made_with, used FROM consent WHERE state = ?",
        DB_ARGS(db_blob(hash, CRYPTO_SHA256_SIZE)), e);
    if (db_step(row, e) == 1) {
        *out = (struct store_consent){.client = xstrdup(db_row_text(row, 0)),
                                      .app = xstrdup(db_row_text(row, 1)),
                                      .redirect_url = xstrdup_null(db_row_text(row, 2)),
                                      .api_url = xstrdup_null(db_row_text(row, 3)),
                                      .oauth_url = xstrdup_null(db_row_text(row, 4)),
                                      .replace = (int)db_row_int(row, 5),
                                      .expires_ms = db_row_int(row, 6),
                                      .made_with = xstrdup_null(db_row_text(row, 7))};
        *used = (int)db_row_int(row, 8);
    }
    return db_finish(row);
}

static int refuse_link(const struct take_consent *take, struct err *e, enum err_kind kind,
                       const char *why)
{
    char *command = connection_command(take->out->client, take->out->app);
    err_set(e, kind, "%s: ask for a new one with `%s --link`", why, command);
    free(command);
    return -1;
}

static int take_consent(struct db *db, void *arg, struct err *e)
{
    struct take_consent *take = arg;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    int used = 0;
    crypto_sha256(take->state, strlen(take->state), hash);
    if (read_consent(db, hash, take->out, &used, e) != 0)
        return -1;
    if (!take->out->client)
        return err_set(
            e, ERR_NOT_FOUND,
            "this link is not known here: ask for a new one with `foyer connect "
            "CLIENT --link`");
    if (used)
        return refuse_link(take, e, ERR_CONFLICT, "this link was used already");
    if (take->now_ms >= take->out->expires_ms ||
        take->out->expires_ms > take->now_ms + STORE_CONSENT_MAX_MS)
        return refuse_link(take, e, ERR_INVALID, "this link has expired");
    if (take->keep)
        return 0;
    return db_change(db, "UPDATE consent SET used = 1 WHERE state = ?",
                     DB_ARGS(db_blob(hash, sizeof hash)), NULL, e);
}

static int take_or_find(struct store *s, struct take_consent *take, struct err *e)
{
    *take->out = (struct store_consent){0};
    if (db_transaction(store_db(s), take_consent, take, e) == 0)
        return 0;
    store_consent_fini(take->out);
    return -1;
}

int store_consent_take(struct store *s, const char *state, int64_t now_ms,
                       struct store_consent *out, struct err *e)
{
    struct take_consent take = {.state = state, .now_ms = now_ms, .out = out};
    return take_or_find(s, &take, e);
}

int store_consent_find(struct store *s, const char *state, int64_t now_ms,
                       struct store_consent *out, struct err *e)
{
    struct take_consent take = {.state = state, .now_ms = now_ms, .out = out, .keep = 1};
    return take_or_find(s, &take, e);
}

int store_consent_each(struct store *s, store_consent_fn *fn, void *arg, struct err *e)
{
    /* of max(), SQLite takes the other columns from the same row */
    struct db_row *row =
        db_select(store_db(s),
                  "SELECT client, app, max(expires_ms), made_with, used FROM consent"
                  " GROUP BY client, app ORDER BY client, app",
                  DB_NONE, e);
    int stop = 0;
    while (!stop && db_step(row, e) == 1) {
        struct store_consent c = {.client = xstrdup(db_row_text(row, 0)),
                                  .app = xstrdup(db_row_text(row, 1)),
                                  .expires_ms = db_row_int(row, 2),
                                  .made_with = xstrdup_null(db_row_text(row, 3))};
        stop = fn(arg, &c, (int)db_row_int(row, 4));
        store_consent_fini(&c);
    }
    return db_finish(row);
}
