return {
  summary = "A conversation was assigned to a teammate.",
  on      = { "assign", "assignee_changed", "conversation_assigned" }, -- payload.type, or the envelope's type
  needs   = { "payload.conversation", "payload.target.data" }, -- fetched when a preview lacks them
  key     = function(event)
    local payload = event.payload
    if payload.id and payload.id ~= payload.conversation.id then return payload.id end
    -- an event that another server posts may have no id of its own
    return table.concat({ payload.conversation.id, payload.target.data.id, payload.emitted_at }, " ")
  end,
  fires   = function(event)
    local payload = event.payload
    if payload.type == "unassign" then return false, "it was unassigned" end
    local target = payload.target -- absent when it was unassigned
    return target ~= nil and target ~= json.null, "it was unassigned"
  end,
  sample  = "samples/conversation-assigned.json",
}
