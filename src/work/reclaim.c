#include "work/reclaim.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "store/claims.h"
#include "store/inbox.h"
#include "store/ledger.h"
#include "core/limits.h"

enum {
    DEAD_MAX = 64,
    SAID_US = 5 * 60 * 1000 * 1000,
    IDLE_POLLS = 5 /* so often one is looked at that stands still and has no claims */
};

struct reclaim {
    struct workspace *w;
    struct db *db;
    struct writer *writer;
    struct presence *self;
    struct claims *claims; /* of deliveries; NULL: it frees runs only */
    struct alert *alert;
    void (*freed)(void *arg);
    void *arg;
    LIST_HEAD(, dead) pending;
    int npending;
    struct heartbeat_watch watch;
    char roused[PRESENCE_ID_SIZE]; /* the last process that was told to go on */
    int npolls;
    int nsuspects;   /* of the last poll */
    int64_t said_us; /* when the log last named an unreadable file; 0: never */
};

struct dead { /* one dead owner; its job's */
    LIST_ENTRY(dead) entry;
    struct reclaim *reclaim; /* NULL: reclaim_free was called */
    struct claims *claims;
    char owner[PRESENCE_ID_SIZE];
    struct presence_end end;
    int is_blamed;
    int is_killed; /* it recorded no cause; the run that held most memory is blamed */
    int is_frozen; /* it lives, and was fenced */
    struct presence_taken has;
    int ntaken;
    struct ledger_reclaimed out;
    char *client, *recipe; /* of the run that is to blame */
};

struct reclaim *reclaim_new(struct workspace *w, struct db *db, struct writer *writer,
                            struct presence *p, struct alert *alert,
                            void (*freed)(void *arg), void *arg)
{
    struct reclaim *r = xcalloc(1, sizeof *r);
    *r = (struct reclaim){.w = w,
                          .db = db,
                          .writer = writer,
                          .self = p,
                          .alert = alert,
                          .freed = freed,
                          .arg = arg};
    return r;
}

void reclaim_share_claims(struct reclaim *r, struct claims *claims)
{
    r->claims = claims;
}

void reclaim_free(struct reclaim *r)
{
    if (!r)
        return;
    struct dead *dead;
    LIST_FOREACH(dead, &r->pending, entry)
    {
        dead->reclaim = NULL;
    }
    free(r);
}

static int on_run(void *arg, const struct ledger_run *run)
{
    struct dead *dead = arg;
    dead->client = xstrdup(run->client);
    dead->recipe = xstrdup(run->recipe);
    return 1;
}

/* On the writer's thread. */
static int free_claims(struct db *db, void *arg, struct err *e)
{
    struct dead *dead = arg;
    int is_run = dead->is_blamed && strcmp(dead->end.kind, "run") == 0;
    int is_delivery = dead->is_blamed && strcmp(dead->end.kind, "delivery") == 0;
    const struct limits *limits = &limits_default;
    struct ledger_crash crash = {.run = dead->end.id,
                                 .kind = dead->is_killed ? "limit" : "script",
                                 .cause = dead->end.cause,
                                 .run_max = limits->run_crashes,
                                 .recipe_max = limits->recipe_crashes,
                                 .suspends = dead->is_killed,
                                 .within_ms = limits->crash_ms};
    char note[PRESENCE_CAUSE_SIZE + 64];
    snprintf(note, sizeof note, "{\"\":{\"why\":\"a trigger ended its process: %s\"}}",
             dead->end.cause);
    int64_t now = clock_wall_ms();
    if (ledger_unsend(db, dead->owner, dead->has.writes, dead->has.nwrites, now,
                      &dead->ntaken, e) != 0 ||
        ledger_reclaim(db, dead->owner, dead->has.leaving, dead->has.nleaving,
                       is_run ? &crash : NULL, now, &dead->out, e) != 0)
        return -1;
    if (is_run && ledger_read(db, dead->end.id, on_run, dead, e) != 0 &&
        e->kind != ERR_NOT_FOUND)
        return -1;
    /* one of the processes that notice it counts the crash */
    if (!is_delivery || !dead->claims ||
        !claims_take_from(dead->claims, dead->end.id, dead->owner))
        return 0;
    return inbox_crashed(db, dead->end.id, limits->run_crashes + 1, note, e);
}

