#include "io/httpc_check.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "io/addr.h"
#include "io/url_parse.h"

enum { URL_MAX = 64 << 10, SHOWN_MAX = 300, METHOD_MAX = 32, HEADER_MAX = 64 << 10 };

/* Returns what follows "http://" or "https://", or NULL. */
static const char *after_scheme(const char *url)
{
    if (strncasecmp(url, "http://", 7) == 0)
        return url + 7;
    return strncasecmp(url, "https://", 8) == 0 ? url + 8 : NULL;
}

/* Returns "host:port" within URL, without a user and password, and sets its LEN. Returns
 * NULL when URL is neither http:// nor https://. */
static const char *find_authority(const char *url, size_t *len)
{
    const char *rest = after_scheme(url);
    if (!rest)
        return NULL;
    const char *end = rest + strcspn(rest, "/?#"),
               *at = memrchr(rest, '@', (size_t)(end - rest));
    const char *authority = at ? at + 1 : rest;
    *len = (size_t)(end - authority);
    return authority;
}

char *httpc_check_shown(const char *url)
{
    size_t authority_len;
    const char *authority = find_authority(url, &authority_len);
    if (!authority)
        return xstrdup("a URL that is neither http:// nor https://");
    const char *path = authority + authority_len, *more = "";
    size_t path_len = strcspn(path, "?#");
    if (authority_len > SHOWN_MAX)
        authority_len = SHOWN_MAX;
    if (path_len > SHOWN_MAX) {
        path_len = SHOWN_MAX;
        more = "...";
    }
    char *shown = xasprintf("%.*s%.*s%.*s%s", (int)(after_scheme(url) - url), url,
                            (int)authority_len, authority, (int)path_len, path, more);
    for (char *p = shown; *p;
         p++) /* a malformed URL must not disturb a line or a terminal */
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    return shown;
}

char *httpc_check_host(const char *url)
{
    size_t len;
    const char *host = find_authority(url, &len);
    if (!host)
        return xstrdup("");
    const char *end = memchr(host, *host == '[' ? ']' : ':', len);
    return xmemdup0(host, end ? (size_t)(end - host) + (*end == ']') : len);
}

static int is_token_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c)); /* RFC 9110, 5.6.2 */
}

static int check_method(const char *m, struct err *e)
{
    size_t n = m ? strlen(m) : 0;
    if (n > 0 && n <= METHOD_MAX && strspn(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == n)
        return 0;
    size_t shown = 0; /* the part that fits into a sentence */
    while (shown < n && shown < METHOD_MAX && m[shown] > ' ' && m[shown] < 0x7f)
        shown++;
    return err_set(e, ERR_INVALID,
                   "cannot send a request: its method \"%.*s\" is not like \"GET\", in "
                   "capitals",
                   (int)shown, m ? m : "");
}

static int check_header(const char *line, const char *m, const char *shown, struct err *e)
{
    /* With these headers a script could smuggle a second request past a proxy, or send a
     * token to a host that the URL does not name. */
    static const char *const ours[] = {"Host",
                                       "Content-Length",
                                       "Transfer-Encoding",
                                       "Connection",
                                       "Upgrade",
                                       "Expect",
                                       "TE",
                                       "Trailer",
                                       "Keep-Alive",
                                       "Proxy-Authorization",
                                       "Proxy-Connection"};
    size_t n = 0;
    while (is_token_char(line[n]))
        n++;
    if (n == 0 || line[n] != ':')
        return err_set(e, ERR_INVALID, "cannot %s %s: a header's name is malformed", m,
                       shown);
    for (const char *p = line + n; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return err_set(e, ERR_INVALID,
                           "cannot %s %s: the header %.*s holds a control character", m,
                           shown, (int)n, line);
    if (strlen(line) > HEADER_MAX)
        return err_set(e, ERR_INVALID, "cannot %s %s: the header %.*s is too long", m,
                       shown, n > 100 ? 100 : (int)n, line);
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (strlen(ours[i]) == n && strncasecmp(ours[i], line, n) == 0)
            return err_set(e, ERR_INVALID,
                           "cannot %s %s: the header %s cannot be given, the HTTP client "
                           "sets it",
                           m, shown, ours[i]);
    return 0;
}

int httpc_check_request(const struct httpc_request *r, const char *shown, struct err *e)
{
    if (check_method(r->method, e) != 0)
        return -1;
    const char *m = r->method, *rest = after_scheme(r->url);
    if (!rest || strcspn(rest, "/?#") == 0)
        return err_set(e, ERR_INVALID, "cannot %s %s: this is not an absolute URL", m,
                       shown);
    if (strlen(r->url) > URL_MAX)
        return err_set(e, ERR_INVALID, "cannot %s %s: the URL is longer than 64 KiB", m,
                       shown);
    if (!url_is_clean(r->url))
        return err_set(e, ERR_INVALID,
                       "cannot %s %s: the URL holds a space or control character; "
                       "percent-encode it",
                       m, shown);
    if (str_eq(m, "HEAD") && (r->body || r->nparts))
        return err_set(e, ERR_INVALID, "cannot HEAD %s: HEAD has no body", shown);
    if (r->body && r->nparts)
        return err_set(e, ERR_INVALID,
                       "cannot %s %s: a body and parts exclude each other", m, shown);
    for (size_t i = 0; i < r->nheaders; i++)
        if (check_header(r->headers[i], m, shown, e) != 0)
            return -1;
    return 0;
}

int httpc_check_is_loopback(const char *host)
{
    return str_ieq(host, "localhost") || str_starts(host, "127.") ||
           str_eq(host, "[::1]");
}

int httpc_check_is_private(const char *url)
{
    char *host = url_host(url);
    int is_private = addr_text_is_private(host) || httpc_check_is_loopback(host);
    free(host);
    return is_private;
}

int httpc_check_is_hashed_dir(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d)
        return 0;
    int found = 0;
    const struct dirent *entry;
    while (!found && (entry = readdir(d)))
        found = strspn(entry->d_name, "0123456789abcdef") == 8 &&
                entry->d_name[8] == '.' && isdigit((unsigned char)entry->d_name[9]);
    closedir(d);
    return found;
}
