#include "ops/selection.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/when.h"
#include "core/words.h"
#include "ops/rollback.h"

enum { LIMIT_MAX = 1000000, NAMES_MAX = 512 };

static const char retrying[] = "retrying", undelivered[] = "undelivered";

/* ---- reading what was typed ---- */

/* "90m" or "2026-11-22T10:00:00Z" to Unix milliseconds. */
static int read_since(const char *word, int64_t *ms, struct err *e)
{
    int64_t back, seconds;
    int32_t ns;
    int is_number =
        word[strspn(word, "0123456789")] == '\0'; /* 20260101 is not a duration */
    if (!is_number && str_parse_duration(word, &back) == 0) {
        *ms = clock_wall_ms() - back;
        return 0;
    }
    if (when_parse(word, &seconds, &ns, e) == 0) {
        *ms = seconds * 1000 + ns / 1000000;
        return 0;
    }
    return err_set(
        e, ERR_USAGE,
        "cannot read \"%.60s\" as a time: a duration such as 90m, 2h or 3d, or "
        "2026-11-22, or 2026-11-22T10:00:00Z",
        word);
}

int selection_id(const char *word, const char *noun, int64_t *id, struct err *e)
{
    size_t n = strlen(noun);
    const char *digits =
        strncmp(word, noun, n) == 0 && word[n] == ' ' ? word + n + 1 : word;
    if (*digits >= '0' && *digits <= '9' && str_parse_int(digits, id) == 0 && *id > 0)
        return 0;
    return err_set(e, ERR_USAGE,
                   "\"%.60s\" is not the id of a %s: `foyer %s list` shows them", word,
                   noun, str_eq(noun, "run") ? "runs" : "events");
}

/* The words first, then the precise names that are no word: both may be typed. */
static const char *const *state_names(enum selection_of of, size_t *n)
{
    static const char *names[SELECTION_STATES];
    *n = 0;
    for (int i = 0; words_nth(i); i++)
        if (of == SELECTION_RUNS || words_nth(i) == words_find(WORD_FAILED))
            names[(*n)++] = words_nth(i);
    if (of == SELECTION_RUNS) {
        for (int i = 0; i < LEDGER_STATES; i++)
            if (i != LEDGER_WAITING) /* the word has it */
                names[(*n)++] = ledger_state_name((enum ledger_state)i);
        names[(*n)++] = retrying;
        names[(*n)++] = undelivered;
    } else {
        for (int i = 0; i < DELIVERY_STATES; i++)
            names[(*n)++] = delivery_state_name((enum delivery_state)i);
    }
    return names;
}

static int unknown_state(const char *word, const char *const *names, size_t n,
                         struct err *e)
{
    struct buf list;
    const char *near = str_nearest(word, names, n);
    buf_init(&list, 1024);
    for (size_t i = 0; i < n; i++)
        buf_addf(&list, "%s%s", i ? ", " : "", names[i]);
    err_set(e, ERR_USAGE, "there is no state \"%.40s\"%s%s%s: %s", word,
            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "",
            buf_str(&list));
    buf_free(&list);
    return -1;
}

static int read_states(struct selection *s, enum selection_of of, struct err *e)
{
    size_t n;
    const char *const *names = state_names(of, &n);
    char *rest = s->state_words = xstrdup(s->state), *word;
    while ((word = strsep(&rest, ","))) {
        size_t i = 0;
        const char *said = words_find(word) ? words_find(word) : word;
        while (i < n && strcmp(names[i], said) != 0)
            i++;
        if (i == n)
            return unknown_state(word, names, n, e);
        if (s->nstates < SELECTION_STATES)
            s->states[s->nstates++] = names[i];
    }
    return 0;
}

static int has_clients(const struct selection *s)
{
    return s->clients && choice_is_given(s->clients);
}

