#include "auth/consent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/audience.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "base/url.h"
#include "store/store_consent.h"

struct callback { /* one page that waits for its answer */
    struct httpd_request *request;
    struct store *store;
    consent_done *done;
    void *arg;
    char *client, *app;
    int is_outside;  /* the reader need not belong to the agency */
    int is_granting; /* the link was valid: errors are the agency's from now on */
};

char *consent_parameter(const char *query, const char *name)
{
    const char *p = strchr(query, '?');
    size_t n = strlen(name);
    p = p ? p + 1 : query;
    while (*p) {
        size_t len = strcspn(p, "&#");
        if (len > n + 1 && memcmp(p, name, n) == 0 && p[n] == '=') {
            char *value = xmemdup0(p + n + 1, len - n - 1);
            for (char *c = value; *c; c++)
                if (*c == '+')
                    *c = ' ';
            long decoded = url_unescape(value, strlen(value), value);
            if (decoded < 0) {
                free(value);
                return NULL;
            }
            value[decoded] = '\0';
            return value;
        }
        p += len;
        if (*p != '&')
            break;
        p++;
    }
    return NULL;
}

static void page(struct httpd_request *r, int status, const char *title, const char *text)
{
    static const struct httpd_header headers[] = {
        {"Content-Type", "text/html; charset=utf-8"},
        {"Cache-Control", "no-store"},
        {"Referrer-Policy", "no-referrer"},
        {"Content-Security-Policy", "default-src 'none'"}};
    struct buf body;
    buf_init(&body, 64 * 1024);
    buf_addf(&body, "<!doctype html><title>%s</title><h1>%s</h1><p>", title, title);
    text_add_html(&body, text, strlen(text));
    buf_adds(&body, "</p>\n");
    httpd_reply(r, status, headers, sizeof headers / sizeof *headers, buf_str(&body),
                body.len);
    buf_free(&body);
}

/* The sentence for the page. Files, addresses and commands are for the agency's log
 * alone. */
static const char *said(const struct callback *c, const struct err *e)
{
    if (e->kind == ERR_STORE || e->kind == ERR_SETTINGS || e->kind == ERR_INTERNAL ||
        e->kind == ERR_UNAVAILABLE || (c->is_outside && c->is_granting))
        return "This could not be done just now. The agency that sent you here finds the "
               "reason in its log, and can send you a new link.";
    if (!c->is_outside)
        return e->text;
    switch (e->kind) { /* as store/store_consent.h returns them */
    case ERR_NOT_FOUND:
        return "This link is not known here. The agency that sent it can send you a new "
               "one.";
    case ERR_CONFLICT:
        return "This link was used already. The agency that sent it can send you a new "
               "one.";
    case ERR_INVALID:
        return "This link has expired. The agency that sent it can send you a new one.";
    default:
        return e->text;
    }
}

/* The page when the client is connected to the company. It names another client only to
 * the agency; but the reader, who may have chosen the wrong company, learns that this one
 * was known here. */
static void page_connected(const struct callback *c, const char *id, const char *name)
{
    char *others = audience_others(c->store, c->app, id, c->client);
    char *more = NULL;
    if (others && c->is_outside)
        more = xasprintf("This company was connected here before. If you meant another "
                         "one, tell the agency that sent you here. ");
    else if (others)
        more = xasprintf("The company is also that of %s. ", others);
    char *text = xasprintf("%s (%s) is connected. %sYou can close this page.", name, id,
                           more ? more : "");
    page(c->request, 200, "Connected", text);
    free(text);
    free(more);
    free(others);
}

static void finish(struct callback *c, const char *id, const char *name,
                   const struct err *e)
{
    if (e) {
        int status = e->kind == ERR_USAGE || e->kind == ERR_INVALID ||
                             e->kind == ERR_NOT_FOUND || e->kind == ERR_CONFLICT ||
                             e->kind == ERR_FORBIDDEN
                         ? 400
                         : 502;
        page(c->request, status, "Not connected", said(c, e));
    } else {
        page_connected(c, id, name);
    }
    if (c->done)
        c->done(c->arg, c->client, c->app, id, name, e);
    free(c->client);
    free(c->app);
    free(c);
}

static void on_grant(void *arg, const char *id, const char *name, const struct err *e)
{
    finish(arg, id, name, e);
}

/* The app returned an error instead of a code: RFC 6749, 4.1.2.1. */
static void denied(const char *error, const char *about, struct err *e)
{
    if (strcmp(error, "access_denied") == 0)
        err_set(
            e, ERR_FORBIDDEN,
            "the consent was denied%s%.200s; only an administrator of the company can "
            "give it (an \"administrator\" message means that another person was logged "
            "in)",
            about ? ": " : "", about ? about : "");
    else
        err_set(e, ERR_FORBIDDEN, "the consent failed: %.60s%s%.200s", error,
                about ? ": " : "", about ? about : "");
}

void consent_answer(struct workspace *w, struct grants *grants, struct httpd_request *r,
                    int outside, consent_done *done, void *arg)
{
    struct callback *c = xcalloc(1, sizeof *c);
    *c = (struct callback){.request = r, .is_outside = outside, .done = done, .arg = arg};
    const char *query = httpd_query(r);
    char *state = consent_parameter(query, "state"),
         *code = consent_parameter(query, "code");
    char *error = consent_parameter(query, "error");
    char *about = consent_parameter(query, "error_description");
    struct err e = {0};
    struct store_consent consent = {0};
    struct store *store = workspace_store(w, &e);
    int rc = store ? store_check_home(store, "connect a client", &e) : -1;
    if (rc == 0 && (!state || (!code && !error)))
        rc = err_set(&e, ERR_USAGE,
                     "this address expects a code and a state from the app's "
                     "consent page");
    /* an error leaves the link valid: another person may be allowed to consent */
    if (rc == 0)
        rc = (error ? store_consent_find
                    : store_consent_take)(store, state, clock_wall_ms(), &consent, &e);
    c->store = store;
    if (rc == 0) {
        c->client = xstrdup(consent.client);
        c->app = xstrdup(consent.app);
    }
    if (rc == 0 && error) {
        denied(error, about, &e);
        rc = -1;
    }
    if (rc == 0) {
        struct grant_spec spec = {.client = consent.client,
                                  .app = consent.app,
                                  .api_url = consent.api_url,
                                  .oauth_url = consent.oauth_url,
                                  .redirect_url = consent.redirect_url,
                                  .made_with = consent.made_with,
                                  .replace = consent.replace};
        c->is_granting = 1;
        grant_from_code(grants, &spec, code, on_grant, c);
    } else {
        finish(c, NULL, NULL, &e);
    }
    store_consent_fini(&consent);
    free(state);
    free(code);
    free(error);
    free(about);
}
