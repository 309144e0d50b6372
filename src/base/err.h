/* err: an error as a kind, which decides policy, and a sentence for people.
 *
 * A function that can fail returns 0 or -1 (or NULL). Its last parameter is a struct err
 * in the caller's memory, filled on failure; NULL means that the caller ignores the
 * error. The sentence reads "cannot <do> <what>: <why>" and names the thing. */
#ifndef FOYER_ERR_H
#define FOYER_ERR_H

#include <stdarg.h>
#include <stdint.h>

enum err_kind {
    ERR_NONE,
    ERR_USAGE,        /* the command line is wrong */
    ERR_INVALID,      /* the input, or a remote API's opinion of it, is wrong */
    ERR_NOT_FOUND,    /* no such thing */
    ERR_FORBIDDEN,    /* not allowed: by the API, by an effect, by a host list */
    ERR_CONFLICT,     /* it exists already, or changed meanwhile */
    ERR_AUTH,         /* the token is refused: connect again */
    ERR_RATE_LIMITED, /* retryable: retry_after_ms says when */
    ERR_NETWORK,      /* retryable: no connection, or it broke */
    ERR_TIMEOUT,      /* retryable */
    ERR_UNAVAILABLE,  /* retryable: 5xx, or a store that cannot be written now */
    ERR_UNCERTAIN,    /* a write was sent and its result is unknown */
    ERR_SCRIPT,       /* a script's own mistake */
    ERR_LIMIT,        /* a limit was hit */
    ERR_STORE,        /* the store is broken or full */
    ERR_INTERNAL,     /* a bug, or the machine failing */
    ERR_SETTINGS,     /* foyer.lua, client.lua or the key: exit code 78 */
    ERR_KINDS
};

struct err {
    enum err_kind kind;
    int status;             /* HTTP status, 0 when there was no answer */
    int64_t retry_after_ms; /* -1: the API gave none */
    char text[1024];
};

/* Both fill E and return -1, so that a function can end with `return err_set(...)`. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int err_vset(struct err *e, enum err_kind kind, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
/* Puts "<fmt>: " before the sentence in E. Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_clear(struct err *e);

/* Returns the kind's name in scripts and in --json: "rate_limited". */
const char *err_kind_name(enum err_kind kind);
/* Returns the kind called NAME, or ERR_NONE. */
enum err_kind err_kind_find(const char *name);
int err_kind_is_retryable(enum err_kind kind);
/* Returns the process's exit code for KIND: 64, 65, 69, 70, 75, 77 or 78. */
int err_exit_code(enum err_kind kind);

/* Returns 1 when the errno NUMBER means that the disk or a quota is full. That can pass,
 * so that a file of foyer's own then gives ERR_UNAVAILABLE. */
int err_is_full(int number);

#endif
