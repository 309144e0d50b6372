-- The shipped recipes and Front's triggers, with a ctx of this test: what they decide and send.

local _, t = ...

local function sample(name) return t.json(t.read("lua/front/samples/" .. name .. ".json")) end
local function same(value) return value end

-- Runs a recipe. Returns {result=, skipped=, err=} and its actions in order. CALL answers ctx.call.
local function run(name, event, options, world)
  world = world or {}
  local recipe, done = t.load("recipes/" .. name .. ".lua"), {}
  for field, option in pairs(recipe.options) do
    if options[field] == nil then options[field] = option.default end
  end
  local function note(entry) done[#done + 1] = entry end
  local ctx = { options = options, now = function() return world.now or 0 end, http = {} }
  function ctx.log() end
  function ctx.skip(reason) error({ skipped = reason }, 0) end
  function ctx.template(template, data)
    note({ template = template, data = data })
    return "rendered " .. template
  end
  function ctx.call(action, input)
    note({ call = action, input = input })
    return (world.call or same)(input)
  end
  function ctx.http.post(target, body) note({ post = target, body = body }) end
  -- Copies the state, as for a run that continues after a crash.
  function ctx.each(action, input, state, fn)
    note({ each = action, input = input })
    for _, item in ipairs(world.items) do fn(item, state) end
    return state
  end
  local ok, result = pcall(recipe.run, ctx, event)
  if ok then return { result = result }, done end
  if type(result) == "table" and result.skipped then return { skipped = result.skipped }, done end
  return { err = result }, done
end

-- first-reply

local created = sample "conversation-created"
local out, done = run("first-reply", created, { author = "tea_1" },
  { call = function() return { message_uid = "u" } end })
t.equal(out.result, { message_uid = "u" }, "first-reply: what Front answered")
t.equal(done, {
  { template = "first-reply", data = { conversation = created.payload.conversation } },
  { call = "front/send-conversation-reply", input = {
    conversation_id = created.payload.conversation.id, author_id = "tea_1", body = "rendered first-reply" } },
}, "first-reply: one reply from the template")
local conversation = sample "conversation"
out, done = run("first-reply", { type = "manual", payload = { type = "manual", conversation = conversation } },
  { template = "mine" })
t.equal(out.result.conversation_id, conversation.id, "first-reply by hand")
t.equal(done[1].template, "mine", "first-reply with another template")
created.payload.type = "outbound"
t.equal(run("first-reply", created, {}).skipped, "we wrote first", "first-reply: not to our own message")

-- digest

local NOW = 1767300000
local function waiting(id, hours, changes)
  local item = sample "conversation"
  item.id, item.created_at, item.waiting_since = id, NOW - 1000000, NOW - hours * 3600
  for key, value in pairs(changes or {}) do item[key] = value end
  return item
end
local items = {
  waiting("cnv_a", 30), waiting("cnv_b", 1), waiting("cnv_c", 50), waiting("cnv_d", 24),
  waiting("cnv_e", 30, { subject = "", recipient = t.null }), waiting("cnv_f", 23.99),
}
local URL = "https://chat.example/hook"
out, done = run("digest", nil, { post_to = URL, limit = 3 }, { now = NOW, items = items })
t.equal(out.result, { count = 4, shown = 3 }, "digest: counts")
t.equal(done[1], { each = "front/list-conversations", input = { statuses = { "unassigned" }, limit = 100 } },
  "digest: lists what is unassigned")
t.equal(done[3], { post = URL, body = { text = "rendered digest" } }, "digest: posted to a chat")
t.equal(#done, 3, "digest: posted once")
local data, ids = done[2].data, {}
for i, shown in ipairs(data.conversations) do ids[i] = shown.id end
t.equal(ids, { "cnv_c", "cnv_a", "cnv_e" }, "digest: the longest first, then by id")
t.equal({ data.hours, data.count, data.more }, { 24, 4, 1 }, "digest: what the template gets")
t.equal(data.conversations[2].subject, "Where is my order?", "digest: a subject")
t.equal(data.conversations[2].recipient, "Ada Example", "digest: a name")
t.equal(data.conversations[3].subject, "(no subject)", "digest: no subject")
t.equal(data.conversations[3].recipient, "unknown", "digest: null is unknown")
t.equal(type(data.conversations[1].waiting), "string", "digest: how long, in words")

out, done = run("digest", nil, { conversation = "cnv_1", hours = 1, template = "short" }, { now = NOW, items = items })
t.equal(out.result.count, 6, "digest: hours")
t.equal(done[2].data.more, false, "digest: nothing left out")
t.equal(done[3], { call = "front/send-conversation-reply",
  input = { conversation_id = "cnv_1", type = "comment", body = "rendered short" } }, "digest: as a comment")
out = run("digest", nil, { post_to = URL }, { now = NOW, items = { waiting("cnv_b", 1) } })
t.equal(out.skipped, "nothing has been unassigned for 24 hours", "digest: nothing to tell")
for what, options in pairs { neither = {}, both = { post_to = URL, conversation = "cnv_1" } } do
  out = run("digest", nil, options, { items = items })
  t.equal(out.err.kind, "invalid", "digest: " .. what .. " of post_to and conversation")
end
out = run("digest", nil, { post_to = URL },
  { now = NOW, items = { waiting("cnv_g", 1, { waiting_since = t.null, created_at = NOW - 90000 }) } })
t.equal(out.result.count, 1, "digest: since it was created, when nothing says since when it waits")

-- contacts-from-csv

local function import(lines, options, call)
  options.file = table.concat(lines, "\n") .. "\n"
  return run("contacts-from-csv", nil, options, { call = call })
end
out, done = import({
  "Name, EMAIL ,Phone,Job,Notes",
  "Ada Example,ada@customer.example,+1 555 0100,Buyer,\"likes \"\"blue\"\" wool\"",
  "No Address,,,,",
  "Bob Example,bob@customer.example,,,",
  "Too,few",
  "Taken,taken@customer.example,,,",
  "Wrong,wrong,,,",
  "\"Eve\nExample\",eve@customer.example,,,",
  "Last,,+1 555 0101,,",
}, { columns = { description = "notes" }, custom_fields = { "Job" }, list_names = { "Customers" } }, function(contact)
  if contact.name == "Taken" then error({ kind = "conflict", message = "taken" }, 0) end
  if contact.name == "Wrong" then error({ kind = "invalid", message = "not an email address" }, 0) end
  return contact
end)
t.equal(out.result, { created = 4, exists = 1, failed = 3, problems = {
  { line = 3, message = "no e-mail address, phone number or other handle" },
  { line = 5, message = "it has 2 fields, the first line has 5" },
  { line = 7, message = "not an email address" },
} }, "contacts: good lines done, bad ones told")
t.equal(done[1], { call = "front/create-contact", input = {
  name = "Ada Example", description = "likes \"blue\" wool", list_names = { "Customers" },
  custom_fields = { Job = "Buyer" },
  handles = { { handle = "ada@customer.example", source = "email" }, { handle = "+1 555 0100", source = "phone" } },
} }, "contacts: everything from a line")
t.equal(done[2].input, { name = "Bob Example", list_names = { "Customers" },
  handles = { { handle = "bob@customer.example", source = "email" } } }, "contacts: empty cells are left out")
t.equal(done[6].input.handles, { { handle = "+1 555 0101", source = "phone" } }, "contacts: the last line")

local function refused(lines, options, pattern)
  local failed, tried = import(lines, options)
  t.equal(failed.err and failed.err.kind, "invalid", "contacts: " .. pattern)
  t.equal(failed.err.message:find(pattern, 1, true) ~= nil, true, "contacts: " .. failed.err.message)
  t.equal(#tried, 0, "contacts: nothing sent: " .. pattern)
end
refused({ "email,line", "a@b.example,7" }, {}, 'a column is called "line"')
refused({ "Name,Town", "Ada,Ulm" }, {}, "no column holds e-mail addresses")
refused({ "Name,Mail", "Ada,a@b.example" }, { columns = { email = "E-mail" } }, 'no column is called "E-mail"')
refused({ "Name,Email", "Ada,a@b.example" }, { custom_fields = { "Job" } }, 'no column is called "Job"')
out = import({ "Name,Mail", "Ada,a@b.example" }, { columns = { email = "mail" } })
t.equal(out.result.created, 1, "contacts: a heading of another name")
out, done = import({ "email", "a@b.example", "c@d.example" }, {}, function() error({ kind = "forbidden",
  message = "no" }, 0) end)
t.equal({ out.err.kind, #done }, { "forbidden", 1 }, "contacts: stops at what is no line's fault")

-- Triggers: fires and key.

local function trigger(name, event)
  local one = t.load("lua/front/triggers/" .. name .. ".lua")
  local on = false
  for _, kind in ipairs(one.on) do on = on or kind == event.payload.type or kind == event.type end
  return on and (not one.fires or one.fires(event)), on and one.key(event)
end
local function check(name, event, want, what)
  local fires, key = trigger(name, event)
  t.equal(fires and key or false, want, name .. ": " .. what)
end

for name, key in pairs { ["conversation-created"] = "cnv_yo1kg5q", ["conversation-assigned"] = "evt_4ckcra8e",
                         ["contact-created"] = "crd_3cgz4ge" } do
  local file = t.load("lua/front/triggers/" .. name .. ".lua").sample
  check(name, t.json(t.read("lua/front/" .. file)), key, "fires for its sample")
end
local event = sample "conversation-created"
event.payload.emitted_at = event.payload.conversation.created_at + 600
check("conversation-created", event, "cnv_yo1kg5q", "10 minutes after")
event.payload.emitted_at = event.payload.conversation.created_at + 601
check("conversation-created", event, false, "a later message")
event.payload.type = "conversation_created"
check("conversation-created", event, "cnv_yo1kg5q", "posted by another server")
event = sample "conversation-created"
event.type, event.payload.type = "outbound_sent", "outbound"
check("conversation-created", event, "cnv_yo1kg5q", "we wrote first")
event.payload.conversation.created_at = nil
check("conversation-created", event, false, "no time to tell by")
event = sample "conversation-assigned"
event.payload.target = nil
check("conversation-assigned", event, false, "unassigned")
event.payload.target = t.null
check("conversation-assigned", event, false, "unassigned, with null")
