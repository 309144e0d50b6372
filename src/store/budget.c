#include "store/budget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "base/str.h"
#include "core/window.h"
#include "io/db.h"

enum {
    BLOCK_MS = 1000,
    ASKED_MS = 200, /* so long a denial is repeated without reading the file again */
    PURGE_MS = 10 * 1000,
    RETRY_MAX_MS = 10 * 60 * 1000,
};

struct block { /* permits of the window NUMBER, in memory */
    int64_t permits, number, expires_ms;
};

/* What this process has of one company. */
struct company {
    SLIST_ENTRY(company) next;
    char *name;
    struct block blocks[WINDOW_LANES]; /* by the lowest lane that may use it */
    int64_t want; /* size of the next block: doubles while blocks run out */
    int64_t denied_ms[WINDOW_LANES];        /* when the lane was last denied; 0: not */
    int64_t back_ms[WINDOW_LANES];          /* when it was told to ask again */
    int64_t waiting_until_ms[WINDOW_LANES]; /* what this process wrote into the row */
    int64_t purged_ms;
};

struct budget {
    struct live *live;
    SLIST_HEAD(, company) companies;
};

struct budget *budget_new(struct live *live)
{
    struct budget *b = xcalloc(1, sizeof *b);
    b->live = live;
    return b;
}

static struct company *company_of(struct budget *b, const char *name, int64_t now_ms)
{
    struct company *c;
    SLIST_FOREACH(c, &b->companies, next)
    {
        if (strcmp(c->name, name) == 0)
            return c;
    }
    c = xcalloc(1, sizeof *c);
    c->name = xstrdup(name);
    c->want = 1;
    c->purged_ms = now_ms; /* a short command does not purge */
    SLIST_INSERT_HEAD(&b->companies, c, next);
    return c;
}

static void forget_denials(struct company *c)
{
    memset(c->denied_ms, 0, sizeof c->denied_ms);
}

/* Returns the permits in memory of the window NUMBER. */
static int64_t unspent(const struct company *c, int64_t number)
{
    int64_t n = 0;
    for (int i = 0; i < WINDOW_LANES; i++)
        n += c->blocks[i].number == number ? c->blocks[i].permits : 0;
    return n;
}

static int is_past(const struct block *block, int64_t now_ms)
{
    return now_ms >= block->expires_ms || now_ms < block->expires_ms - BLOCK_MS;
}

/* ---- rows ---- */

#define WINDOW_COLUMNS                                                                   \
    "quota, learned, window, ends_ms, told, used, searches, blocked_until_ms, "          \
    "probe_from_ms, probes, pathless_until_ms, reply_until_ms, activation_until_ms"

/* Fills W; its quota is 0 when there is no row. */
static int read_window(struct db *db, const char *company, struct window *w,
                       struct err *e)
{
    *w = (struct window){0};
    struct db_row *row =
        db_select(db, "SELECT " WINDOW_COLUMNS " FROM company WHERE name = ?",
                  DB_ARGS(db_text(company)), e);
    if (db_step(row, e) == 1)
        *w = (struct window){
            .quota = db_row_int(row, 0),
            .learned = db_row_int(row, 1),
            .number = db_row_int(row, 2),
            .ends_ms = db_row_int(row, 3),
            .told = db_row_int(row, 4),
            .used = db_row_int(row, 5),
            .searches = db_row_int(row, 6),
            .blocked_until_ms = db_row_int(row, 7),
            .probe_from_ms = db_row_int(row, 8),
            .probes = db_row_int(row, 9),
            .pathless_until_ms = db_row_int(row, 10),
            .waiting_until_ms = {[WINDOW_LANE_REPLY] = db_row_int(row, 11),
                                 [WINDOW_LANE_ACTIVATION] = db_row_int(row, 12)},
        };
    return db_finish(row);
}

static int write_window(struct db *db, const char *company, const struct window *w,
                        struct err *e)
{
    return db_change(db,
                     "INSERT OR REPLACE INTO company (name, " WINDOW_COLUMNS
                     ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     DB_ARGS(db_text(company), db_int(w->quota), db_int(w->learned),
                             db_int(w->number), db_int(w->ends_ms), db_int(w->told),
                             db_int(w->used), db_int(w->searches),
                             db_int(w->blocked_until_ms), db_int(w->probe_from_ms),
                             db_int(w->probes), db_int(w->pathless_until_ms),
                             db_int(w->waiting_until_ms[WINDOW_LANE_REPLY]),
                             db_int(w->waiting_until_ms[WINDOW_LANE_ACTIVATION])),
                     NULL, e);
}

