#include "api/redirect.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/printable.h"
#include "base/str.h"

enum { SHOWN_MAX = 200 };

/* The length of "scheme://host:port" in an absolute address. */
static size_t place_len(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    return (size_t)(host - url) + strcspn(host, "/?#");
}

char *redirect_url(const char *url, const char *location, const char *prefix)
{
    const char *from = prefix ? strstr(url, prefix) : NULL;
    const char *to = prefix ? strstr(location, prefix) : NULL;
    if (from && to && from[-1] == '/') {
        size_t old_len = strcspn(from, "/?#"), new_len = strcspn(to, "/?#");
        return xasprintf("%.*s%.*s%s", (int)(from - url), url, (int)new_len, to,
                         from + old_len);
    }
    if (location[0] != '/' || location[1] == '/')
        return xstrdup(location);
    return xasprintf("%.*s%s", (int)place_len(url), url, location);
}

int redirect_is_same_place(const char *a, const char *b)
{
    size_t n = place_len(a);
    return n == place_len(b) && strncasecmp(a, b, n) == 0;
}

char *redirect_shown(const char *location, int hidden)
{
    size_t len = hidden ? place_len(location) : strcspn(location, "?#");
    return printable_copy(location, len < SHOWN_MAX ? len : SHOWN_MAX, 0);
}
