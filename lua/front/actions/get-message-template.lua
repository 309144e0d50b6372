return {
  summary = "Get one message template.",
  effect  = "read",
  scopes  = { "message_templates:read" },
  group   = "message templates",
  request = { "GET", "/message_templates/{template_id}" },

  input = {
    template_id = { "message_template", required = true, example = "rsp_1q15q", about = "The message template." },
  },

  output = {
    id                           = { "string", about = "rsp_…" },
    name                         = { "string" },
    subject                      = { "string" },
    body                         = { "string", about = "HTML." },
    attachments                  = { list = "object" },
    is_available_for_all_inboxes = { "boolean" },
    inbox_ids                    = { list = "string", about = "The inboxes that have it, or null for all." },
  },
}
