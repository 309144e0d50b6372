#include "ops/maker.h"

#include "store/ledger.h"

static int add_maker(void *arg, const struct ledger_run *run)
{
    json_t **maker = arg;
    *maker = json_pack("{s:s, s:s, s:I}", "client", run->client, "recipe", run->recipe,
                       "run", (json_int_t)run->id);
    return 1;
}

json_t *maker_find(struct report *r, const char *app, const char *company,
                   const char *uid)
{
    struct db *db = report_db(r);
    int64_t run = 0;
    json_t *maker = NULL;
    if (company && uid && ledger_maker(db, app, company, uid, &run, NULL) == 0 && run)
        ledger_read(db, run, add_maker, &maker, NULL);
    return maker;
}
