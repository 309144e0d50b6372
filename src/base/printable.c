#include "base/printable.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/str.h"

static int is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
}

/* Unicode's Bidi_Control, and the byte order mark */
static int is_direction(uint32_t c)
{
    return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

int printable_add(struct buf *out, const char *s, size_t len, int lines)
{
    int rc = 0;
    for (size_t i = 0; i < len && rc == 0;) {
        uint32_t c;
        size_t n = str_get_utf8(s + i, len - i, &c);
        if (n == 0)
            rc = buf_adds(out, "\xef\xbf\xbd");
        else if (is_control(c) && !(lines && (c == '\n' || c == '\t')))
            rc = buf_addc(out, ' ');
        else if (!is_direction(c))
            rc = buf_add(out, s + i, n);
        i += n ? n : 1;
    }
    return rc;
}

char *printable_json(const char *s, size_t len)
{
    struct buf out;
    buf_init(&out, 6 * len + 1);
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = str_get_utf8(s + i, len - i, &c);
        if (n > 0 &&
            (is_control(c) || is_direction(c))) /* all of them are in the first plane */
            buf_addf(&out, "\\u%04x", (unsigned)c);
        else
            buf_add(&out, s + i, n ? n : 1);
        i += n ? n : 1;
    }
    return buf_take(&out, NULL);
}

char *printable_copy(const char *s, size_t len, int lines)
{
    struct buf out;
    buf_init(&out, 3 * len + 1);
    printable_add(&out, s, len, lines);
    return buf_take(&out, NULL);
}

/* Makes characters UTF-8 in any locale of the user, and leaves numbers as in C. Called
 * only for text outside of ASCII: it reads the locale's files. */
static void set_locale(void)
{
    static int is_set;
    if (is_set)
        return;
    is_set = 1;
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, "");
}

/* Returns the length of the next character, and its columns in *WIDTH. */
static size_t next_char(const char *s, mbstate_t *state, size_t *width)
{
    wchar_t c;
    if ((unsigned char)*s < 0x80) {
        *width = *s >= ' ' && *s < 0x7f;
        return 1;
    }
    set_locale();
    size_t n = mbrtowc(&c, s, MB_CUR_MAX, state);
    if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
        memset(state, 0, sizeof *state);
        *width = 1;
        return 1;
    }
    int w = wcwidth(c);
    *width = w > 0 ? (size_t)w : 0;
    return n;
}

size_t printable_width(const char *s)
{
    size_t width = 0, w;
    mbstate_t state = {0};
    while (*s) {
        s += next_char(s, &state, &w);
        width += w;
    }
    return width;
}

void printable_cut(char *s, size_t width)
{
    if (printable_width(s) <= width)
        return;
    size_t used = 0, w;
    mbstate_t state = {0};
    while (*s) {
        size_t n = next_char(s, &state, &w);
        if (used + w > width - 1)
            break;
        used += w;
        s += n;
    }
    memcpy(s, "…", sizeof "…");
}
