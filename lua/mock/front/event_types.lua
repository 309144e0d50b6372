-- The types of Front's events: the name in application webhooks (none: applications are not told), and the kinds of
-- source and target (https://dev.frontapp.com/reference/events and the specification). Captures confirm the names of
-- inbound and archive only.
local types = {
  inbound = { "inbound_received", source = "inboxes", target = "message" },
  outbound = { "outbound_sent", source = "inboxes", target = "message" },
  out_reply = { nil, source = "inboxes", target = "message" },
  assign = { "assignee_changed", target = "teammate" },
  unassign = { "assignee_changed" },
  archive = { "conversation_archived" },
  reopen = { "conversation_reopened" },
  trash = { "conversation_deleted" },
  restore = { "conversation_restored" },
  reminder = { "conversation_snooze_expired", source = "reminder" },
  comment = { "new_comment_added", target = "comment" },
  mention = { nil, target = "comment" },
  tag = { "tag_added", target = "tag" },
  untag = { "tag_removed", target = "tag" },
  move = { "conversation_moved", target = "inboxes" },
  forward = { nil, target = "message" },
  link_added = { "link_added", target = "link" },
  link_removed = { "link_removed", target = "link" },
  sending_error = { "message_delivery_failed", source = "recipient", target = "message" },
  message_bounce_error = { "message_delivery_failed", source = "recipient", target = "message" },
  conversations_merged = { nil, target = "deleted_conversation_ids" },
  custom_field_updated = { nil, target = "custom_field" },
  ticket_status_update = {}, macro_triggered = {}, topic_identified = {},
}
for word in ("started abandoned queued on_hold parked resumed connected missed hangup transferred transcript_added "
  .. "voicemail_transcript_added"):gmatch("%S+") do
  types["call_" .. word] = {}
end

local event_types = { all = types, sources = {} }

for name in ("api oauth_client rule teammate imap gmail reminder inboxes recipient"):gmatch("%S+") do
  event_types.sources[name] = true
end

-- The name in application webhooks; nil when applications are not told. A type that Front does not have, which a server
-- of the agency may send, keeps its name. conversation_snoozed is a guess: the list
-- of types has no other event for it than an archive whose source is a reminder.
function event_types.outer(event)
  local known = types[event.type]
  if not known then return event.type end
  if event.type == "archive" and event.source and event.source.type == "reminder" then return "conversation_snoozed" end
  return known[1]
end

return event_types