/* When the last WINDOW_BURST requests to one resource were sent. */
struct burst {
    int64_t sent_ms[WINDOW_BURST];
    int64_t blocked_until_ms;
};

static int read_burst(struct db *db, const char *company, const char *resource,
                      struct burst *burst, struct err *e)
{
    *burst = (struct burst){0};
    struct db_row *row = db_select(
        db, "SELECT sent, blocked_until_ms FROM resource WHERE company = ? AND name = ?",
        DB_ARGS(db_text(company), db_text(resource)), e);
    if (db_step(row, e) == 1) {
        size_t len;
        const void *sent = db_row_blob(row, 0, &len);
        if (len == sizeof burst->sent_ms)
            memcpy(burst->sent_ms, sent, len);
        burst->blocked_until_ms = db_row_int(row, 1);
    }
    return db_finish(row);
}

static int write_burst(struct db *db, const char *company, const char *resource,
                       const struct burst *burst, int64_t now_ms, struct err *e)
{
    return db_change(db,
                     "INSERT OR REPLACE INTO resource (company, name, sent, last_ms, "
                     "blocked_until_ms) VALUES (?, ?, ?, ?, ?)",
                     DB_ARGS(db_text(company), db_text(resource),
                             db_blob(burst->sent_ms, sizeof burst->sent_ms),
                             db_int(now_ms), db_int(burst->blocked_until_ms)),
                     NULL, e);
}

/* Removes the company's resources that neither a burst nor a 429 limits any more. */
static int purge(struct db *db, struct company *c, int64_t now_ms, struct err *e)
{
    c->purged_ms = now_ms;
    return db_change(db,
                     "DELETE FROM resource WHERE company = ?1 AND blocked_until_ms < ?2 "
                     "AND last_ms NOT BETWEEN ?2 - ?3 AND ?2 + ?3",
                     DB_ARGS(db_text(c->name), db_int(now_ms), db_int(WINDOW_BURST_MS)),
                     NULL, e);
}

/* ---- taking ---- */

struct taking {
    struct budget *b;
    struct company *c;
    const struct budget_ask *ask;
    int64_t now_ms, back_ms;
    struct window w;
    struct burst burst;
    int64_t granted;     /* permits, the one asked for among them */
    struct block *block; /* has the company's permit: only the resource is to be asked */
    int crowded;         /* denied by the company's window: the lane waits */
};

static int read_taking(struct db *db, struct taking *t, struct err *e)
{
    if (read_window(db, t->c->name, &t->w, e) != 0)
        return -1;
    if (t->ask->resource)
        return read_burst(db, t->c->name, t->ask->resource, &t->burst, e);
    t->burst = (struct burst){.blocked_until_ms = t->w.pathless_until_ms};
    return 0;
}

/* Returns 1 and notes the request when one may be sent to the resource; else 0 with
 * back_ms. */
static int pass_burst(struct taking *t)
{
    int64_t now_ms = t->now_ms, blocked = t->burst.blocked_until_ms;
    if (blocked > now_ms && blocked <= now_ms + RETRY_MAX_MS)
        return t->back_ms = blocked, 0;
    if (!t->ask->resource || t->w.quota == WINDOW_NO_LIMIT)
        return 1;
    int64_t *oldest = t->burst.sent_ms;
    for (int i = 0; i < WINDOW_BURST; i++) {
        /* A time a little ahead is of a process that got the lock first. A time further
         * ahead means that the clock was set back. */
        if (t->burst.sent_ms[i] > now_ms + WINDOW_BURST_MS)
            t->burst.sent_ms[i] = 0;
        if (t->burst.sent_ms[i] < *oldest)
            oldest = &t->burst.sent_ms[i];
    }
    if (*oldest && now_ms - *oldest < WINDOW_BURST_MS)
        return t->back_ms = *oldest + WINDOW_BURST_MS, 0;
    *oldest = now_ms;
    return 1;
}

