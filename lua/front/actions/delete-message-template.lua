return {
  summary = "Delete a message template.",
  effect  = "idempotent",
  scopes  = { "message_templates:delete" },
  group   = "message templates",
  request = { "DELETE", "/message_templates/{template_id}" },

  input = {
    template_id = { "message_template", required = true, example = "rsp_1q15q", about = "The message template." },
  },
}
