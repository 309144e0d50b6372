#include "cli/names.h"

#include <stddef.h>

#include "base/str.h"

static const struct names_changed changed[] = {
    {"runs", "happened", "sent", "2027-12-01"},
    {"runs", "not-happened", "not-sent", "2027-12-01"},
};

enum { INSTEAD_MAX = 3 };

static const struct {
    const char *typed;
    const char *instead[INSTEAD_MAX];
} others[] = {
    {"secrets", {"foyer secret list", "foyer secret set NAME"}},
    {"vaults", {"foyer vault rekey"}},
    {"rekey", {"foyer vault rekey"}},
    {"compact", {"foyer store compact"}},
    {"vacuum", {"foyer store compact"}},
    {"replay", {"foyer events replay ID"}},
    {"webhooks", {"foyer hooks", "foyer events list"}},
    {"webhook", {"foyer hooks", "foyer events list"}},
    {"deliveries", {"foyer events list"}},
    {"retry", {"foyer runs retry ID"}},
    {"resolve", {"foyer runs resolve ID --sent | --not-sent"}},
    {"cancel", {"foyer runs cancel ID"}},
    {"list", {"foyer runs list", "foyer events list", "foyer actions"}},
    {"ls", {"foyer runs list", "foyer events list", "foyer actions"}},
    {"jobs", {"foyer runs list"}},
    {"queue", {"foyer status", "foyer runs list --state waiting"}},
    {"ps", {"foyer status"}},
    {"health", {"foyer status"}},
    {"info", {"foyer status"}},
    {"top", {"foyer status", "foyer stats"}},
    {"report", {"foyer stats"}},
    {"log", {"foyer logs"}},
    {"tail", {"foyer logs --follow"}},
    {"journal", {"foyer logs", "foyer trace RUN"}},
    {"history", {"foyer trace CONVERSATION", "foyer releases"}},
    {"why", {"foyer explain ID"}},
    {"start", {"foyer serve"}},
    {"server", {"foyer serve"}},
    {"up", {"foyer serve"}},
    {"daemon", {"foyer serve"}},
    {"worker", {"foyer work"}},
    {"workers", {"foyer status", "foyer work"}},
    {"restart", {"foyer reload", "foyer deploy"}},
    {"stop", {"foyer pause --all"}},
    {"suspend", {"foyer pause --all"}},
    {"unpause", {"foyer resume --all"}},
    {"continue", {"foyer resume --all"}},
    {"new", {"foyer init DIR", "foyer client add NAME"}},
    {"create", {"foyer init DIR", "foyer client add NAME"}},
    {"add", {"foyer client add NAME", "foyer connect CLIENT"}},
    {"remove", {"foyer client remove NAME", "foyer forget ADDRESS"}},
    {"rm", {"foyer client remove NAME", "foyer forget ADDRESS"}},
    {"delete", {"foyer client remove NAME", "foyer forget ADDRESS"}},
    {"erase", {"foyer forget ADDRESS"}},
    {"login", {"foyer connect CLIENT"}},
    {"auth", {"foyer connect CLIENT"}},
    {"logout", {"foyer disconnect CLIENT"}},
    {"validate", {"foyer check"}},
    {"lint", {"foyer check"}},
    {"test", {"foyer check", "foyer run RECIPE --sample --dry-run"}},
    {"config", {"foyer check", "foyer doctor"}},
    {"settings", {"foyer check", "foyer doctor"}},
    {"template", {"foyer render TEMPLATE", "foyer which FILE"}},
    {"templates", {"foyer render TEMPLATE", "foyer which FILE"}},
    {"publish", {"foyer deploy"}},
    {"push", {"foyer deploy"}},
    {"release", {"foyer deploy", "foyer releases"}},
    {"undo", {"foyer rollback"}},
    {"revert", {"foyer rollback"}},
    {"migrate", {"foyer upgrade --check"}},
    {"update", {"foyer upgrade --check"}},
    {"export", {"foyer backup --to DIR", "foyer client remove NAME --export FILE"}},
};

/* Options that a command calls otherwise. */
static const struct {
    const char *command, *typed, *instead;
} options[] = {
    {"logs", "f", "--follow"},
    {"logs", "tail", "--limit N for the last lines, --follow for those to come"},
    {"logs", "n", "--limit N"},
    {"logs", "lines", "--limit N"},
};

const char *names_option(const char *command, const char *typed)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (str_eq(options[i].command, command) && str_eq(options[i].typed, typed))
            return options[i].instead;
    return NULL;
}

const struct names_changed *names_changed(const char *command, const char *was)
{
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
        if (str_eq(changed[i].command, command) && str_eq(changed[i].was, was))
            return &changed[i];
    return NULL;
}

const char *names_instead(const char *typed, int n)
{
    for (size_t i = 0; n < INSTEAD_MAX && i < sizeof others / sizeof *others; i++)
        if (str_eq(others[i].typed, typed))
            return others[i].instead[n];
    return NULL;
}
