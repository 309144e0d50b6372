#include "base/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Upper bounds in microseconds. The last bucket counts what is above all of them. */
static const int64_t bounds[] = {250,   500,    1000,   2500,   5000,    10000,  25000,
                                 50000, 100000, 250000, 500000, 1000000, 5000000};
enum { BOUNDS = sizeof bounds / sizeof *bounds };

struct region {
    atomic_uint_fast64_t counters[STATS];
    atomic_uint_fast64_t commit_us; /* the sum of all commits */
    atomic_uint_fast64_t commits[BOUNDS + 1];
};

static struct region *region; /* NULL: counting does nothing */

/* The first metric of a family carries its help. */
static const struct {
    const char *name, *label, *help;
} counters[STATS] = {
    [STAT_DELIVERY_ACCEPTED] = {"foyer_deliveries_total", "outcome=\"accepted\"",
                                "Requests to /hooks/ that were stored, by outcome."},
    [STAT_DELIVERY_UNROUTED] = {"foyer_deliveries_total", "outcome=\"unrouted\"", NULL},
    [STAT_DELIVERY_STALE] = {"foyer_deliveries_total", "outcome=\"stale\"", NULL},
    [STAT_DELIVERY_CHANNEL] = {"foyer_deliveries_total", "outcome=\"channel\"", NULL},
    [STAT_REJECTED_400] = {"foyer_rejections_total", "status=\"400\"",
                           "Requests to /hooks/ that were refused, by the answer's "
                           "status."},
    [STAT_REJECTED_401] = {"foyer_rejections_total", "status=\"401\"", NULL},
    [STAT_REJECTED_404] = {"foyer_rejections_total", "status=\"404\"", NULL},
    [STAT_REJECTED_413] = {"foyer_rejections_total", "status=\"413\"", NULL},
    [STAT_REJECTED_503] = {"foyer_rejections_total", "status=\"503\"", NULL},
    [STAT_REJECTED_OTHER] = {"foyer_rejections_total", "status=\"other\"", NULL},
    [STAT_ACTIVATIONS] = {"foyer_activations_total", NULL, "Triggers that fired."},
    [STAT_RUN_DONE] = {"foyer_runs_ended_total", "outcome=\"done\"",
                       "Runs that ended or were parked, by outcome."},
    [STAT_RUN_SKIPPED] = {"foyer_runs_ended_total", "outcome=\"skipped\"", NULL},
    [STAT_RUN_PARKED] = {"foyer_runs_ended_total", "outcome=\"parked\"", NULL},
    [STAT_RUN_DEAD] = {"foyer_runs_ended_total", "outcome=\"dead\"", NULL},
    [STAT_RUN_CANCELLED] = {"foyer_runs_ended_total", "outcome=\"cancelled\"", NULL},
    [STAT_ATTEMPTS] = {"foyer_attempts_total", NULL, "Attempts of runs that began."},
    [STAT_REPLAYS] = {"foyer_replays_total", NULL,
                      "Attempts that went through recorded steps first."},
    [STAT_STEPS] = {"foyer_steps_total", NULL, "Steps of runs that ended."},
    [STAT_HTTP_1XX] = {"foyer_http_answers_total", "status=\"1xx\"",
                       "Answers to the requests of runs, by status; 4xx is without 429, "
                       "none means that there was no answer."},
    [STAT_HTTP_2XX] = {"foyer_http_answers_total", "status=\"2xx\"", NULL},
    [STAT_HTTP_3XX] = {"foyer_http_answers_total", "status=\"3xx\"", NULL},
    [STAT_HTTP_4XX] = {"foyer_http_answers_total", "status=\"4xx\"", NULL},
    [STAT_HTTP_429] = {"foyer_http_answers_total", "status=\"429\"", NULL},
    [STAT_HTTP_5XX] = {"foyer_http_answers_total", "status=\"5xx\"", NULL},
    [STAT_HTTP_NONE] = {"foyer_http_answers_total", "status=\"none\"", NULL},
    [STAT_COMMITTED] = {"foyer_committed_writes_total", NULL,
                        "Writes that commits made durable; a commit holds many."},
    [STAT_WORKER_STARTS] = {"foyer_worker_starts_total", NULL,
                            "Worker processes that were started."},
    [STAT_WORKER_CRASHES] = {"foyer_worker_crashes_total", NULL,
                             "Worker processes that died without being asked to end."},
};

