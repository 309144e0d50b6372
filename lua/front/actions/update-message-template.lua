return {
  summary = "Change a message template.",
  effect  = "idempotent",
  scopes  = { "message_templates:write" },
  group   = "message templates",
  request = { "PATCH", "/message_templates/{template_id}" },

  input = {
    template_id = { "message_template", required = true, example = "rsp_1q15q", about = "The message template." },
    name        = { "string", example = "Out of office", about = "The template's name." },
    subject     = { "string", example = "We are closed", about = "The subject of a message that is made of it." },
    body        = { "html", example = "<p>We are back on Monday.</p>", about = "Its text, as HTML." },
    folder_id = {
      "template_folder", nullable = true, example = "rsf_1q15q",
      about = "The folder to move it to; null for none.",
    },
    inbox_ids = {
      list = "inbox", nullable = true, example = { "support" },
      about = "The inboxes that have it; null for all.",
    },
    attachments = {
      list = "file", example = { "@price-list.pdf" },
      about = "Files that replace all that it has, 25 MB together at most; an empty list removes them.",
    },
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