static int read_ids(struct selection *s, enum selection_of of, const char *const *words,
                    size_t n, struct err *e)
{
    s->ids = xcalloc(n + 1, sizeof *s->ids);
    for (size_t i = 0; i < n; i++)
        if (selection_id(words[i], of == SELECTION_RUNS ? "run" : "delivery",
                         &s->ids[s->nids++], e) != 0)
            return -1;
    if (s->nids &&
        (has_clients(s) || s->recipe || s->state || s->since || s->release || s->limit))
        return err_set(
            e, ERR_USAGE,
            "either ids, or clients, --recipe, --state, --since, --release and "
            "--limit");
    return 0;
}

int selection_read(struct selection *s, enum selection_of of, const char *const *words,
                   size_t n, int max, struct err *e)
{
    int64_t limit = max;
    if (read_ids(s, of, words, n, e) != 0 || (s->state && read_states(s, of, e) != 0) ||
        (s->since && read_since(s->since, &s->since_ms, e) != 0) ||
        (s->release && rollback_id(s->release, &s->of_release, e) != 0))
        return -1;
    if (s->limit &&
        (str_parse_int(s->limit, &limit) != 0 || limit < 1 || limit > LIMIT_MAX))
        return err_set(e, ERR_USAGE, "--limit is a number from 1 to %d", LIMIT_MAX);
    s->max = (int)limit;
    return 0;
}

void selection_fini(struct selection *s)
{
    free(s->ids);
    free(s->state_words);
}

int selection_is_all(const struct selection *s)
{
    return !s->nids && !has_clients(s) && !s->recipe && !s->state && !s->since &&
           !s->release && !s->limit;
}

/* ---- names ---- */

struct names {
    const char *wanted;
    char *list[NAMES_MAX];
    size_t n;
    int found;
    struct overlay *overlay;
};

static void add_recipe(void *arg, const char *file)
{
    struct names *names = arg;
    size_t len = strlen(file);
    if (len < 5 || strcmp(file + len - 4, ".lua") != 0)
        return;
    char *name = xmemdup0(file, len - 4);
    names->found |= strcmp(name, names->wanted) == 0;
    if (names->n < NAMES_MAX)
        names->list[names->n++] = name;
    else
        free(name);
}

static void add_recipes_of(void *arg, const char *client)
{
    struct names *names = arg;
    overlay_each(names->overlay, client, "recipes", add_recipe, names);
}

