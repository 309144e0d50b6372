return {
  summary = "A conversation was assigned to a teammate.",
  on      = { "assign", "assignee_changed", "conversation_assigned" }, -- payload.type, or the envelope's type
  needs   = { "payload.conversation", "payload.target.data" }, -- fetched when a preview leaves them out
  key     = function(event) return event.payload.id end,
  fires   = function(event)
    local target = event.payload.target -- unassigning has none
    return target ~= nil and target ~= json.null
  end,
  sample  = "samples/conversation-assigned.json",
}
