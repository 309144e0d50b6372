#include "cli/changes.h"

#include "base/str.h"
#include "cli/table.h"
#include "core/jsontree.h"

enum { NAMED_CLIENTS = 3 };

static void print_clients(FILE *to, const json_t *row, size_t all)
{
    const json_t *clients = json_object_get(row, "clients"), *name;
    size_t i, n = json_array_size(clients);
    if (!clients || str_starts(json_text_or(row, "path", ""), "clients/"))
        return;
    if (n == all && n > 1) {
        fprintf(to, " (all %zu clients)", n);
        return;
    }
    json_array_foreach(clients, i, name)
    {
        if (i == NAMED_CLIENTS)
            break;
        const char *client = json_string_value(name);
        const char *before = i ? ", " : n == 1 ? " (client " : " (clients ";
        if (*client)
            table_printf(to, "%s%s", before, client);
        else
            fputs(" (the server itself", to);
    }
    if (n > NAMED_CLIENTS)
        fprintf(to, " and %zu more", n - NAMED_CLIENTS);
    fputc(')', to);
}

void changes_print(FILE *to, const json_t *rows, size_t all)
{
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        table_printf(to, "%-8s %s", json_text_or(row, "change", ""),
                     json_text_or(row, "path", ""));
        print_clients(to, row, all);
        fputc('\n', to);
    }
    json_array_foreach(rows, i, row)
    {
        const char *diff = json_text(row, "diff");
        if (diff)
            table_print_text(to, diff);
        else if (json_object_get(row, "diff"))
            table_printf(to, "%s differs in bytes that are not UTF-8\n",
                         json_text_or(row, "path", ""));
    }
}
