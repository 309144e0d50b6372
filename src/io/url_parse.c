#include "io/url_parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/str.h"

static int refuse(struct err *e, const char *url, const char *why)
{
    return err_set(e, ERR_INVALID, "cannot use the URL %.200s: %s", url, why);
}

/* Returns what follows HOST in AUTHORITY, or NULL when HOST does not stand there as it
 * was read: libcurl decodes "%61", rewrites numbers and takes "path" for the host of
 * "https:///path". */
static const char *after_host(const char *authority, const char *host)
{
    size_t n = strlen(host);
    if (strncasecmp(authority, host, n) != 0 || strchr(host, '%'))
        return NULL;
    return strchr(":/?#", authority[n]) ? authority + n : NULL;
}

/* Reads ":8443" at P, which may be missing, into OUT. Returns what follows, or NULL. */
static const char *read_port(const char *p, struct url_parts *out)
{
    if (*p != ':')
        return p;
    char *end;
    long port = isdigit((unsigned char)p[1]) ? strtol(p + 1, &end, 10) : 0;
    if (port < 1 || port > 65535 || !strchr("/?#", *end))
        return NULL;
    out->port = (int)port;
    out->port_given = 1;
    return end;
}

/* Returns the host of URL as libcurl reads it with FLAGS, for curl_free; NULL with *RC
 * when libcurl refuses the URL. */
static char *read_host(const char *url, unsigned flags, CURLUcode *rc)
{
    char *host = NULL;
    CURLU *u = curl_url();
    *rc = u ? curl_url_set(u, CURLUPART_URL, url, flags) : CURLUE_OUT_OF_MEMORY;
    if (*rc == CURLUE_OK)
        *rc = curl_url_get(u, CURLUPART_HOST, &host, 0);
    curl_url_cleanup(u);
    return host;
}

int url_is_clean(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7f)
            return 0;
    return 1;
}

char *url_host(const char *url)
{
    CURLUcode rc;
    char *read = read_host(url, 0, &rc), *host = xstrdup(read ? read : "");
    curl_free(read);
    return host;
}

int url_parse(const char *url, struct url_parts *out, struct err *e)
{
    *out = (struct url_parts){0};
    int is_https = str_starts(url, "https://");
    if (!is_https && !str_starts(url, "http://"))
        return refuse(e, url, "it must begin with https://");
    if (!url_is_clean(url))
        return refuse(e, url, "white space and control characters must be encoded");
    CURLUcode rc;
    char *host = read_host(url, CURLU_DISALLOW_USER, &rc);
    if (rc == CURLUE_BAD_PORT_NUMBER)
        return refuse(e, url, "its port is malformed");
    const char *rest = host ? after_host(url + (is_https ? 8 : 7), host) : NULL;
    struct url_parts parts = {.port = is_https ? 443 : 80};
    const char *why = rest ? NULL : "its host is malformed";
    if (rest && !(parts.rest = read_port(rest, &parts)))
        why = "its port is malformed";
    if (!why) {
        parts.scheme = xstrdup(is_https ? "https" : "http");
        parts.host = xstrdup(host);
        for (char *p = parts.host; *p; p++)
            *p = (char)tolower((unsigned char)*p);
        *out = parts;
    }
    curl_free(host);
    return why ? refuse(e, url, why) : 0;
}
