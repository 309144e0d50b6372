#include "cli/folded.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/table.h"
#include "core/jsontree.h"

enum { NAMED = 3 };

void folded_add(json_t *said, const char *client, const char *sentence)
{
    json_t *names = json_object_get(said, sentence);
    if (!names) {
        names = json_array();
        json_object_set_new(said, sentence, names);
    }
    json_array_append_new(names, json_string(client));
}

void folded_print_one(const json_t *names, const char *sentence)
{
    char *list = json_join(names, NAMED);
    table_printf(stderr, "foyer: client%s %s: %s\n",
                 json_array_size(names) == 1 ? "" : "s", list, sentence);
    free(list);
}

void folded_print(const json_t *said)
{
    const char *sentence;
    json_t *names;
    json_object_foreach((json_t *)said, sentence, names)
    {
        folded_print_one(names, sentence);
    }
}
