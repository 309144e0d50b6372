#include "work/departure.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/testhook.h"

struct departures {
    struct presence *presence; /* of the last one that asked */
    LIST_HEAD(, departure) leaving;
    struct loop_timer *left;
};

/* libcurl has handed the requests to the kernel: its turn is over. */
static void on_left(void *arg)
{
    struct departures *all = arg;
    struct departure *x;
    while ((x = LIST_FIRST(&all->leaving))) {
        departure_end(x);
        presence_left(all->presence, x->run);
    }
}

struct departures *departures_new(struct loop *loop)
{
    struct departures *all = xcalloc(1, sizeof *all);
    all->left = loop_timer_new(loop, on_left, all);
    LIST_INIT(&all->leaving);
    return all;
}

void departures_free(struct departures *all)
{
    if (!all)
        return;
    loop_timer_free(all->left);
    free(all);
}

/* This process may have been stopped since it stored the intent, for any time, and
 * another process may have taken the run over, found that the write was not sent, and
 * sent it. So the claim is checked here, as late as can be: in the memory that both
 * processes map, because a statement would take the loop's thread to the disk while the
 * connection is open, and would still leave a gap after it.
 *
 * The one that takes over fences this process and takes its marks of unsent writes
 * (presence_fence) before it commits that the runs are free. So when it was first,
 * presence_leave says so. When presence_leave was first, the other process sees that the
 * write is leaving, and leaves the run alone, until libcurl has handed the request to the
 * kernel (on_left); from then on the write is on its way, and is looked for like that of
 * a process that died. A large request takes more than one turn of the loop: its run is
 * left alone until its outcome is known.
 *
 * A claim can also be lost without that memory: the presence's file was deleted, or there
 * was no room for it. So a write whose intent is old is not sent either: it gets a new
 * intent first, and the commit of that checks the epoch. */
enum run_send departure_ask(struct departures *all, struct departure *x,
                            struct presence *p, int is_large)
{
    testhook_pause("leaving");
    if (p && presence_is_fenced(p))
        return RUN_SEND_LOST;
    if (clock_mono_us() - x->stored_us > heartbeat_late_us())
        return RUN_SEND_LATE;
    if (p && !presence_leave(p, x->run))
        return RUN_SEND_LOST;
    testhook_stop("leaving");
    testhook_pause("sending");
    if (p && !is_large && !x->is_leaving) {
        x->is_leaving = 1;
        all->presence = p;
        LIST_INSERT_HEAD(&all->leaving, x, entry);
        loop_timer_set(all->left, 0);
    }
    return RUN_SEND;
}

void departure_end(struct departure *x)
{
    if (x->is_leaving)
        LIST_REMOVE(x, entry);
    x->is_leaving = 0;
}
