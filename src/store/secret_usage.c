#include "store/secret_usage.h"

#include "io/db.h"

enum { DAY_MS = 24 * 3600 * 1000 };

struct use {
    const char *name;
    int64_t version, day_ms;
};

int64_t secret_usage_last(struct live *live, const char *name, int64_t version,
                          struct err *e)
{
    int64_t day_ms = 0;
    struct db *db = live_db(live, e);
    if (!db ||
        db_select_int(db, "SELECT day_ms FROM usage WHERE name = ? AND version = ?",
                      DB_ARGS(db_text(name), db_int(version)), &day_ms, e) != 0)
        return -1;
    return day_ms;
}

static int note(struct db *db, void *arg, struct err *e)
{
    const struct use *use = arg;
    return db_change(
        db,
        "INSERT INTO usage (name, version, day_ms) VALUES (?, ?, ?) ON CONFLICT (name, "
        "version) DO UPDATE SET day_ms = excluded.day_ms",
        DB_ARGS(db_text(use->name), db_int(use->version), db_int(use->day_ms)), NULL, e);
}

int secret_usage_note(struct live *live, const char *name, int64_t version,
                      int64_t now_ms, struct err *e)
{
    struct use use = {name, version, now_ms - now_ms % DAY_MS};
    int64_t last = secret_usage_last(live, name, version, e);
    if (last < 0)
        return -1;
    int is_noted = last >= use.day_ms && last <= use.day_ms + 2 * DAY_MS;
    return is_noted ? 0 : live_write(live, note, &use, e);
}
