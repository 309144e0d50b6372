/* connection: one authorised company of one app, as a run uses it, and the question
 * whether a URL may be asked, with the token or without. It opens no sockets. */
#ifndef FOYER_CONNECTION_H
#define FOYER_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/url.h"

struct connection {
    char *app;     /* "front" */
    char *company; /* "cmp_…" */
    char *name;    /* the company's */
    char *base;    /* "https://api2.frontapp.com", no slash at the end */
    char **hosts;  /* where the token may go: "host", "host:port" or "*.suffix" */
    size_t nhosts;
    char *token;        /* wiped when freed; never shown to a script or a log */
    int64_t version;    /* the stored token's */
    int64_t created_ms; /* of its row: removed and made anew, it is another one */
    int refreshable;    /* 0: a static token */
    int reconnect;      /* 1: the grant is gone */
    int64_t expires_ms, obtained_ms; /* unix; 0: unknown */
    int64_t retry_ms;                /* unix; a refresh failed: not again before */
    int64_t refused;                 /* the version that the API answered 401 to, or 0 */
    char *oauth_url;                 /* of the token endpoint; NULL: the connector's */
};

void connection_free(struct connection *c);
/* The command that connects CLIENT to APP, "foyer connect acme --app shop"; freed by the
 * caller. */
char *connection_command(const char *client, const char *app);
/* Gives C's base the scheme, host and port of U and returns 1, when one of C's hosts
 * covers U. Else changes nothing and returns 0: the token goes to no other host. */
int connection_move(struct connection *c, const struct url_parts *u);

/* 1 when PATTERN ("hooks.slack.com", "127.0.0.1:8099", "*.api.frontapp.com") covers U. A
 * pattern without a port means the scheme's default port, https only, unless it is a
 * literal loopback or private address with a port. A "*." covers names of letters,
 * digits,
 * '-' and '_' alone. */
int host_matches(const char *pattern, const struct url_parts *u);
/* 1 when HOST is a literal IP address. */
int host_is_address(const char *host);

#endif
