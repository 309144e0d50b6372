/* cli: what the commands share: the table's type, options, how results and errors are
 * shown. Results go to standard output, everything else to standard error. */
#ifndef FOYER_CLI_H
#define FOYER_CLI_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "ops/choice.h"
#include "ops/report.h"
#include "work/session.h"
#include "workspace/workspace.h"
#include "base/err.h"

struct cli_list {
    const char **items; /* owned; freed by the command or with the process */
    size_t n;
};

enum cli_kind { CLI_FLAG, CLI_VALUE, CLI_LIST };

struct cli_option {
    const char *name; /* without "--"; of one letter: without "-" */
    enum cli_kind kind;
    void *out; /* int *, const char ** or struct cli_list * */
};

extern const struct cli_option cli_no_options[];

/* The options of a command that takes clients, for its table. */
#define CLI_CLIENTS(cli)                                                                 \
    {"client", CLI_LIST, &(cli)->named}, {"group", CLI_LIST, &(cli)->groups},            \
        {"all-clients", CLI_FLAG, &(cli)->clients.all},                                  \
    {                                                                                    \
        "except", CLI_LIST, &(cli)->except                                               \
    }

/* What cli_open opens for a command. */
enum cli_needs {
    CLI_WORKSPACE = 1 << 0,
    CLI_OPTIONAL = 1 << 1, /* no workspace is needed without --client: built-in files */
    CLI_CLIENT = 1 << 2,   /* the settings of --client, where it is given, can be read */
    CLI_NEED_CLIENT = 1 << 3 | CLI_CLIENT, /* --client must be given: cli_parse checks */
    CLI_STORE = 1 << 4,
    CLI_REPORT = 1 << 5,
    CLI_SESSION = 1 << 6,
    CLI_LIVE = 1 << 7,     /* the live releases, where there are any; --dev: the files */
    CLI_RELEASED = 1 << 8, /* the same without --dev */
    CLI_FILES = 1 << 9     /* reads the files: it says when what runs differs */
};

struct cli;

/* Runs the command. Returns the exit code, or -1 with E, which cli_run then shows. */
typedef int cli_command_fn(struct cli *cli, struct err *e);

struct cli_command { /* a row of main.c's table */
    const char *name;
    cli_command_fn *run;
    unsigned needs;  /* of enum cli_needs */
    size_t min, max; /* how many words besides options it takes */
    const char *usage, *about;
};

struct cli { /* one invocation; what cli_open opens is closed by cli_run */
    const struct cli_command *commands; /* the table; ends with a NULL name */
    const struct cli_command *command;
    int argc; /* from the command's name on */
    char **argv;
    const char *workspace; /* -w DIR, else FOYER_WORKSPACE, else NULL */
    int json;              /* 1: --json */
    int dev;               /* 1: --dev, of the commands that use live releases */
    int lines;             /* 1: what is printed as JSON is one line each time */
    int bodies;            /* 1: --bodies, of the commands that take it */
    struct cli_list words; /* read by cli_parse: what is not an option */
    const char *client;    /* for a command's option --client; NULL: not given. With
                              CLI_CLIENTS: the only client, once cli_open found it */
    struct cli_list named, groups, except; /* of CLI_CLIENTS */
    struct choice clients;                 /* the same, read by cli_open */
    int lenient; /* 1: settings are read in spite of mistakes: workspace_be_lenient */
    struct workspace *w;
    struct store *store; /* W's */
    struct report *report;
    struct session *session;
};

/* Runs cli->command, shows its error and closes what was opened. Returns the exit code.
 */
int cli_run(struct cli *cli);

/* Reads the arguments: OPTIONS (which ends with a NULL name; --json and -w DIR are always
 * known, --dev for CLI_LIVE), and the rest into cli->words. "--" ends the options. -1
 * with ERR_USAGE. */
int cli_parse(struct cli *cli, const struct cli_option *options, struct err *e);
/* Keeps the lines of the log in W's state/log/ as well; PROCESS is a literal. */
void cli_keep_log(struct workspace *w, const char *process);

/* Returns 1 when an option of CLI_CLIENTS was given. */
int cli_has_clients(const struct cli *cli);
/* Returns the clients of CLI_CLIENTS as a new list; NULL when none was asked for. */
json_t *cli_client_names(const struct cli *cli);
/* Takes the rows of clients that CLI_CLIENTS does not mean out of ROWS. */
void cli_keep_clients(const struct cli *cli, json_t *rows);
/* Opens what the command's row of the table says. */
int cli_open(struct cli *cli, struct err *e);
/* Returns what FOYER_WORKSPACE names, or NULL. */
const char *cli_workspace_of_environment(void);
/* Both: for a command that has nothing to check or to read in between. */
int cli_begin(struct cli *cli, const struct cli_option *options, struct err *e);
/* Opens cli->session now: for a command that reads standard input first, which SIGINT
 * must still end. */
int cli_open_session(struct cli *cli, struct err *e);

