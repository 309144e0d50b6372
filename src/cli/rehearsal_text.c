#include "cli/rehearsal_text.h"

#include <stdlib.h>

#include "cli/table.h"
#include "cli/timeline.h"
#include "base/str.h"
#include "core/jsontree.h"

static void print_body(FILE *to, const json_t *body)
{
    char *text = json_is_string(body) ? xstrdup(json_string_value(body))
                 : body               ? json_dumps(body, JSON_INDENT(2) | JSON_ENCODE_ANY)
                                      : NULL;
    if (text) {
        fputs("  ", to);
        table_print_lines(to, text);
    }
    free(text);
}

void rehearsal_text_print(FILE *to, struct workspace *w, const char *client,
                          const json_t *answer)
{
    const json_t *send = json_object_get(answer, "would_send");
    const json_t *look = json_object_get(answer, "would_look_for");
    const char *text;
    if (send) {
        table_printf(to, "would send %s %s\n", json_text(send, "method"),
                     json_text(send, "to"));
        print_body(to, json_object_get(send, "body"));
    } else if (look) {
        fputs("cannot tell whether its write was done: foyer would look for it\n", to);
        print_body(to, look);
    } else if ((text = json_text(answer, "would_skip"))) {
        table_printf(to, "would be skipped: %s\n", text);
    } else if ((text = json_text(answer, "would_fail"))) {
        table_printf(to, "would fail: %s\n", text);
    } else if (json_object_get(answer, "would_wait_until")) {
        struct timeline t = timeline_for(w, client);
        char at[40];
        timeline_format(&t, timeline_ms(answer, "would_wait_until"), at);
        table_printf(to, "would send nothing and wait until %s\n", at);
    } else {
        fputs("would end without sending anything\n", to);
    }
}
