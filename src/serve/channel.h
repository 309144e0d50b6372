/* channel: app channels, whose requests want an answer of their own, as the connector's
 * `webhooks.channel` words it. It answers nothing itself. */
#ifndef FOYER_CHANNEL_H
#define FOYER_CHANNEL_H

#include <jansson.h>
#include <stdint.h>

#include "serve/hooks.h"
#include "base/err.h"
#include "base/jsonpick.h"

enum { CHANNEL_PICKS = 2 + HOOK_PATHS };

struct channel_said {
    int is_one; /* its type, or what it is about, says so; if it names a company it is a
                   webhook all the same */
    char type[64];
    char conversation[128]; /* "" when it names none */
};

/* Fills in the paths that tell: for jsonpick_find, then channel_read. */
void channel_picks(const struct hook_app *app, struct jsonpick picks[CHANNEL_PICKS]);
void channel_read(const struct hook_app *app, const struct jsonpick picks[CHANNEL_PICKS],
                  struct channel_said *out);
/* A DELETE says nothing that is signed. */
void channel_read_deleted(struct channel_said *out);

/* The answer, a new tree, complete but for the delivery's id. URL may be NULL. NULL with
 * a sentence for the remote app when it cannot be given. */
json_t *channel_prepare(const struct hook_app *app, const struct channel_said *said,
                        const char *url, struct err *e);
void channel_complete(json_t *answer, int64_t delivery);
json_t *channel_refusal(const struct hook_app *app, const char *why);

#endif
