#include "core/window.h"

enum {
    WINDOW_MAX_MS = 10 * 60 * 1000, /* a later end is an error of a clock */
    SAME_END_MS = 2000,             /* two headers this close mean the same end */
    STEP_BACK_MS = 100,
    WAIT_GRACE_MS = 1500, /* for the jitter */
    WAITING_MAX_MS = WINDOW_WAIT_MAX_MS + WAIT_GRACE_MS,
    /* One at once, and one more every 200 ms: eight processes that meet an unknown
       company, or one that has just refused them, do not flood it. */
    PROBES_AT_ONCE = 2,
    PROBE_MS = 200,
};

struct window window_first(int64_t now_ms)
{
    return (struct window){
        .quota = WINDOW_DEFAULT_LIMIT,
        .number = now_ms, /* blocks from an earlier file are void */
        .ends_ms = now_ms + WINDOW_MS,
        .probe_from_ms = now_ms,
    };
}

static int is_ahead(int64_t ms, int64_t now_ms)
{
    return ms > now_ms && ms <= now_ms + WINDOW_MAX_MS;
}

static void begin(struct window *w, int64_t ends_ms, int told)
{
    w->number++;
    w->ends_ms = ends_ms;
    w->told = told;
    w->used = 0;
    w->searches = 0;
}

int window_roll(struct window *w, int64_t now_ms)
{
    if (is_ahead(w->ends_ms, now_ms))
        return 0;
    begin(w, now_ms + WINDOW_MS, 0);
    return 1;
}

int64_t window_block(const struct window *w)
{
    return w->quota >= 40 ? w->quota / 20 : 1;
}

/* Returns the permits that LANE must leave to higher lanes. A reply that comes when all
 * are used waits for the window's end, even if it is first in line. */
static int64_t reserve(const struct window *w, enum window_lane lane)
{
    if (lane == WINDOW_LANE_BULK)
        return w->quota > 1 ? (w->quota + 9) / 10 : 0;
    return lane == WINDOW_LANE_ACTIVATION ? w->quota / 20 : 0;
}

int64_t window_left(const struct window *w, enum window_lane lane)
{
    int64_t left = w->quota - reserve(w, lane) - w->used;
    return left > 0 ? left : 0;
}

static int64_t search_share(const struct window *w)
{
    return w->quota > 2 ? w->quota * 2 / 5 : 1;
}

/* Returns how many requests may be sent now without an answer; no limit when the state is
 * known. */
static int64_t probes_left(const struct window *w, int64_t now_ms)
{
    if (w->probe_from_ms == 0 || w->probe_from_ms > now_ms + WINDOW_MAX_MS)
        return INT64_MAX;
    int64_t passed = now_ms > w->probe_from_ms ? now_ms - w->probe_from_ms : 0;
    return PROBES_AT_ONCE + passed / PROBE_MS - w->probes;
}

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int higher_waits(const struct window *w, enum window_lane lane, int64_t now_ms)
{
    for (int i = 0; i < (int)lane; i++)
        if (w->waiting_until_ms[i] > now_ms &&
            w->waiting_until_ms[i] <= now_ms + WAITING_MAX_MS)
            return 1;
    return 0;
}

int64_t window_wait(struct window *w, enum window_lane lane, int64_t wait_ms,
                    int64_t now_ms)
{
    int64_t until = now_ms + wait_ms + WAIT_GRACE_MS;
    if (lane != WINDOW_LANE_BULK && (until > w->waiting_until_ms[lane] ||
                                     w->waiting_until_ms[lane] > now_ms + WAITING_MAX_MS))
        w->waiting_until_ms[lane] = until;
    return until;
}

/* A caller that waits longer has stored its own time. */
int window_stop_waiting(struct window *w, enum window_lane lane, int64_t until_ms)
{
    if (lane == WINDOW_LANE_BULK || until_ms == 0 ||
        w->waiting_until_ms[lane] != until_ms)
        return 0;
    w->waiting_until_ms[lane] = 0;
    return 1;
}

