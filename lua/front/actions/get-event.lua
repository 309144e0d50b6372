return {
  summary = "Get one event.",
  effect  = "read",
  scopes  = { "events:*:read" },
  group   = "events",
  request = { "GET", "/events/{event_id}" },

  input = {
    event_id = { "event", required = true, example = "evt_1q15qmtq", about = "The event." },
  },

  output = {
    id           = { "string", about = "evt_…" },
    type         = { "string", about = "inbound, assign, archive, tag and others" },
    emitted_at   = { "time", about = "Unix seconds." },
    source       = { "object", about = "What caused it." },
    target       = { "object", about = "What it is about; some types have none." },
    conversation = { "object" },
  },
}
