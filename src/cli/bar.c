#include "cli/bar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

enum {
    WIDTH = 80,
    SHAPE_MIN = 12, /* columns of the bar itself, with its brackets */
    SHAPE_MAX = 24,
    DRAW_MS = 200,
    SAY_MS = 10 * 1000,
    SAMPLES = 20 /* seconds that the rate is of */
};

struct bar {
    struct bar_facts facts;
    int64_t before;
    struct loop_timer *tick;
    int is_terminal;
    int64_t said_us;
    /* what was done without BEFORE, once a second */
    struct {
        int64_t us, done;
    } samples[SAMPLES];
    int nsamples, next;
};

/* ---- texts ---- */

char *bar_number(char out[32], int64_t number)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)number);
    char *p = out;
    for (int i = 0; i < n; i++) {
        if (i && digits[i - 1] != '-' && (n - i) % 3 == 0)
            *p++ = ',';
        *p++ = digits[i];
    }
    *p = '\0';
    return out;
}

char *bar_span(char out[32], double seconds)
{
    long s = (long)(seconds + 0.5);
    if (s < 60)
        snprintf(out, 32, "%ld s", s);
    else if (s < 10 * 60)
        snprintf(out, 32, "%ld min %ld s", s / 60, s % 60);
    else if (s < 60 * 60)
        snprintf(out, 32, "%ld min", (s + 30) / 60);
    else
        snprintf(out, 32, "%ld h %ld min", s / 3600, s % 3600 / 60);
    return out;
}

static void add_rate(char *out, size_t size, double rate)
{
    if (rate <= 0)
        *out = '\0';
    else if (rate >= 10)
        snprintf(out, size, "  %.0f/s", rate);
    else if (rate >= 1)
        snprintf(out, size, "  %.1f/s", rate);
    else
        snprintf(out, size, "  %.0f/min", rate * 60);
}

/* What stands behind the bar: counts, rate and the time left. */
static void format_counts(char *out, size_t size, const struct bar_facts *f)
{
    char done[32], total[32], failed[32], span[32], rate[32];
    bar_number(done, f->done);
    add_rate(rate, sizeof rate, f->rate);
    int n = f->total ? snprintf(out, size, "%s of %s  %d%%%s", done,
                                bar_number(total, f->total),
                                (int)(100 * f->done / f->total), rate)
                     : snprintf(out, size, "%s %s%s", done, f->unit, rate);
    int64_t left = f->total - f->done;
    if (f->waiting && f->waiting >= left)
        n += snprintf(out + n, size - (size_t)n, "  %s waiting",
                      bar_number(span, f->waiting));
    else if (f->total && left > 0 && f->rate > 0)
        n += snprintf(out + n, size - (size_t)n, "  %s left",
                      bar_span(span, (double)left / f->rate));
    if (f->failed)
        snprintf(out + n, size - (size_t)n, "  %s failed", bar_number(failed, f->failed));
}

/* Writes "[=====>    ]" in COLUMNS. */
static void format_shape(char *out, int columns, const struct bar_facts *f)
{
    int room = columns - 2;
    int filled = (int)((double)room * (double)f->done / (double)f->total);
    filled = filled > room ? room : filled;
    *out++ = '[';
    for (int i = 0; i < room; i++)
        *out++ = i < filled ? '=' : i == filled ? '>' : ' ';
    *out++ = ']';
    *out = '\0';
}

void bar_format(char *out, size_t size, int width, const struct bar_facts *f)
{
    char counts[160], shape[SHAPE_MAX + 3] = "";
    format_counts(counts, sizeof counts, f);
    int room = width - 1 - (int)strlen(counts), name = (int)strlen(f->what);
    int columns = room - 2;
    if (f->total && columns - name - 2 >= SHAPE_MIN)
        columns -= name + 2; /* both fit */
    else
        name = 0;
    if (columns > SHAPE_MAX)
        columns = SHAPE_MAX;
    if (f->total && columns >= SHAPE_MIN)
        format_shape(shape, columns, f);
    else if (!f->total && (int)strlen(f->what) + 2 <= room)
        name = (int)strlen(f->what);
    if (size > (size_t)width)
        size = (size_t)width; /* cuts what does not fit */
    snprintf(out, size, "%.*s%s%s%s%s", name, f->what, name ? "  " : "", shape,
             *shape ? "  " : "", counts);
}

/* ---- the bar ---- */

static int terminal_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? size.ws_col
                                                                             : WIDTH;
}

/* Computes the rate from the oldest sample on. */
static void measure(struct bar *b, int64_t now_us)
{
    int oldest = b->nsamples < SAMPLES ? 0 : b->next;
    double s = (double)(now_us - b->samples[oldest].us) / 1e6;
    int64_t done = b->facts.done - b->before;
    int last = (b->next + SAMPLES - 1) % SAMPLES;
    b->facts.rate = s >= 0.5 ? (double)(done - b->samples[oldest].done) / s : -1;
    if (now_us - b->samples[last].us < 1000 * 1000)
        return;
    b->samples[b->next].us = now_us;
    b->samples[b->next].done = done;
    b->next = (b->next + 1) % SAMPLES;
    if (b->nsamples < SAMPLES)
        b->nsamples++;
}

static void say(struct bar *b, int64_t now_us)
{
    char counts[160];
    if (now_us - b->said_us < SAY_MS * 1000)
        return;
    b->said_us = now_us;
    format_counts(counts, sizeof counts, &b->facts);
    fprintf(stderr, "foyer: %s: %s\n", b->facts.what, counts);
}

static void draw(void *arg)
{
    struct bar *b = arg;
    char text[512];
    int64_t now_us = clock_mono_us();
    measure(b, now_us);
    loop_timer_set(b->tick, DRAW_MS);
    if (!b->is_terminal) {
        say(b, now_us);
        return;
    }
    bar_format(text, sizeof text, terminal_width(), &b->facts);
    log_progress(text);
}

struct bar *bar_new(struct loop *loop, const char *what, const char *unit, int64_t total)
{
    struct bar *b = xcalloc(1, sizeof *b);
    b->facts = (struct bar_facts){.what = what, .unit = unit, .total = total, .rate = -1};
    b->is_terminal = isatty(STDERR_FILENO);
    b->said_us = b->samples[0].us = clock_mono_us();
    b->nsamples = b->next = 1;
    b->tick = loop_timer_new(loop, draw, b);
    loop_timer_set(b->tick, DRAW_MS);
    return b;
}

void bar_set(struct bar *b, int64_t done, int64_t before, int64_t failed)
{
    b->facts.done = done;
    b->facts.failed = failed;
    b->before = before;
}

void bar_wait(struct bar *b, int64_t waiting)
{
    b->facts.waiting = waiting;
}

void bar_total(struct bar *b, int64_t total)
{
    b->facts.total = total;
}

void bar_hide(struct bar *b)
{
    if (b->is_terminal)
        log_progress(NULL);
}

void bar_free(struct bar *b)
{
    if (!b)
        return;
    log_progress(NULL);
    loop_timer_free(b->tick);
    free(b);
}
