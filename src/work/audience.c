#include "work/audience.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

enum { FRESH_US = 2 * 1000 * 1000 };

struct link { /* a client's connection */
    struct link *next;
    char *client, *app, *company;
};

struct audience {
    struct store *store;
    struct link *links, **tail;
    int64_t read_us; /* 0: not yet */
};

struct audience *audience_new(struct store *store)
{
    struct audience *a = xcalloc(1, sizeof *a);
    *a = (struct audience){.store = store, .tail = &a->links};
    return a;
}

static void forget(struct audience *a)
{
    while (a->links) {
        struct link *link = a->links;
        a->links = link->next;
        free(link->client);
        free(link->app);
        free(link->company);
        free(link);
    }
    a->tail = &a->links;
}

void audience_free(struct audience *a)
{
    if (!a)
        return;
    forget(a);
    free(a);
}

static int add(void *arg, const char *client, const struct store_connection *c)
{
    struct audience *a = arg;
    struct link *link = xcalloc(1, sizeof *link);
    *link = (struct link){NULL, xstrdup(client), xstrdup(c->app), xstrdup(c->id)};
    *a->tail = link;
    a->tail = &link->next;
    return 0;
}

static int read_links(struct audience *a, struct err *e)
{
    forget(a);
    a->read_us = clock_mono_us();
    return store_connection_each(a->store, add, a, e);
}

static int tell(const struct audience *a, const char *app, const char *company,
                void (*fn)(void *arg, const char *client), void *arg)
{
    int n = 0;
    for (const struct link *link = a->links; link; link = link->next)
        if (str_eq(link->app, app) && str_eq(link->company, company)) {
            fn(arg, link->client);
            n++;
        }
    return n;
}

int audience_each(struct audience *a, const char *app, const char *company,
                  void (*fn)(void *arg, const char *client), void *arg, struct err *e)
{
    int fresh = a->read_us && clock_mono_us() - a->read_us < FRESH_US;
    if (!fresh && read_links(a, e) != 0)
        return -1;
    if (tell(a, app, company, fn, arg) > 0 || !fresh)
        return 0;
    if (read_links(a, e) != 0)
        return -1;
    tell(a, app, company, fn, arg);
    return 0;
}
