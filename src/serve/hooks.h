/* hooks: which URLs below /hooks/ there are, what a request to each must be signed with,
 * and which companies are connected: kept in memory, so that the common request costs no
 * read of the store.
 *
 * Settings and connectors are those of its workspace handle, for good. Secrets and
 * connections are read again when they are a minute old, and when a signature or a
 * company is not known: a burst of ten, then once a second. One thread. */
#ifndef FOYER_HOOKS_H
#define FOYER_HOOKS_H

#include <stddef.h>
#include <stdint.h>

#include "workspace/workspace.h"
#include "base/err.h"
#include "core/sign.h"

struct hooks;

enum { HOOK_PATHS = 4 };

struct hook_app { /* what the connector says of its webhooks; NULL: nothing */
    const char *signature, *company;
    const char *challenge, *challenge_answer;
    const char *type, *event, *conversation;
    const json_t *channel; /* its `webhooks.channel` */
    const char *channel_type, *channel_about, *channel_deleted;
    const char *channel_conversation[HOOK_PATHS];
};

struct hook {
    const char *path;                   /* "/hooks/acme/front" */
    const char *app, *client, *trigger; /* of the path; the last two may be NULL */
    const struct hook_app *about;
};

struct hooks *hooks_new(struct workspace *w); /* borrowed */
void hooks_free(struct hooks *h);             /* NULL is fine */

/* Lent until hooks_free. NULL with ERR_NOT_FOUND when there is no such app, client or
 * trigger; another kind when its settings cannot be used. */
const struct hook *hooks_find(struct hooks *h, const char *path, struct err *e);
/* Notes the use of the secret that fits. -1: no key that is known made the signature, and
 * the keys cannot be read now. */
int hooks_verify(struct hooks *h, const struct hook *hook, const struct sign_request *r,
                 struct sign_result *result, struct err *e);
/* Why RESULT, neither SIGN_OK nor SIGN_STALE, is what it is, for the agency; lent until
 * the next call. */
const char *hooks_explain(struct hooks *h, const struct hook *hook,
                          const struct sign_request *r, const struct sign_result *result);
/* 1 when a client's connection to the hook's app is COMPANY's. */
int hooks_has_company(struct hooks *h, const struct hook *hook, const char *company);
/* 0 and a sentence in E (ERR_FORBIDDEN) when the hook's client has another company. */
int hooks_fits_company(struct hooks *h, const struct hook *hook, const char *company,
                       struct err *e);
/* public_url with the hook's path, as a new string; NULL when foyer.lua names none. */
char *hooks_url(struct hooks *h, const struct hook *hook);

#endif
