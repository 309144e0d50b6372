#include "core/reply.h"

#include <string.h>

#include "base/str.h"
#include "core/jsontree.h"

/* Returns the part of PATH at "{conversation}" of PATTERN. Both must end alike; PATH may
 * begin with the path of an API's own address. */
static char *match_path(const char *pattern, const char *path)
{
    const char *p = pattern + strlen(pattern), *s = path + strcspn(path, "?#");
    const char *part = NULL;
    size_t len = 0;
    while (p > pattern) {
        const char *q = p, *t = s;
        while (q > pattern && q[-1] != '/')
            q--;
        while (t > path && t[-1] != '/')
            t--;
        size_t n = (size_t)(p - q), m = (size_t)(s - t);
        if (n && *q == '{') {
            if (!m)
                return NULL;
            part = t;
            len = m;
        } else if (n != m || memcmp(q, t, n) != 0) {
            return NULL;
        }
        if (q == pattern)
            break;
        if (t == path)
            return NULL;
        p = q - 1;
        s = t - 1;
    }
    return part ? xmemdup0(part, len) : NULL;
}

char *reply_to(const json_t *connector, const char *method, const char *path)
{
    const json_t *reply = json_object_get(connector, "reply");
    const char *pattern = json_text(reply, "path");
    if (!pattern || !str_eq(json_text_or(reply, "method", "POST"), method))
        return NULL;
    return match_path(pattern, path);
}
