#include "cli/each.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bar.h"
#include "cli/table.h"
#include "work/lines.h"
#include "work/runner.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "io/writer.h"

enum {
    WAIT_MS = 5 * 60 * 1000, /* of a dry run's request, for the company's budget */
    NAME_COLUMNS = 20
};

struct job { /* one call of one command */
    struct cli *cli;
    const struct each *is;
    const char *action;
    struct rows *rows;
    unsigned char call[CRYPTO_SHA256_SIZE]; /* what is the same for all lines */
    unsigned char file[CRYPTO_SHA256_SIZE]; /* that and all lines */
    struct writer *writer;
    struct runner *runner;
    struct lines *lines;
    struct bar *bar;
    char *name, *args; /* args: of the last line */
    int64_t total, done, failed, before, unsure;
    int64_t began_us;
    int shares_terminal; /* 1: results and the bar are on the same one */
    int is_broken;       /* standard output cannot be written */
    int code;            /* the worst exit code so far */
};

/* ---- which line is which ---- */

static void hash_pair(const void *head, const void *data, size_t len,
                      unsigned char out[CRYPTO_SHA256_SIZE])
{
    struct buf both;
    buf_init(&both, len + CRYPTO_SHA256_SIZE);
    buf_add(&both, head, CRYPTO_SHA256_SIZE);
    buf_add(&both, data, len);
    crypto_sha256(both.data, both.len, out);
    buf_free(&both);
}

static void hash_line(const struct job *j, const struct row *row,
                      unsigned char out[CRYPTO_SHA256_SIZE])
{
    hash_pair(j->call, row->text, row->len, out);
}

