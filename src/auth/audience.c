#include "auth/audience.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

enum { FRESH_US = 2 * 1000 * 1000 };

struct member { /* one client's connection */
    char *client, *app, *company;
};

struct audience {
    struct store *store;
    struct member *members;
    size_t n;
    int64_t read_us; /* 0: not yet */
};

struct audience *audience_new(struct store *store)
{
    struct audience *a = xcalloc(1, sizeof *a);
    a->store = store;
    return a;
}

static void forget(struct audience *a)
{
    for (size_t i = 0; i < a->n; i++) {
        free(a->members[i].client);
        free(a->members[i].app);
        free(a->members[i].company);
    }
    a->n = 0;
}

void audience_free(struct audience *a)
{
    if (!a)
        return;
    forget(a);
    free(a->members);
    free(a);
}

static int add(void *arg, const char *client, const struct store_connection *c)
{
    struct audience *a = arg;
    array_grow(a->members, a->n);
    a->members[a->n++] =
        (struct member){xstrdup(client), xstrdup(c->app), xstrdup(c->id)};
    return 0;
}

static int read_members(struct audience *a, struct err *e)
{
    forget(a);
    a->read_us = clock_mono_us();
    return store_connection_each(a->store, add, a, e);
}

static int call_each(const struct audience *a, const char *app, const char *company,
                     void (*fn)(void *arg, const char *client), void *arg)
{
    int n = 0;
    for (size_t i = 0; i < a->n; i++)
        if (str_eq(a->members[i].app, app) && str_eq(a->members[i].company, company)) {
            fn(arg, a->members[i].client);
            n++;
        }
    return n;
}

int audience_each(struct audience *a, const char *app, const char *company,
                  void (*fn)(void *arg, const char *client), void *arg, struct err *e)
{
    int is_fresh = a->read_us && clock_mono_us() - a->read_us < FRESH_US;
    if (!is_fresh && read_members(a, e) != 0)
        return -1;
    if (call_each(a, app, company, fn, arg) > 0 || !is_fresh)
        return 0;
    if (read_members(a, e) != 0)
        return -1;
    call_each(a, app, company, fn, arg);
    return 0;
}

struct others {
    const char *client;
    struct buf names;
};

static int add_other(void *arg, const char *client)
{
    struct others *o = arg;
    if (!str_eq(client, o->client))
        buf_addf(&o->names, "%s%s", o->names.len ? ", " : "", client);
    return 0;
}

char *audience_others(struct store *store, const char *app, const char *company,
                      const char *client)
{
    struct others o = {.client = client};
    buf_init(&o.names, 16 * 1024);
    int rc = store_company_clients(store_db(store), app, company, add_other, &o, NULL);
    char *names = rc == 0 && o.names.len ? xstrdup(buf_str(&o.names)) : NULL;
    buf_free(&o.names);
    return names;
}
