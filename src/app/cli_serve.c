#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "app/consent.h"
#include "app/grant.h"
#include "app/session.h"
#include "base/log.h"
#include "base/str.h"
#include "core/limits.h"
#include "core/settings.h"

static const char usage[] = "serve [--listen ADDRESS:PORT]";

/* The server runs no script: it loads settings and connectors, which are data. */
struct serving {
    struct workspace *w;
    struct loop *loop;
    struct httpc *httpc;
    struct grants *grants;
    char *callback; /* the path of the apps' redirect_url */
};

static void on_consent(void *arg, const char *client, const char *id, const char *name,
                       const struct err *e)
{
    (void)arg;
    if (e)
        log_line(LOG_WARN, "%s%s%s", client ? client : "", client ? ": " : "", e->text);
    else
        fprintf(stderr, "client %s is connected to %s (%s)\n", client, name, id);
}

static void answer_text(struct httpd_request *r, int status, const char *text)
{
    static const struct httpd_header type[] = {
        {"Content-Type", "text/plain; charset=utf-8"}};
    httpd_reply(r, status, type, 1, text, strlen(text));
}

static void on_request(void *arg, struct httpd_request *r)
{
    struct serving *s = arg;
    const char *path = httpd_path(r), *method = httpd_method(r);
    int get = strcmp(method, "GET") == 0;
    if (strcmp(path, s->callback) == 0 && get)
        consent_answer(s->w, s->grants, r, on_consent, s);
    else if (strcmp(path, "/healthz") == 0 && (get || strcmp(method, "HEAD") == 0))
        answer_text(r, 200, "ok\n");
    else if (strcmp(path, s->callback) == 0 || strcmp(path, "/healthz") == 0)
        answer_text(r, 405, "method not allowed\n");
    else
        answer_text(r, 404, "not found\n");
}

static void on_signal(void *arg)
{
    loop_stop(arg);
}

static char *callback_path(struct workspace *w)
{
    const char *url = grant_redirect_url(w, "front");
    const char *authority = strstr(url, "://");
    const char *path = authority ? strchr(authority + 3, '/') : NULL;
    return xmemdup0(path ? path : "/", path ? strcspn(path, "?#") : 1);
}

static int serve(struct workspace *w, const char *listen, struct err *e)
{
    const json_t *settings = workspace_settings(w, e);
    if (!settings)
        return -1;
    if (!listen)
        listen = settings_text(settings, "listen");
    const struct limits *limits = &limits_default;
    struct httpd_limits server = {.body_max = limits->webhook_body_bytes,
                                  .headers_max = limits->webhook_header_bytes,
                                  .connections_max = limits->connections,
                                  .request_ms = limits->request_ms};
    struct serving s = {.w = w, .callback = callback_path(w)};
    struct httpd *httpd = NULL;
    int rc = -1;
    s.loop = loop_new(e);
    if (s.loop)
        s.httpc = session_http(settings, s.loop, e);
    if (s.httpc)
        s.grants = grants_new(w, s.httpc);
    if (s.httpc)
        httpd = httpd_open(s.loop, listen ? listen : "127.0.0.1:8080", &server,
                           on_request, &s, e);
    if (httpd && loop_on_signal(s.loop, SIGINT, on_signal, s.loop, e) == 0 &&
        loop_on_signal(s.loop, SIGTERM, on_signal, s.loop, e) == 0) {
        printf("listening: http://%s\n", httpd_address(httpd));
        fflush(stdout);
        loop_run(s.loop);
        rc = 0;
    }
    grants_free(s.grants);
    if (httpd)
        httpd_close(httpd);
    if (s.httpc)
        httpc_free(s.httpc);
    if (s.loop)
        loop_free(s.loop);
    free(s.callback);
    return rc;
}

int cmd_serve(struct cli *cli, int argc, char **argv)
{
    const char *listen = NULL;
    struct cli_option options[] = {{"listen", CLI_VALUE, &listen},
                                   {NULL, CLI_FLAG, NULL}};
    struct cli_list rest = {0};
    struct err e = {0};
    struct workspace *w = NULL;
    if (cli_parse(cli, argc, argv, options, &rest, 0, 0, usage, &e) == 0)
        w = workspace_open(cli->workspace, 0, &e);
    if (w && workspace_vault(w, &e))
        serve(w, listen, &e);
    workspace_close(w);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}
