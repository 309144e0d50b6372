#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "store/home.h"

static void print_left(const struct home_promoted *did, int is_moved)
{
    const char *fate = is_moved ? "go on where they stopped"
                                : "are not done again by themselves, as the original may "
                                  "have gone on with them";
    if (did->runs || did->deliveries)
        printf("in flight when it was copied: %lld run%s, %lld deliver%s; they %s\n",
               (long long)did->runs, did->runs == 1 ? "" : "s",
               (long long)did->deliveries, did->deliveries == 1 ? "y" : "ies", fate);
    if (did->runs && !is_moved)
        printf("  `foyer runs list --state parked` shows the runs: look at each "
               "conversation, then `foyer runs retry` or `foyer runs cancel`\n");
    if (did->deliveries && !is_moved)
        printf("  `foyer events list --state dead` shows the deliveries; `foyer events "
               "replay` takes one\n");
    if (!is_moved)
        printf("events that came to the original since then are not asked for\n");
    if (did->dry)
        printf("%lld run%s tried dry here meanwhile: what would have been sent stays "
               "unsent; `foyer missed` finds customers without an answer\n",
               (long long)did->dry, did->dry == 1 ? " was" : "s were");
}

int cmd_promote(struct cli *cli, struct err *e)
{
    struct home_promoted did;
    int is_moved = 0;
    struct cli_option options[] = {{"moved", CLI_FLAG, &is_moved},
                                   {NULL, CLI_FLAG, NULL}};
    if (cli_begin(cli, options, e) != 0)
        return -1;
    char *path = store_path(workspace_dir(cli->w));
    int rc = home_promote(store_db(cli->store), path, is_moved, clock_wall_ms(), &did, e);
    free(path);
    if (rc != 0)
        return -1;
    if (cli->json) {
        json_t *tree = json_pack("{s:b, s:I, s:I, s:I}", "promoted", did.copied_ms != 0,
                                 "runs", (json_int_t)did.runs, "deliveries",
                                 (json_int_t)did.deliveries, "dry", (json_int_t)did.dry);
        report_set_time(tree, "copied_at", did.copied_ms);
        cli_print_new(tree);
        return 0;
    }
    if (!did.copied_ms) {
        puts("nothing to do: this store is the original");
        return 0;
    }
    puts(
        "this store is the original now: it sends, and refreshes tokens; the one that it "
        "was copied from must not run any more");
    print_left(&did, is_moved);
    return 0;
}
