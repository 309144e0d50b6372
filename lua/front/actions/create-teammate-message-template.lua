return {
  summary = "Create a message template of a teammate.",
  effect  = "write",
  scopes  = { "message_templates:write" },
  group   = "message templates",
  rare    = true,
  request = { "POST", "/teammates/{teammate_id}/message_templates" },

  input = {
    teammate_id = { "teammate", required = true, example = "leela", about = "The teammate." },
    name        = { "string", required = true, min = 1, example = "Out of office", about = "The template's name." },
    subject     = { "string", example = "We are closed", about = "The subject of a message that is made of it." },
    body = {
      "html", required = true, min = 1, example = "<p>We are back on Monday.</p>",
      about = "Its text, as HTML.",
    },
    folder_id = { "template_folder", example = "rsf_1q15q", about = "The folder to put it in." },
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
