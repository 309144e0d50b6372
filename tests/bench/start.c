/* start WORKSPACE CLIENT ACTION ROUNDS: what it costs to start an attempt and to end it,
 * with the code in the cache, beside a bare Lua state with its standard libraries that is
 * opened and closed, and beside the same in an arena (vm/arena.h). Prints "ATTEMPT-US
 * BARE-US ARENA-US", medians of interleaved rounds. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "work/host.h"
#include "workspace/workspace.h"
#include "samples.h"
#include "api/api.h"
#include "vm/run.h"

enum { PER_ROUND = 50 };

struct one {
    struct loop *loop;
    int ended;
};

static void on_done(void *arg, const struct run_result *result)
{
    struct one *one = arg;
    if (result->outcome != RUN_DONE) {
        fprintf(stderr, "start: %s\n", result->err.text);
        exit(1);
    }
    one->ended = 1;
    loop_stop(one->loop);
}

static double attempt_us(struct runs *runs, struct loop *loop,
                         const struct run_spec *spec)
{
    double start = now_us();
    for (int i = 0; i < PER_ROUND; i++) {
        struct one one = {.loop = loop};
        run_start(runs, spec, on_done, &one);
        while (!one.ended)
            loop_run(loop);
    }
    return (now_us() - start) / PER_ROUND;
}

static double bare_us(void)
{
    double start = now_us();
    for (int i = 0; i < PER_ROUND; i++) {
        lua_State *L = luaL_newstate();
        luaL_openlibs(L);
        lua_close(L);
    }
    return (now_us() - start) / PER_ROUND;
}

static double arena_us(struct vm *vm)
{
    double start = now_us();
    for (int i = 0; i < PER_ROUND; i++) {
        struct vm_state state;
        lua_State *L = vm_new_state(vm, &state, limits_default.vm_bytes, NULL);
        luaL_openlibs(L);
        lua_close(L);
    }
    return (now_us() - start) / PER_ROUND;
}

int main(int argc, char **argv)
{
    struct err e;
    char args[256];
    if (argc != 5) {
        fprintf(stderr, "usage: start WORKSPACE CLIENT ACTION ROUNDS\n");
        return 64;
    }
    snprintf(args, sizeof args, "{\"action\":\"%.100s\",\"input\":{\"id\":\"cnv_1\"}}",
             argv[3]);
    struct workspace *w = workspace_open(argv[1], 0, &e);
    struct loop *loop = w ? loop_new(&e) : NULL;
    struct httpc *httpc = loop ? httpc_new(loop, NULL, &e) : NULL;
    if (!httpc) {
        fprintf(stderr, "start: %s\n", e.text);
        return 1;
    }
    struct connections *connections = connections_new(w);
    struct run_host host = host_of(connections);
    struct vm *vm = vm_new(&limits_default, workspace_overlay(w));
    struct runs *runs = runs_new(vm, loop, httpc, &host, api_open);
    struct run_spec spec = {.id = "bench",
                            .client = argv[2],
                            .label = "bench",
                            .entry = "call",
                            .args = args,
                            .args_len = strlen(args)};
    static struct samples attempt, bare, arena;
    attempt_us(runs, loop, &spec); /* the code is compiled */
    for (int i = atoi(argv[4]); i > 0; i--) {
        samples_add(&attempt, attempt_us(runs, loop, &spec));
        samples_add(&bare, bare_us());
        samples_add(&arena, arena_us(vm));
    }
    printf("%.2f %.2f %.2f\n", samples_median(&attempt), samples_median(&bare),
           samples_median(&arena));
    runs_free(runs);
    vm_free(vm);
    connections_free(connections);
    httpc_free(httpc);
    loop_free(loop);
    workspace_close(w);
    return 0;
}
