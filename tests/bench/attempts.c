/* attempts WORKSPACE CLIENT RECIPE N: N attempts of RECIPE at once in one process, as a
 * worker would run them. Prints "SECONDS WAITING-KB PEAK-KB": the wall time from the
 * first start to the last end, and what the process has grown by for each attempt when
 * all of them wait for their first answer, and at its peak. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "work/host.h"
#include "workspace/workspace.h"
#include "api/api.h"
#include "core/settings.h"
#include "samples.h"
#include "vm/run.h"

struct all {
    struct loop *loop;
    int left;
    double waiting_kb; /* resident when all wait */
};

static void on_done(void *arg, const struct run_result *result)
{
    struct all *all = arg;
    if (result->outcome != RUN_DONE) {
        fprintf(stderr, "attempts: %s\n", result->err.text);
        exit(1);
    }
    if (--all->left == 0)
        loop_stop(all->loop);
}

static double resident_kb(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*d %ld", &pages) != 1)
        exit(1);
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

/* Deferred after the starts, it runs when each attempt has been resumed once. */
static void on_all_waiting(void *arg)
{
    struct all *all = arg;
    all->waiting_kb = resident_kb();
}

static void run_all(struct runs *runs, struct all *all, const char *client,
                    const char *args, int n)
{
    struct run_spec spec = {.client = client,
                            .label = "bench",
                            .entry = "run",
                            .args = args,
                            .args_len = strlen(args)};
    all->left = n;
    for (int i = 0; i < n; i++) {
        char id[32];
        snprintf(id, sizeof id, "bench-%d", i);
        spec.id = id;
        run_start(runs, &spec, on_done, all);
    }
    loop_defer(all->loop, on_all_waiting, all);
    while (all->left > 0)
        loop_run(all->loop);
}

int main(int argc, char **argv)
{
    struct err e;
    char args[256];
    if (argc != 5) {
        fprintf(stderr, "usage: attempts WORKSPACE CLIENT RECIPE N\n");
        return 64;
    }
    int n = atoi(argv[4]);
    snprintf(args, sizeof args, "{\"recipe\":\"%.100s\",\"words\":[],\"input\":{}}",
             argv[3]);
    struct workspace *w = workspace_open(argv[1], 0, &e);
    struct loop *loop = w ? loop_new(&e) : NULL;
    struct httpc_config config = {.total_ms = 60 * 1000};
    struct httpc *httpc = loop ? httpc_new(loop, &config, &e) : NULL;
    if (!httpc) {
        fprintf(stderr, "attempts: %s\n", e.text);
        return 1;
    }
    struct connections *connections = connections_new(w);
    struct run_host host = host_of(connections);
    struct vm *vm = vm_new(&limits_default, workspace_overlay(w));
    struct runs *runs = runs_new(vm, loop, httpc, &host, api_open);
    struct all all = {.loop = loop};
    /* the code is compiled, and all live handles have their connection: neither is an
     * attempt's; what the first attempts left free in the heap is given back */
    run_all(runs, &all, argv[2], args, limits_default.active_requests);
    malloc_trim(0);

    double before = resident_kb(), start = now_us();
    run_all(runs, &all, argv[2], args, n);
    double us = now_us() - start;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("%.3f %.1f %.1f\n", us / 1e6, (all.waiting_kb - before) / n,
           ((double)used.ru_maxrss - before) / n);
    runs_free(runs);
    vm_free(vm);
    connections_free(connections);
    httpc_free(httpc);
    loop_free(loop);
    workspace_close(w);
    return 0;
}
