return {
  summary = "Get a report of numbers, or how far it is.",
  effect  = "read",
  scopes  = { "analytics:read" },
  group   = "analytics",
  request = { "GET", "/analytics/reports/{report_uid}" },

  input = {
    report_uid = {
      "string", required = true, min = 1, example = "5a4b3c",
      about = "The uid that create-analytics-report returned.",
    },
  },

  output = {
    uid      = { "string", about = "What get-analytics-report wants." },
    status   = { "string", about = "running, done or failed" },
    progress = { "integer", about = "Per cent." },
    metrics  = { list = "object", about = "{id, type, value} each, once it is done" },
  },
}
