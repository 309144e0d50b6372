#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/printable.h"

static const char *const names[] = {"error", "warn", "info", "debug"};
static enum log_level threshold = LOG_WARN;

void log_init(void)
{
    const char *want = getenv("FOYER_LOG");
    for (int i = 0; want && i <= LOG_DEBUG; i++)
        if (strcmp(want, names[i]) == 0)
            threshold = (enum log_level)i;
}

void log_set_level(enum log_level level)
{
    threshold = level;
}

int log_is_on(enum log_level level)
{
    return level <= threshold;
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

void log_line(enum log_level level, const char *fmt, ...)
{
    if (!log_is_on(level))
        return;
    log_progress(NULL);
    char line[2048];
    int n = snprintf(line, sizeof line, "foyer: %s: ", names[level]);
    va_list ap;
    va_start(ap, fmt);
    int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
    va_end(ap);
    if (m < 0)
        line[n] = '\0';
    /* a script's log text must not forge a second line or move the terminal's cursor */
    char *shown = printable_copy(line, strlen(line), 0);
    size_t len = strlen(shown);
    shown[len] = '\n'; /* instead of the NUL */
    ssize_t written = write(STDERR_FILENO, shown, len + 1);
    (void)written; /* nowhere left to say it */
    free(shown);
}
