/* channel: requests of app channels, which expect an answer in their own form. The
 * connector's `webhooks.channel` describes it; ingest sends it. */
#ifndef FOYER_CHANNEL_H
#define FOYER_CHANNEL_H

#include <jansson.h>
#include <stdint.h>

#include "serve/hooks.h"
#include "base/err.h"
#include "base/jsonpick.h"

enum { CHANNEL_PICKS = 2 + HOOK_PATHS };

struct channel_said {
    int is_one; /* by its type or its subject. A request that names a company is a webhook
                   even so */
    char type[64];
    char conversation[128]; /* "" when it names none */
};

/* Sets the paths to find in a body, for jsonpick_find and then channel_read. */
void channel_picks(const struct hook_app *app, struct jsonpick picks[CHANNEL_PICKS]);
void channel_read(const struct hook_app *app, const struct jsonpick picks[CHANNEL_PICKS],
                  struct channel_said *out);
/* Sets OUT for a DELETE, whose body is not signed. */
void channel_read_deleted(struct channel_said *out);

/* Returns the answer as a new tree, without the delivery's id. URL may be NULL. NULL with
 * a sentence for the remote app when there is no answer to this type. */
json_t *channel_prepare(const struct hook_app *app, const struct channel_said *said,
                        const char *url, struct err *e);
/* Sets the delivery's id in ANSWER. */
void channel_complete(json_t *answer, int64_t delivery);
/* Returns the answer that refuses a request, as a new tree. */
json_t *channel_refusal(const struct hook_app *app, const char *why);

#endif