/* Without CLIENT a recipe that only one client has is found too. */
static int check_recipe(struct workspace *w, const char *client, const char *recipe,
                        struct err *e)
{
    struct names names = {.wanted = recipe, .overlay = workspace_overlay(w)};
    add_recipes_of(&names, client);
    if (!client)
        workspace_each_client(w, add_recipes_of, &names);
    const char *near = str_nearest(recipe, (const char *const *)names.list, names.n);
    char *file = xasprintf("recipes/%s.lua", recipe);
    if (!names.found &&
        !overlay_is_only_on_disk(names.overlay, client, file, OVERLAY_CLIENT, e))
        err_set(e, ERR_NOT_FOUND,
                "there is no recipe \"%.64s\"%s%s%s; `foyer recipes` lists them", recipe,
                near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    free(file);
    for (size_t i = 0; i < names.n; i++)
        free(names.list[i]);
    return names.found ? 0 : -1;
}

int selection_check(struct workspace *w, const char *client, const char *recipe,
                    struct err *e)
{
    /* a client whose settings cannot be read still has runs to show and to pause */
    if (client && !workspace_has_client(w, client)) {
        workspace_client(w, client, e);
        return -1;
    }
    return recipe ? check_recipe(w, client, recipe, e) : 0;
}

/* ---- finding the rows ---- */

static int wants(const struct selection *s, const char *state, const char *word)
{
    for (size_t i = 0; i < s->nstates; i++)
        if (str_eq(s->states[i], state) || str_eq(s->states[i], word))
            return 1;
    return s->nstates == 0;
}

/* The name of a run's precise state that may be typed: "waiting" is a word, for more. */
static const char *typed_state(const struct ledger_run *run)
{
    return run->state == LEDGER_WAITING ? "" : report_run_state(run);
}

struct picking {
    const struct selection *s;
    const struct report *report;
    ledger_run_fn *run;
    delivery_fn *delivery;
    void *arg;
    int n, stopped;
};

static int pick_run(void *arg, const struct ledger_run *run)
{
    struct picking *p = arg;
    if (!choice_has(p->s->clients, run->client))
        return 0;
    if (!wants(p->s, typed_state(run), report_run_word(p->report, run)) &&
        !(run->undelivered && wants(p->s, undelivered, undelivered)))
        return 0;
    p->stopped = p->run(p->arg, run) != 0;
    return p->stopped || (p->s->max && ++p->n >= p->s->max);
}

/* Returns 1 when a run in STATE may be one of those that S selects. */
static int may_be(const struct selection *s, enum ledger_state state)
{
    const char *name = ledger_state_name(state), *word = words_of(name);
    for (size_t i = 0; i < s->nstates; i++) {
        const char *want = s->states[i];
        if (str_eq(want, name) || str_eq(want, word) ||
            (str_eq(want, retrying) && state == LEDGER_QUEUED) ||
            (str_eq(want, WORD_PAUSED) && str_eq(word, WORD_WAITING)))
            return 1;
    }
    return 0;
}

int selection_runs(const struct selection *s, struct report *report, ledger_run_fn *fn,
                   void *arg, struct err *e)
{
    struct picking p = {.s = s, .report = report, .run = fn, .arg = arg};
    struct ledger_filter filter = {.client = choice_only(s->clients),
                                   .recipe = s->recipe,
                                   .since_ms = s->since_ms,
                                   .release = s->of_release};
    int states[LEDGER_STATES];
    for (size_t i = 0; i < s->nids; i++)
        if (ledger_read(report_db(report), s->ids[i], fn, arg, e) != 0)
            return -1;
    if (s->nids)
        return 0;
    for (int i = 0; s->nstates && i < LEDGER_STATES; i++)
        if (may_be(s, (enum ledger_state)i))
            states[filter.nstates++] = i;
    filter.states = states;
    for (size_t i = 0; i < s->nstates; i++)
        filter.undelivered |=
            str_eq(s->states[i], undelivered) || str_eq(s->states[i], WORD_NEEDS_YOU);
    return ledger_each(report_db(report), &filter, pick_run, &p, e);
}

static int pick_delivery(void *arg, const struct delivery *d)
{
    struct picking *p = arg;
    const char *state = delivery_state_name(d->state);
    if (!report_is_for(p->report, d, p->s->clients) ||
        !wants(p->s, state, words_of(state)))
        return 0;
    p->stopped = p->delivery(p->arg, d) != 0;
    return p->stopped || (p->s->max && ++p->n >= p->s->max);
}

int selection_deliveries(const struct selection *s, struct report *report,
                         delivery_fn *fn, void *arg, struct err *e)
{
    struct picking p = {.s = s, .report = report, .delivery = fn, .arg = arg};
    struct inbox_filter filter = {.client = choice_only(s->clients),
                                  .since_ms = s->since_ms,
                                  .state = -1,
                                  .limit = LIMIT_MAX};
    struct selection one = {.nstates = 0};
    if (filter.client)
        filter.companies = report_companies(report, filter.client, &filter.ncompanies);
    if (s->nstates == 1)
        filter.state = delivery_state_find(
            str_eq(s->states[0], WORD_FAILED) ? "dead" : s->states[0]);
    for (size_t i = 0; i < s->nids; i++) {
        p = (struct picking){.s = &one, .report = report, .delivery = fn, .arg = arg};
        struct inbox_filter by_id = {.id = s->ids[i], .state = -1, .limit = 1};
        one.max = 1;
        if (inbox_each(report_db(report), &by_id, pick_delivery, &p, e) != 0)
            return -1;
        if (p.n == 0 && !p.stopped)
            return err_set(e, ERR_NOT_FOUND, "there is no delivery %lld",
                           (long long)s->ids[i]);
    }
    return s->nids ? 0 : inbox_each(report_db(report), &filter, pick_delivery, &p, e);
}
