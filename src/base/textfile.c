#include "base/textfile.h"

#include <string.h>

#include "base/path.h"
#include "base/str.h"

static int has_mark(const struct buf *text, const char *mark, size_t len)
{
    return text->len >= len && memcmp(text->data, mark, len) == 0;
}

/* Returns the name of an encoding that is refused, or NULL. UTF-16 without a byte order
 * mark has a NUL as one of its first two bytes, if it begins with an ASCII letter. */
static const char *foreign_encoding(const struct buf *text)
{
    if (has_mark(text, "\xff\xfe\0\0", 4) || has_mark(text, "\0\0\xfe\xff", 4))
        return "UTF-32";
    if (has_mark(text, "\xff\xfe", 2) || has_mark(text, "\xfe\xff", 2))
        return "UTF-16";
    if (text->len >= 2 && !text->data[0] != !text->data[1])
        return "UTF-16";
    return NULL;
}

/* Drops the byte order mark and makes all line ends LF, in place. */
static void unify(struct buf *text)
{
    const char *p = text->data, *end = p + text->len;
    char *out = text->data;
    if (has_mark(text, "\xef\xbb\xbf", 3))
        p += 3;
    else if (!memchr(p, '\r', text->len))
        return;
    while (p < end) {
        const char *cr = memchr(p, '\r', (size_t)(end - p));
        size_t n = (size_t)((cr ? cr : end) - p);
        memmove(out, p, n);
        out += n;
        if (!cr)
            break;
        *out++ = '\n';
        p = cr + (cr + 1 < end && cr[1] == '\n' ? 2 : 1);
    }
    text->len = (size_t)(out - text->data);
    text->data[text->len] = '\0';
}

static long line_of(const struct buf *text, const char *at)
{
    long line = 1;
    for (const char *p = text->data; (p = memchr(p, '\n', (size_t)(at - p))); p++)
        line++;
    return line;
}

int textfile_clean_lines(struct buf *text, const char *name, struct err *e)
{
    if (text->len == 0)
        return 0;
    if (has_mark(text, "\033Lua", 4))
        return err_set(e, ERR_SCRIPT, "cannot load %s: it is compiled Lua, not text",
                       name);
    const char *foreign = foreign_encoding(text);
    if (foreign)
        return err_set(e, ERR_INVALID, "cannot read %s: it is %s; save the file as UTF-8",
                       name, foreign);
    unify(text);
    const char *nul = memchr(text->data, '\0', text->len);
    if (nul)
        return err_set(e, ERR_INVALID,
                       "cannot read %s:%ld: it holds a NUL byte, which no text has; save "
                       "the file as text, in UTF-8",
                       name, line_of(text, nul));
    return 0;
}

int textfile_clean(struct buf *text, const char *name, struct err *e)
{
    if (textfile_clean_lines(text, name, e) != 0)
        return -1;
    size_t good = str_utf8_prefix(buf_str(text), text->len);
    if (good == text->len)
        return 0;
    const char *bad = text->data + good;
    return err_set(e, ERR_INVALID,
                   "cannot read %s:%ld: it is not UTF-8 (byte 0x%02x); save the file as "
                   "UTF-8",
                   name, line_of(text, bad), (unsigned char)*bad);
}

int textfile_read_below(const char *dir, const char *name, const char *shown,
                        struct buf *out, struct err *e)
{
    return path_read_below(dir, name, shown, out, e) == 0 ? textfile_clean(out, shown, e)
                                                          : -1;
}
