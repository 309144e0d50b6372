#include "core/connection.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/crypto.h"

void connection_free(struct connection *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->nhosts; i++)
        free(c->hosts[i]);
    free(c->hosts);
    free(c->app);
    free(c->company);
    free(c->name);
    free(c->base);
    free(c->oauth_url);
    crypto_free_text(c->token);
    free(c);
}

char *connection_command(const char *client, const char *app)
{
    int plain = strcmp(app, "front") == 0; /* the default of --app */
    return xasprintf("foyer connect %s%s%s", client, plain ? "" : " --app ",
                     plain ? "" : app);
}

int host_is_address(const char *host)
{
    struct in_addr v4;
    return host[0] == '[' || inet_pton(AF_INET, host, &v4) == 1;
}

/* Returns whether all programs read HOST alike. libcurl would turn a U+2105 in a name
 * into "c/o", or refuse other characters. */
static int is_plain_name(const char *host)
{
    static const char used[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789-_.";
    size_t len = strlen(host);
    return len <= 253 && strspn(host, used) == len && host[0] != '.' &&
           !strstr(host, "..");
}

int host_matches(const char *pattern, const struct url_parts *u)
{
    const char *colon = strrchr(pattern, ':');
    if (colon && strchr(colon, ']'))
        colon = NULL;
    size_t len = colon ? (size_t)(colon - pattern) : strlen(pattern);
    if (colon) {
        int64_t port;
        if (str_parse_int(colon + 1, &port) != 0 || port != u->port)
            return 0;
    } else if (u->port_given ? u->port != 443 : strcmp(u->scheme, "https") != 0) {
        return 0;
    }
    /* plain http only for a host that was named with its port */
    if (strcmp(u->scheme, "https") != 0 && !colon)
        return 0;
    size_t host_len = strlen(u->host);
    if (pattern[0] == '*' && pattern[1] == '.')
        return host_len > len - 1 && is_plain_name(u->host) &&
               strncasecmp(u->host + host_len - (len - 1), pattern + 1, len - 1) == 0;
    return host_len == len && strncasecmp(u->host, pattern, len) == 0;
}

int connection_move(struct connection *c, const struct url_parts *u)
{
    size_t i = 0;
    while (i < c->nhosts && !host_matches(c->hosts[i], u))
        i++;
    if (i == c->nhosts)
        return 0;
    const char *path = strchr(strstr(c->base, "://") + 3, '/');
    char port[16] = "";
    if (u->port_given)
        snprintf(port, sizeof port, ":%d", u->port);
    char *base = xasprintf("%s://%s%s%s", u->scheme, u->host, port, path ? path : "");
    free(c->base);
    c->base = base;
    return 1;
}
