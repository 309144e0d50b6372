#include "cli/all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bar.h"
#include "base/str.h"

struct walk {
    struct cli *cli;
    struct bar *bar;
    int64_t n;
    int shares_terminal; /* 1: the items and the bar are on the same one */
};

static void on_emit(void *arg, const char *what, const char *json, size_t len)
{
    struct walk *w = arg;
    if (str_eq(what, "total")) {
        bar_total(w->bar, strtoll(json, NULL, 10));
        return;
    }
    if (w->shares_terminal)
        bar_hide(w->bar);
    fwrite(json, 1, len, stdout);
    putchar('\n');
    bar_set(w->bar, ++w->n, 0, 0);
    if ((w->shares_terminal && fflush(stdout) != 0) || ferror(stdout))
        session_interrupt(w->cli->session, 1); /* `| head` has seen enough */
}

int all_print(struct cli *cli, const struct session_call *call, struct err *e)
{
    struct walk w = {.cli = cli, .shares_terminal = isatty(STDOUT_FILENO)};
    struct session_call own = *call;
    char n[32];
    own.emit = on_emit;
    own.emit_arg = &w;
    w.bar = bar_new(session_loop(cli->session), cli->words.items[0], "items", 0);
    json_t *out = session_run(cli->session, &own, e);
    bar_free(w.bar);
    fflush(stdout); /* the items come before the lines about them */
    if (out || session_interrupted(cli->session))
        fprintf(stderr, "%s item%s\n", bar_number(n, w.n), w.n == 1 ? "" : "s");
    json_decref(out);
    if (session_interrupted(cli->session))
        return ferror(stdout) ? 0 : 130;
    return out ? 0 : -1;
}
