return {
  summary = "Download a file that a message has.",
  effect  = "read",
  scopes  = { "attachments:read" },
  group   = "attachments",
  request = { "GET", "/messages/{message_id}/download/{attachment_id}" },
  answer  = "file",

  input = {
    message_id = {
      "message", required = true, example = "msg_1q15qmtq",
      about = "The message: its id, or alt:uid: and the message_uid that sending it returned.",
    },
    attachment_id = {
      "attachment", required = true, example = "fil_3q8a7mby",
      about = "The attachment, such as an item of a message's attachments.",
    },
  },
}
