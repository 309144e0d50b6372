return {
  summary = "Create a discussion or a task for the team.",
  effect  = "write",
  scopes  = { "conversations:write" },
  group   = "conversations",
  request = { "POST", "/conversations" },

  input = {
    type = {
      enum = { "discussion", "task" }, required = true, example = "discussion",
      about = "A discussion begins with a comment; a task may have one.",
    },
    subject  = { "string", required = true, min = 1, example = "Stocktaking", about = "The subject; a task's title." },
    inbox_id = { "inbox", example = "support", about = "The inbox to create it in. Either this or teammate_ids." },
    teammate_ids = {
      list = "teammate", example = { "leela", "fry" },
      about = "The teammates who take part. Either these or inbox_id.",
    },
    comment = {
      object = {
        body = {
          "markdown", required = true, min = 1, example = "Who is there on Friday?",
          about = "The text, as Markdown.",
        },
        author_id = {
          "teammate", example = "leela",
          about = "The teammate who writes; the app itself when not given.",
        },
        attachments = { list = "file", example = { "@price-list.pdf" }, about = "Files, 25 MB together at most." },
      },
      example = { body = "Who is there on Friday?" },
      about = "The first comment; a discussion needs it.",
    },
    description = { "string", max = 65535, example = "Count the shelves", about = "Tasks: what there is to do." },
    due_at = {
      "time", example = "2027-01-31T09:00:00Z",
      about = "Tasks: when it is due, a time to come within 50 years.",
    },
    custom_fields = {
      "object", example = { Region = "North" },
      about = "Values of the conversation's custom fields, by the field's name in Front, with the same upper and lower "
        .. "case.",
    },
  },

  output = {
    id            = { "string", about = "cnv_…" },
    type          = { "string", about = "conversation, discussion or task" },
    subject       = { "string" },
    status        = { "string", about = "assigned, unassigned, archived or deleted" },
    assignee      = { "object", about = "The teammate, or null." },
    recipient     = { "object", about = "The main correspondent, {handle, name, role}, or null." },
    tags          = { list = "object" },
    created_at    = { "time", about = "Unix seconds." },
    waiting_since = { "time", about = "Unix seconds; the time since which the customer waits." },
  },
}
