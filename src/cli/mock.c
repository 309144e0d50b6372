#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "api/api.h"
#include "api/mock.h"
#include "vm/run.h"

struct serving {
    struct loop *loop;
    struct err err;
};

static void on_done(void *arg, const struct run_result *result)
{
    struct serving *serving = arg;
    serving->err = result->err;
    loop_stop(serving->loop);
}

static void on_signal(void *arg)
{
    loop_stop(arg);
}

/* The mock is one attempt that lasts as long as the process, so CPU time is limited for
 * each resume only. A company with 25 MB attachments needs memory. */
static struct limits mock_limits(void)
{
    struct limits limits = limits_default;
    limits.vm_bytes = 256u * 1024 * 1024;
    limits.attempt_cpu_ms = INT64_C(1) << 34; /* half a year */
    limits.resume_cpu_ms = 5000;
    limits.watchdog_ms = 60 * 1000;
    return limits;
}

/* Runs lua/mock until it ends or a signal comes. */
static int serve_mock(struct serving *serving, struct mock *mock, struct httpc *httpc,
                      const char *seed, const json_t *options, struct err *e)
{
    struct limits limits = mock_limits();
    struct run_host host = {0};
    struct overlay *overlay = overlay_new(NULL);
    struct vm *vm = vm_new(&limits, overlay);
    struct runs *runs = runs_new(vm, serving->loop, httpc, &host, api_open);
    char *args = json_dumps(options, JSON_COMPACT);
    struct run_spec spec = {.id = seed,
                            .label = "the mock",
                            .entry = "mock",
                            .args = args,
                            .args_len = strlen(args),
                            .mock = mock};
    printf("mock Front: http://%s\n", mock_address(mock));
    fflush(stdout);
    run_start(runs, &spec, on_done, serving);
    loop_run(serving->loop);
    runs_free(runs);
    vm_free(vm);
    overlay_free(overlay);
    free(args);
    if (serving->err.kind == ERR_NONE)
        return 0;
    *e = serving->err;
    return -1;
}

static struct mock *listen_at(struct loop *loop, const char *address, struct err *e)
{
    struct mock *mock = mock_open(loop, address, e);
    if (!mock && !strstr(e->text, "port 0")) {
        struct err why = *e;
        err_set(e, why.kind, "%s: give another with --listen, as in 127.0.0.1:8199",
                why.text);
    }
    return mock;
}

static int serve(const char *listen, const char *seed, const json_t *options,
                 struct err *e)
{
    struct serving serving = {.loop = loop_new(e)};
    struct httpc_config config = {0};
    if (!serving.loop)
        return -1;
    struct mock *mock = listen_at(serving.loop, listen, e);
    struct httpc *httpc = mock ? httpc_new(serving.loop, &config, e) : NULL;
    int rc = -1;
    if (httpc && loop_on_signal(serving.loop, SIGINT, on_signal, serving.loop, e) == 0 &&
        loop_on_signal(serving.loop, SIGTERM, on_signal, serving.loop, e) == 0)
        rc = serve_mock(&serving, mock, httpc, seed, options, e);
    httpc_free(httpc);
    mock_close(mock);
    loop_free(serving.loop);
    return rc;
}

/* Sets the options that were given, "client_id" for --client-id. */
static void set_texts(json_t *args, const struct cli_option *options)
{
    for (const struct cli_option *o = options; o->name; o++) {
        const char *value = *(const char **)o->out;
        char *key = xstrdup(o->name);
        for (char *p = key; *p; p++)
            *p = *p == '-' ? '_' : *p;
        if (value)
            json_object_set_new(args, key, json_string(value));
        free(key);
    }
}

static int set_numbers(json_t *args, struct err *e)
{
    int64_t number = 0;
    const char *seed = json_text(args, "seed"), *epoch = json_text(args, "epoch");
    const char *companies = json_text(args, "companies");
    if (str_parse_int(seed, &number) != 0)
        return err_set(e, ERR_USAGE, "--seed takes a whole number, not %s", seed);
    json_object_set_new(args, "seed", json_integer(number));
    if (str_parse_int(companies, &number) != 0 || number < 1 || number > 50)
        return err_set(e, ERR_USAGE, "--companies takes a number from 1 to 50, not %s",
                       companies);
    json_object_set_new(args, "companies", json_integer(number));
    if (epoch && str_parse_int(epoch, &number) == 0)
        json_object_set_new(args, "epoch", json_integer(number));
    return 0;
}

int cmd_mock(struct cli *cli, struct err *e)
{
    const char *listen = "127.0.0.1:8099", *seed = "1", *companies = "1", *epoch = NULL;
    const char *token = "mock-token", *teammate = NULL, *company = NULL, *webhook = NULL;
    const char *client_id = NULL, *client_secret = NULL, *redirect_uri = NULL;
    const char *signing_key = NULL, *rule_key = NULL;
    struct cli_option options[] = {{"listen", CLI_VALUE, &listen},
                                   {"token", CLI_VALUE, &token},
                                   {"teammate-token", CLI_VALUE, &teammate},
                                   {"seed", CLI_VALUE, &seed},
                                   {"company", CLI_VALUE, &company},
                                   {"companies", CLI_VALUE, &companies},
                                   {"epoch", CLI_VALUE, &epoch},
                                   {"client-id", CLI_VALUE, &client_id},
                                   {"client-secret", CLI_VALUE, &client_secret},
                                   {"redirect-uri", CLI_VALUE, &redirect_uri},
                                   {"webhook", CLI_VALUE, &webhook},
                                   {"signing-key", CLI_VALUE, &signing_key},
                                   {"rule-key", CLI_VALUE, &rule_key},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    json_t *args = json_object();
    set_texts(args, options);
    int rc = set_numbers(args, e);
    if (rc == 0)
        rc = serve(listen, seed, args, e);
    json_decref(args);
    return rc;
}
