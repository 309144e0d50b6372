#include "ops/code_change.h"

#include <stdlib.h>
#include <string.h>

#include "store/ledger.h"
#include "vm/pins.h"

struct began_with { /* the hash of the run's pins */
    unsigned char pins[CRYPTO_SHA256_SIZE];
    int has_pins;
};

static int on_row(void *arg, const struct ledger_run *row)
{
    struct began_with *began = arg;
    began->has_pins = row->pins != NULL;
    if (row->pins)
        memcpy(began->pins, row->pins, sizeof began->pins);
    return 1;
}

static void add_path(void *arg, const char *path)
{
    json_array_append_new(arg, json_string(path));
}

json_t *code_changes(struct workspace *w, struct db *db, int64_t run, struct err *e)
{
    struct began_with began = {.has_pins = 0};
    char *list = NULL;
    if (ledger_read(db, run, on_row, &began, e) != 0 ||
        (began.has_pins && ledger_pins(db, began.pins, &list, e) != 0))
        return NULL;
    json_t *paths = json_array();
    if (list)
        pins_each_changed(workspace_overlay(w), list, add_path, paths);
    free(list);
    return paths;
}
