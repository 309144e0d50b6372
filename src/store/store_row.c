#include "store/store_row.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

int64_t store_row_time(int64_t ms)
{
    return ms ? ms : clock_wall_ms();
}

struct db_value store_row_null(const struct store_sealed *sealed)
{
    return sealed->data ? db_blob(sealed->data, sealed->len) : db_text(NULL);
}

struct store_sealed store_row_lend(const struct db_row *row, int version, int data)
{
    struct store_sealed sealed = {.version = db_row_int(row, version)};
    sealed.data = (unsigned char *)db_row_blob(row, data, &sealed.len);
    return sealed;
}

struct store_sealed store_row_copy(const struct store_sealed *from)
{
    return (struct store_sealed){
        from->version,
        from->data ? (unsigned char *)xmemdup0(from->data, from->len) : NULL, from->len};
}

static int copy_id(void *arg, const struct db_row *row)
{
    snprintf(arg, VAULT_ID_SIZE, "%s", db_row_text(row, 0));
    return 1;
}

int store_row_key(struct db *db, char id[VAULT_ID_SIZE], struct err *e)
{
    id[0] = '\0';
    return db_query(db, "SELECT key FROM sealing", DB_NONE, copy_id, id, e);
}

int store_row_check_sealed(struct db *db, const struct store_sealed *value,
                           const char *what, struct err *e)
{
    char wanted[VAULT_ID_SIZE], id[VAULT_ID_SIZE];
    if (!value->data)
        return 0;
    if (store_row_key(db, wanted, e) != 0)
        return -1;
    vault_sealed_id(value->data, value->len, id);
    if (!wanted[0] || strcmp(wanted, id) == 0)
        return 0;
    return err_set(
        e, ERR_CONFLICT,
        "cannot store the %s: the sealing key was renewed meanwhile; try again", what);
}
