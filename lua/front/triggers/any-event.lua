-- Each event once, as it came: what a preview leaves out is not fetched.
return {
  summary = "Anything happened: every event, of any type.",
  group   = "all",
  on      = { "*" },
  key     = function(event)
    local payload = event.payload
    local about = payload.conversation or payload.contact
    if type(about) ~= "table" then about = {} end
    if type(payload.id) == "string" and payload.id ~= about.id then return payload.id end
    -- an event that another server posts may have no id of its own
    return table.concat({ event.type or payload.type or "event", about.id or "", payload.emitted_at or "" }, " ")
  end,
  fires   = function(event)
    local payload = event.payload
    if payload.emitted_at or payload.conversation or payload.contact then return true end
    return false, "it has neither a time nor a conversation"
  end,
  sample  = "samples/conversation-archived.json",
}
