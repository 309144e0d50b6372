-- Front has no event for a new conversation (https://dev.frontapp.com/reference/events), so the first message is
-- taken for it. A conversation_created, which another server may post, is accepted without that test.
local WINDOW = 600 -- seconds between a conversation's creation and its first message

return {
  summary = "A conversation began: a customer wrote for the first time, or we did.",
  on      = { "inbound", "outbound", "inbound_received", "outbound_sent", "conversation_created" },
  needs   = { "payload.conversation" }, -- fetched when a preview lacks it
  key     = function(event) return event.payload.conversation.id end,
  fires   = function(event)
    local payload = event.payload
    if event.type == "conversation_created" or payload.type == "conversation_created" then return true end
    local created = tonumber(payload.conversation.created_at)
    local emitted = tonumber(payload.emitted_at)
    if not created or not emitted then return false, "the event does not say when the conversation began" end
    if math.abs(emitted - created) <= WINDOW then return true end
    return false, "the conversation began " .. text.duration(emitted - created) .. " before this message"
  end,
  sample  = "samples/conversation-created.json",
}
