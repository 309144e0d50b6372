#include "ops/delivery_control.h"

#include "store/inbox.h"
#include "store/store.h"

struct selecting {
    struct report *report;
    const struct selection *which;
    json_t *rows;
};

static int add_row(void *arg, const struct delivery *d)
{
    struct selecting *s = arg;
    if (!s->which->nids && (d->state == DELIVERY_WAITING || d->state == DELIVERY_CHANNEL))
        return 0;
    json_t *row = report_delivery_row(s->report, d);
    if (json_array_size(json_object_get(row, "clients")) == 0)
        report_set_text(row, "hint", "no client is connected to its company yet");
    json_array_append_new(s->rows, row);
    return 0;
}

json_t *delivery_control_select(struct report *r, const struct selection *which,
                                struct err *e)
{
    struct selecting s = {r, which, json_array()};
    if (selection_deliveries(which, r, add_row, &s, e) == 0)
        return s.rows;
    json_decref(s.rows);
    return NULL;
}

struct replaying {
    json_t *rows;
    enum err_kind *failed;
    int64_t id; /* of the delivery that replay_one changes */
};

static int replay_one(struct db *db, void *arg, struct err *e)
{
    const struct replaying *r = arg;
    return inbox_replay(db, r->id, e);
}

static int replay_all(struct db *db, void *arg, struct err *e)
{
    struct replaying *r = arg;
    size_t i;
    json_t *row;
    *r->failed = ERR_NONE;
    json_array_foreach(r->rows, i, row)
    {
        struct err why = {0};
        r->id = json_integer_value(json_object_get(row, "id"));
        if (store_transaction(db, replay_one, r, &why) == 0) {
            report_set_text(row, "now", "waiting");
        } else if (why.kind == ERR_STORE || why.kind == ERR_UNAVAILABLE) {
            *e = why;
            return -1;
        } else {
            report_set_text(row, "error", why.text);
            *r->failed = *r->failed ? *r->failed : why.kind;
        }
    }
    return 0;
}

int delivery_control_replay(struct report *r, json_t *rows, enum err_kind *failed,
                            struct err *e)
{
    struct replaying replaying = {rows, failed, 0};
    *failed = ERR_NONE;
    if (json_array_size(rows) == 0)
        return 0;
    return store_transaction(report_db(r), replay_all, &replaying, e);
}
