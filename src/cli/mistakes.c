#include "cli/mistakes.h"

#include "cli/table.h"
#include "core/jsontree.h"

enum { NAMED_CLIENTS = 3 }; /* in the line of a mistake */

static void print_mistake(FILE *to, const json_t *mistake, const char *prefix)
{
    table_printf(to, "%s:%d: %s%s", json_text(mistake, "path"),
                 (int)json_int(mistake, "line"), prefix, json_text(mistake, "sentence"));
    const json_t *clients = json_object_get(mistake, "clients");
    size_t n = json_array_size(clients);
    for (size_t i = 0; i < n && i < NAMED_CLIENTS; i++) {
        fputs(i ? ", " : n > 1 ? " (clients " : " (client ", to);
        table_printf(to, "%s", json_string_value(json_array_get(clients, i)));
    }
    if (n > NAMED_CLIENTS)
        fprintf(to, " and %zu more", n - NAMED_CLIENTS);
    fputs(n ? ")\n" : "\n", to);
}

void mistakes_print(FILE *to, const json_t *mistakes, const char *prefix)
{
    size_t i;
    json_t *mistake;
    json_array_foreach(mistakes, i, mistake)
    {
        print_mistake(to, mistake, prefix);
    }
}