/* Reports the run or delivery to blame: in the log, also when there is an alert. */
static void report(struct reclaim *r, const struct dead *dead)
{
    char name[200] = "", text[512];
    if (dead->client)
        snprintf(name, sizeof name, " (client %s, recipe %s)", dead->client,
                 dead->recipe);
    log_line(LOG_WARN, "a process died at %s %lld%s: %s", dead->end.kind,
             (long long)dead->end.id, name, dead->end.cause);
    if (!dead->client || (!dead->out.died && !dead->out.suspended))
        return;
    if (dead->out.suspended)
        snprintf(text, sizeof text,
                 "suspended: it ended its process too often, last in run %lld (%s); "
                 "repair it, then: foyer resume --client %s --recipe %s",
                 (long long)dead->end.id, dead->end.cause, dead->client, dead->recipe);
    else
        snprintf(text, sizeof text, "run %lld dead: it ended its process too often (%s)",
                 (long long)dead->end.id, dead->end.cause);
    log_line(LOG_ERROR, "client %s, recipe %s: %s", dead->client, dead->recipe, text);
    if (r->alert)
        alert_bad_recipe(r->alert, INCIDENT_RECIPE, dead->client, dead->recipe, text);
}

/* Reports what was taken from a process that stands still. */
static void report_frozen(const struct dead *dead)
{
    int pid = (int)strcspn(dead->owner, "-");
    if (dead->out.freed)
        log_line(
            LOG_WARN,
            "the process %.*s stands still (stopped?): %d of its runs are taken over",
            pid, dead->owner, dead->out.freed);
    for (int i = 0; i < dead->has.nleaving; i++)
        log_line(
            LOG_DEBUG,
            "run %lld stays with the process %.*s, which stands still while it sends",
            (long long)dead->has.leaving[i], pid, dead->owner);
}

/* A process that stands still may do so inside of a commit: then nothing can be written,
 * and no webhook is taken, until it goes on. It is fenced and has nothing left to do, so
 * it is told to go on: it ends its commit, and then itself. */
static void rouse(struct reclaim *r, const char *owner)
{
    if (!presence_signal(workspace_dir(r->w), owner, SIGCONT))
        return;
    if (strcmp(r->roused, owner) != 0)
        log_line(LOG_WARN,
                 "the process %.*s stands still, and the store is locked: it is told to "
                 "go on (SIGCONT), and will end",
                 (int)strcspn(owner, "-"), owner);
    snprintf(r->roused, sizeof r->roused, "%s", owner);
}

static void on_freed(void *arg, const struct err *e)
{
    struct dead *dead = arg;
    struct reclaim *r = dead->reclaim;
    if (r) {
        LIST_REMOVE(dead, entry);
        r->npending--;
    }
    if (e->kind != ERR_NONE) {
        log_line(LOG_WARN, "cannot free what %s held: %s", dead->owner, e->text);
        if (r && dead->is_frozen && e->kind == ERR_UNAVAILABLE)
            rouse(r, dead->owner);
    } else if (r) {
        if (dead->claims)
            claims_free_owner(dead->claims, dead->owner);
        if (dead->is_blamed)
            report(r, dead);
        if (dead->is_frozen)
            report_frozen(dead);
        else
            presence_forget(workspace_dir(r->w), dead->owner);
        r->freed(r->arg);
    }
    free(dead->client);
    free(dead->recipe);
    free(dead);
}

static int is_pending(const struct reclaim *r, const char *owner)
{
    const struct dead *dead;
    LIST_FOREACH(dead, &r->pending, entry)
    {
        if (strcmp(dead->owner, owner) == 0)
            return 1;
    }
    return 0;
}

/* A killed process, mostly killed for its memory, could record no cause: blames the run
 * that held most memory. */
