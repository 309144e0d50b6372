/* cli: what the commands share: options, exit codes, how results and errors are shown.
 * Results go to standard output, everything else to standard error. */
#ifndef FOYER_CLI_H
#define FOYER_CLI_H

#include <jansson.h>
#include <stddef.h>

#include "workspace/workspace.h"
#include "base/err.h"

struct cli {               /* what stands before or among a command's own options */
    const char *workspace; /* -w DIR, or NULL */
    int json;              /* --json */
};

enum cli_kind { CLI_FLAG, CLI_VALUE, CLI_LIST };

struct cli_list {
    const char **items; /* owned; freed by the command or with the process */
    size_t n;
};

struct cli_option {
    const char *name; /* without "--" */
    enum cli_kind kind;
    void *out; /* int *, const char ** or struct cli_list * */
};

/* A command's entry: ARGV[0] is its name. Returns the exit code. */
typedef int cli_command(struct cli *cli, int argc, char **argv);

/* Reads ARGV[1..]: options from OPTIONS (which ends with a NULL name; --json and -w DIR
 * are always known), the rest into REST. MIN and MAX bound how many operands there may
 * be; USAGE is shown when they are wrong. "--" ends the options. -1 with ERR_USAGE. */
int cli_parse(struct cli *cli, int argc, char **argv, const struct cli_option *options,
              struct cli_list *rest, size_t min, size_t max, const char *usage,
              struct err *e);

/* Which of NAMES, the verbs of the command that USAGE begins with, WORD is: its index;
 * -1 with ERR_USAGE. */
int cli_find_verb(const char *word, const char *const *names, size_t n, const char *usage,
                  struct err *e);

/* Says what went wrong and returns its exit code; with --json the error is also the one
 * document on standard output: {"error": {kind, message, status?, retryable?,
 * retry_after?}}. */
int cli_fail(const struct cli *cli, const struct err *e);
/* The same for a command that does not exist. */
int cli_unknown_command(const struct cli *cli, const char *name);
json_t *cli_error_tree(const struct err *e);
/* Prints TREE as the one JSON document. */
void cli_print_json(const json_t *tree);
/* A new tree whose objects hold their members in byte order. */
json_t *cli_sorted(const json_t *tree);
/* Splits key=value, key:=json, key=@file into {"key", "op", "value"} objects. */
json_t *cli_words(const struct cli_list *rest, size_t from, struct err *e);
/* A JSON document from a file, or from standard input when PATH is "-". */
json_t *cli_read_json(const char *path, struct err *e);
/* A token or a secret: the whole of a file, or of standard input when PATH is "-", less
 * white space at its end. On a terminal PROMPT asks for one line, see app/prompt. Wipe it
 * with vault_wipe. */
int cli_read_secret(const char *path, const char *prompt, struct buf *out, struct err *e);

/* One lua/std entry for CLIENT (may be NULL), in a session of its own; a new reference or
 * NULL. */
json_t *cli_entry(struct workspace *w, const char *client, const char *entry,
                  json_t *args, struct err *e);

cli_command cmd_actions, cmd_call, cmd_check, cmd_connect, cmd_connections, cmd_cron,
    cmd_diff, cmd_disconnect, cmd_doctor, cmd_events, cmd_help, cmd_hooks, cmd_ids,
    cmd_init, cmd_mock, cmd_pause, cmd_recipes, cmd_refresh, cmd_render, cmd_resume,
    cmd_run, cmd_runs, cmd_secret, cmd_serve, cmd_trace, cmd_triggers, cmd_vault,
    cmd_version, cmd_which, cmd_work;

#endif
