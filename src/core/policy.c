#include "core/policy.h"

#include "base/str.h"
#include "core/jsontree.h"

enum { FIRST_MS = 1000, LONGEST_MS = 60 * 60 * 1000, SPREAD_MS = 1000 };

const struct policy policy_default = {
    .attempts = 8, .looks_ms = {15 * 1000, 60 * 1000, 5 * 60 * 1000}, .nlooks = 3};

void policy_read(struct policy *p, const json_t *tree)
{
    const json_t *attempts = json_object_get(tree, "attempts");
    const json_t *give_up = json_object_get(tree, "give_up");
    const char *uncertain = json_text(tree, "uncertain");
    int64_t ms;
    if (json_is_integer(attempts) && json_integer_value(attempts) > 0)
        p->attempts = (int)json_integer_value(attempts);
    if (json_is_number(give_up) && json_number_value(give_up) > 0)
        p->give_up_ms = (int64_t)(json_number_value(give_up) * 1000);
    else if (json_is_string(give_up) &&
             str_parse_duration(json_string_value(give_up), &ms) == 0)
        p->give_up_ms = ms;
    if (uncertain)
        p->resend = str_eq(uncertain, "resend");
}

void policy_read_looks(struct policy *p, const json_t *list)
{
    int64_t looks[POLICY_LOOKS_MAX];
    size_t n = json_array_size(list);
    if (n == 0 || n > POLICY_LOOKS_MAX)
        return;
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (!text || str_parse_duration(text, &looks[i]) != 0)
            return;
    }
    for (size_t i = 0; i < n; i++)
        p->looks_ms[i] = looks[i];
    p->nlooks = (int)n;
}

/* Returns the longest wait after a number of failures in a row: 4 s, 16 s, 64 s, ... 1 h.
 * Eight attempts take an hour or more, longer than most outages. */
static int64_t reach_ms(int failures)
{
    int64_t ms = FIRST_MS;
    for (int i = 0; i < failures && ms < LONGEST_MS; i++)
        ms *= 4;
    return ms < LONGEST_MS ? ms : LONGEST_MS;
}

static int64_t in_range(int64_t least, int64_t most, uint64_t random)
{
    return least + (int64_t)(random % (uint64_t)(most - least + 1));
}

int policy_retry(const struct policy *p, const struct err *e, int64_t now_ms,
                 uint64_t random, struct policy_failures *f, int64_t *due_ms,
                 struct err *why)
{
    int costs = e->kind != ERR_RATE_LIMITED || e->status != 0;
    if (!f->first_ms)
        f->first_ms = now_ms;
    f->count += costs;
    *why = *e;
    if (f->count >= p->attempts && costs) {
        err_prefix(why, "given up after %d attempt%s", f->count,
                   f->count == 1 ? "" : "s");
        return 0;
    }
    int64_t wait = in_range(FIRST_MS, reach_ms(f->count), random);
    if (e->retry_after_ms >= wait) /* spread: other runs wait for the same time */
        wait = e->retry_after_ms + in_range(0, SPREAD_MS, random >> 32);
    *due_ms = now_ms + wait;
    if (p->give_up_ms && *due_ms - f->first_ms > p->give_up_ms) {
        int64_t s = p->give_up_ms / 1000;
        err_prefix(why, "given up: the retry policy ends %lld s after the first failure",
                   (long long)s);
        return 0;
    }
    return 1;
}

int64_t policy_look(const struct policy *p, int look, int64_t sent_ms, int64_t now_ms)
{
    if (look >= p->nlooks)
        return -1;
    /* the clock was ahead when the write was sent */
    int64_t due = (sent_ms < now_ms ? sent_ms : now_ms) + p->looks_ms[look];
    return due > now_ms ? due : now_ms;
}