static int map(int fd, struct err *e)
{
    void *p =
        mmap(NULL, sizeof(struct region), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return err_set(e, ERR_INTERNAL, "cannot share counters between processes: %s",
                       strerror(errno));
    region = p;
    return 0;
}

int stats_create(struct err *e)
{
    int fd = memfd_create("foyer-stats", MFD_CLOEXEC);
    if (fd >= 0 && ftruncate(fd, sizeof(struct region)) == 0 && map(fd, e) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    else
        err_set(e, ERR_INTERNAL, "cannot make memory for counters: %s", strerror(errno));
    return -1;
}

int stats_attach(int fd, struct err *e)
{
    struct stat st;
    /* to read a page after the file's end would raise SIGBUS */
    if (fstat(fd, &st) != 0 || st.st_size != (off_t)sizeof(struct region))
        return err_set(e, ERR_USAGE,
                       "cannot count in descriptor %d: it is not `foyer "
                       "serve`'s memory for counters",
                       fd);
    return map(fd, e);
}

void stats_add(enum stats_counter counter, uint64_t n)
{
    if (region)
        atomic_fetch_add_explicit(&region->counters[counter], n, memory_order_relaxed);
}

void stats_commit(int64_t us, uint64_t jobs)
{
    if (!region)
        return;
    if (us < 0)
        us = 0;
    int b = 0;
    while (b < BOUNDS && us > bounds[b])
        b++;
    atomic_fetch_add_explicit(&region->commit_us, (uint64_t)us, memory_order_relaxed);
    atomic_fetch_add_explicit(&region->commits[b], 1, memory_order_relaxed);
    stats_add(STAT_COMMITTED, jobs);
}

void stats_rejected(int status)
{
    stats_add(status == 400   ? STAT_REJECTED_400
              : status == 401 ? STAT_REJECTED_401
              : status == 404 ? STAT_REJECTED_404
              : status == 413 ? STAT_REJECTED_413
              : status == 503 ? STAT_REJECTED_503
                              : STAT_REJECTED_OTHER,
              1);
}

void stats_answer(int status)
{
    stats_add(status < 100    ? STAT_HTTP_NONE
              : status < 200  ? STAT_HTTP_1XX
              : status < 300  ? STAT_HTTP_2XX
              : status < 400  ? STAT_HTTP_3XX
              : status == 429 ? STAT_HTTP_429
              : status < 500  ? STAT_HTTP_4XX
                              : STAT_HTTP_5XX,
              1);
}

int stats_head(struct buf *out, const char *name, const char *help, const char *type)
{
    return buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static int write_commits(struct buf *out)
{
    static const char name[] = "foyer_commit_seconds";
    uint64_t count = 0, sum = atomic_load(&region->commit_us);
    int rc = stats_head(
        out, name, "How long a commit to the store took, the wait for the disk included.",
        "histogram");
    for (int b = 0; b <= BOUNDS && rc == 0; b++) {
        char bound[32] = "+Inf";
        count += atomic_load(&region->commits[b]);
        if (b < BOUNDS)
            snprintf(bound, sizeof bound, "%g", (double)bounds[b] / 1e6);
        rc = buf_addf(out, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", name, bound, count);
    }
    if (rc == 0)
        rc = buf_addf(out, "%s_sum %" PRIu64 ".%06" PRIu64 "\n%s_count %" PRIu64 "\n",
                      name, sum / 1000000, sum % 1000000, name, count);
    return rc;
}

int stats_write(struct buf *out)
{
    int rc = 0;
    if (!region)
        return 0;
    for (int i = 0; i < STATS && rc == 0; i++) {
        const char *label = counters[i].label;
        if (counters[i].help)
            rc = stats_head(out, counters[i].name, counters[i].help, "counter");
        if (rc == 0)
            rc = buf_addf(out, "%s%s%s%s %" PRIu64 "\n", counters[i].name,
                          label ? "{" : "", label ? label : "", label ? "}" : "",
                          (uint64_t)atomic_load(&region->counters[i]));
    }
    return rc == 0 ? write_commits(out) : rc;
}
