#include "core/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jsontree.h"
#include "base/str.h"
#include "base/when.h"

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 3600 * 1000 };

/* Returns whether STATUS certainly means that the write did not happen, so that it is
 * safe to send it again. After any other status a write may have happened: a 303, for
 * example, mostly means that it did. */
static int is_refusal(int status)
{
    static const int refusals[] = {400, 401, 403, 404, 405, 409, 413, 415, 422, 429};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (status == refusals[i])
            return 1;
    return 0;
}

enum err_kind answer_kind(int status, int writes)
{
    if (writes && status >= 300 && !is_refusal(status))
        return ERR_UNCERTAIN;
    switch (status) {
    case 401:
        return ERR_AUTH;
    case 403:
        return ERR_FORBIDDEN;
    case 404:
    case 410:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    case 408:
        return ERR_TIMEOUT;
    case 429:
        return ERR_RATE_LIMITED;
    default:
        if (status >= 500)
            return ERR_UNAVAILABLE;
        return status >= 400 ? ERR_INVALID : ERR_NONE;
    }
}

int64_t answer_retry_after_ms(const char *value, int64_t now_ms)
{
    if (!value)
        return -1;
    char *end;
    double ms = strtod(value, &end) * 1000;
    if (end == value || *end) {
        int64_t at;
        if (when_parse_http(value, now_ms / 1000, &at) != 0)
            return *value ? -1 : RETRY_MIN_MS;
        ms = (double)at * 1000 - (double)now_ms;
    }
    if (!(ms > RETRY_MIN_MS))
        return RETRY_MIN_MS;
    return ms > RETRY_MAX_MS ? RETRY_MAX_MS : (int64_t)ms;
}

static const char *text_at(const json_t *body, const json_t *errors, const char *field)
{
    const char *path = json_text(errors, field);
    return path ? json_text(body, path) : NULL;
}

/* Returns where APIs usually say what is wrong, for a connector without `errors`. */
static const char *usual_text(const json_t *body)
{
    static const char *const paths[] = {"message", "error.message", "error", "detail"};
    const char *text = NULL;
    for (size_t i = 0; !text && i < sizeof paths / sizeof *paths; i++)
        text = json_text(body, paths[i]);
    return text;
}

static const char *status_text(int status)
{
    switch (status) {
    case 400:
        return "bad request";
    case 401:
        return "the token is refused";
    case 403:
        return "forbidden";
    case 404:
        return "not found";
    case 409:
        return "conflict";
    case 413:
        return "the request is too large";
    case 429:
        return "too many requests";
    default:
        return status >= 500   ? "the server failed"
               : status >= 400 ? "refused"
                               : "which is not a result";
    }
}

void answer_without_token(struct err *e)
{
    size_t len = strlen(e->text);
    if (e->kind != ERR_AUTH)
        return;
    e->kind = ERR_FORBIDDEN;
    snprintf(e->text + len, sizeof e->text - len,
             "; no connection's token goes to this host: check the headers and secrets "
             "that the script sends");
}

void answer_error(struct err *e, const char *what, int status, int writes,
                  const char *retry_after, const json_t *errors, const char *body,
                  size_t len, int64_t now_ms)
{
    json_t *tree = jsontree_read(body, len, NULL);
    const char *title = text_at(tree, errors, "title");
    const char *message = text_at(tree, errors, "message");
    const char *details_path = json_text(errors, "details");
    const json_t *list = details_path ? json_at(tree, details_path) : NULL;
    const char *detail = json_string_value(json_array_get(list, 0));
    char first[200] = "";
    if (detail)
        snprintf(first, sizeof first, " (%.180s)", detail);
    if (message || title)
        err_set(e, answer_kind(status, writes), "cannot %s: %d %.300s%s%.400s%s", what,
                status, title ? title : "", title && message ? ": " : "",
                message ? message : "", first);
    else {
        const char *usual = errors ? NULL : usual_text(tree);
        err_set(e, answer_kind(status, writes), "cannot %s: %d %s%s%.400s", what, status,
                status_text(status), usual ? ": " : "", usual ? usual : "");
    }
    /* an API must not forge a second line on the terminal */
    for (char *p = e->text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
    e->status = status;
    e->retry_after_ms = answer_retry_after_ms(retry_after, now_ms);
    json_decref(tree);
}
