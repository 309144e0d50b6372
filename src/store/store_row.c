#include "store/store_row.h"

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
