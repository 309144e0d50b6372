return {
  summary = "Put a message of a customer into Front through a custom channel.",
  effect  = "write",
  scopes  = { "messages:write" },
  group   = "messages",
  rare    = true,
  request = { "POST", "/channels/{channel_id}/incoming_messages" },

  input = {
    channel_id = { "channel", required = true, example = "support", about = "The channel, of the type custom." },
    sender_handle = {
      "string", required = true, min = 1, as = "sender.handle", example = "ada@customer.example",
      about = "Whatever identifies the sender. Give phone numbers with + and country code.",
    },
    sender_name = { "string", as = "sender.name", example = "Ada Example", about = "The sender's name." },
    sender_contact_id = {
      "contact", as = "sender.contact_id", example = "crd_1q15q",
      about = "The contact in Front that the sender is.",
    },
    subject = { "string", example = "Where is my order?", about = "The subject." },
    body = {
      "string", required = true, example = "Where is my order?",
      about = "The text: Markdown, or HTML with body_format=html.",
    },
    body_format = {
      enum = { "html", "markdown" }, example = "html",
      about = "What the body is. Front's default is markdown.",
    },
    thread_ref = {
      "string", as = "metadata.thread_ref", example = "order-1234",
      about = "Messages with the same reference get into one conversation; without it, those of one sender.",
    },
    headers = {
      "object", as = "metadata.headers", example = { order = "1234" },
      about = "Values of your own that are kept with the message.",
    },
    attachments = { list = "file", example = { "@price-list.pdf" }, about = "Files, 25 MB together at most." },
  },

  output = {
    status      = { "string", about = "accepted" },
    message_uid = { "string", about = "The id of the message to come; Front creates it a little later." },
  },
}
