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

static _Thread_local struct {
    int64_t run;
    char client[65];
} context;

void log_init(void)
{
    const char *want = getenv("FOYER_LOG");
    for (int i = 0; want && i <= LOG_DEBUG; i++)
        if (strcmp(want, names[i]) == 0)
            threshold = (enum log_level)i;
    is_json = str_eq(getenv("FOYER_LOG_FORMAT"), "json");
}

int log_is_json(void)
{
    return is_json;
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

static void write_json(enum log_level level, const char *message)
{
    struct buf out;
    char now[TIME_SIZE];
    buf_init(&out, JSON_MAX);
    format_now(now);
    buf_addf(&out, "{\"time\":\"%s\",\"level\":\"%s\",\"pid\":%d", now, names[level],
             (int)getpid());
    if (context.run)
        buf_addf(&out, ",\"run\":%" PRId64, context.run);
    if (*context.client) {
        buf_adds(&out, ",\"client\":");
        add_json(&out, context.client);
    }
    buf_adds(&out, ",\"message\":");
    add_json(&out, message);
    buf_adds(&out, "}\n");
    ssize_t written = write(STDERR_FILENO, out.data, out.len);
    (void)written; /* there is nowhere left to report it */
    buf_free(&out);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    if (level > threshold)
        return;
    log_progress(NULL);
    char line[2048];
    int n = is_json ? 0 : snprintf(line, sizeof line, "foyer: %s: ", names[level]);
    va_list ap;
    va_start(ap, fmt);
    int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
    va_end(ap);
    if (m < 0)
        line[n] = '\0';
    /* a script's text must not forge a second line or move the terminal's cursor */
    char *shown = printable_copy(line, strlen(line), 0);
    hide_addresses(shown);
    if (is_json) {
        write_json(level, shown);
    } else {
        size_t len = strlen(shown);
        shown[len] = '\n'; /* instead of the NUL */
        ssize_t written = write(STDERR_FILENO, shown, len + 1);
        (void)written;
    }
    free(shown);
}

struct raw {
    char text[512];
    size_t len;
};

/* Appends S with '_' for control characters, for bytes outside of ASCII, and in JSON for
 * what needs an escape. */
static void add_raw(struct raw *out, const char *s)
{
    for (; s && *s && out->len < sizeof out->text - 4; s++) { /* keeps room for the end */
        int is_plain = *s >= ' ' && *s <= '~';
        int is_mark = *s == '"' || *s == '\\';
        out->text[out->len++] = is_plain && !(is_json && is_mark) ? *s : '_';
    }
}

static void add_literal(struct raw *out, const char *s)
{
    memcpy(out->text + out->len, s, strlen(s));
    out->len += strlen(s);
}

void log_from_signal(const char *a, const char *b, const char *c)
{
    struct raw out = {.len = 0};
    char now[TIME_SIZE];
    if (is_json) {
        format_now(now);
        add_literal(&out, "{\"time\":\"");
        add_literal(&out, now);
        add_literal(&out, "\",\"level\":\"error\",\"message\":\"");
    } else {
        add_literal(&out, "foyer: ");
    }
    add_raw(&out, a);
    add_raw(&out, b);
    add_raw(&out, c);
    add_literal(&out, is_json ? "\"}\n" : "\n");
    ssize_t written = write(STDERR_FILENO, out.text, out.len);
    (void)written;
}
