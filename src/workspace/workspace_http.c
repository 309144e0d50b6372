#include "workspace/workspace_http.h"

#include "core/limits.h"
#include "core/jsontree.h"

struct httpc *workspace_http_new(const json_t *settings, struct loop *loop, struct err *e)
{
    const struct limits *limits = &limits_default;
    struct httpc_config config = {.max_active = limits->active_requests,
                                  .proxy = json_text(settings, "proxy"),
                                  .ca_dir = json_text(settings, "ca_dir"),
                                  .connect_ms = limits->connect_ms,
                                  .total_ms = limits->answer_ms,
                                  .answer_max = limits->answer_bytes};
    return httpc_new(loop, &config, e);
}
