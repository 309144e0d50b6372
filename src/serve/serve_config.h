/* serve_config: what `foyer serve` has loaded of a workspace: its settings, clients and
 * connectors, all checked, and what follows from them. A reload makes a new one beside
 * the old one, which lives on until what it has begun has ended. */
#ifndef FOYER_SERVE_CONFIG_H
#define FOYER_SERVE_CONFIG_H

#include <stddef.h>

#include "auth/grant.h"
#include "workspace/workspace.h"
#include "base/err.h"
#include "io/httpd.h"
#include "io/loop.h"

struct serve_config;

/* Loads every file of settings, so that a mistake in any is found now: ERR_SETTINGS names
 * file, line and field. */
struct serve_config *serve_config_open(const char *dir, struct loop *loop, struct err *e);
/* Ends the consents that are under way. NULL is fine. */
void serve_config_free(struct serve_config *site);
struct workspace *serve_config_workspace(struct serve_config *site);
size_t
serve_config_clients(const struct serve_config *site); /* how many clients it has */
/* foyer.lua's listen, or the default. */
const char *serve_config_listen(const struct serve_config *site);
/* 1 and the files of tls_certificate and tls_key, lent by SITE, as absolute paths; 0: it
 * speaks HTTP. */
int serve_config_tls(const struct serve_config *site, struct httpd_tls *out);

/* 1: PATH is where an app sends people back to after their consent. */
int serve_config_is_callback(const struct serve_config *site, const char *path);
/* Takes R, a GET to such a path, over. */
void serve_config_consent(struct serve_config *site, struct httpd_request *r);
/* Consents that are not answered yet. */
int serve_config_busy(const struct serve_config *site);

#endif