/* Gives permits back to the window: those of blocks that are past their second or of an
 * earlier window. 1: the window changed. */
static int drop_past(struct taking *t)
{
    int changed = 0;
    for (int i = 0; i < WINDOW_LANES; i++) {
        struct block *block = &t->c->blocks[i];
        if (block->permits == 0 ||
            (block->number == t->w.number && !is_past(block, t->now_ms)))
            continue;
        changed |= window_give_back(&t->w, block->number, block->permits);
        block->permits = 0;
        t->c->want = 1;
    }
    return changed;
}

static int64_t wait_of(int64_t back_ms, int64_t now_ms)
{
    return back_ms > now_ms ? back_ms - now_ms : 1;
}

/* Records in the window whether this lane waits. 1: the window changed. */
static int note_waiting(struct taking *t)
{
    int64_t *until = &t->c->waiting_until_ms[t->ask->lane];
    int changed = 0;
    if (t->granted > 0) {
        changed = window_stop_waiting(&t->w, t->ask->lane, *until);
        *until = 0;
    } else if (t->crowded && t->ask->lane != WINDOW_LANE_BULK) {
        int64_t wait = wait_of(t->back_ms, t->now_ms);
        *until =
            window_wait(&t->w, t->ask->lane,
                        wait < WINDOW_WAIT_MAX_MS ? wait : WINDOW_WAIT_MAX_MS, t->now_ms);
        changed = 1;
    }
    return changed;
}

/* Asks the window and the resource in one transaction. When it fails, the permits of the
 * blocks that it dropped are unusable until the window's end. */
static int take(struct db *db, void *arg, struct err *e)
{
    struct taking *t = arg;
    const struct budget_ask *ask = t->ask;
    if (read_taking(db, t, e) != 0)
        return -1;
    int is_new = t->w.quota == 0;
    if (is_new)
        t->w = window_first(t->now_ms);
    int rolled = window_roll(&t->w, t->now_ms);
    int changed = is_new | rolled | drop_past(t);
    t->granted = t->crowded = 0;
    if (t->block && t->block->permits == 0)
        t->block = NULL;
    int passes = pass_burst(t);
    if (passes && t->block) {
        t->granted = 1;
    } else if (passes) {
        t->granted = window_grant(&t->w, ask->lane, ask->search, t->c->want, t->now_ms,
                                  &t->back_ms);
        changed |= t->granted > 0;
        t->crowded = t->granted == 0 && !ask->search;
    }
    changed |= note_waiting(t);
    if ((changed && write_window(db, t->c->name, &t->w, e) != 0) ||
        (t->granted && ask->resource && t->w.quota != WINDOW_NO_LIMIT &&
         write_burst(db, t->c->name, ask->resource, &t->burst, t->now_ms, e) != 0))
        return -1;
    int old = t->now_ms - t->c->purged_ms > PURGE_MS || t->now_ms < t->c->purged_ms;
    return rolled || old ? purge(db, t->c, t->now_ms, e) : 0;
}

/* Returns a block with a permit that ASK may use, of the lowest lane first; or NULL. */
static struct block *block_for(struct company *c, const struct budget_ask *ask,
                               int64_t now_ms)
{
    for (int i = WINDOW_LANE_BULK; !ask->search && i >= (int)ask->lane; i--)
        if (c->blocks[i].permits > 0 && !is_past(&c->blocks[i], now_ms))
            return &c->blocks[i];
    return NULL;
}

/* Returns 1 when BLOCK is of the current window: no process has met a 429 since, nor a
 * burst's 429 for a path without an id. It only reads, so it waits for no lock. */
static int is_current(struct budget *b, const struct company *c,
                      const struct block *block, int64_t now_ms)
{
    struct window w;
    struct db *db = live_db(b->live, NULL);
    return db && read_window(db, c->name, &w, NULL) == 0 && w.number == block->number &&
           w.pathless_until_ms <= now_ms;
}

static int is_denied_still(const struct company *c, enum window_lane lane, int64_t now_ms)
{
    return c->denied_ms[lane] && now_ms >= c->denied_ms[lane] &&
           now_ms < c->denied_ms[lane] + ASKED_MS && now_ms < c->back_ms[lane];
}

