#include "ops/heard.h"

#include "base/str.h"
#include "core/jsontree.h"

enum {
    EARLY_S = 600, /* a webhook may be older than its message says */
    LATE_S = 3600
};

const json_t *heard_find(const json_t *list, const char *id)
{
    size_t i;
    json_t *message;
    json_array_foreach(list, i, message)
    {
        if (id && str_eq(json_text(message, "id"), id))
            return message;
    }
    return NULL;
}

json_t *heard_once(const json_t *told)
{
    json_t *list = json_array(), *message;
    size_t i;
    json_array_foreach(told, i, message)
    {
        const char *id = json_text(message, "id");
        if (id && !heard_find(list, id))
            json_array_append(list, message);
    }
    return list;
}

const json_t *heard_at(const json_t *told, size_t place)
{
    size_t i;
    json_t *message;
    json_array_foreach(told, i, message)
    {
        if ((size_t)json_int(message, "delivery") == place &&
            json_is_true(json_object_get(message, "inbound")))
            return message;
    }
    return NULL;
}

int heard_maybe(const json_t *told, double at)
{
    size_t i;
    json_t *one;
    json_array_foreach(told, i, one)
    {
        double after = json_number_value(json_object_get(one, "at")) - at;
        if (!json_text(one, "id") && after > -EARLY_S && after < LATE_S)
            return 1;
    }
    return 0;
}
