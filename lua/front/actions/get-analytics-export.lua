return {
  summary = "Get an export, or how far it is.",
  effect  = "read",
  scopes  = { "analytics:read" },
  group   = "analytics",
  request = { "GET", "/analytics/exports/{export_id}" },

  input = {
    export_id = { "export", required = true, example = "exp_1q15q", about = "The export." },
  },

  output = {
    id         = { "string", about = "exp_…" },
    status     = { "string", about = "running, done, failed or too_big" },
    progress   = { "integer", about = "Per cent." },
    url        = { "string", about = "Where the file is, once it is done." },
    filename   = { "string" },
    size       = { "integer", about = "Bytes." },
    created_at = { "time", about = "Unix seconds." },
  },
}
