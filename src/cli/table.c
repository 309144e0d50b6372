#include "cli/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/printable.h"
#include "base/str.h"
#include "base/text.h"
#include "core/jsontree.h"

enum { CELL_MAX = 800, ALIGNED_MAX = 64, WIDTH_MIN = 20 /* a time */ };

static int is_time(const char *path)
{
    return str_ends(path, "_at") || str_ends(path, "_since") || str_eq(path, "since");
}

static void add_text(struct buf *out, const char *s, size_t len)
{
    int more;
    printable_add(out, s, text_prefix(s, len, CELL_MAX, &more), 0);
    if (more)
        buf_adds(out, "…");
}

/* Returns the text of a cell, a new block. It is one line: text that came with a mail
 * must not move the cursor. */
static char *cell_text(const json_t *value, const char *path)
{
    struct buf out;
    buf_init(&out, 64 * 1024);
    if (json_is_string(value)) {
        add_text(&out, json_string_value(value), json_string_length(value));
    } else if (json_is_number(value) && is_time(path)) {
        time_t t = (time_t)json_number_value(value);
        struct tm tm;
        char text[32];
        if (gmtime_r(&t, &tm) &&
            strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm) > 0)
            buf_adds(&out, text);
    } else if (json_is_array(value) && (json_array_size(value) == 0 ||
                                        json_is_string(json_array_get(value, 0)))) {
        size_t i;
        json_t *item;
        json_array_foreach(value, i, item)
        {
            if (!json_is_string(item))
                continue;
            buf_adds(&out, out.len ? ", " : "");
            add_text(&out, json_string_value(item), json_string_length(item));
        }
    } else if (value && !json_is_null(value)) {
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
        add_text(&out, text ? text : "", text ? strlen(text) : 0);
        free(text);
    }
    size_t len;
    char *s = buf_take(&out, &len);
    return xrealloc(s, len + 8); /* room for printable_cut */
}

static size_t terminal_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

/* Narrows the widest columns until all of them fit into ROOM, except the first column and
 * paths, which people copy. */
static void fit(size_t *widths, const json_t *columns, size_t room)
{
    size_t n = json_array_size(columns), used = 2 * n - 2;
    for (size_t c = 0; c < n; c++)
        used += widths[c];
    while (used > room) {
        size_t widest = 0;
        for (size_t c = 1; c < n; c++)
            if (!str_eq(json_string_value(json_array_get(columns, c)), "path") &&
                (!widest || widths[c] > widths[widest]))
                widest = c;
        if (!widest || widths[widest] <= WIDTH_MIN)
            return;
        widths[widest]--;
        used--;
    }
}

static void print_cell(const char *s, size_t width, int last)
{
    size_t own = printable_width(s);
    fputs(s, stdout);
    if (last)
        return;
    for (size_t i = own; i < (own > width ? own : width) + 2; i++)
        putchar(' ');
}

void table_print(const json_t *rows, const json_t *columns)
{
    table_print_groups(rows, columns, NULL);
}

/* Prints the heading before row R when its group is not that of the row before. */
static void print_group(const json_t *rows, size_t r, const char *group)
{
    const json_t *one = json_object_get(json_array_get(rows, r), group);
    if (r > 0 && json_equal(one, json_object_get(json_array_get(rows, r - 1), group)))
        return;
    char *s = cell_text(one, "");
    printf("\n%s%s", s, *s ? "\n" : "");
    free(s);
}

void table_print_groups(const json_t *rows, const json_t *columns, const char *group)
{
    size_t nrows = json_array_size(rows), ncolumns = json_array_size(columns);
    char **cells = xcalloc((nrows + 1) * ncolumns, sizeof *cells);
    size_t *widths = xcalloc(ncolumns, sizeof *widths), room = terminal_width();
    for (size_t c = 0; c < ncolumns; c++) {
        const char *path = json_string_value(json_array_get(columns, c));
        json_t *head = json_string(path ? path : "");
        for (size_t r = 0; r <= nrows; r++) {
            char *s =
                r == 0 ? cell_text(head, "")
                       : cell_text(json_at(json_array_get(rows, r - 1), path ? path : ""),
                                   path ? path : "");
            for (char *p = s; r == 0 && *p; p++)
                *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
            size_t w = printable_width(s);
            if (!room && w > ALIGNED_MAX)
                w = ALIGNED_MAX;
            widths[c] = w > widths[c] ? w : widths[c];
            cells[r * ncolumns + c] = s;
        }
        json_decref(head);
    }
    if (room && ncolumns)
        fit(widths, columns, room);
    for (size_t r = 0; r <= nrows; r++) {
        if (group && r > 0)
            print_group(rows, r - 1, group);
        for (size_t c = 0; c < ncolumns; c++) {
            char *s = cells[r * ncolumns + c];
            if (room)
                printable_cut(s, widths[c]);
            print_cell(s, widths[c], c + 1 == ncolumns);
            free(s);
        }
        putchar('\n');
    }
    free(cells);
    free(widths);
}

static void print_member(const char *path, const json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_object(value) && json_object_size(value) > 0) {
        json_object_foreach((json_t *)value, key, member)
        {
            if (strcmp(key, "_links") == 0)
                continue;
            char *below = *path ? xasprintf("%s.%s", path, key) : xstrdup(key);
            print_member(below, member);
            free(below);
        }
        return;
    }
    if (json_is_array(value) && !json_is_string(json_array_get(value, 0))) {
        json_array_foreach(value, i, member)
        {
            char *below = xasprintf("%s[%zu]", path, i + 1);
            print_member(below, member);
            free(below);
        }
        return;
    }
    char *s = cell_text(value, path);
    char *name = printable_copy(path, strlen(path), 0);
    printf("%s: %s\n", name, s);
    free(name);
    free(s);
}

void table_print_object(const json_t *object)
{
    print_member("", object);
}

void table_print_text(FILE *to, const char *s)
{
    char *shown = printable_copy(s, strlen(s), 1);
    fputs(shown, to);
    free(shown);
}

void table_print_lines(FILE *to, const char *s)
{
    char *shown = printable_copy(s, strlen(s), 1);
    for (const char *p = shown; *p; p++) {
        putc(*p, to);
        if (*p == '\n')
            fputs("  ", to);
    }
    putc('\n', to);
    free(shown);
}

void table_printf(FILE *to, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *s = xcalloc((size_t)(n < 0 ? 0 : n) + 1, 1);
    vsnprintf(s, n < 0 ? 1 : (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    size_t len = strlen(s), first = strspn(fmt, "\n");
    size_t last = len > first && str_ends(fmt, "\n");
    char *shown = printable_copy(s + first, len - first - last, 0);
    fprintf(to, "%.*s%s%s", (int)first, fmt, shown, last ? "\n" : "");
    free(shown);
    free(s);
}
