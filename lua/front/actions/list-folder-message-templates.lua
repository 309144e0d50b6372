return {
  summary = "List the message templates in a folder.",
  effect  = "read",
  scopes  = { "message_templates:read" },
  group   = "message templates",
  rare    = true,
  request = { "GET", "/message_template_folders/{folder_id}/message_templates" },

  input = {
    folder_id = {
      "template_folder", required = true, example = "rsf_1q15q",
      about = "The folder of message templates.",
    },
  },

  output = {
    results = {
      list = { object = {
        id                           = { "string", about = "rsp_…" },
        name                         = { "string" },
        subject                      = { "string" },
        body                         = { "string", about = "HTML." },
        attachments                  = { list = "object" },
        is_available_for_all_inboxes = { "boolean" },
        inbox_ids                    = { list = "string", about = "The inboxes that have it, or null for all." },
      } },
      columns = { "id", "name", "subject" },
      about = "Message templates as Front describes them.",
    },
    next = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
  },
}
