#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "base/array.h"
#include "base/path.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/words.h"
#include "vm/overlay.h"

/* What can follow at the prompt, from the usage lines of main.c's table: a word in
 * capital letters there says what kind of value stands in its place. */

enum { OPTIONS_MAX = 48, VERBS_MAX = 16, NAME_SIZE = 48 };

struct option {
    char name[NAME_SIZE];  /* with "--" */
    char value[NAME_SIZE]; /* "CLIENT,…"; "": it takes none */
};

struct usage { /* a usage line, taken apart */
    struct option options[OPTIONS_MAX];
    size_t noptions;
    char verbs[VERBS_MAX][NAME_SIZE]; /* of which the first word is one */
    size_t nverbs;
    char first[NAME_SIZE]; /* the kind of the first word; "": it takes none */
    int has_fields;        /* 1: key=value may follow */
};

struct completion {
    struct cli *cli;
    const char *const *words; /* what was typed behind "foyer"; the last is being typed */
    size_t n;
    const char *typed;  /* the last word, behind its last comma where it is a list */
    char *before;       /* what stands before that, which each suggestion repeats */
    const char *client; /* --client, if it names one */
};

/* ---- usage lines ---- */

static int is_kind(const char *word)
{
    return word[0] >= 'A' && word[0] <= 'Z' && word[1] >= 'A' && word[1] <= 'Z';
}

static void copy(char out[NAME_SIZE], const char *s, size_t n)
{
    snprintf(out, NAME_SIZE, "%.*s", (int)(n < NAME_SIZE ? n : NAME_SIZE - 1), s);
}

static void add_word(struct usage *u, const char *word)
{
    struct option *last = u->noptions ? &u->options[u->noptions - 1] : NULL;
    if (str_starts(word, "--") && u->noptions < OPTIONS_MAX)
        copy(u->options[u->noptions++].name, word, strlen(word));
    else if (is_kind(word) && last && !last->value[0] && strcmp(last->value, "-") != 0)
        copy(last->value, word, strlen(word));
    else if (is_kind(word) && !u->first[0])
        copy(u->first, word, strlen(word));
    else if (str_starts(word, "key="))
        u->has_fields = 1;
    else if (word[0] >= 'a' && word[0] <= 'z' && u->nverbs < VERBS_MAX)
        copy(u->verbs[u->nverbs++], word, strlen(word));
}

/* Takes LINE apart at spaces, brackets and bars. Only a word right behind an option is
 * its value. */
static struct usage read_usage(const char *line)
{
    struct usage u = {0};
    char word[NAME_SIZE];
    while (*line) {
        size_t n = strcspn(line, " []|");
        copy(word, line, n);
        size_t before = u.noptions;
        if (n)
            add_word(&u, word);
        line += n;
        /* "[--link|…": an option that a bracket or a bar ends takes no value */
        int ends = *line && *line != ' ';
        if (u.noptions && !u.options[u.noptions - 1].value[0] &&
            (ends || (before == u.noptions && n)))
            copy(u.options[u.noptions - 1].value, "-", 1);
        line += *line != '\0';
    }
    for (size_t i = 0; i < u.noptions; i++)
        if (strcmp(u.options[i].value, "-") == 0)
            u.options[i].value[0] = '\0';
    return u;
}

/* ---- suggestions ---- */

static void suggest(struct completion *c, const char *word)
{
    if (str_starts(word, c->typed))
        printf("%s%s\n", c->before, word);
}

static void on_client(void *arg, const char *client)
{
    suggest(arg, client);
}

struct stems { /* names of files below DIR, without an extension */
    struct completion *c;
    const char *dir, *prefix;
    const char *const *extensions;
};

static void on_file(void *arg, const char *name)
{
    const struct stems *stems = arg;
    for (const char *const *extension = stems->extensions; *extension; extension++) {
        size_t n = strlen(name), m = strlen(*extension);
        if (n <= m || !str_ends(name, *extension))
            continue;
        char *whole = xasprintf("%s%.*s", stems->prefix, (int)(n - m), name);
        suggest(stems->c, whole);
        free(whole);
    }
}

static void suggest_files(struct completion *c, const char *dir, const char *prefix,
                          const char *const *extensions)
{
    struct stems stems = {c, dir, prefix, extensions};
    overlay_each(workspace_overlay(c->cli->w), c->client, dir, on_file, &stems);
}

static const char *const lua[] = {".lua", NULL};
static const char *const texts[] = {".txt", ".md", ".html", NULL};

struct scripts {
    struct completion *c;
    const char *kind; /* "actions", "triggers" */
};

