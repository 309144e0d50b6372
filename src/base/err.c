#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int exit_code;
    int retryable;
} kinds[ERR_KINDS] = {
    [ERR_NONE] = {"none", 0, 0},
    [ERR_USAGE] = {"usage", 64, 0},
    [ERR_INVALID] = {"invalid", 65, 0},
    [ERR_NOT_FOUND] = {"not_found", 65, 0},
    [ERR_FORBIDDEN] = {"forbidden", 65, 0},
    [ERR_CONFLICT] = {"conflict", 65, 0},
    [ERR_AUTH] = {"auth", 77, 0},
    [ERR_RATE_LIMITED] = {"rate_limited", 75, 1},
    [ERR_NETWORK] = {"network", 75, 1},
    [ERR_TIMEOUT] = {"timeout", 75, 1},
    [ERR_UNAVAILABLE] = {"unavailable", 75, 1},
    [ERR_UNCERTAIN] = {"uncertain", 69, 0},
    [ERR_SCRIPT] = {"script", 70, 0},
    [ERR_LIMIT] = {"limit", 70, 0},
    [ERR_STORE] = {"store", 70, 0},
    [ERR_INTERNAL] = {"internal", 70, 0},
    [ERR_SETTINGS] = {"settings", 78, 0},
};

int err_vset(struct err *e, enum err_kind kind, const char *fmt, va_list ap)
{
    if (!e)
        return -1;
    e->kind = kind;
    e->status = 0;
    e->retry_after_ms = -1;
    vsnprintf(e->text, sizeof e->text, fmt, ap);
    return -1;
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    err_vset(e, kind, fmt, ap);
    va_end(ap);
    return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
    if (!e)
        return -1;
    char old[sizeof e->text];
    memcpy(old, e->text, sizeof old);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    int room = (int)sizeof e->text - n - (int)sizeof ": ";
    if (n >= 0 && room > 0)
        snprintf(e->text + n, sizeof e->text - (size_t)n, ": %.*s", room, old);
    return -1;
}

void err_clear(struct err *e)
{
    if (!e)
        return;
    e->kind = ERR_NONE;
    e->status = 0;
    e->retry_after_ms = -1;
    e->text[0] = '\0';
}

const char *err_kind_name(enum err_kind kind)
{
    return kind < ERR_KINDS ? kinds[kind].name : "internal";
}

enum err_kind err_kind_find(const char *name)
{
    for (int k = ERR_USAGE; k < ERR_KINDS; k++)
        if (strcmp(kinds[k].name, name) == 0)
            return (enum err_kind)k;
    return ERR_NONE;
}

int err_kind_is_retryable(enum err_kind kind)
{
    return kind < ERR_KINDS && kinds[kind].retryable;
}

int err_exit_code(enum err_kind kind)
{
    return kind < ERR_KINDS ? kinds[kind].exit_code : 70;
}

int err_is_full(int number)
{
    return number == ENOSPC || number == EDQUOT;
}
