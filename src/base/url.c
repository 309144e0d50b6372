#include "base/url.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static int is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

int url_add_escaped(struct buf *out, const char *s, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t run = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (is_unreserved(c))
            continue;
        char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
        if (buf_add(out, s + run, i - run) != 0 || buf_add(out, escape, 3) != 0)
            return -1;
        run = i + 1;
    }
    return buf_add(out, s + run, len - run);
}

long url_unescape(const char *s, size_t len, char *out)
{
    char *o = out;
    for (size_t i = 0; i < len; i++) {
        if (s[i] != '%') {
            *o++ = s[i];
        } else {
            if (len - i < 3 || str_unhex(s + i + 1, 2, (unsigned char *)o) != 0)
                return -1;
            o++;
            i += 2;
        }
    }
    return o - out;
}

void url_parts_fini(struct url_parts *u)
{
    free(u->scheme);
    free(u->host);
    *u = (struct url_parts){0};
}