/* Sets ERR_USAGE with the command's usage on a second line. Returns -1. */
int cli_usage_error(const struct cli *cli, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Returns the index of the verb cli->words[0] in NAMES, or -1 with ERR_USAGE. */
int cli_find_verb(const struct cli *cli, const char *const *names, size_t n,
                  struct err *e);

/* Shows the error and returns its exit code. With --json the error is also the one
 * document on standard output: {"error": {kind, message, status?, retryable?,
 * retry_after?}}. */
int cli_fail(const struct cli *cli, const struct err *e);
/* The same for a command that does not exist. */
int cli_unknown_command(const struct cli *cli, const char *name);
json_t *cli_error_tree(const struct err *e);
/* Prints TREE as the one JSON document. */
void cli_print_json(const json_t *tree);
/* The same, and frees TREE. */
void cli_print_new(json_t *tree);
/* Prints ROWS as --json has them, or a table with COLUMNS, separated by spaces. */
void cli_print_rows(const struct cli *cli, const json_t *rows, const char *columns);
/* Prints a request's BODY: a string by its lines, else JSON; nothing for NULL. */
void cli_print_body(const json_t *body);
/* Prints the whole ROWS that a command was asked for by NIDS ids. --json prints the row
 * of one id by itself, else a list; for people PRINT writes each, with an empty line
 * between them. */
void cli_print_whole(const struct cli *cli, size_t nids, const json_t *rows,
                     void (*print)(const struct cli *cli, const json_t *row));
/* Fails with KIND and the error of the only row, when one id was asked for. Returns 0
 * otherwise: each row says its own error. */
int cli_fail_alone(size_t nids, const json_t *rows, enum err_kind kind, struct err *e);
/* Prints the result of a script: an object by lines, a string as it is, anything else as
 * JSON; nothing for null. */
void cli_print_value(const json_t *value);
/* Prints an answer of ops/rehearsal.h. Ends a line that names the run; the body of a
 * request stands below it, indented. Times are in CLIENT's zone. */
void cli_print_rehearsal(FILE *to, struct workspace *w, const char *client,
                         const json_t *answer);
/* Returns a copy of TREE whose objects hold their members in byte order. When a name
 * holds a NUL, it returns TREE itself, with a new reference. */
json_t *cli_sorted(const json_t *tree);
/* Splits the words from FROM on, key=value, key:=json, key=@file, into {"key", "op",
 * "value"} objects. */
json_t *cli_inputs(const struct cli *cli, size_t from, struct err *e);
/* Reads a JSON document from a file, or from standard input when PATH is "-". */
json_t *cli_read_json(const char *path, struct err *e);
/* The same; a document that is not an object is an error that calls it WHAT. */
json_t *cli_read_object(const char *path, const char *what, struct err *e);
/* Reads a token or a secret: the whole of a file, or of standard input when PATH is "-",
 * without the white space at its end. On a terminal it asks for one line with PROMPT, see
 * cli/prompt. Wipe it with vault_wipe. */
int cli_read_secret(const char *path, const char *prompt, struct buf *out, struct err *e);

/* Runs an entry of lua/std for cli->client in cli->session, and frees ARGS, which may be
 * NULL: "an argument is not UTF-8". Returns a new reference, or NULL with E. */
json_t *cli_entry(struct cli *cli, const char *entry, json_t *args, struct err *e);

/* One a line, as in the table of main.c. */
cli_command_fn cmd_actions;
cli_command_fn cmd_alert;
cli_command_fn cmd_api;
cli_command_fn cmd_call;
cli_command_fn cmd_check;
cli_command_fn cmd_client;
cli_command_fn cmd_clients;
cli_command_fn cmd_completion;
cli_command_fn cmd_connect;
cli_command_fn cmd_connections;
cli_command_fn cmd_cron;
cli_command_fn cmd_deploy;
cli_command_fn cmd_diff;
cli_command_fn cmd_disconnect;
cli_command_fn cmd_doctor;
cli_command_fn cmd_events;
cli_command_fn cmd_explain;
cli_command_fn cmd_forget;
cli_command_fn cmd_heal;
cli_command_fn cmd_help;
cli_command_fn cmd_hooks;
cli_command_fn cmd_ids;
cli_command_fn cmd_import;
cli_command_fn cmd_init;
cli_command_fn cmd_logs;
cli_command_fn cmd_missed;
cli_command_fn cmd_mock;
cli_command_fn cmd_pause;
cli_command_fn cmd_poll;
cli_command_fn cmd_backup, cmd_promote, cmd_restore;
cli_command_fn cmd_recipes;
cli_command_fn cmd_refresh;
cli_command_fn cmd_releases;
cli_command_fn cmd_reload;
cli_command_fn cmd_render;
cli_command_fn cmd_resume;
cli_command_fn cmd_rollback;
cli_command_fn cmd_run;
cli_command_fn cmd_runs;
cli_command_fn cmd_schedule;
cli_command_fn cmd_secret;
cli_command_fn cmd_selftest;
cli_command_fn cmd_serve;
cli_command_fn cmd_show;
cli_command_fn cmd_stats;
cli_command_fn cmd_status;
cli_command_fn cmd_store;
cli_command_fn cmd_trace;
cli_command_fn cmd_triggers;
cli_command_fn cmd_upgrade;
cli_command_fn cmd_vault;
cli_command_fn cmd_version;
cli_command_fn cmd_which;
cli_command_fn cmd_work;

/* Says on standard error why a write of CLIENT was not sent, when RESULT has one
 * (session_dry_result) although --dry-run was not given. */
void cli_say_dry(const struct cli *cli, const char *client, const json_t *result);

#endif
