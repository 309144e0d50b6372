/* Everything that reads text from outside or scripts' sources without Lua.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -std=c11 -D_GNU_SOURCE -Isrc \
 *     tests/fuzz/fuzz_text.c src/vm/lua_lines.c
 * src/base/{text,html,html_names,csv,when,url,buf,err,str}.c \ -o fuzz_text
 *   ./fuzz_text -max_total_time=60 corpus/
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/html.h"
#include "base/str.h"
#include "base/text.h"
#include "base/textfile.h"
#include "base/url.h"
#include "base/when.h"
#include "vm/lua_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
    if (!ok)
        abort();
}

static void fuzz_html(const char *s, size_t len)
{
    char *out = malloc(len ? len : 1); /* exact, so that ASan sees one byte too many */
    char *plain = malloc(HTML_TEXT_MAX(len) ? HTML_TEXT_MAX(len) : 1);
    check(html_text(s, len, plain) <= HTML_TEXT_MAX(len));
    free(plain);
    check(url_unescape(s, len, out) <= (long)len);
    free(out);
    struct buf b;
    buf_init(&b, 1 << 20);
    text_add_paragraphs(&b, s, len);
    buf_reset(&b);
    url_add_escaped(&b, s, len);
    char *back = malloc(b.len + 1);
    check(url_unescape(buf_str(&b), b.len, back) == (long)len);
    check(memcmp(back, s, len) == 0);
    free(back);
    buf_free(&b);
}

static void fuzz_csv(const char *s, size_t len)
{
    struct err e;
    enum csv_read read;
    long line = 0;
    struct buf text;
    struct csv *c = malloc(sizeof *c);
    buf_init(&text, len);
    buf_add(&text, s, len);
    if (textfile_clean_lines(&text, "CSV", &e) == 0 &&
        csv_open(c, buf_str(&text), text.len, &e) == 0) {
        while ((read = csv_next(c, &e)) != CSV_END && read != CSV_UNUSABLE) {
            check(c->line > line);
            line = c->line;
            for (size_t i = 0; read == CSV_ROW && i < c->nfields; i++) {
                char *out = malloc(c->fields[i].len ? c->fields[i].len : 1);
                check(csv_unquote(&c->fields[i], out) <= c->fields[i].len);
                free(out);
            }
        }
    }
    buf_free(&text);
    free(c);
}

static void on_token(void *arg, enum lua_lines_kind kind, const char *s, size_t len,
                     int line)
{
    (void)arg;
    check(kind <= LUA_LINES_MARK && line >= 1 && (len == 0 || memchr(s, s[0], len)));
}

static void fuzz_where(const char *s, size_t len)
{
    const char *colon = len ? memchr(s, ':', len) : NULL;
    if (colon) {
        char *path = xmemdup0(s, (size_t)(colon - s));
        check(lua_lines_line(colon, len - (size_t)(colon - s), path) >= 1);
        free(path);
    }
    lua_lines_tokens(s, len, on_token, NULL);
}

static void fuzz_when(const char *s, size_t len)
{
    int64_t seconds;
    int32_t ns;
    struct buf b;
    char *text = xmemdup0(s, len), duration[64];
    buf_init(&b, 4096);
    if (when_parse(text, &seconds, &ns, NULL) == 0 && seconds < 253402300800 &&
        seconds >= -62135596800) {
        int64_t again;
        check(when_format(&b, "%Y-%m-%dT%H:%M:%SZ", seconds, NULL) == 0);
        check(when_parse(b.data, &again, &ns, NULL) == 0 && again == seconds);
    }
    when_format(&b, text, len, NULL);
    when_format_duration((double)len * 1e9, duration);
    free(text);
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const char *s = (const char *)data + 1;
    switch (data[0] % 4) {
    case 0:
        fuzz_html(s, size - 1);
        break;
    case 1:
        fuzz_csv(s, size - 1);
        break;
    case 2:
        fuzz_where(s, size - 1);
        break;
    default:
        fuzz_when(s, size - 1);
    }
    return 0;
}
