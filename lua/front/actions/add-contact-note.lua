return {
  summary = "Add a note about a contact.",
  effect  = "write",
  scopes  = { "contacts:write" },
  group   = "contacts",
  request = { "POST", "/contacts/{contact_id}/notes" },

  input = {
    contact_id = {
      "contact", required = true, example = "alt:email:ada@customer.example",
      about = "The contact: its id, or alt:email: and its address.",
    },
    author_id = { "teammate", required = true, example = "leela", about = "The teammate who writes it." },
    body      = { "string", required = true, min = 1, example = "Prefers to be called.", about = "The text." },
  },

  output = {
    author     = { "object", about = "The teammate." },
    body       = { "string" },
    created_at = { "time", about = "Unix seconds." },
  },

  -- Notes have no id: as many notes with this text as there are other requests for one belong to these.
  confirm = function(ctx, _, intent)
    local wanted, count, found = intent.request.body.body, 0, nil
    for _, note in ipairs(ctx.http.page(intent.request.path).results) do
      if note.body == wanted and (note.created_at or 0) >= intent.at - 5 then
        count, found = count + 1, found or note
      end
    end
    for _, other in ipairs(intent.others) do
      if other.request.body.body == wanted then count = count - 1 end
    end
    if count > 0 then return found end
    if not found and ctx.now() - intent.at >= 60 then return false end
  end,
}
