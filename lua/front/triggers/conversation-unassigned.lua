return {
  summary = "A conversation has no assignee any more.",
  on      = { "unassign", "assignee_changed" },
  needs   = { "payload.conversation" },
  key     = function(event) return event.payload.id end,
  fires   = function(event)
    local target = event.payload.target -- absent when it was unassigned
    if event.payload.type == "unassign" then return true end
    return target == nil or target == json.null, "it was assigned"
  end,
  sample  = "samples/conversation-unassigned.json",
}
