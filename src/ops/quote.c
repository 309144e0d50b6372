#include "ops/quote.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/html.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "ops/report.h"

enum { QUOTE_MAX = 16 * 1024 };

/* 1 where a tag ends a line: HTML is at its '<'. */
static int ends_line(const char *html)
{
    static const char *const tags[] = {"<br", "</p", "</div", "</li", "</tr", "</h"};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (strncasecmp(html, tags[i], strlen(tags[i])) == 0)
            return 1;
    return 0;
}

/* Appends the text of HTML, with the lines that its paragraphs are. */
static void add_html(struct buf *out, const char *html)
{
    while (*html) {
        size_t len = strcspn(html, "<");
        while (html[len] && !ends_line(html + len))
            len += 1 + strcspn(html + len + 1, "<");
        char *line = xmalloc(HTML_TEXT_MAX(len) + 1);
        size_t n = html_text(html, len, line);
        if (n)
            buf_add(out, line, n);
        buf_addc(out, '\n');
        free(line);
        html += len;
        html += strcspn(html, ">");
        html += *html == '>';
    }
}

void quote_set(json_t *item, const char *text, int is_html)
{
    struct buf out;
    buf_init(&out, 4 * QUOTE_MAX);
    if (is_html)
        add_html(&out, text);
    else
        buf_adds(&out, text);
    const char *from = buf_str(&out);
    from += strspn(from, " \t\r\n");
    size_t len = strlen(from);
    int is_cut = len > QUOTE_MAX;
    if (is_cut)
        for (len = QUOTE_MAX; len > 0 && ((unsigned char)from[len] & 0xc0) == 0x80;)
            len--;
    while (len > 0 && strchr(" \t\r\n", from[len - 1]))
        len--;
    char *quote = xasprintf("%.*s%s", (int)len, from, is_cut ? " […]" : "");
    if (*quote)
        report_set_text(item, "quote", quote);
    free(quote);
    buf_free(&out);
}

void quote_message(json_t *item, const json_t *message)
{
    const char *text = json_text(message, "text"), *html = json_text(message, "html");
    if (text)
        quote_set(item, text, 0);
    else if (html)
        quote_set(item, html, 1);
}

void quote_body(json_t *item, const json_t *body)
{
    const char *html = json_text(body, "body"), *text = json_text(body, "text");
    if (html)
        quote_set(item, html, 1);
    else if (text)
        quote_set(item, text, 0);
    else if (json_is_string(body))
        quote_set(item, json_string_value(body), 0);
}
