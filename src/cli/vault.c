#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "base/testhook.h"
#include "store/sealing.h"

struct rekey {
    char *old_key_file; /* NULL: none was replaced */
    int went_on;        /* 1: completed an earlier rekey */
    struct sealing_count count;
};

/* Chooses the key that seals from now on: a new one. When an earlier rekey was cut off
 * after it had replaced the key file, or another workspace with the same key file renewed
 * it, the key in the file is used. */
static int choose_key(struct store *store, struct vault *vault, struct rekey *r,
                      struct err *e)
{
    char recorded[VAULT_ID_SIZE];
    struct sealing_count count;
    const char *current = vault_key_id(vault);
    /* before anything changes, every value must be readable */
    if (sealing_key(store, recorded, e) != 0 ||
        sealing_each(store, current, sealing_by_vault, vault, &count, e) != 0)
        return -1;
    r->went_on = count.other > 0 || (recorded[0] && strcmp(recorded, current) != 0);
    if (r->went_on)
        return 0;
    return vault_renew(vault, &r->old_key_file, e);
}

static int rekey(struct workspace *w, struct rekey *r, struct err *e)
{
    struct store *store = workspace_store(w, e);
    struct vault *vault = store ? workspace_vault(w, e) : NULL;
    int lock = vault ? vault_lock(vault, e) : -1;
    /* another rekey may have ended after we read the key file and before the lock */
    if (lock < 0 || vault_reload(vault, e) != 0 || choose_key(store, vault, r, e) != 0) {
        vault_unlock(lock);
        return -1;
    }
    int rc =
        sealing_renew(store, vault_key_id(vault), sealing_by_vault, vault, &r->count, e);
    testhook_stop("committed");
    struct sealing_count now = {0};
    if (rc == 0)
        rc = sealing_each(store, vault_key_id(vault), sealing_by_vault, vault, &now, e);
    if (rc == 0 && now.other > 0)
        rc = err_set(e, ERR_INTERNAL, "%d values are still sealed with an old key",
                     now.other);
    vault_unlock(lock);
    return rc;
}

static void show(const struct cli *cli, struct vault *vault, const struct rekey *r)
{
    if (cli->json) {
        json_t *tree =
            json_pack("{s:s, s:i, s:i, s:b}", "key", vault_key_id(vault), "values",
                      r->count.values, "sealed", r->count.other, "went_on", r->went_on);
        report_set_text(tree, "old_key_file", r->old_key_file);
        cli_print_new(tree);
        return;
    }
    printf("%s%d of %d values are newly sealed, with the key %s\n",
           r->went_on ? "an earlier rekey is completed: " : "", r->count.other,
           r->count.values, vault_key_id(vault));
    if (r->old_key_file)
        fprintf(stderr,
                "the old key is kept in %s: delete that file when no backup and no other "
                "workspace needs it\n",
                r->old_key_file);
}

int cmd_vault(struct cli *cli, struct err *e)
{
    static const char *const verbs[] = {"rekey"};
    struct rekey r = {0};
    if (cli_parse(cli, cli_no_options, e) != 0 || cli_find_verb(cli, verbs, 1, e) != 0 ||
        cli_open(cli, e) != 0)
        return -1;
    int rc = rekey(cli->w, &r, e);
    if (rc == 0)
        show(cli, workspace_vault(cli->w, NULL), &r);
    free(r.old_key_file);
    return rc;
}
