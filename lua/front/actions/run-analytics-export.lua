return {
  summary = "Export messages or events; in a recipe, wait until the file is there.",
  effect  = "read",
  scopes  = { "analytics:read" },
  group   = "analytics",
  request = { "POST", "/analytics/exports" },

  input = {
    type = { enum = { "messages", "events" }, required = true, example = "messages", about = "What to export." },
    start = {
      "time", required = true, example = "2026-01-01T00:00:00Z",
      about = "The beginning of the time to look at.",
    },
    ["end"] = { "time", required = true, example = "2026-02-01T00:00:00Z", about = "Its end." },
    timezone = {
      "string", example = "Europe/Berlin",
      about = "The time zone of its days, by the name in the IANA database; UTC when not given.",
    },
    columns = {
      list = "any", required = true, min = 1, example = { "Message ID", "Direction", "Response time" },
      about = "The columns of the file, by Front's names, such as Message ID; a column with a parameter is {name, id}.",
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
    id         = { "string", about = "exp_…" },
    status     = { "string", about = "done, failed or too_big; running where the caller cannot wait (foyer call)" },
    progress   = { "integer", about = "Per cent." },
    url        = { "string", about = "Where the file is, once it is done." },
    filename   = { "string" },
    size       = { "integer", about = "Bytes." },
    created_at = { "time", about = "Unix seconds." },
  },

  run = function(ctx, input, send)
    local export = send(ctx, input)
    while export.status == "running" do
      if not pcall(ctx.sleep, 5) then break end -- only a recipe's run can wait
      export = ctx.http.get("/analytics/exports/" .. url.segment(export.id))
    end
    if export.status ~= "done" and export.status ~= "running" then
      error({ kind = "invalid", message = "the export " .. export.id .. " has ended: " .. tostring(export.status) })
    end
    return export
  end,
}
