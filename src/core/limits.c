#include "core/limits.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

const struct limits limits_default = {
    .webhook_body_bytes = 1 * MIB,
    .webhook_header_bytes = 16 * KIB,
    .connections = 1024,
    .request_ms = 10 * 1000,
    .script_bytes = 256 * KIB,
    .vm_bytes = 32 * MIB,
    .codec_bytes = 64 * MIB,
    .resume_cpu_ms = 200,
    .attempt_cpu_ms = 5000,
    .watchdog_ms = 2000,
    .settings_instructions = 1000 * 1000,
    .settings_bytes = 1 * MIB,
    .call_depth = 16,
    .answer_bytes = 16 * MIB,
    .connect_ms = 5000,
    .answer_ms = 30 * 1000,
    .active_requests = 64,
    .file_bytes = 25 * MIB,
    .json_depth = 64,
    .json_values = 500000,
    .steps = 10000,
    .step_bytes = 17 * MIB, /* an answer with its headers must fit */
    .runs = 64,
    .client_runs = 8,
    .result_bytes = 64 * KIB,
    .run_crashes = 2,
    .recipe_crashes = 3,
    .crash_ms = 10 * 60 * 1000,
    .each_state_bytes = 64 * KIB,
    .each_pages = 10000,
    .each_items = 1000000,
};
