return {
  summary = "Make a report of numbers; in a recipe, wait until it is done.",
  effect  = "read",
  scopes  = { "analytics:read" },
  group   = "analytics",
  request = { "POST", "/analytics/reports" },

  input = {
    start = {
      "time", required = true, example = "2026-01-01T00:00:00Z",
      about = "The beginning of the time to look at.",
    },
    ["end"] = { "time", required = true, example = "2026-02-01T00:00:00Z", about = "Its end." },
    timezone = {
      "string", example = "Europe/Berlin",
      about = "The time zone of its days, by the name in the IANA database; UTC when not given.",
    },
    metrics = {
      list = { enum = {
        "avg_csat_survey_response", "avg_first_response_time", "avg_handle_time", "avg_replies_to_resolution",
        "avg_resolution_time", "avg_response_time", "avg_sla_breach_time", "avg_total_reply_time", "new_segments_count",
        "num_active_segments_full", "num_archived_segments", "num_archived_segments_with_reply",
        "num_csat_survey_response", "num_messages_received", "num_messages_sent", "num_sla_breach",
        "pct_csat_survey_satisfaction", "pct_resolved_on_first_reply", "pct_tagged_conversations",
        "num_closed_segments", "num_open_segments_start", "num_open_segments_end", "num_resolved_segments",
        "num_unresolved_active_segments", "num_workload_segments",
      } },
      required = true, min = 1, example = { "num_messages_received", "avg_response_time" },
      about = "What to report.",
    },
    filters = {
      object = {
        tag_ids      = { list = "tag", example = { "vip" }, about = "These tags." },
        teammate_ids = { list = "teammate", example = { "leela" }, about = "These teammates." },
        channel_ids  = { list = "channel", example = { "support" }, about = "These channels." },
        inbox_ids    = { list = "inbox", example = { "support" }, about = "These inboxes." },
        team_ids     = { list = "team", example = { "tim_16" }, about = "These workspaces." },
        account_ids  = { list = "account", example = { "acc_6rb1" }, about = "These accounts." },
      },
      example = { inbox_ids = { "support" } },
      about = "What to count: what fits one of each list that is given.",
    },
  },

  output = {
    uid      = { "string", about = "What get-analytics-report wants." },
    status   = { "string", about = "done or failed; running where the caller cannot wait (foyer call)" },
    progress = { "integer", about = "Per cent." },
    metrics  = { list = "object", about = "{id, type, value} each, once it is done" },
  },

  run = function(ctx, input, send)
    local report = send(ctx, input)
    while report.status == "running" do
      if not pcall(ctx.sleep, 5) then break end -- only a recipe's run can wait
      report = ctx.http.get("/analytics/reports/" .. url.segment(report.uid))
    end
    if report.status ~= "done" and report.status ~= "running" then
      error({ kind = "invalid", message = "the report " .. report.uid .. " has ended: " .. tostring(report.status) })
    end
    return report
  end,
}
