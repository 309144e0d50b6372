#include "base/text.h"

#include <string.h>

static int is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void text_trim(const char **s, size_t *len)
{
    while (*len && is_space((unsigned char)**s)) {
        ++*s;
        --*len;
    }
    while (*len && is_space((unsigned char)(*s)[*len - 1]))
        --*len;
}

size_t text_prefix(const char *s, size_t len, size_t n, int *cut)
{
    size_t i = 0;
    for (; i < len; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80 && n-- == 0)
            break;
    *cut = i < len;
    return i;
}

int text_add_html(struct buf *out, const char *s, size_t len)
{
    static const char marks[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    size_t run = 0;
    for (size_t i = 0; i < len; i++) {
        const char *mark = s[i] ? strchr(marks, s[i]) : NULL;
        if (!mark)
            continue;
        if (buf_add(out, s + run, i - run) != 0 ||
            buf_adds(out, entities[mark - marks]) != 0)
            return -1;
        run = i + 1;
    }
    return buf_add(out, s + run, len - run);
}

int text_add_paragraphs(struct buf *out, const char *s, size_t len)
{
    const char *p = s, *end = s + len;
    int open = 0;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *line = p;
        size_t n = (size_t)((newline ? newline : end) - p);
        p = newline ? newline + 1 : end;
        text_trim(&line, &n);
        if (n == 0) {
            if (open && buf_adds(out, "</p>") != 0)
                return -1;
            open = 0;
            continue;
        }
        if (buf_adds(out, open ? "<br>" : "<p>") != 0 || text_add_html(out, line, n) != 0)
            return -1;
        open = 1;
    }
    return open ? buf_adds(out, "</p>") : 0;
}
