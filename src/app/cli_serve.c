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
    char **callbacks; /* the paths of the apps' redirect_url */
    size_t ncallbacks;
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

/* The redirect paths of foyer.lua's apps; Front's default one where it names none. */
static char **callback_paths(struct workspace *w, const json_t *settings, size_t *n)
{
    const json_t *apps = json_object_get(settings, "apps");
    char **paths = xcalloc(json_object_size(apps) + 1, sizeof *paths);
    const char *app;
    json_t *value;
    *n = 0;
    json_object_foreach((json_t *)apps, app, value) paths[(*n)++] =
        grant_redirect_path(w, app);
    if (*n == 0)
        paths[(*n)++] = grant_redirect_path(w, "front");
    return paths;
}

static int is_callback(const struct serving *s, const char *path)
{
    for (size_t i = 0; i < s->ncallbacks; i++)
        if (strcmp(path, s->callbacks[i]) == 0)
            return 1;
    return 0;
}

static void on_request(void *arg, struct httpd_request *r)
{
    struct serving *s = arg;
    const char *path = httpd_path(r), *method = httpd_method(r);
    int get = strcmp(method, "GET") == 0;
    if (is_callback(s, path) && get)
        consent_answer(s->w, s->grants, r, on_consent, s);
    else if (strcmp(path, "/healthz") == 0 && (get || strcmp(method, "HEAD") == 0))
        answer_text(r, 200, "ok\n");
    else if (is_callback(s, path) || strcmp(path, "/healthz") == 0)
        answer_text(r, 405, "method not allowed\n");
    else
        answer_text(r, 404, "not found\n");
}

static void on_signal(void *arg)
{
    loop_stop(arg);
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
    struct serving s = {
        .w = w,
    };
    s.callbacks = callback_paths(w, settings, &s.ncallbacks);
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
    for (size_t i = 0; i < s.ncallbacks; i++)
        free(s.callbacks[i]);
    free(s.callbacks);
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
