#include "cli/page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/printable.h"
#include "base/str.h"
#include "base/text.h"
#include "core/jsontree.h"

enum { PAGE_MAX = 64 << 20 };

/* The policy forbids what the page does not have anyway: scripts, and other hosts. */
static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name=\"robots\" content=\"noindex\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n";
static const char style[] =
    "<style>\n"
    "body { font: 11pt/1.45 Georgia, serif; color: #222; max-width: 44em; margin: 2em "
    "auto; padding: 0 1em; }\n"
    "h1 { font-size: 1.5em; margin-bottom: .2em; } h2 { font-size: 1.15em; margin-top: "
    "2em; border-top: 1px solid #ccc; padding-top: 1em; }\n"
    "p.small, footer, time, .of { color: #666; font-size: .85em; }\n"
    "ol { list-style: none; padding: 0; } li { margin: 0 0 1em; padding-left: 1em; "
    "border-left: 3px solid #ddd; break-inside: avoid; }\n"
    "li.wrote { border-color: #5a7fb5; } li.sent, li.person, li.other { border-color: "
    "#5a9a5a; } li.problem, li.unheard { border-color: #c06060; }\n"
    "time { display: block; } blockquote { margin: .4em 0 0; padding: .5em .8em; "
    "background: #f5f5f3; white-space: pre-wrap; overflow-wrap: anywhere; }\n"
    "@media print { body { margin: 0; max-width: none; } }\n"
    "</style>\n";

/* Appends TEXT so that it is text in HTML, in an attribute too, and without control
 * characters. */
static void add_text(struct buf *out, const char *text)
{
    char *shown = printable_copy(text, strlen(text), 1);
    (void)text_add_html(out, shown, strlen(shown));
    free(shown);
}

/* Appends <TAG CLASS>TEXT</TAG>; CLASS NULL: none. Nothing for TEXT NULL. */
static void add_part(struct buf *out, const char *tag, const char *class,
                     const char *text)
{
    if (!text)
        return;
    buf_addf(out, "<%s", tag);
    if (class)
        buf_addf(out, " class=\"%s\"", class);
    buf_adds(out, ">");
    add_text(out, text);
    buf_addf(out, "</%s>\n", tag);
}

static void add_templates(struct buf *out, const json_t *item)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(item, "templates"), i, row)
    {
        char *text = timeline_template(row);
        add_part(out, "p", "small", text);
        free(text);
    }
}

static void add_item(struct buf *out, const json_t *item, const struct timeline *t)
{
    static const char *const kinds[] = {"wrote",  "unheard", "decided", "sent",   "did",
                                        "person", "other",   "wait",    "problem"};
    const char *kind = json_text_or(item, "kind", ""), *class = "";
    char at[40];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(kind, kinds[i]))
            class = kinds[i];
    timeline_format(t, timeline_ms(item, "at"), at);
    buf_addf(out, "<li class=\"%s\">", class);
    add_part(out, "time", NULL, at);
    add_text(out, json_text_or(item, "text", ""));
    add_part(out, "blockquote", NULL, json_text(item, "quote"));
    add_templates(out, item);
    if (json_text(item, "body_hash")) {
        buf_adds(out, "<p class=\"small\">The text is not kept any more; its SHA-256: ");
        add_text(out, json_text_or(item, "body_hash", ""));
        buf_adds(out, "</p>\n");
    }
    buf_adds(out, "</li>\n");
}

static void add_conversation(struct buf *out, const json_t *tree,
                             const struct timeline *t)
{
    const char *subject = json_text(tree, "subject"),
               *id = json_text(tree, "conversation");
    size_t i;
    json_t *item;
    add_part(out, "h2", NULL, subject ? subject : id ? id : "Without a conversation");
    add_part(out, "p", "small", subject ? id : NULL);
    buf_adds(out, "<p>");
    json_array_foreach(json_object_get(tree, "summary"), i, item)
    {
        buf_adds(out, i ? " " : "");
        add_text(out, json_string_value(item));
    }
    buf_adds(out, "</p>\n");
    if (json_text(tree, "note")) {
        buf_adds(out, "<p class=\"small\">Told from what foyer has stored: ");
        add_text(out, json_text_or(tree, "note", ""));
        buf_adds(out, "</p>\n");
    }
    buf_adds(out, "<ol>\n");
    json_array_foreach(json_object_get(tree, "items"), i, item)
    {
        add_item(out, item, t);
    }
    buf_adds(out, "</ol>\n");
}

static void make(struct buf *out, const json_t *tree, const struct timeline *t)
{
    const char *what = json_text_or(tree, "what", ""),
               *name = json_text_or(tree, "name", "");
    char now[40];
    size_t i;
    json_t *one;
    timeline_format(t, clock_wall_ms(), now);
    buf_adds(out, head);
    buf_adds(out, "<title>");
    add_text(out, what);
    buf_adds(out, ", ");
    add_text(out, name);
    buf_adds(out, "</title>\n");
    buf_adds(out, style);
    buf_adds(out, "</head>\n<body>\n");
    add_part(out, "h1", NULL, what);
    buf_adds(out, "<p class=\"small\">");
    add_text(out, name);
    buf_adds(out, "; times in ");
    add_text(out, t->zone_name);
    buf_adds(out, "</p>\n");
    json_array_foreach(json_object_get(tree, "conversations"), i, one)
    {
        add_conversation(out, one, t);
    }
    if (json_is_true(json_object_get(tree, "more")))
        buf_adds(out, "<p>There is more; these are the newest.</p>\n");
    buf_adds(out, "<footer>Made by foyer, ");
    add_text(out, now);
    buf_adds(out, "</footer>\n</body>\n</html>\n");
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

int page_write(const char *path, const json_t *tree, const struct timeline *t,
               struct err *e)
{
    struct buf out;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return err_set(e, ERR_CONFLICT, "%s is there: name another file, or remove it",
                       path);
    if (fd < 0)
        return err_set(e, ERR_INVALID, "cannot write %s: %s", path, strerror(errno));
    buf_init(&out, PAGE_MAX);
    make(&out, tree, t);
    int rc = out.data && write_all(fd, out.data, out.len) == 0 ? 0 : -1;
    if (rc != 0)
        err_set(e, ERR_INVALID, "cannot write %s: %s", path, strerror(errno));
    if (close(fd) != 0 && rc == 0)
        rc = err_set(e, ERR_INVALID, "cannot write %s: %s", path, strerror(errno));
    if (rc != 0)
        unlink(path);
    buf_free(&out);
    return rc;
}
