return {
  summary = "Create a message template in a folder.",
  effect  = "write",
  scopes  = { "message_templates:write" },
  group   = "message templates",
  rare    = true,
  request = { "POST", "/message_template_folders/{folder_id}/message_templates" },

  input = {
    folder_id = {
      "template_folder", required = true, example = "rsf_1q15q",
      about = "The folder of message templates.",
    },
    name    = { "string", required = true, min = 1, example = "Out of office", about = "The template's name." },
    subject = { "string", example = "We are closed", about = "The subject of a message that is made of it." },
    body = {
      "html", required = true, min = 1, example = "<p>We are back on Monday.</p>",
      about = "Its text, as HTML.",
    },
    inbox_ids = {
      list = "inbox", min = 1, example = { "support" },
      about = "The inboxes that have it; all of them when not given.",
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
