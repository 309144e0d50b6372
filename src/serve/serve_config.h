/* serve_config: what `foyer serve` has loaded of a workspace: its settings, clients and
 * connectors, all checked, and what follows from them. A reload opens a new one beside
 * the old one, which is freed when the consents that it has begun have ended. */
#ifndef FOYER_SERVE_CONFIG_H
#define FOYER_SERVE_CONFIG_H

#include <stddef.h>

#include "workspace/workspace.h"
#include "base/err.h"
#include "io/httpd.h"
#include "io/loop.h"

struct serve_config;

/* Opens the live releases, or with DEV 1 the files of the workspace DIR. Checks every
 * file of settings: ERR_SETTINGS names file, line and field. The settings of clients
 * whose files are the same as for BEFORE (may be NULL) are taken from it. A client whose
 * settings have a mistake is left out with a line of the log; with DEV 1 and BEFORE it is
 * an error: what was loaded before serves that client better. */
struct serve_config *serve_config_open(const char *dir, struct serve_config *before,
                                       int dev, struct loop *loop, struct err *e);
/* Ends the consents that are under way. NULL is fine. */
void serve_config_free(struct serve_config *config);
struct workspace *serve_config_workspace(struct serve_config *config);
size_t serve_config_clients(const struct serve_config *config); /* their number */
/* The directories of clients whose files differ from those of BEFORE, as a new array of
 * names; NULL: what all clients share differs. */
json_t *serve_config_changed(const struct serve_config *config,
                             const struct serve_config *before);
/* 1: the files of the workspace are not those that LAST (may be NULL) has stamps of.
 * Takes LAST and sets it to the new stamps. For DEV 1. */
int serve_config_stale(const struct serve_config *config, json_t **last);
/* Logs which clients run another release than in BEFORE. */
void serve_config_tell_moves(const struct serve_config *config,
                             const struct serve_config *before);
/* foyer.lua's listen, or the default. */
const char *serve_config_listen(const struct serve_config *config);
/* 1 and the absolute paths of tls_certificate and tls_key, borrowed; 0: the server speaks
 * HTTP. */
int serve_config_tls(const struct serve_config *config, struct httpd_tls *out);

/* 1: an app redirects the browser to PATH after a consent. */
int serve_config_is_callback(const struct serve_config *config, const char *path);
/* Takes over R, a GET to such a path. */
void serve_config_consent(struct serve_config *config, struct httpd_request *r);
/* The number of consents that are not answered yet. */
int serve_config_busy(const struct serve_config *config);

#endif
