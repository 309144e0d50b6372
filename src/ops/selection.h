/* selection: which runs or deliveries a command is about: those that it names by their
 * ids, or those that --client, --recipe, --state and --since describe. */
#ifndef FOYER_SELECTION_H
#define FOYER_SELECTION_H

#include <stddef.h>
#include <stdint.h>

#include "cli/cli.h"
#include "ops/report.h"

enum { SELECTION_STATES = 24 };

struct selection {
    const char *client, *recipe, *state, *since, *limit; /* as typed; NULL: not */
    int64_t *ids; /* what follows is filled in by selection_read */
    size_t nids;
    const char *states[SELECTION_STATES]; /* names that are wanted; none: any */
    size_t nstates;
    char *state_words;
    int64_t since_ms;
    int max; /* 0: no limit */
};

enum selection_of { OF_RUNS, OF_DELIVERIES };

/* Ids are REST's words from FROM on. ERR_USAGE, or ERR_NOT_FOUND with the nearest name.
 * MAX holds unless --limit says otherwise. */
int selection_read(struct selection *s, enum selection_of of, struct workspace *w,
                   const struct cli_list *rest, size_t from, int max, struct err *e);
void selection_fini(struct selection *s);
/* 1: neither ids nor a filter: everything is meant. */
int selection_is_all(const struct selection *s);

/* Newest first, ids in the order in which they were given; one of these that is not there
 * is ERR_NOT_FOUND. */
int selection_runs(const struct selection *s, struct report *story, ledger_run_fn *fn,
                   void *arg, struct err *e);
int selection_deliveries(const struct selection *s, struct report *story, delivery_fn *fn,
                         void *arg, struct err *e);

/* A client or a recipe that somebody names who wants to change something there: when it
 * does not exist that is a slip. NULL is fine. */
int selection_check(struct workspace *w, const char *client, const char *recipe,
                    struct err *e);
/* "90m" or "2026-11-22T10:00:00Z" to Unix milliseconds. */
int selection_since(const char *word, int64_t now_ms, int64_t *ms, struct err *e);
/* "12", also "run 12" and "delivery 12" in one word. */
int selection_id(const char *word, const char *noun, int64_t *id, struct err *e);

#endif