static void keep_block(struct taking *t)
{
    struct company *c = t->c;
    int64_t end = t->now_ms + BLOCK_MS, most = window_block(&t->w);
    c->blocks[t->ask->lane] = (struct block){t->granted - 1, t->w.number, end};
    c->want = c->want * 2 < most ? c->want * 2 : most;
}

int budget_take(struct budget *b, const struct budget_ask *ask, int64_t now_ms,
                int64_t *wait_ms, struct err *e)
{
    struct company *c = company_of(b, ask->company, now_ms);
    struct block *block = block_for(c, ask, now_ms);
    if (block && !ask->resource && is_current(b, c, block, now_ms)) {
        block->permits--;
        return 1;
    }
    if (!block && is_denied_still(c, ask->lane, now_ms)) {
        *wait_ms = wait_of(c->back_ms[ask->lane], now_ms);
        return 0;
    }
    struct taking t = {.b = b, .c = c, .ask = ask, .now_ms = now_ms};
    t.block = ask->resource ? block : NULL;
    if (live_write(b->live, take, &t, e) != 0)
        return -1;
    if (t.granted > 0) {
        c->denied_ms[ask->lane] = 0;
        if (t.block)
            t.block->permits--;
        else if (!ask->search)
            keep_block(&t);
        return 1;
    }
    *wait_ms = wait_of(t.back_ms, now_ms);
    if (t.crowded) {
        c->denied_ms[ask->lane] = now_ms;
        c->back_ms[ask->lane] = t.back_ms;
    }
    return 0;
}

/* ---- answers ---- */

struct answer {
    struct company *c;
    const struct window_said *said;
    const char *resource; /* of a burst */
    int64_t retry_after_ms, now_ms;
    struct window w;
};

static int read_window_of(struct db *db, struct answer *a, struct err *e)
{
    if (read_window(db, a->c->name, &a->w, e) != 0)
        return -1;
    if (a->w.quota == 0)
        a->w = window_first(a->now_ms);
    return 0;
}

/* 1: the window changed. */
static int learn_from(struct answer *a)
{
    return window_learn(&a->w, a->said, unspent(a->c, a->w.number), a->now_ms);
}

static int learn(struct db *db, void *arg, struct err *e)
{
    struct answer *a = arg;
    if (read_window_of(db, a, e) != 0)
        return -1;
    return learn_from(a) ? write_window(db, a->c->name, &a->w, e) : 0;
}

int budget_learn(struct budget *b, const char *company, const struct window_said *said,
                 int64_t now_ms, struct err *e)
{
    struct answer a = {
        .c = company_of(b, company, now_ms), .said = said, .now_ms = now_ms};
    struct db *db = live_db(b->live, e);
    if (!db)
        return -1;
    if (read_window_of(db, &a, NULL) == 0 && !learn_from(&a))
        return 0;
    forget_denials(a.c);
    return live_write(b->live, learn, &a, e);
}

static int refuse(struct db *db, void *arg, struct err *e)
{
    struct answer *a = arg;
    if (read_window_of(db, a, e) != 0)
        return -1;
    window_refuse(&a->w, a->retry_after_ms, a->now_ms);
    return write_window(db, a->c->name, &a->w, e);
}

static int refuse_burst(struct db *db, void *arg, struct err *e)
{
    struct answer *a = arg;
    int64_t until = a->now_ms + a->retry_after_ms;
    struct burst burst;
    if (a->resource) {
        if (read_burst(db, a->c->name, a->resource, &burst, e) != 0)
            return -1;
        burst.blocked_until_ms = until;
        return write_burst(db, a->c->name, a->resource, &burst, a->now_ms, e);
    }
    if (read_window_of(db, a, e) != 0)
        return -1;
    a->w.pathless_until_ms = until;
    return write_window(db, a->c->name, &a->w, e);
}

static int64_t clamp(int64_t v, int64_t least, int64_t most)
{
    return v < least ? least : v > most ? most : v;
}