static void on_app(void *arg, const char *app)
{
    const struct scripts *scripts = arg;
    if (strchr(app, '.') || str_eq(app, "std"))
        return;
    char *dir = xasprintf("lua/%s/%s", app, scripts->kind);
    char *prefix = xasprintf("%s/", app);
    suggest_files(scripts->c, dir, prefix, lua);
    free(prefix);
    free(dir);
}

static void suggest_scripts(struct completion *c, const char *kind)
{
    struct scripts scripts = {c, kind};
    overlay_each(workspace_overlay(c->cli->w), c->client, "lua", on_app, &scripts);
}

static void on_app_name(void *arg, const char *app)
{
    struct completion *c = arg;
    char *connector = xasprintf("lua/%s/connector.lua", app);
    if (overlay_find(workspace_overlay(c->cli->w), NULL, connector, OVERLAY_CLIENT, NULL))
        suggest(c, app);
    free(connector);
}

static void on_grouped(void *arg, const char *client)
{
    struct completion *c = arg;
    size_t i;
    json_t *group;
    json_array_foreach(
        json_object_get(workspace_client(c->cli->w, client, NULL), "groups"), i, group)
    {
        suggest(c, json_string_value(group));
    }
}

static void suggest_commands(struct completion *c)
{
    for (const struct cli_command *command = c->cli->commands; command->name; command++)
        suggest(c, command->name);
}

/* A space in a word would end it: "needs you" is typed as needs-you. */
static void suggest_states(struct completion *c)
{
    const char *word;
    for (int i = 0; (word = words_nth(i)); i++) {
        char *typed = xstrdup(word), *space = strchr(typed, ' ');
        if (space)
            *space = '-';
        suggest(c, typed);
        free(typed);
    }
}

static int has_kind(const char *kind, const char *name)
{
    size_t n = strlen(name);
    return strncmp(kind, name, n) == 0 && !(kind[n] >= 'A' && kind[n] <= 'Z');
}

/* Suggests values of KIND, a word of a usage line. Nothing for a kind that only a person
 * knows; the shell then completes names of files. */
static void suggest_kind(struct completion *c, const char *kind, const char *command)
{
    if (!c->cli->w)
        return;
    if (has_kind(kind, "CLIENT"))
        workspace_each_client(c->cli->w, on_client, c);
    else if (has_kind(kind, "GROUP"))
        workspace_each_client(c->cli->w, on_grouped, c);
    else if (has_kind(kind, "ACTION") ||
             (has_kind(kind, "NAME") && str_eq(command, "actions")))
        suggest_scripts(c, "actions");
    else if (has_kind(kind, "NAME") && str_eq(command, "triggers"))
        suggest_scripts(c, "triggers");
    else if (has_kind(kind, "RECIPE") ||
             (has_kind(kind, "NAME") && str_eq(command, "recipes")))
        suggest_files(c, "recipes", "", lua);
    else if (has_kind(kind, "TEMPLATE"))
        suggest_files(c, "templates", "", texts);
    else if (has_kind(kind, "APP"))
        overlay_each(workspace_overlay(c->cli->w), NULL, "lua", on_app_name, c);
    else if (has_kind(kind, "COMMAND"))
        suggest_commands(c);
    else if (has_kind(kind, "STATE"))
        suggest_states(c);
    else if (has_kind(kind, "NAME") &&
             (str_eq(command, "which") || str_eq(command, "diff") ||
              str_eq(command, "show"))) {
        suggest_scripts(c, "actions");
        suggest_scripts(c, "triggers");
        suggest_files(c, "recipes", "", lua);
    }
}

/* Suggests "limit=" for the inputs of an action, or the options of a recipe. */
static void suggest_fields(struct completion *c, const char *kind, const char *name)
{
    struct err e;
    size_t i;
    json_t *field;
    if (!c->cli->w || !(c->cli->session = session_open_offline(c->cli->w, &e)))
        return;
    json_t *args =
        json_pack("{s:s, s:[s], s:b}", "kind", kind, "words", name, "whole", 1);
    json_t *out = cli_entry(c->cli, "definitions", args, &e);
    json_t *manual = json_object_get(out, "manual");
    json_array_foreach(
        json_object_get(manual, str_eq(kind, "recipe") ? "options" : "input"), i, field)
    {
        char *word = xasprintf("%s=", json_text_or(field, "name", ""));
        suggest(c, word);
        free(word);
    }
    json_decref(out);
}

/* ---- what was typed ---- */

static const struct option *find_option(const struct usage *u, const char *name)
{
    for (size_t i = 0; i < u->noptions; i++)
        if (str_eq(u->options[i].name, name))
            return &u->options[i];
    return NULL;
}

/* Suggests what can stand in the place of the last word, behind COMMAND, which is word
 * AT. */
