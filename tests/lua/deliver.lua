-- deliver: which triggers a delivery fires, for every form in which Front sends events.

local std, t = ...
local deliver, script = std.part("deliver"), std.part("script")

local function body(name) return t.json(t.read("tests/data/front/webhooks/" .. name .. ".json")) end
local function sample(name) return t.json(t.read("lua/front/samples/" .. name .. ".json")) end

-- The API that completes previews: address -> object, or an error table.
local world, asked = {}, {}
local real_http = std.http
std.http = {
  get = function(address)
    asked[#asked + 1] = address
    local answer = world[address]
    if answer == nil then answer = { kind = "not_found", message = "404 for " .. address } end
    if type(answer) == "table" and answer.kind then error(answer, 0) end
    return answer
  end,
}
-- The settings of the client and the workspace.
local client, workspace = {}, {}
function std.client() return client end
function std.workspace() return workspace end

-- Nothing is remembered: the settings change here.
function std.recall() return nil end
-- The triggers that a run waits for.
local WANTED = { "front/contact-created", "front/conversation-assigned", "front/conversation-created",
  "front/message-received", "front/odd", "front/strange" }

local result
-- Delivers BODY. Returns the names and keys of the triggers that fired, as one text.
local function run(delivered, more)
  asked = {}
  local args = { app = "front", delivery = 1, body = delivered, wanted = WANTED }
  for key, value in pairs(more or {}) do args[key] = value end
  result = deliver(args)
  std.copy(result) -- it is data
  local fired = {}
  for i, one in ipairs(result.fired) do fired[i] = one.trigger:match("/(.*)") .. " " .. (one.key or "?") end
  return table.concat(fired, ", ")
end
local function quiet(name)
  for _, one in ipairs(result.quiet) do
    if one.trigger == "front/" .. name then return one end
  end
  return {}
end
local function at(path)
  local value = result.envelope
  for part in path:gmatch("[^.]+") do value = value[part] end
  return value
end

-- The forms of Front's events: application webhooks, rules, previews

t.equal(run(body "application.inbound_received"),
  "conversation-created cnv_1042nr10, message-received msg_1sagx9sk", "an application's inbound")
t.equal(result.envelope.actor, { kind = "contact", id = "crd_3h53wd0", name = "Phyllis Lapin-Vance" }, "… its actor")
result.envelope.actor = nil
t.equal(result.envelope, body "application.inbound_received", "… else the envelope stays as it is")
t.equal({ result.fired[1].conversation, #result.fired[1].recipes }, { "cnv_1042nr10", 0 }, "its conversation")
t.equal(result.others, "their `on` has neither \"inbound_received\" nor \"inbound\"", "why not another")
t.equal(quiet("contact-created").why, nil, "… in one sentence for all of them")
t.equal(run(body "application.conversation_archived"), "", "an archived conversation fires nothing")
t.equal(result.others, "their `on` has neither \"conversation_archived\" nor \"archive\"", "… and it is said why")
t.equal(run(body "application.assignee_changed"), "conversation-assigned evt_4ckcra8e", "an application's assign")
t.equal(at("payload.target.data.id"), "tea_a0lec", "… has its target")
t.equal(run(body "application.assignee_changed.unassign"), "", "unassigned")
t.equal(quiet("conversation-assigned").why, "it was unassigned", "… which is why")
t.equal(run(body "rule.assign.full-event"), "conversation-assigned evt_55c8c149", "a rule's full event")
t.equal(at("type"), "assign", "… is wrapped")
t.equal(at("payload"), body "rule.assign.full-event", "… as it is")
t.equal(#asked, 0, "nothing was fetched for any of them")

local archived = body "application.conversation_archived"
t.equal(run({ type = "message", payload = { id = "msg_1", type = "custom" } }), "", "an app channel's message")
t.equal(result.others, "their `on` has neither \"message\" nor \"custom\"", "… is no event")
for _, odd in ipairs { {}, json.array {}, json.array { 1 }, { type = "x" }, { payload = "x" }, 5, "x",
                       { type = "sync", authorization = { id = "cmp_1" } } } do
  t.equal(run(odd), "", "no event at all")
  t.equal(result.why ~= nil and #result.quiet == 0, true, "… is said once")
end
t.equal(run({ payload = {} }), "", "without a type")
t.equal(result.others, "the event has no type", "… that is why")

-- Samples

t.equal(run(sample "conversation-created"),
  "conversation-created cnv_yo1kg5q, message-received msg_1q15qmtq", "its own sample")
t.equal(run(sample "conversation-assigned"), "conversation-assigned evt_4ckcra8e", "its own sample")
t.equal(run(sample "contact-created"), "contact-created crd_3cgz4ge", "its own sample")
for _, name in ipairs { "contact-created", "conversation-assigned", "conversation-created", "message-received" } do
  name = "front/" .. name
  local trigger = script.get("trigger", name)
  run(t.json(t.read("lua/front/" .. trigger.sample)))
  local found = false
  for _, one in ipairs(result.fired) do found = found or one.trigger == name end
  t.equal(found, true, name .. " fires for its sample")
end

-- conversation-created: the first message of a conversation

local function inbound(seconds, kind, outer)
  local event = sample "conversation-created"
  event.payload.emitted_at = event.payload.conversation.created_at + seconds
  event.payload.type, event.type = kind or "inbound", outer or "inbound_received"
  return event
end
local both = "conversation-created cnv_yo1kg5q, message-received msg_1q15qmtq"
t.equal(run(inbound(600)), both, "10 minutes after")
t.equal(run(inbound(-600)), both, "10 minutes before")
t.equal(run(inbound(601)), "message-received msg_1q15qmtq", "a later message")
t.equal(quiet("conversation-created").why, "the conversation began 10 min 1 s before this message", "… why")
t.equal(run(inbound(0, "outbound", "outbound_sent")), "conversation-created cnv_yo1kg5q", "we wrote first")
t.equal(run(inbound(0, "archive", "conversation_archived")), "", "another event right after")
local timeless = inbound(0)
timeless.payload.conversation.created_at = nil
t.equal(run(timeless), "message-received msg_1q15qmtq", "no time to tell by")

-- Plain events, in the forms in which another server may post them

local conversation, contact = sample "conversation", sample "contact"
local assigned = sample "conversation-assigned"
for _, plain in ipairs {
  { type = "conversation_created", payload = { conversation = conversation } },
  { type = "conversation_created", payload = { type = "conversation_created", conversation = conversation } },
  { type = "conversation_created", conversation = conversation },
  { type = "conversation_created", payload = conversation },
  { type = "conversation_created", payload = { target = { _meta = { type = "conversation" }, data = conversation } } },
  { type = "conversation_created", payload = { data = conversation }, authorization = { id = "cmp_4thp0" } },
} do
  local authorization = plain.authorization
  t.equal(run(plain), "conversation-created cnv_yo1kg5q", "a plain conversation_created")
  t.equal(at("payload.conversation.subject"), conversation.subject, "… has its conversation")
  t.equal(result.envelope.authorization, authorization, "… and its company")
end
for _, plain in ipairs {
  { type = "conversation_assigned", payload = { id = "evt_1", conversation = conversation,
    target = { data = assigned.payload.target.data } } },
  { type = "conversation_assigned", payload = { id = "evt_1", conversation = conversation,
    target = assigned.payload.target.data } },
  { type = "conversation_assigned", payload = { id = "evt_1", conversation = conversation,
    assignee = assigned.payload.target.data } },
  { type = "conversation_assigned", payload = { id = "evt_1", conversation = assigned.payload.conversation } },
} do
  t.equal(run(plain), "conversation-assigned evt_1", "a plain conversation_assigned")
  t.equal(at("payload.target.data.username"), "leela", "… has its teammate")
end
t.equal(run({ type = "conversation_assigned", emitted_at = 5.5, conversation = assigned.payload.conversation }),
  "conversation-assigned cnv_yo1kg5q tea_6r55a 5.5", "… without an event's id")
t.equal(run({ type = "conversation_assigned", payload = { id = "evt_1", conversation = conversation } }), "",
  "… without any teammate")
for _, plain in ipairs {
  { type = "contact_created", payload = { contact = contact } }, { type = "contact_created", contact = contact },
  { type = "contact_created", payload = contact }, { type = "contact_created", payload = { data = contact } },
  { type = "contact_created", payload = { target = { _meta = { type = "contact" }, data = contact } } },
} do
  t.equal(run(plain), "contact-created crd_3cgz4ge", "a plain contact_created")
  t.equal(at("payload.contact.name"), contact.name, "… has its contact")
  t.equal(result.fired[1].conversation, nil, "… and no conversation")
end
t.equal(run({ type = "contact_created", payload = { id = "evt_1" } }), "", "… without one")
t.equal(quiet("contact-created").why, "the event has no payload.contact, and nothing to fetch it by", "… why")

-- Previews are completed when a recipe listens

local preview = "rule.assign.preview"
local full = body "rule.assign.full-event"
world = { ["/conversations/cnv_55c8c149"] = full.conversation, ["/teammates/tea_55c8c149"] = full.target.data }
local unheard = { wanted = {} }
t.equal(run(body(preview), unheard), "", "a preview, and no recipe listens")
t.equal(#asked, 0, "… is not completed")
t.equal(quiet("conversation-assigned").why,
  "no recipe that is switched on listens to it; not switched on: assigned", "… why")
local wanted = { wanted = { "front/conversation-assigned" } }
t.equal(run(body(preview), wanted), "conversation-assigned evt_55c8c149", "a preview that some run waits for")
t.equal(asked, { "/conversations/cnv_55c8c149", "/teammates/tea_55c8c149" }, "… is completed")
t.equal({ at("payload.conversation"), at("payload.target.data"), at("payload.target._meta.type") },
  { full.conversation, full.target.data, "teammate" }, "… into the same shape")
t.equal(at("payload.source.data.id"), "rul_55c8c149", "… the source too")
local merged = t.json(json.encode(full.conversation))
merged.id = "cnv_into"
world["/conversations/cnv_55c8c149"] = merged
t.equal(run(body(preview), wanted) and result.fired[1].conversation, "cnv_into", "one that was merged")
world["/conversations/cnv_55c8c149"] = nil
t.equal(run(body(preview), wanted), "", "one that is gone")
t.equal(#asked, 1, "… is asked for once")
t.equal(quiet("conversation-assigned"),
  { trigger = "front/conversation-assigned", why = "404 for /conversations/cnv_55c8c149" }, "… why")
world["/conversations/cnv_55c8c149"] = { kind = "forbidden", message = "no" }
t.equal(run(body(preview), wanted), "", "one that is out of reach")
t.equal(quiet("conversation-assigned").error, true, "… is an error")
world["/conversations/cnv_55c8c149"] = "text"
run(body(preview), wanted)
t.equal(quiet("conversation-assigned").error, true, "an answer of another kind is one too")
world["/conversations/cnv_55c8c149"] = { kind = "auth", message = "connect again" }
t.equal(t.fails(function() run(body(preview), wanted) end, "connect again").kind, "auth", "what may pass ends it")
t.equal(run(body(preview), unheard), "", "… not without a listener")

local stub = sample "conversation-created"
stub.payload.target = { _meta = { type = "message" }, id = "msg_1",
  _links = { self = "https://acme.api.frontapp.com/messages/msg_1" } }
local link = "https://acme.api.frontapp.com/conversations/x"
stub.payload.conversation = { _links = { self = link }, type = "conversation" }
world = { ["/messages/msg_1"] = { id = "msg_1", body = "b" }, [link] = conversation }
t.equal(run(stub, { wanted = { "front/message-received", "front/conversation-created" } }),
  "conversation-created cnv_yo1kg5q, message-received msg_1", "without an id, by its link")
t.equal(asked, { link, "/messages/msg_1" }, "… each once")

-- An address that names the trigger

t.equal(run(inbound(99999), { trigger = "conversation-created" }), "conversation-created cnv_yo1kg5q",
  "an address that names a trigger: it fires, and no other")
t.equal(run(archived, { trigger = "message-received" }), "", "… what it needs must be there")
t.equal(run(inbound(0), { trigger = "no-such" }), "", "… a trigger that is not there")
t.equal(quiet("no-such").error, true, "… is an error")
t.equal(run(inbound(0), { trigger = "../x" }), "", "… nor is a path a trigger")
t.equal(#result.quiet, 1, "… it is said")

-- An error in a trigger does not affect the others

local function odd(payload)
  payload.type = "odd"
  return { type = "odd", payload = payload }
end
run(odd { key = "k" })
t.equal(quiet("broken").error, true, "a file that does not load is an error")
t.equal(quiet("broken").why:find("triggers/broken.lua:1: this file is broken", 1, true) ~= nil, true, "… with its line")
t.equal({ #result.fired, result.fired[1].trigger, result.fired[1].key, result.fired[2].key },
  { 2, "front/odd", "k" }, "… and the others fire; one has no key of its own")
t.equal({ result.fired[1].id, result.fired[2].id }, {}, "… and this event has no id")
run(odd { id = "evt_1" })
t.equal(result.fired[#result.fired].id, "evt_1", "without a key, the id of Front's event")
run(odd { id = "cnv_1" })
t.equal(result.fired[#result.fired].id, nil, "… but not another's")
run(odd { key = "k" })
t.equal(at("payload.changed"), nil, "what a trigger changes is its own copy")
t.equal(run(odd { key = "k", own = true }):match("^odd (.*)"), "acme k, strange ?", "the client's own layer")
for _, wrong in ipairs {
  { { raise = "oops" }, "oops" }, { { raise_key = "oops" }, "oops" }, { {}, "not a nil" },
  { { key = 5 }, "not a number" },
  { { key = "" }, "0 bytes" }, { { long = 201 }, "1 to 200 bytes, not 201 bytes" }, { { bytes = true }, "1 bytes" },
} do
  run(odd(wrong[1]))
  t.equal({ #result.fired, quiet("odd").error }, { 1, true }, "an error of one is its own: " .. wrong[2])
  t.equal(quiet("odd").why:find(wrong[2], 1, true) ~= nil, true, "… " .. quiet("odd").why)
end
run(odd { long = 200 })
t.equal(#result.fired[1].key, 200, "a key of 200 bytes")
run(odd { fires = false })
t.equal(quiet("odd"), { trigger = "front/odd", why = "its `fires` returned false" }, "a no without a reason")
run(odd { fires = false, why = "a reason" })
t.equal(quiet("odd").why, "a reason", "… and with one")

-- Recipes

run(odd { key = "k" })
t.equal({ result.fired[1].recipes, result.fired[1].not_on, result.broken }, { {}, { "odd-one", "odd-two" }, {} },
  "recipes that are not switched on are named")
client = { recipes = { ["odd-one"] = true, digest = { post_to = "x" } }, uncertain = "resend" }
run(odd { key = "k", conversation = { id = "cnv_1", subject = "s" } })
t.equal(result.fired[1].recipes, { { name = "odd-one", on = true, cron = "0 7 * * *", order = "cnv_1",
  uncertain = "resend", retry = { attempts = 5, give_up = 7200 } } }, "one that is")
t.equal(result.fired[1].not_on, { "odd-two" }, "… and the other is not")
t.equal({ result.fired[2].recipes, result.fired[2].not_on }, { {}, {} }, "no recipe listens to the other trigger")
client = { recipes = {
  ["odd-one"] = false,
  ["odd-two"] = { cron = "5 * * * *", retry = { give_up = "90s" }, uncertain = "park" },
} }
workspace = { recipes = { ["odd-one"] = true, ["odd-two"] = { retry = { attempts = 2 } } } }
run(odd { key = "k" })
t.equal(result.fired[1].recipes, { { name = "odd-two", on = true, cron = "5 * * * *", uncertain = "park",
  retry = { give_up = 90 } } }, "the client's word is over the workspace's")
t.equal(result.fired[1].not_on, { "odd-one" }, "… and may say false")
client = { recipes = json.array {} }
run(odd { key = "k" })
t.equal(#result.fired[1].recipes, 2, "… or nothing")
workspace = { recipes = { broken = true, nowhere = true, ["odd-one"] = true } }
run(odd { key = "k" })
t.equal({ #result.fired[1].recipes, #result.broken, result.broken[1].recipe, result.broken[2].recipe },
  { 1, 2, "broken", "nowhere" }, "a recipe that does not load stops no other")
t.equal(result.broken[1].why:find("recipes/broken.lua:1: this recipe is broken", 1, true) ~= nil, true, "… why")

-- With a listener a preview is completed without being asked for

client, workspace = { recipes = { assigned = true } }, {}
world = { ["/conversations/cnv_55c8c149"] = full.conversation, ["/teammates/tea_55c8c149"] = full.target.data }
t.equal(run(body(preview)), "conversation-assigned evt_55c8c149", "a preview that a recipe listens to")
t.equal({ #asked, result.fired[1].recipes[1].order, result.fired[1].recipes[1].name },
  { 2, "cnv_55c8c149", "assigned" }, "… in the conversation's order")
world = {}
local first = sample "conversation-created"
first.payload.conversation = { id = "cnv_gone" }
t.equal(run(first, { wanted = { "front/message-received", "front/conversation-created" } }), "", "nothing is left")
t.equal(asked, { "/conversations/cnv_gone" }, "… and two triggers ask for it once")
t.equal(quiet("message-received").why, quiet("conversation-created").why, "… for the same reason")

std.http = real_http