int budget_refused(struct budget *b, const char *company, const char *resource,
                   int64_t retry_after_ms, int burst, int64_t now_ms, struct err *e)
{
    int64_t unsaid = burst ? WINDOW_BURST_MS : WINDOW_MS;
    int64_t retry = retry_after_ms < 0 ? unsaid : retry_after_ms;
    struct answer a = {.c = company_of(b, company, now_ms),
                       .resource = resource,
                       .retry_after_ms = clamp(retry, burst ? 100 : 1000, RETRY_MAX_MS),
                       .now_ms = now_ms};
    forget_denials(a.c);
    return live_write(b->live, burst ? refuse_burst : refuse, &a, e);
}

/* ---- permits that were not used; the state ---- */

struct giving {
    struct company *c;
    int64_t number, permits;
};

static int give_back(struct db *db, void *arg, struct err *e)
{
    const struct giving *g = arg;
    struct window w;
    if (read_window(db, g->c->name, &w, e) != 0)
        return -1;
    return window_give_back(&w, g->number, g->permits)
               ? write_window(db, g->c->name, &w, e)
               : 0;
}

static int give_back_all(struct budget *b, int64_t now_ms, int past_only, struct err *e)
{
    struct company *c;
    SLIST_FOREACH(c, &b->companies, next)
    {
        for (int i = 0; i < WINDOW_LANES; i++) {
            struct block *block = &c->blocks[i];
            struct giving g = {c, block->number, block->permits};
            if (block->permits == 0 || (past_only && !is_past(block, now_ms)))
                continue;
            block->permits = 0;
            c->want = 1;
            forget_denials(c);
            if (live_write(b->live, give_back, &g, e) != 0)
                return -1;
        }
    }
    return 0;
}

int budget_give_back(struct budget *b, int64_t now_ms, struct err *e)
{
    return give_back_all(b, now_ms, 1, e);
}

void budget_free(struct budget *b)
{
    if (!b)
        return;
    give_back_all(b, 0, 0, NULL);
    struct company *c;
    while ((c = SLIST_FIRST(&b->companies))) {
        SLIST_REMOVE_HEAD(&b->companies, next);
        free(c->name);
        free(c);
    }
    free(b);
}

int budget_state(struct budget *b, const char *company, int64_t now_ms,
                 struct budget_state *out, struct err *e)
{
    struct window w;
    struct db *db = live_db(b->live, e);
    *out = (struct budget_state){0};
    if (!db || read_window(db, company, &w, e) != 0)
        return -1;
    int begun = w.quota != 0;
    if (!begun)
        w = window_first(now_ms);
    int over = window_roll(&w, now_ms);
    *out = (struct budget_state){
        .limit = w.quota,
        .left = window_left(&w, WINDOW_LANE_REPLY),
        .learned = (int)w.learned,
        .ends_ms = begun && !over ? w.ends_ms : 0,
        .blocked_until_ms = w.blocked_until_ms > now_ms ? w.blocked_until_ms : 0,
    };
    return 0;
}

/* ---- resources ---- */

static int is_word(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(s[i] >= 'a' && s[i] <= 'z') && !(s[i] >= '0' && s[i] <= '9'))
            return 0;
    return n > 0;
}

static int has_digit(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] >= '0' && s[i] <= '9')
            return 1;
    return 0;
}

/* Front's ids are three letters, '_' and letters or digits; its aliases begin with
 * "alt:". For other APIs a segment with a digit is an id, except a version as in "/v2/".
 */
static int is_id(const char *s, size_t n)
{
    if (n > 4 &&
        (strncmp(s, "alt:", 4) == 0 || (n > 6 && strncasecmp(s, "alt%3a", 6) == 0)))
        return 1;
    if (n > 4 && s[3] == '_' && is_word(s, 3) && is_word(s + 4, n - 4))
        return 1;
    if (s[0] == 'v' && n <= 3)
        return 0;
    return has_digit(s, n);
}

int budget_resource(const char *url, char *out, size_t size)
{
    const char *s = url[0] == '/' ? NULL : strstr(url, "://");
    s = s ? s + 3 + strcspn(s + 3, "/?#") : url;
    out[0] = '\0';
    while (*s == '/') {
        size_t n = strcspn(++s, "/?#");
        if (n == 6 && strncmp(s, "search", n) == 0)
            return 0; /* the next segment is the text that is searched for */
        if (n > 0 && is_id(s, n)) {
            snprintf(out, size, "%.*s", (int)n, s);
            return 1;
        }
        s += n;
    }
    return 0;
}
