/* connection: one authorised company of one app, as a run uses it, and the rules for
 * which URL may get its token. Opens no sockets. */
#ifndef FOYER_CONNECTION_H
#define FOYER_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/url.h"

struct connection {
    char *app;     /* "front" */
    char *company; /* "cmp_…" */
    char *name;    /* the company's */
    char *base;    /* "https://api2.frontapp.com", without a slash at the end */
    char *
        *hosts; /* the hosts that may get the token: "host", "host:port" or "*.suffix" */
    size_t nhosts;
    char *token;        /* wiped when freed; never shown to a script or a log */
    int64_t version;    /* of the stored token */
    int64_t created_ms; /* of its row; a connection made again has another one */
    int refreshable;    /* 0: a static token */
    int reconnect;      /* 1: the grant was revoked, a person must connect again */
    int64_t expires_ms, obtained_ms; /* Unix; 0: unknown */
    int64_t retry_ms; /* Unix; after a failed refresh: do not refresh before */
    int64_t refused;  /* the version that the API answered with 401, or 0 */
    char *oauth_url;  /* of the token endpoint; NULL: the connector's */
};

void connection_free(struct connection *c);
/* Returns the command that connects CLIENT to APP, "foyer connect acme --app shop". The
 * caller frees it. */
char *connection_command(const char *client, const char *app);
/* Gives C's base the scheme, host and port of U and returns 1, when one of C's hosts
 * covers U. Else changes nothing and returns 0: the token goes to no other host. */
int connection_move(struct connection *c, const struct url_parts *u);

/* Returns 1 when PATTERN covers U: "hooks.slack.com", "127.0.0.1:8099" or
 * "*.api.frontapp.com". A pattern without a port covers https on the default port only.
 * Plain http needs a pattern with a port. "*." covers only names of letters, digits, '-'
 * and '_'. */
int host_matches(const char *pattern, const struct url_parts *u);
/* Returns 1 when HOST is a literal IP address. */
int host_is_address(const char *host);

#endif
