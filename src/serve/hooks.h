/* hooks: the URLs below /hooks/, the keys that sign requests to each, and the connected
 * companies, kept in memory: most requests read nothing from the store.
 *
 * Settings and connectors are those of the workspace handle and do not change. Secrets
 * and connections are read again when they are a minute old. They are also read when a
 * signature or a company is unknown, at most ten times in a burst, then once a second.
 * For one thread. */
#ifndef FOYER_HOOKS_H
#define FOYER_HOOKS_H

#include <stddef.h>
#include <stdint.h>

#include "workspace/workspace.h"
#include "base/err.h"
#include "core/sign.h"

struct hooks;

enum { HOOK_PATHS = 4 };

struct hook_app { /* the connector's `webhooks`; NULL where it has no such member */
    const char *signature, *company;
    const char *challenge, *challenge_answer;
    const char *type, *event, *conversation;
    const json_t *channel; /* its `webhooks.channel` */
    const char *channel_type, *channel_about, *channel_deleted;
    const char *channel_conversation[HOOK_PATHS];
};

struct hook {
    const char *path;                   /* "/hooks/acme/front" */
    const char *app, *client, *trigger; /* from the path; the last two may be NULL */
    const struct hook_app *about;
};

struct hooks *hooks_new(struct workspace *w); /* borrowed */
void hooks_free(struct hooks *h);             /* NULL is fine */

/* Returns the hook of PATH, borrowed until hooks_free. NULL with ERR_NOT_FOUND when there
 * is no such app, client or trigger; with another kind when its settings cannot be used.
 */
const struct hook *hooks_find(struct hooks *h, const char *path, struct err *e);
/* Verifies R's signature, and notes the use of the secret that made it. -1: no key in
 * memory made it, and the keys cannot be read now. */
int hooks_verify(struct hooks *h, const struct hook *hook, const struct sign_request *r,
                 struct sign_result *result, struct err *e);
/* Returns a sentence for the agency that explains RESULT, which is neither SIGN_OK nor
 * SIGN_STALE; borrowed until the next call. */
const char *hooks_explain(struct hooks *h, const struct hook *hook,
                          const struct sign_request *r, const struct sign_result *result);
/* 1: a client is connected to COMPANY in the hook's app. */
int hooks_has_company(struct hooks *h, const struct hook *hook, const char *company);
/* 1, or 0 with ERR_FORBIDDEN when the hook's client has another company. */
int hooks_fits_company(struct hooks *h, const struct hook *hook, const char *company,
                       struct err *e);
/* Returns public_url with the hook's path, as a new string; NULL when foyer.lua has no
 * public_url. */
char *hooks_url(struct hooks *h, const struct hook *hook);

#endif
