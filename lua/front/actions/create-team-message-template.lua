return {
  summary = "Create a message template of a workspace.",
  effect  = "write",
  scopes  = { "message_templates:write" },
  group   = "message templates",
  rare    = true,
  request = { "POST", "/teams/{team_id}/message_templates" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
    name    = { "string", required = true, min = 1, example = "Out of office", about = "The template's name." },
    subject = { "string", example = "We are closed", about = "The subject of a message that is made of it." },
    body = {
      "html", required = true, min = 1, example = "<p>We are back on Monday.</p>",
      about = "Its text, as HTML.",
    },
    folder_id = { "template_folder", example = "rsf_1q15q", about = "The folder to put it in." },
    inbox_ids = {
      list = "inbox", min = 1, example = { "support" },
      about = "The inboxes that have it; all of them when not given.",
    },
    attachments = { list = "file", example = { "@price-list.pdf" }, about = "Files, 25 MB together at most." },
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