static int blame_growing(struct dead *dead, const char *dir)
{
    struct growing most;
    if (!presence_memory_of(dir, dead->owner, &most))
        return 0;
    dead->is_killed = 1;
    dead->end = (struct presence_end){.kind = "run", .id = most.run};
    snprintf(dead->end.cause, sizeof dead->end.cause,
             "it was killed while this run held %lld MiB of memory",
             (long long)(most.bytes >> 20));
    return 1;
}

/* Logs, every few minutes, that a presence file cannot be read. Its process may be alive,
 * so its claims stay. */
static void report_unreadable(struct reclaim *r, const char *owner, const struct err *e)
{
    int64_t now = clock_mono_us();
    if (r->said_us && now - r->said_us < SAID_US)
        return;
    r->said_us = now;
    log_line(
        LOG_WARN,
        "the claims of process %.*s stay, as foyer cannot tell whether it is alive: %s; "
        "`foyer doctor` names the owner of these files",
        (int)strcspn(owner, "-"), owner, e->text);
}

static int on_owner(void *arg, const char *owner)
{
    struct reclaim *r = arg;
    struct err e;
    const char *dir = workspace_dir(r->w);
    if (strcmp(owner, presence_id(r->self)) == 0 || strlen(owner) >= PRESENCE_ID_SIZE ||
        is_pending(r, owner))
        return 0;
    int life = presence_judge(dir, owner, &r->watch, clock_mono_us(), &e);
    r->nsuspects += life == PRESENCE_SUSPECT;
    struct presence_taken has = {.nwrites = 0};
    if (life == PRESENCE_FROZEN) {
        int fenced = presence_fence(dir, owner, &has, &e);
        life = fenced > 0 ? life : fenced < 0 ? -1 : PRESENCE_ALIVE;
    }
    if (life < 0)
        report_unreadable(r, owner, &e);
    if (life != PRESENCE_DEAD && life != PRESENCE_FROZEN)
        return 0;
    struct dead *dead = xcalloc(1, sizeof *dead);
    dead->reclaim = r;
    dead->claims = r->claims;
    snprintf(dead->owner, sizeof dead->owner, "%s", owner);
    dead->has = has;
    dead->is_frozen = life == PRESENCE_FROZEN;
    if (!dead->is_frozen) {
        dead->is_blamed =
            presence_end_of(dir, owner, &dead->end) || blame_growing(dead, dir);
        dead->has.nwrites = presence_unsent_of(dir, owner, dead->has.writes);
    }
    LIST_INSERT_HEAD(&r->pending, dead, entry);
    writer_submit(r->writer, 0, free_claims, on_freed, dead);
    return ++r->npending >= DEAD_MAX;
}

/* Judges also those that have no claims in the store: one may stand still inside of its
 * first commit. */
static int on_file(void *arg, const char *id)
{
    struct reclaim *r = arg;
    int life = presence_judge(workspace_dir(r->w), id, &r->watch, clock_mono_us(), NULL);
    return life == PRESENCE_FROZEN && r->npolls % IDLE_POLLS == 0 ? on_owner(r, id) : 0;
}

struct holder { /* of claims on deliveries */
    struct reclaim *reclaim;
    uint32_t mark;
    int is_known;
};

static int on_presence(void *arg, const char *id)
{
    struct holder *holder = arg;
    if (claims_mark(id) != holder->mark)
        return 0;
    holder->is_known = 1;
    return on_owner(holder->reclaim, id);
}

static int on_holder(void *arg, uint32_t mark)
{
    struct reclaim *r = arg;
    struct holder holder = {r, mark, 0};
    presence_each(workspace_dir(r->w), on_presence, &holder);
    return holder.is_known;
}

void reclaim_poll(struct reclaim *r)
{
    struct err e;
    r->npolls++;
    r->nsuspects = 0;
    if (r->npending >= DEAD_MAX)
        return;
    if (ledger_owners(r->db, on_owner, r, &e) != 0)
        log_line(LOG_WARN, "cannot look for dead processes: %s", e.text);
    if (r->claims && claims_each_holder(r->claims, on_holder, r) > 0)
        r->freed(r->arg);
    presence_each(workspace_dir(r->w), on_file, r);
}

int reclaim_is_watching(const struct reclaim *r)
{
    return r->nsuspects > 0;
}
