#include "base/log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/printable.h"
#include "base/str.h"
#include "base/zone.h"

enum { TIME_SIZE = 32, JSON_MAX = 16 * 1024 };

static const char *const names[] = {"error", "warn", "info", "debug"};
static enum log_level threshold = LOG_WARN;
static int is_json;
static const char *mark = ""; /* log_mark */
static const char *process;   /* of the sink's lines */
static log_sink_fn *sink;     /* NULL: none */

static _Thread_local struct {
    int64_t run;
    char client[65];
} context;

int log_level_find(const char *name)
{
    for (int i = 0; i <= LOG_DEBUG; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

void log_init(void)
{
    const char *want = getenv("FOYER_LOG");
    int level = want ? log_level_find(want) : -1;
    if (level >= 0)
        threshold = (enum log_level)level;
    is_json = str_eq(getenv("FOYER_LOG_FORMAT"), "json");
}

int log_is_json(void)
{
    return is_json;
}

void log_sink(const char *name, log_sink_fn *fn)
{
    process = name;
    sink = fn;
}

/* The sink gets what a server shows, also of a command that shows less. */
static int is_kept(enum log_level level)
{
    return sink && (level <= LOG_INFO || level <= threshold);
}

void log_mark(const char *text)
{
    mark = text;
}

void log_context(int64_t run, const char *client)
{
    context.run = run;
    snprintf(context.client, sizeof context.client, "%s", client ? client : "");
}

static int progress_shown;

void log_progress(const char *text)
{
    static int terminal = -1;
    if (terminal < 0)
        terminal = isatty(STDERR_FILENO);
    if (!terminal || (!text && !progress_shown))
        return;
    fprintf(stderr, "\r\033[K%s", text ? text : "");
    progress_shown = text != NULL;
}

/* Writes "2026-11-22T18:00:00.123Z". Avoids gmtime_r, which is not async-signal-safe. */
static void format_now(char out[TIME_SIZE])
{
    int64_t ms = clock_wall_ms(), s = ms / 1000, rest = s % 86400, year;
    int month, day;
    zone_date(s / 86400, &year, &month, &day);
    const int64_t parts[] = {year,           month,     day,      rest / 3600,
                             rest / 60 % 60, rest % 60, ms % 1000};
    static const char marks[] = "--T::.Z";
    static const int widths[] = {4, 2, 2, 2, 2, 2, 3};
    char *p = out;
    for (int i = 0; i < 7; i++) {
        int64_t value = parts[i];
        for (int d = widths[i] - 1; d >= 0; d--, value /= 10)
            p[d] = (char)('0' + value % 10);
        p += widths[i];
        *p++ = marks[i];
    }
    *p = '\0';
}

static int is_address(unsigned char c)
{
    return c >= 0x80 || isalnum(c) || (c && strchr("._+-", c));
}

/* Returns the length of the "@" at S, also as "%40", or 0. */
static size_t at_sign(const char *s)
{
    return *s == '@' ? 1 : strncmp(s, "%40", 3) == 0 ? 3 : 0;
}

/* Replaces each mail address by "*@*", in place. Paths of requests and an API's sentences
 * contain them. */
static void hide_addresses(char *text)
{
    char *out = text;
    for (const char *in = text; *in;) {
        size_t at = at_sign(in);
        if (at && out > text && is_address((unsigned char)out[-1]) &&
            is_address((unsigned char)in[at])) {
            while (out > text && is_address((unsigned char)out[-1]))
                out--;
            for (in += at; is_address((unsigned char)*in); in++) {
            }
            memcpy(out, "*@*", 3); /* never longer than an address */
            out += 3;
        } else {
            *out++ = *in++;
        }
    }
    *out = '\0';
}

/* Appends S, which has no control characters (printable_copy). */
static void add_json(struct buf *out, const char *s)
{
    buf_addc(out, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            buf_addc(out, '\\');
        buf_addc(out, *s);
    }
    buf_addc(out, '"');
}

static void add_line(struct buf *out, enum log_level level, const char *of,
                     const char *message)
{
    char now[TIME_SIZE];
    format_now(now);
    buf_addf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"pid\":%d", now, names[level],
             (int)getpid());
    if (of)
        buf_addf(out, ",\"process\":\"%s\"", of);
    if (*mark)
        buf_addf(out, ",\"%s\":true", mark);
    if (context.run)
        buf_addf(out, ",\"run\":%" PRId64, context.run);
    if (*context.client) {
        buf_adds(out, ",\"client\":");
        add_json(out, context.client);
    }
    buf_adds(out, ",\"message\":");
    add_json(out, message);
    buf_adds(out, "}\n");
}

static void show(const struct buf *line)
{
    log_progress(NULL);
    ssize_t written = write(STDERR_FILENO, line->data, line->len);
    (void)written; /* there is nowhere left to report it */
}

/* TEXT is safe to print. */
static void add_text(enum log_level level, const char *text, int is_shown, int is_kept)
{
    struct buf out;
    buf_init(&out, JSON_MAX);
    if (is_shown && is_json)
        add_line(&out, level, NULL, text);
    else if (is_shown)
        buf_addf(&out, "foyer: %s%s%s: %s\n", mark, *mark ? ": " : "", names[level],
                 text);
    if (is_shown)
        show(&out);
    buf_reset(&out);
    if (is_kept) {
        add_line(&out, level, process, text);
        sink(out.data, out.len, 0);
    }
    buf_free(&out);
}

static void add(enum log_level level, int is_shown, const char *fmt, va_list ap)
{
    char text[2048];
    if (vsnprintf(text, sizeof text, fmt, ap) < 0)
        text[0] = '\0';
    /* a script's text must not forge a second line or move the terminal's cursor */
    char *safe = printable_copy(text, strlen(text), 0);
    hide_addresses(safe);
    add_text(level, safe, is_shown, is_kept(level));
    free(safe);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    int is_shown = level <= threshold;
    va_list ap;
    if (!is_shown && !is_kept(level))
        return;
    va_start(ap, fmt);
    add(level, is_shown, fmt, ap);
    va_end(ap);
}

void log_keep(enum log_level level, const char *fmt, ...)
{
    va_list ap;
    if (!is_kept(level))
        return;
    va_start(ap, fmt);
    add(level, 0, fmt, ap);
    va_end(ap);
}

struct raw {
    char text[512];
    size_t len;
};

/* Appends S with '_' for control characters, for bytes outside of ASCII, and in JSON for
 * what needs an escape. */
static void add_raw(struct raw *out, const char *s, int as_json)
{
    for (; s && *s && out->len < sizeof out->text - 4; s++) { /* keeps room for the end */
        int is_plain = *s >= ' ' && *s <= '~';
        int is_mark = *s == '"' || *s == '\\';
        out->text[out->len++] = is_plain && !(as_json && is_mark) ? *s : '_';
    }
}

static void add_literal(struct raw *out, const char *s)
{
    memcpy(out->text + out->len, s, strlen(s));
    out->len += strlen(s);
}

static void make_raw(struct raw *out, int as_json, const char *of,
                     const char *const texts[3])
{
    char now[TIME_SIZE];
    out->len = 0;
    if (as_json) {
        format_now(now);
        add_literal(out, "{\"time\":\"");
        add_literal(out, now);
        add_literal(out, "\",\"level\":\"error\"");
        if (of) {
            add_literal(out, ",\"process\":\"");
            add_literal(out, of);
            add_literal(out, "\"");
        }
        if (*mark) {
            add_literal(out, ",\"");
            add_literal(out, mark);
            add_literal(out, "\":true");
        }
        add_literal(out, ",\"message\":\"");
    } else {
        add_literal(out, "foyer: ");
        add_literal(out, mark);
        add_literal(out, *mark ? ": " : "");
    }
    for (int i = 0; i < 3; i++)
        add_raw(out, texts[i], as_json);
    add_literal(out, as_json ? "\"}\n" : "\n");
}

void log_from_signal(const char *a, const char *b, const char *c)
{
    const char *const texts[3] = {a, b, c};
    struct raw out;
    make_raw(&out, is_json, NULL, texts);
    ssize_t written = write(STDERR_FILENO, out.text, out.len);
    (void)written;
    if (!sink)
        return;
    make_raw(&out, 1, process, texts);
    sink(out.text, out.len, 1);
}
