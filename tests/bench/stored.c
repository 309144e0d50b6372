/* stored WORKSPACE N COMPANY done|waiting: fills the store with N deliveries of the past
 * weeks that fired for client acme and are done, or with N that just came and wait. */
#include <stdio.h>
#include <string.h>

#include "workspace/workspace.h"
#include "base/clock.h"
#include "store/inbox.h"
#include "store/store.h"

enum { BODY = 2048, AT_ONCE = 2000 };

struct batch {
    const char *company;
    int waits;
    int64_t from, to, all, now_ms;
};

static void make_body(const struct batch *b, const char *event, const char *conversation,
                      int64_t at_ms, char body[BODY + 1])
{
    int n = snprintf(
        body, BODY,
        "{\"authorization\":{\"id\":\"%s\"},\"type\":\"inbound_received\","
        "\"payload\":{\"id\":\"%s\",\"type\":\"inbound\",\"emitted_at\":%lld,"
        "\"conversation\":{\"id\":\"%s\",\"subject\":\"Boots\",\"created_at\":%lld},"
        "\"target\":{\"data\":{\"text\":\"",
        b->company, event, (long long)at_ms / 1000, conversation,
        (long long)at_ms / 1000);
    static const char tail[] = "\"}}}}";
    memset(body + n, 'x', BODY - (size_t)n);
    memcpy(body + BODY - (sizeof tail - 1), tail, sizeof tail);
}

static int add(struct db *db, void *arg, struct err *e)
{
    const struct batch *b = arg;
    for (int64_t i = b->from; i < b->to; i++) {
        char event[40], conversation[40];
        int64_t id, activation, at = b->now_ms - (b->all - i) * (b->waits ? 0 : 1500);
        char body[BODY + 1];
        snprintf(event, sizeof event, "evt_%llx%llx", (unsigned long long)b->now_ms,
                 (unsigned long long)i);
        snprintf(conversation, sizeof conversation, "cnv_%s", event + 4);
        make_body(b, event, conversation, at, body);
        struct delivery d = {.at_ms = at,
                             .due_ms = at,
                             .app = "front",
                             .scheme = "application",
                             .company = b->company,
                             .type = "inbound",
                             .event = event,
                             .conversation = conversation,
                             .state = b->waits ? DELIVERY_WAITING : DELIVERY_DONE};
        if (inbox_add(db, &d, body, BODY, &id, e) != 0)
            return -1;
        if (b->waits)
            continue;
        struct activation a = {.at_ms = at,
                               .client = "acme",
                               .trigger = "front/conversation-created",
                               .key = conversation,
                               .delivery = id,
                               .conversation = conversation,
                               .event = body};
        if (inbox_activate(db, &a, &activation, e) < 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct err e;
    long long n;
    if (argc != 5 || sscanf(argv[2], "%lld", &n) != 1)
        return 64;
    struct workspace *w = workspace_open(argv[1], 0, &e);
    struct store *store = w ? workspace_store(w, &e) : NULL;
    struct batch b;
    b = (struct batch){.company = argv[3],
                       .waits = strcmp(argv[4], "waiting") == 0,
                       .all = n,
                       .now_ms = clock_wall_ms()};
    int rc = store ? 0 : -1;
    for (; rc == 0 && b.from < n; b.from = b.to) {
        b.to = b.from + AT_ONCE < n ? b.from + AT_ONCE : n;
        rc = store_transaction(store_db(store), add, &b, &e);
    }
    if (rc != 0)
        fprintf(stderr, "stored: %s\n", e.text);
    workspace_close(w);
    return rc != 0;
}
