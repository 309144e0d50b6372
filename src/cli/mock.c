#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "base/str.h"
#include "base/crypto.h"
#include "api/api.h"
#include "api/mock.h"
#include "vm/run.h"

static const char usage[] =
    "mock [--listen ADDRESS:PORT] [--token TOKEN] [--teammate-token TOKEN] "
    "[--seed N] [--company NAME] [--companies N] [--epoch SECONDS|start] "
    "[--client-id ID] [--client-secret SECRET] [--redirect-uri URL] "
    "[--webhook URL] [--signing-key KEY] [--rule-key KEY]";

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

/* The mock is one long attempt: its limits hold for each resume only, and a company with
 * 25 MB attachments needs room. */
static struct limits mock_limits(void)
{
    struct limits limits = limits_default;
    limits.vm_bytes = 256u * 1024 * 1024;
    limits.attempt_cpu_ms = INT64_C(1) << 34; /* half a year */
    limits.resume_cpu_ms = 5000;
    limits.watchdog_ms = 60 * 1000;
    return limits;
}

static int serve(const char *listen, const char *seed, json_t *options, struct err *e)
{
    struct limits limits = mock_limits();
    struct serving serving = {.loop = loop_new(e)};
    struct httpc_config config = {0};
    struct overlay *overlay = overlay_new(NULL);
    struct mock *mock = serving.loop ? mock_open(serving.loop, listen, e) : NULL;
    if (serving.loop && !mock && !strstr(e->text, "port 0")) {
        struct err why = *e;
        err_set(e, why.kind, "%s: give another with --listen, as in 127.0.0.1:8199",
                why.text);
    }
    struct httpc *httpc = mock ? httpc_new(serving.loop, &config, e) : NULL;
    int rc = -1;
    if (httpc && loop_on_signal(serving.loop, SIGINT, on_signal, serving.loop, e) == 0 &&
        loop_on_signal(serving.loop, SIGTERM, on_signal, serving.loop, e) == 0) {
        struct vm *vm = vm_new(&limits, overlay);
        struct run_host host = {0};
        struct runs *runs = runs_new(vm, serving.loop, httpc, &host, api_open);
        char *args = json_dumps(options, JSON_COMPACT);
        struct run_spec spec = {.id = seed,
                                .label = "the mock",
                                .entry = "mock",
                                .args = args,
                                .args_len = strlen(args),
                                .mock = mock};
        printf("mock Front: http://%s\n", mock_address(mock));
        fflush(stdout);
        run_start(runs, &spec, on_done, &serving);
        loop_run(serving.loop);
        runs_free(runs);
        vm_free(vm);
        free(args);
        rc = 0;
        if (serving.err.kind != ERR_NONE) {
            *e = serving.err;
            rc = -1;
        }
    }
    if (httpc)
        httpc_free(httpc);
    mock_close(mock);
    overlay_free(overlay);
    if (serving.loop)
        loop_free(serving.loop);
    return rc;
}

static void set_text(json_t *args, const char *name, const char *value)
{
    if (value)
        json_object_set_new(args, name, json_string(value));
}

int cmd_mock(struct cli *cli, int argc, char **argv)
{
    const char *listen = "127.0.0.1:8099", *token = NULL, *teammate = NULL, *seed = "1";
    const char *company = NULL, *epoch = NULL, *companies = "1";
    const char *client_id = NULL, *client_secret = NULL, *redirect_uri = NULL;
    const char *webhook = NULL, *signing_key = NULL, *rule_key = NULL;
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
    struct cli_list rest = {0};
    struct err e = {0};
    int64_t number = 0;
    json_t *args = json_object();
    if (cli_parse(cli, argc, argv, options, &rest, 0, 0, usage, &e) != 0)
        goto out;
    if (str_parse_int(seed, &number) != 0) {
        err_set(&e, ERR_USAGE, "--seed takes a whole number, not %s", seed);
        goto out;
    }
    json_object_set_new(args, "seed", json_integer(number));
    if (str_parse_int(companies, &number) != 0 || number < 1 || number > 50) {
        err_set(&e, ERR_USAGE, "--companies takes a number from 1 to 50, not %s",
                companies);
        goto out;
    }
    json_object_set_new(args, "companies", json_integer(number));
    json_object_set_new(args, "token", json_string(token ? token : "mock-token"));
    set_text(args, "teammate_token", teammate);
    set_text(args, "company", company);
    set_text(args, "client_id", client_id);
    set_text(args, "client_secret", client_secret);
    set_text(args, "redirect_uri", redirect_uri);
    set_text(args, "webhook", webhook);
    set_text(args, "signing_key", signing_key);
    set_text(args, "rule_key", rule_key);
    if (epoch)
        json_object_set_new(args, "epoch",
                            str_parse_int(epoch, &number) == 0 ? json_integer(number)
                                                               : json_string(epoch));
    serve(listen, seed, args, &e);
out:
    json_decref(args);
    free(rest.items);
    return e.kind != ERR_NONE ? cli_fail(cli, &e) : 0;
}