static void complete_after(struct completion *c, const struct cli_command *command,
                           size_t at)
{
    struct usage u = read_usage(command->usage);
    const struct option *waits = NULL; /* for its value */
    const char *first = NULL;
    for (size_t i = at + 1; i + 1 < c->n; i++) {
        const char *word = c->words[i];
        if (waits && str_eq(waits->name, "--client"))
            c->client = word;
        if (waits || str_eq(word, "-w")) {
            i += !waits;
            waits = NULL;
        } else if (word[0] == '-') {
            waits = find_option(&u, word);
            waits = waits && waits->value[0] ? waits : NULL;
        } else if (!first) {
            first = word;
        }
    }
    const char *last = c->words[c->n - 1], *comma = strrchr(last, ',');
    if (waits && strchr(waits->value, ',') && comma) {
        c->typed = comma + 1;
        free(c->before);
        c->before = xmemdup0(last, (size_t)(comma + 1 - last));
    }
    if (waits) {
        suggest_kind(c, waits->value, command->name);
    } else if (last[0] == '-') {
        for (size_t i = 0; i < u.noptions; i++)
            suggest(c, u.options[i].name);
        suggest(c, "--json");
        suggest(c, "--help");
    } else if (!first) {
        for (size_t i = 0; i < u.nverbs; i++)
            suggest(c, u.verbs[i]);
        suggest_kind(c, u.first, command->name);
    } else if (u.has_fields) {
        suggest_fields(c, has_kind(u.first, "RECIPE") ? "recipe" : "action", first);
    } else if (u.nverbs) {
        suggest_kind(c, u.first, command->name);
    }
}

static void complete(struct completion *c)
{
    size_t at = 0;
    while (at + 1 < c->n && c->words[at][0] == '-') {
        if (str_eq(c->words[at], "-w") && at + 1 < c->n - 1)
            c->cli->workspace = c->words[++at];
        at++;
    }
    struct err e; /* without a workspace there is less to suggest */
    c->cli->w = workspace_open(c->cli->workspace, 1, &e);
    if (at + 1 == c->n && c->typed[0] != '-') {
        suggest_commands(c);
        return;
    }
    for (const struct cli_command *command = c->cli->commands; command->name; command++)
        if (at < c->n && str_eq(c->words[at], command->name)) {
            complete_after(c, command, at);
            return;
        }
}

/* ---- the shells' halves ---- */

/* Each asks `foyer completion words -- WORD…`; without an answer the shell completes
 * names of files. */
static const struct {
    const char *shell, *script;
} scripts[] = {
    {"bash", "# foyer: completion for bash; made by `foyer completion bash`\n"
             "_foyer() {\n"
             "  local IFS=$'\\n'\n"
             "  COMPREPLY=($(\"${COMP_WORDS[0]}\" completion words -- "
             "\"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
             "  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=/] ]] && compopt -o "
             "nospace\n"
             "  return 0\n"
             "}\n"
             "complete -o default -F _foyer foyer\n"},
    {"zsh", "#compdef foyer\n"
            "# foyer: completion for zsh; made by `foyer completion zsh`\n"
            "_foyer() {\n"
            "  local -a found\n"
            "  found=(${(f)\"$(\"${words[1]}\" completion words -- "
            "\"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
            "  if (( ${#found} )); then compadd -Q -- $found; else _files; fi\n"
            "}\n"
            "if [ \"$funcstack[1]\" = _foyer ]; then _foyer \"$@\"; else compdef _foyer "
            "foyer; fi\n"},
    {"fish", "# foyer: completion for fish; made by `foyer completion fish`\n"
             "function __foyer_words\n"
             "  set -l words (commandline -opc) (commandline -ct)\n"
             "  set -l found ($words[1] completion words -- $words[2..-1] 2>/dev/null)\n"
             "  if test (count $found) -gt 0\n"
             "    printf '%s\\n' $found\n"
             "  else\n"
             "    __fish_complete_path (commandline -ct)\n"
             "  end\n"
             "end\n"
             "complete -c foyer -f -a '(__foyer_words)'\n"},
};

int cmd_completion(struct cli *cli, struct err *e)
{
    if (cli_parse(cli, cli_no_options, e) != 0)
        return -1;
    const char *shell = cli->words.items[0];
    if (str_eq(shell, "words")) {
        struct completion c = {
            .cli = cli, .words = cli->words.items + 1, .n = cli->words.n - 1};
        if (c.n == 0)
            return 0;
        c.typed = c.words[c.n - 1];
        c.before = xstrdup("");
        complete(&c);
        free(c.before);
        return 0;
    }
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        if (str_eq(scripts[i].shell, shell)) {
            fputs(scripts[i].script, stdout);
            return 0;
        }
    return cli_usage_error(cli, e, "there is no completion for %.40s: bash, zsh, fish",
                           shell);
}
