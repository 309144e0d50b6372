#include "core/made.h"

#include <string.h>

#include "base/str.h"
#include "core/jsontree.h"

enum { ID_MAX = 200 };

/* Adds an id to the list. Returns 0 when VALUE is not an id. */
static int add(struct made *out, const json_t *value)
{
    const char *id = json_string_value(value);
    if (!id || !*id || strlen(id) > ID_MAX)
        return 0;
    for (size_t i = 0; i < out->n; i++)
        if (str_eq(out->ids[i], id))
            return 1;
    if (out->n == MADE_MAX)
        return 0;
    out->ids[out->n++] = id;
    return 1;
}

void made_read(struct made *out, const json_t *connector, const json_t *body,
               const json_t *more)
{
    const char *field = json_text(connector, "receipt.field");
    json_t *receipt = field ? json_object_get(body, field) : NULL, *id;
    size_t i;
    *out = (struct made){.n = 0};
    if (add(out, receipt))
        out->receipt = json_string_value(receipt);
    add(out, json_object_get(body, "id"));
    json_array_foreach(more, i, id)
    {
        add(out, id);
    }
}