int64_t window_grant(struct window *w, enum window_lane lane, int search, int64_t want,
                     int64_t now_ms, int64_t *back_ms)
{
    int64_t left = window_left(w, lane), probes = probes_left(w, now_ms);
    if (is_ahead(w->blocked_until_ms, now_ms))
        return *back_ms = w->blocked_until_ms, 0;
    if (left == 0 || (search && w->searches >= search_share(w)))
        return *back_ms = w->ends_ms, 0;
    if (higher_waits(w, lane, now_ms))
        return *back_ms = now_ms + STEP_BACK_MS, 0;
    if (probes <= 0)
        return *back_ms = now_ms + PROBE_MS, 0;
    /* near the end one at a time: other processes need the rest */
    int64_t n = min(min(want, window_block(w)), left >= 16 ? left / 8 : 1);
    if (search || probes != INT64_MAX)
        n = 1;
    w->used += n;
    w->searches += search ? n : 0;
    w->probes += probes != INT64_MAX ? n : 0;
    return n;
}

int window_give_back(struct window *w, int64_t number, int64_t permits)
{
    if (number != w->number || permits == 0)
        return 0;
    w->used = w->used > permits ? w->used - permits : 0;
    return 1;
}

/* Raises the count, never lowers it: the answer may be older than requests sent since.
 * The company is assumed to have seen them; if it did not, the next answer says so. */
static int raise_used(struct window *w, int64_t used)
{
    if (used <= w->used)
        return 0;
    w->used = used;
    return 1;
}

/* A reset in whole seconds may be rounded down. Asking too early gives every client a
 * 429; asking a second late costs nothing. */
static int64_t safe_end(int64_t reset_ms)
{
    return reset_ms + (reset_ms % 1000 == 0 ? 1000 : 250);
}

static int learn_end(struct window *w, int64_t reset_ms)
{
    int64_t end = safe_end(reset_ms);
    int64_t off = end - w->ends_ms;
    if (w->told && off >= -SAME_END_MS && off <= SAME_END_MS)
        return 0;
    if (w->told && off > 0)
        begin(w, end, 1);
    w->ends_ms = end;
    w->told = 1;
    return 1;
}

static int learn_limit(struct window *w, int64_t limit)
{
    if (limit <= 0 || (w->learned && limit == w->quota))
        return 0;
    if (w->learned && limit == WINDOW_NO_LIMIT)
        return 0; /* one answer without headers does not lift a limit */
    if (w->quota == WINDOW_NO_LIMIT) /* blocks were large: make them void */
        begin(w, w->ends_ms, w->told);
    w->quota = limit;
    w->learned = 1;
    return 1;
}

static int stop_probing(struct window *w)
{
    if (w->probe_from_ms == 0)
        return 0;
    w->probe_from_ms = 0;
    w->probes = 0;
    return 1;
}

int window_learn(struct window *w, const struct window_said *said, int64_t unspent,
                 int64_t now_ms)
{
    int64_t number = w->number;
    int changed = learn_limit(w, said->limit);
    /* a late answer of an earlier window says nothing about this one */
    if (is_ahead(w->blocked_until_ms, now_ms) ||
        (said->reset_ms >= 0 && said->reset_ms <= now_ms))
        return changed;
    if (said->limit == WINDOW_NO_LIMIT && w->quota == WINDOW_NO_LIMIT)
        return changed | stop_probing(w);
    if (said->remaining < 0 && said->reset_ms < 0)
        return changed;
    changed |= window_roll(w, now_ms);
    if (is_ahead(said->reset_ms, now_ms))
        changed |= learn_end(w, said->reset_ms);
    if (said->remaining < 0)
        return changed;
    int64_t seen = said->remaining < w->quota ? w->quota - said->remaining : 0;
    changed |= raise_used(w, seen + (number == w->number ? unspent : 0));
    return said->remaining > 0 ? changed | stop_probing(w) : changed;
}

/* Starts the next window when the company allows requests again, with probes: they show
 * whether its whole limit is available. */
void window_refuse(struct window *w, int64_t retry_after_ms, int64_t now_ms)
{
    int64_t until = now_ms + retry_after_ms;
    if (is_ahead(w->blocked_until_ms, now_ms) && w->blocked_until_ms > until)
        until = w->blocked_until_ms;
    w->number++; /* makes the blocks of all processes void */
    w->blocked_until_ms = until;
    w->used = w->quota;
    w->ends_ms = until;
    w->told = 0;
    w->probe_from_ms = until;
    w->probes = 0;
}