/* Reads the whole file once: counts its lines and makes their hash. */
static int survey(struct job *j, struct err *e)
{
    unsigned char line[CRYPTO_SHA256_SIZE];
    struct row row;
    int got;
    json_t *same = json_pack("{s:s, s:s, s:O, s:O, s:s}", "client", j->cli->client,
                             "action", j->action, "words", j->is->words, "input",
                             j->is->body, "header", rows_header(j->rows));
    char *text = json_dumps(same, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(same);
    if (!text)
        return err_set(e, ERR_USAGE, "an argument, or the first line, is not UTF-8");
    crypto_sha256(text, strlen(text), j->call);
    free(text);
    memcpy(j->file, j->call, sizeof j->file);
    while ((got = rows_next(j->rows, &row, e)) == 1) {
        hash_line(j, &row, line);
        hash_pair(j->file, line, sizeof line, j->file);
        j->total++;
    }
    return got == 0 ? rows_rewind(j->rows, e) : -1;
}

/* Counts the lines that another file had and that were done, or are under way. */
static int find_twins(struct job *j, struct err *e)
{
    struct db *db = store_db(workspace_store(j->cli->w, NULL));
    unsigned char hash[CRYPTO_SHA256_SIZE];
    int64_t run, twin, first_run = 0, twins = 0;
    long first = 0;
    struct row row;
    int got;
    while ((got = rows_next(j->rows, &row, e)) == 1) {
        hash_line(j, &row, hash);
        if (ledger_line_twin(db, j->file, hash, &twin, e) != 0 ||
            (twin && ledger_line_run(db, j->file, row.n, &run, e) != 0))
            return -1;
        if (!twin || run)
            continue;
        if (twins++ == 0) {
            first = row.n;
            first_run = twin;
        }
    }
    if (got < 0 || rows_rewind(j->rows, e) != 0)
        return -1;
    if (!twins)
        return 0;
    char n[32], total[32];
    return err_set(e, ERR_CONFLICT,
                   "nothing was begun: %s of the %s lines of %s were done before, from a "
                   "file that was otherwise (line %ld by run %lld); --skip-done leaves "
                   "them out, --again does them once more",
                   bar_number(n, twins), bar_number(total, j->total), j->name, first,
                   (long long)first_run);
}

/* ---- what is called with ---- */

/* Returns the words for all lines whose value the line does not give itself. LINE is the
 * line's object; of CSV its members are whole paths. */
static json_t *words_besides(const struct job *j, const json_t *line)
{
    json_t *words = json_array(), *word;
    size_t i;
    json_array_foreach((json_t *)j->is->words, i, word)
    {
        const char *key = json_text(word, "key");
        if (rows_is_csv(j->rows) ? !json_object_get(line, key) : !json_at(line, key))
            json_array_append(words, word);
    }
    return words;
}

static json_t *input_with(const struct job *j, json_t *line)
{
    json_t *input = json_copy((json_t *)j->is->body);
    json_object_update(input, line);
    return input;
}

static void add_cells(json_t *words, json_t *line)
{
    const char *column;
    json_t *cell;
    json_object_foreach(line, column, cell)
    {
        json_array_append_new(
            words, json_pack("{s:s, s:s, s:O}", "key", column, "op", "=", "value", cell));
    }
}

/* Returns what the entry gets for the LINE. */
static json_t *args_of(const struct job *j, json_t *line)
{
    json_t *words = words_besides(j, line), *input;
    if (rows_is_csv(j->rows)) {
        add_cells(words, line);
        input = json_copy((json_t *)j->is->body);
    } else {
        input = input_with(j, line);
    }
    return json_pack("{s:s, s:s, s:o, s:o}", "tool", "call", "action", j->action, "words",
                     words, "input", input);
}

/* ---- what is printed ---- */

static void count_failure(struct job *j, const struct err *why, int unsure)
{
    int code = err_exit_code(unsure ? ERR_UNCERTAIN : why->kind);
    j->failed += !unsure;
    j->unsure += unsure;
    if (j->code == 0 || j->code == 75)
        j->code = code;
}

static void print_line(struct job *j, json_t *tree)
{
    if (j->shares_terminal)
        bar_hide(j->bar);
    char *text = json_dumps(tree, JSON_COMPACT);
    json_decref(tree);
    if (text)
        puts(text);
    free(text);
    if (fflush(stdout) != 0 && !j->is_broken) { /* `| head` has seen enough */
        j->is_broken = 1;
        if (j->lines)
            lines_stop(j->lines);
    }
    bar_set(j->bar, j->done, j->before, j->failed + j->unsure);
}

static void print_failure(struct job *j, int64_t n, int64_t run, const struct err *why,
                          int before)
{
    json_t *tree = json_pack("{s:I, s:b}", "line", (json_int_t)n, "ok", 0);
    if (run)
        json_object_set_new(tree, "run", json_integer(run));
    if (before)
        json_object_set_new(tree, "before", json_true());
    json_object_set_new(tree, "error", cli_error_tree(why));
    j->done++;
    print_line(j, tree);
}

static void print_success(struct job *j, int64_t n, int64_t run, const json_t *result,
                          int before)
{
    json_t *tree = json_pack("{s:I, s:b}", "line", (json_int_t)n, "ok", 1);
    if (run)
        json_object_set_new(tree, "run", json_integer(run));
    if (before)
        json_object_set_new(tree, "before", json_true());
    json_object_set_new(tree, "result",
                        result ? json_incref((json_t *)result) : json_null());
    j->done++;
    print_line(j, tree);
}

static void on_ended(void *arg, const struct lines_end *end)
{
    struct job *j = arg;
    j->before += end->before;
    if (end->state == LEDGER_DONE || end->state == LEDGER_SKIPPED) {
        print_success(j, end->n, end->run, end->result, end->before);
        return;
    }
    count_failure(j, &end->err, end->state == LEDGER_PARKED);
    print_failure(j, end->n, end->run, &end->err, end->before);
}

static void on_waiting(void *arg, int n)
{
    const struct job *j = arg;
    if (j->bar)
        bar_wait(j->bar, n);
}

/* ---- the lines, one after the other ---- */

/* Reads the next line that can be called with; tells of the others. */
static int next_line(struct job *j, struct row *row, json_t **args, struct err *e)
{
    int got;
    while ((got = rows_next(j->rows, row, e)) == 1) {
        struct err why = {.retry_after_ms = -1};
        json_t *line = rows_value(j->rows, &why);
        if (line) {
            *args = args_of(j, line);
            json_decref(line);
            return 1;
        }
        err_prefix(&why, "cannot read line %ld of %s", row->n, j->name);
        count_failure(j, &why, 0);
        print_failure(j, row->n, 0, &why, 0);
    }
    return got;
}

static int on_next(void *arg, struct lines_item *item, struct err *e)
{
    struct job *j = arg;
    unsigned char hash[CRYPTO_SHA256_SIZE];
    struct row row;
    json_t *args;
    int got = next_line(j, &row, &args, e);
    if (got != 1)
        return got;
    free(j->args);
    j->args = json_dumps(args, JSON_COMPACT);
    json_decref(args);
    hash_line(j, &row, hash);
    item->n = row.n;
    memcpy(item->hash, hash, sizeof item->hash);
    item->args = j->args;
    return 1;
}

/* Shows what each line would send. Nothing is stored. */
static int rehearse(struct job *j, struct err *e)
{
    struct row row;
    json_t *args;
    int got = 0;
    while (!j->is_broken && !session_interrupted(j->cli->session) &&
           (got = next_line(j, &row, &args, e)) == 1) {
        struct session_call call = {.client = j->cli->client,
                                    .label = j->action,
                                    .entry = "run",
                                    .args = args,
                                    .files = 1,
                                    .lane = WINDOW_LANE_BULK,
                                    .wait_ms = WAIT_MS,
                                    .patient = 1,
                                    .dry = 1};
        struct err why;
        json_t *out = session_run(j->cli->session, &call, &why);
        json_decref(args);
        if (out) {
            print_success(j, row.n, 0, json_object_get(out, "result"), 0);
        } else {
            count_failure(j, &why, 0);
            print_failure(j, row.n, 0, &why, 0);
        }
        json_decref(out);
    }
    return got < 0 ? -1 : 0;
}

/* ---- the command ---- */

static int open_store(struct job *j, struct err *e)
{
    struct cli *cli = j->cli;
    struct presence *presence = workspace_presence(cli->w, e);
    char *path = store_path(workspace_dir(cli->w));
    if (presence)
        j->writer = writer_open(path, session_loop(cli->session), e);
    free(path);
    if (j->writer)
        j->runner = runner_new(cli->session, j->writer, presence, e);
    if (!j->runner)
        return -1;
    runner_be_by_hand(j->runner);
    const struct lines_config config = {.session = cli->session,
                                        .runner = j->runner,
                                        .writer = j->writer,
                                        .presence = presence,
                                        .client = cli->client,
                                        .recipe = j->action,
                                        .file = j->file,
                                        .jobs = j->is->jobs,
                                        .retry = j->is->retry,
                                        .skip_done = j->is->skip_done,
                                        .next = on_next,
                                        .ended = on_ended,
                                        .waiting = on_waiting,
                                        .arg = j};
    j->lines = lines_new(&config);
    return 0;
}

/* Calls the lines. -1 with E: not all of them, as E says. */
static int call_lines(struct job *j, struct err *e)
{
    int rc = lines_run(j->lines, e);
    runner_stop(j->runner);
    writer_close(j->writer); /* stores what runner_stop released */
    j->writer = NULL;
    return rc;
}

/* Fails when there is no such action, before a line fails for it. */
static int check_action(const struct job *j, struct err *e)
{
    json_t *args = json_pack("{s:s, s:b}", "action", j->action, "looks", 1);
    json_t *out = cli_entry(j->cli, "call", args, e);
    json_decref(out);
    return out ? 0 : -1;
}

static void add_count(struct buf *text, int64_t n, const char *what)
{
    char number[32];
    if (n)
        buf_addf(text, "%s%s %s", text->len ? ", " : "", bar_number(number, n), what);
}

/* The last words, on standard error. */
static void summarize(const struct job *j, int stopped, const struct err *why)
{
    struct buf counts;
    char total[32], span[32], rate[32] = "";
    double s = (double)(clock_mono_us() - j->began_us) / 1e6;
    int64_t left = j->total - j->done, fresh = j->done - j->before;
    buf_init(&counts, 512);
    add_count(&counts, j->done - j->failed - j->unsure,
              j->is->dry ? "would be sent" : "done");
    add_count(&counts, j->failed, "failed");
    add_count(&counts, j->unsure, "uncertain");
    add_count(&counts, left, "left");
    if (s > 0 && fresh)
        snprintf(rate, sizeof rate, ", %.1f/s", (double)fresh / s);
    fprintf(stderr, "foyer: %s line%s: %s", bar_number(total, j->total),
            j->total == 1 ? "" : "s", counts.len ? buf_str(&counts) : "none");
    if (j->before)
        fprintf(stderr, " (%s by an earlier command)", bar_number(total, j->before));
    fprintf(stderr, " in %s%s\n", bar_span(span, s), rate);
    buf_free(&counts);
    if (stopped)
        table_printf(stderr, "foyer: it stopped: %s\n", why->text);
    if (left > 0 && !j->is->dry)
        fprintf(stderr, "foyer: start the same command again for the lines that are "
                        "left\n");
    if (j->failed && !j->is->dry && j->before && !j->is->retry)
        fprintf(stderr, "foyer: --retry-failed tries the failed lines of earlier "
                        "commands again\n");
    if (j->unsure)
        fprintf(stderr, "foyer: `foyer runs list --state parked` lists the uncertain "
                        "ones; look for them, then: foyer runs resolve RUN\n");
}

static int run_job(struct job *j, struct err *e)
{
    if (check_action(j, e) != 0 || !(j->rows = rows_open(j->is->path, j->is->kind, e)) ||
        survey(j, e) != 0)
        return -1;
    int checks = !j->is->again && !j->is->skip_done && !j->is->dry;
    if (!j->is->dry && !workspace_store(j->cli->w, e))
        return -1;
    if ((checks && find_twins(j, e) != 0) || (!j->is->dry && open_store(j, e) != 0))
        return -1;
    j->began_us = clock_mono_us();
    j->bar = bar_new(session_loop(j->cli->session), j->name, "lines", j->total);
    int rc = j->is->dry ? rehearse(j, e) : call_lines(j, e);
    bar_free(j->bar);
    j->bar = NULL;
    summarize(j, rc != 0, e);
    if (session_interrupted(j->cli->session))
        return 130;
    if (rc != 0 && (j->code == 0 || j->code == 75))
        j->code = err_exit_code(e->kind);
    return j->code;
}

/* Returns the name of PATH, cut for the bar. */
static char *shown_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (str_eq(path, "-"))
        return xstrdup("standard input");
    for (const char *p = name; *p; p++)
        if (*p < ' ' || *p > '~') /* its columns cannot be counted by its bytes */
            return xstrdup("the file");
    return strlen(name) <= NAME_COLUMNS ? xstrdup(name)
                                        : xasprintf("%.*s...", NAME_COLUMNS - 3, name);
}

int each_call(struct cli *cli, const struct each *what, struct err *e)
{
    struct job j = {.cli = cli,
                    .is = what,
                    .action = cli->words.items[0],
                    .name = shown_name(what->path),
                    .shares_terminal = isatty(STDOUT_FILENO)};
    int code = run_job(&j, e);
    writer_close(j.writer);
    runner_free(j.runner);
    lines_free(j.lines);
    rows_close(j.rows);
    free(j.args);
    free(j.name);
    return code;
}
