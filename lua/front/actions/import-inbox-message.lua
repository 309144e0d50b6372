return {
  summary = "Import a message from elsewhere into an inbox, without sending it.",
  effect  = "idempotent",
  scopes  = { "messages:write" },
  group   = "messages",
  request = { "POST", "/inboxes/{inbox_id}/imported_messages" },

  input = {
    inbox_id = { "inbox", required = true, example = "support", about = "The inbox." },
    external_id = {
      "string", required = true, min = 1, example = "helpdesk-4711",
      about = "Its id elsewhere. Front imports each id once, so a repeated import changes nothing.",
    },
    sender_handle = {
      "string", required = true, min = 1, as = "sender.handle", example = "ada@customer.example",
      about = "The sender's address, number or name. Give phone numbers with + and country code.",
    },
    sender_name = { "string", as = "sender.name", example = "Ada Example", about = "The sender's name." },
    author_id = {
      "teammate", as = "sender.author_id", example = "leela",
      about = "The teammate who wrote it, if it was sent by the company.",
    },
    to = { list = "string", required = true, min = 1, example = { "support@acme.example" }, about = "Recipients." },
    cc = { list = "string", example = { "bob@customer.example" }, about = "Recipients of a copy." },
    bcc = { list = "string", example = { "crm@acme.example" }, about = "Recipients of a blind copy." },
    subject = { "string", example = "Where is my order?", about = "The subject." },
    body = {
      "string", required = true, example = "Where is my order?",
      about = "The text: Markdown, or HTML with body_format=html.",
    },
    body_format = {
      enum = { "html", "markdown" }, example = "html",
      about = "What the body is, for e-mails. Front's default is markdown.",
    },
    created_at = { "time", required = true, example = "2026-01-31T09:00:00Z", about = "When it was sent or received." },
    is_inbound = {
      "boolean", required = true, as = "metadata.is_inbound", example = true,
      about = "Whether the company received it.",
    },
    is_archived = {
      "boolean", as = "metadata.is_archived", example = false,
      about = "Archive it after the import (Front's own default).",
    },
    should_skip_rules = {
      "boolean", as = "metadata.should_skip_rules", example = true,
      about = "Let no rule act on it (Front's own default).",
    },
    thread_ref = {
      "string", as = "metadata.thread_ref", example = "ticket-4711",
      about = "Messages with the same reference get into one conversation; without it, those of one sender.",
    },
    conversation_id = {
      "conversation", example = "cnv_yo1kg5q",
      about = "The conversation to add it to; thread_ref has no effect then.",
    },
    type = {
      enum = { "email", "sms", "intercom", "custom" }, example = "email",
      about = "What kind of message it was. Front's default is email.",
    },
    assignee_id = { "teammate", example = "leela", about = "The teammate to assign the conversation to." },
    tags        = { list = "string", example = { "Imported" }, about = "Names of tags to add to the conversation." },
    attachments = { list = "file", example = { "@price-list.pdf" }, about = "Files, 25 MB together at most." },
  },

  output = {
    status      = { "string", about = "accepted" },
    message_uid = { "string", about = "The id of the message to come; Front creates it a little later." },
  },
}
