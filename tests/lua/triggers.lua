-- triggers: each of Front's triggers, with its sample, against the types of events that Front documents.

local std, t = ...
local deliver, script = std.part("deliver"), std.part("script")

function std.recall() return nil end
function std.client() return {} end
function std.workspace() return {} end

local function body(name) return t.json(t.read("tests/data/front/webhooks/" .. name .. ".json")) end
local function sample(name)
  local trigger = script.get("trigger", "front/" .. name)
  return t.json(t.read("lua/front/" .. trigger.sample)), trigger
end

local all = {}
for _, name in ipairs(script.names("trigger")) do
  if name:match("^front/") and name ~= "front/broken" then all[#all + 1] = name end
end

local result
-- Delivers EVENT while a run waits for each trigger. Returns what fires, as one text.
local function fired(event)
  result = deliver({ app = "front", delivery = 1, body = event, wanted = all })
  local names = {}
  for i, one in ipairs(result.fired) do names[i] = one.trigger:match("/(.*)") end
  return table.concat(names, " ")
end

-- https://dev.frontapp.com/reference/events: the name of an event in the API, by which a rule sends it too; its name in
-- application webhooks; its sources and its target. By trigger.
local documented = {
  ["message-received"]           = { "inbound", "inbound_received", "inboxes", "message" },
  ["message-sent"]               = { "outbound", "outbound_sent", "inboxes", "message" },
  ["reply-sent"]                 = { "out_reply", nil, "inboxes", "message" },
  ["conversation-assigned"]      = { "assign", "assignee_changed", "teammate rule", "teammate" },
  ["conversation-unassigned"]    = { "unassign", "assignee_changed", "teammate rule" },
  ["conversation-archived"]      = { "archive", "conversation_archived", "teammate rule reminder" },
  ["conversation-reopened"]      = { "reopen", "conversation_reopened", "teammate rule" },
  ["conversation-deleted"]       = { "trash", "conversation_deleted", "teammate rule" },
  ["conversation-restored"]      = { "restore", "conversation_restored", "teammate rule" },
  ["conversation-snooze-expired"] = { "reminder", "conversation_snooze_expired", "reminder" },
  ["comment-added"]              = { "comment", "new_comment_added", "teammate", "comment" },
  ["teammate-mentioned"]         = { "mention", nil, "teammate", "comment" },
  ["tag-added"]                  = { "tag", "tag_added", "teammate rule", "tag" },
  ["tag-removed"]                = { "untag", "tag_removed", "teammate rule", "tag" },
  ["conversation-moved"]         = { "move", "conversation_moved", "teammate rule", "inboxes" },
  ["message-forwarded"]          = { "forward", nil, "teammate rule", "message" },
  ["link-added"]                 = { "link_added", "link_added", "teammate rule", "link" },
  ["link-removed"]               = { "link_removed", "link_removed", "teammate rule", "link" },
  ["message-delivery-failed"]    = { "message_bounce_error", "message_delivery_failed", "recipient", "message" },
  ["conversations-merged"]       = { "conversations_merged", nil, "teammate", "deleted_conversation_ids" },
  ["custom-field-updated"]       = { "custom_field_updated", nil, "teammate", "custom_field" },
  ["macro-triggered"]            = { "macro_triggered", nil, "teammate" },
  ["topic-identified"]           = { "topic_identified" },
  ["ticket-status-updated"]      = { "ticket_status_update", nil, "teammate" },
}
for _, call in ipairs { "started", "abandoned", "queued", "on_hold", "parked", "resumed", "connected", "missed",
                        "hangup", "transferred", "transcript_added", "voicemail_transcript_added" } do
  documented["call-" .. call:gsub("_", "-")] = { "call_" .. call, nil, "inboxes" }
end

-- The members that Front's own examples of an object have.
local function example_of(name)
  local found = t.json(t.read("tests/data/front/" .. name .. ".response.json"))
  return found._results and found._results[1] or found
end
local shapes = {
  conversation = example_of "get-conversation", teammate = example_of "list-teammates",
  inboxes = example_of "list-inboxes", message = example_of "list-conversation-messages",
  comment = example_of "list-conversation-comments", tag = example_of "list-tags",
}
shapes.conversation.description, shapes.conversation.due_at = nil, nil -- of tasks
shapes.teammate.license_type = nil -- which Front's own teammates lack

-- Adds to ODD each member of SHAPE that OBJECT lacks, or has with another type.
local function compare(shape, object, path, odd)
  for key, want in pairs(shape) do
    local got = object[key]
    if got == nil then
      odd[#odd + 1] = path .. "." .. key .. " is missing"
    elseif want ~= t.null and got ~= t.null and type(want) ~= type(got) then
      odd[#odd + 1] = ("%s.%s is a %s, not a %s"):format(path, key, type(got), type(want))
    end
  end
end

local seen, ids = {}, {}
for name, facts in pairs(documented) do
  local event, trigger = sample(name)
  local payload, odd = event.payload, {}
  local what = name .. ": "
  t.equal(payload.type, facts[1], what .. "the sample's event")
  t.equal(event.type, facts[2] or facts[1], what .. "as it is delivered")
  t.equal(event.authorization and event.authorization.id, facts[2] and "cmp_4thp0",
    what .. "an application names the company")
  local source = payload.source and payload.source._meta.type
  t.equal(source == nil and facts[3] == nil or (facts[3] or ""):find(source or "", 1, true) ~= nil, true,
    what .. "its source " .. tostring(source))
  t.equal(payload.target and payload.target._meta.type, facts[4], what .. "its target")
  t.equal(t.is_list(payload.source and payload.source.data), source == "inboxes", what .. "a list of inboxes")
  compare(shapes.conversation, payload.conversation, "conversation", odd)
  local object = payload.target and payload.target.data
  local shape = payload.target and shapes[payload.target._meta.type]
  if shape then compare(shape, t.is_list(object) and object[1] or object, "target", odd) end
  if source == "teammate" then compare(shapes.teammate, payload.source.data, "source", odd) end
  t.equal(odd, {}, what .. "its objects are as Front's")
  t.equal(type(payload.id) == "string" and payload.id:sub(1, 4), "evt_", what .. "an id")
  t.equal(payload._links.self, "https://acme.api.frontapp.com/events/" .. payload.id, what .. "a link")
  -- what fires
  local others = name == "message-received" and "any-event conversation-created " or "any-event "
  local want = (name < "any-event" and name .. " any-event" or others .. name)
  t.equal(fired(event), want, what .. "fires for its sample, and no neighbour does")
  for _, one in ipairs(result.fired) do
    if one.trigger == "front/" .. name and name ~= "message-received" then
      t.equal(one.key, payload.id, what .. "its key is the event's id")
    end
  end
  t.equal(ids[payload.id], nil, what .. "an id of its own")
  ids[payload.id] = name
  -- a rule sends the event alone, and GET /events has it so
  t.equal(fired(payload), want, what .. "fires for a rule's event")
  seen["front/" .. name] = true
  t.equal(trigger.summary:match("^[%u].*%.$") ~= nil, true, what .. "its summary is a sentence")
end

-- those that stand in no list of Front's
for _, name in ipairs { "conversation-created", "contact-created", "any-event", "conversation-snoozed" } do
  local event = sample(name)
  fired(event)
  local found = false
  for _, one in ipairs(result.fired) do found = found or one.trigger == "front/" .. name end
  t.equal(found, true, name .. " fires for its sample")
  seen["front/" .. name] = true
end
for _, name in ipairs(all) do
  local own = name == "front/odd" or name == "front/strange" or name == "front/contact-updated"
  t.equal(own or seen[name] or false, true, name .. " has a row here")
end
t.equal(fired(sample "conversation-snoozed"), "any-event conversation-snoozed", "a snooze is no archiving")
t.equal(fired(body "application.tag_added"), "any-event tag-added", "Front's tag_added")
t.equal(fired(body "application.tag_removed"), "any-event tag-removed", "… tag_removed")
t.equal(fired(body "application.new_comment_added"), "any-event comment-added", "… new_comment_added")
t.equal(fired(body "application.conversation_archived"), "any-event conversation-archived", "… conversation_archived")
t.equal(fired(body "application.assignee_changed.unassign"), "any-event conversation-unassigned", "… unassigned")
t.equal(fired(body "rule.assign.full-event"), "any-event conversation-assigned", "… a rule's assign")
local failed = sample "message-delivery-failed"
failed.payload.type = "sending_error"
t.equal(fired(failed), "any-event message-delivery-failed", "both kinds of failures")

-- any-event: what has no trigger of its own, too; once for each event

t.equal(fired({ type = "brand_new", payload = { id = "evt_9", type = "brand_new", emitted_at = 5 } }), "any-event",
  "a new type")
t.equal(result.fired[1].key, "evt_9", "… by the event's id")
t.equal(#result.quiet, 1, "… and only the broken file is named") -- of tests/lua/layers
t.equal(fired({ emitted_at = 5.5, conversation = { id = "cnv_1" } }), "any-event", "an event without type and id")
t.equal(result.fired[1].key, "event cnv_1 5.5", "… has a key all the same")
t.equal(fired({ type = "*", payload = { type = "!", emitted_at = 1, id = "evt_1" } }), "any-event", "odd types")
t.equal(fired({ type = "a\nb", payload = { type = "tag\ttag_added", emitted_at = 1, id = "evt_1" } }), "any-event",
  "… odder ones")

-- The actor

local function actor(event)
  fired(event)
  return result.envelope.actor
end
local leela = { kind = "teammate", id = "tea_6r55a", name = "Leela Meyer" }
t.equal(actor(sample "tag-added"), leela, "a teammate")
t.equal(actor(sample "message-sent"), leela, "a message's author")
t.equal(actor(sample "message-received"), { kind = "contact", id = "crd_3cgz4ge", name = "Ada Example" }, "a contact")
t.equal(actor(sample "conversation-moved"), { kind = "rule", id = "rul_6j2q", name = "Orders to the right inbox" },
  "a rule")
t.equal(actor(sample "conversation-snooze-expired"), { kind = "system" }, "Front itself")
t.equal(actor(sample "message-delivery-failed").kind, "system", "… a bounce")
t.equal(actor(sample "topic-identified"), { kind = "unknown" }, "no source")
t.equal(actor(sample "call-missed"), { kind = "unknown" }, "a call")
local preview = body "rule.assign.preview"
t.equal(actor((sample "conversation-assigned")), leela, "an assignment")
local by = {
  user = "teammate", visitor = "teammate", rule = "rule", macro = "macro", api = "application", ai = "application",
  integration = "application", application = "application", csat = "system", smart_csat = "system",
  bulk_reply = "system", ["not-yet-known"] = "application",
}
for kind, want in pairs(by) do
  local event = sample "tag-added"
  event.payload.source.data.type = kind
  t.equal(actor(event).kind, want, "a teammate of the type " .. kind)
  event = sample "message-sent"
  event.payload.target.data.author.type = kind
  t.equal(actor(event).kind, want, "an author of the type " .. kind)
end
for kind, want in pairs { api = "application", oauth_client = "application", imap = "system", gmail = "system" } do
  local event = sample "conversation-archived"
  event.payload.source = { _meta = { type = kind } }
  t.equal(actor(event), { kind = want }, "the source " .. kind)
end
local event = sample "message-sent"
event.payload.target.data.author = t.null
t.equal(actor(event), { kind = "application" }, "a message that was sent without an author")
event = sample "message-received"
event.payload.target.data.recipients = json.array {}
t.equal(actor(event), { kind = "contact" }, "a message without a sender")
event = sample "tag-added"
event.payload.source.data = { id = "tea_6r55a", _links = {} }
t.equal(actor(event), { kind = "teammate", id = "tea_6r55a" }, "a preview")
event = sample "tag-added"
event.payload.source = { _meta = { type = "teammate" }, id = "tea_6r55a" }
t.equal(actor(event), { kind = "teammate", id = "tea_6r55a" }, "… of a rule")
event = sample "tag-added"
event.actor = { kind = "contact" }
t.equal(actor(event), leela, "the sender of an event does not choose it")
for _, odd in ipairs { "text", 5, json.array { 1 }, { _meta = 5 }, { _meta = { type = 5 } }, { _meta = { type = {} } },
                       { _meta = { type = "teammate" }, data = 5 } } do
  event = sample "conversation-archived"
  event.payload.source = odd
  t.equal(type(actor(event).kind), "string", "an odd source")
end
t.equal(preview.source._meta.type, "rule", "the preview's source")
