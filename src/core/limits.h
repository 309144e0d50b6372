/* limits: every maximum of foyer in one place. Each has a test. */
#ifndef FOYER_LIMITS_H
#define FOYER_LIMITS_H

#include <stddef.h>
#include <stdint.h>

struct limits {
    /* serving */
    size_t webhook_body_bytes, webhook_header_bytes;
    int connections;
    int64_t request_ms, idle_ms;
    /* scripts */
    size_t script_bytes;   /* a script, template or settings file */
    size_t vm_bytes;       /* Lua memory of one attempt */
    size_t codec_bytes;    /* the JSON codec may pass that by so much while it runs */
    int64_t resume_cpu_ms; /* CPU time between two waits */
    int64_t attempt_cpu_ms;
    int64_t watchdog_ms;           /* CPU time without reaching a hook: the worker ends */
    int64_t settings_instructions; /* of a settings file: about 10 ms */
    size_t settings_bytes;         /* its memory */
    int call_depth;
    /* HTTP answers */
    size_t answer_bytes;
    int64_t connect_ms, answer_ms;
    int active_requests; /* requests under way in one process */
    size_t file_bytes;   /* a `file` input */
    /* JSON */
    int json_depth;
    int json_values;
    /* the journal */
    int steps;
    size_t step_bytes;
    size_t record_bytes; /* of all results recorded for one run */
    size_t store_bytes;  /* of all values of one client in ctx.store */
    /* runs */
    int runs, client_runs; /* in progress in one worker */
    size_t result_bytes;   /* of a run's stored result */
    int run_crashes;       /* after that many the run is dead */
    int recipe_crashes;    /* of one client's recipe within crash_ms: then that recipe is
                              suspended */
    int64_t crash_ms;
    size_t grown_bytes; /* a run with more memory may be the reason why its process is
                           killed */
    /* ctx.each */
    size_t each_state_bytes;
    int each_pages, each_items;
    int each_unique; /* ids that `unique` remembers, 11 bytes each in a checkpoint */
};

extern const struct limits limits_default;

#endif
