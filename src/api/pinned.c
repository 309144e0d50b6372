#include "api/pinned.h"

#include <string.h>

#include "vm/pins.h"
#include "vm/run.h"

/* Returns the settings that the run's first attempt saw, if its pins have them. */
const json_t *pinned_tree(lua_State *L, const char *name, const json_t *today)
{
    struct pins *pins = run_spec(run_of(L))->pins;
    return today && pins ? pins_tree(pins, name, today) : today;
}

const json_t *pinned_client(lua_State *L, const char *client, struct err *e)
{
    struct run *run = run_of(L);
    const json_t *today = run_host(run)->client(run_host(run)->arg, client, e);
    const char *own = run_client(run);
    return own && strcmp(own, client) == 0 ? pinned_tree(L, "client", today) : today;
}

/* For CLIENT, which may be NULL. */
const json_t *pinned_workspace(lua_State *L, const char *client, struct err *e)
{
    const struct run_host *host = run_host(run_of(L));
    return pinned_tree(L, "workspace", host->workspace(host->arg, client, e));
}
