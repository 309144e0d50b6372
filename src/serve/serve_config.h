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

struct site;

/* Loads every file of settings, so that a mistake in any is found now: ERR_SETTINGS names
 * file, line and field. */
struct site *site_open(const char *dir, struct loop *loop, struct err *e);
/* Ends the consents that are under way. NULL is fine. */
void site_free(struct site *site);
struct workspace *site_workspace(struct site *site);
size_t site_clients(const struct site *site); /* how many clients it has */
/* foyer.lua's listen, or the default. */
const char *site_listen(const struct site *site);
/* 1 and the files of tls_certificate and tls_key, lent by SITE, as absolute paths; 0: it
 * speaks HTTP. */
int site_tls(const struct site *site, struct httpd_tls *out);

/* 1: PATH is where an app sends people back to after their consent. */
int site_is_callback(const struct site *site, const char *path);
/* Takes R, a GET to such a path, over. */
void site_consent(struct site *site, struct httpd_request *r);
/* Consents that are not answered yet. */
int site_busy(const struct site *site);

#endif
