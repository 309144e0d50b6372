-- Front's actions against Front's documentation (tests/data/front): their inputs, the requests that they send, the
-- answers that they read, and the conclusions of `confirm`.

local std, t = ...

local DATA = "tests/data/front/"

local operations = {}
for _, operation in ipairs(t.json(t.read(DATA .. "core-operations.json"))) do
  operations[operation.operationId] = operation
end

local function sample(name) return t.json(t.read(DATA .. name .. ".json")) end
local function load(name) return t.load("lua/front/actions/" .. name .. ".lua") end

function std.is_file(value) return value == "f" end

local actions = {}
for _, name in ipairs { "list-conversations", "get-conversation", "send-conversation-reply", "list-contacts",
                        "create-contact", "list-inboxes" } do
  actions[name] = load(name)
  if actions[name].request then std.part("declared").complete(actions[name]) end
end

-- Returns a ctx whose company answers every request with ANSWER: a value, an error table ({kind = …}) to raise, or a
-- function of the request. The requests are in the list SENT.
local function context(answer, now)
  local sent = {}
  local function exchange(method, target, body, opts)
    opts = opts or {}
    local request = {
      method = method, path = target, query = opts.query, body = body,
      multipart = opts.multipart or nil,
    }
    sent[#sent + 1] = request
    local result = answer
    if type(answer) == "function" then result = answer(request) end
    if type(result) == "table" and result.kind then error(result, 0) end
    return result
  end
  local http = {}
  function http.get(target, opts) return exchange("GET", target, nil, opts) end
  function http.post(target, body, opts) return exchange("POST", target, body, opts) end
  local function as_page(page)
    local more = page._pagination and page._pagination.next
    if more == t.null then more = nil end
    return { results = page._results, next = more, total = page._total }
  end
  function http.page(target, opts) return as_page(exchange("GET", target, nil, opts)) end
  function std.send(request) -- of a declared action
    local result = exchange(request.method, request.url, request.body, request)
    return result._results and as_page(result) or result
  end
  function http.request(request)
    local found = exchange(request.method, request.url, request.body, request)
    return { status = found and 200 or 404, headers = {}, body = found or nil }
  end
  return { http = http, now = function() return now or 0 end, log = function() end }, sent
end

local function run(name, input, answer)
  local ctx, sent = context(answer)
  if name == "send-conversation-reply" then
    input.type = input.type or "message"
    if input.archive == nil then input.archive = false end
  end
  return actions[name].run(ctx, input), sent
end

local function keys(list)
  local set = {}
  for _, name in ipairs(list) do set[name] = true end
  return set
end

-- 1. Inputs are those that Front documents, and each has an explanation.

local function check_field(field, name, required_example)
  t.equal(type(field.about) == "string" and field.about ~= "", true, name .. " has an about")
  if required_example then t.equal(field.example ~= nil, true, name .. " has an example") end
end

for name, action in pairs(actions) do
  t.equal(type(action.summary), "string", name .. " has a summary")
  for field_name, field in pairs(action.input) do check_field(field, name .. "." .. field_name, true) end
end

-- Front's parameter `q` becomes several inputs, and `page_token` is a part of `next`.
local function expected(operation_ids, instead, also)
  local set = {}
  for _, id in ipairs(operation_ids) do
    for _, parameter in ipairs(operations[id].params) do
      local names = instead[parameter.name] or { parameter.name }
      for _, new in ipairs(names) do set[new] = true end
    end
  end
  for _, extra in ipairs(also or {}) do set[extra] = true end
  return set
end

local function has(action) -- the names of its inputs
  local set = {}
  for name in pairs(actions[action].input) do set[name] = true end
  return set
end

t.equal(has "list-conversations", expected(
  { "list-conversations", "search-conversations", "list-inbox-conversations", "list-tagged-conversations",
    "list-contact-conversations", "list-assigned-conversations" },
  { q = { "statuses", "status_categories", "status_ids" }, page_token = { "next" }, query = { "q" },
    teammate_id = { "assignee_id" } }), "list-conversations: inputs")
t.equal(has "list-contacts", expected({ "list-contacts" },
  { q = { "updated_after", "updated_before" }, page_token = { "next" } }), "list-contacts: inputs")
t.equal(has "get-conversation", expected({ "get-conversation-by-id" }, {}), "get-conversation: inputs")
t.equal(has "list-inboxes", expected({ "list-inboxes" }, {}), "list-inboxes: inputs")

-- Fields of bodies, from Front's specification.
local REPLY = { "body", "to", "cc", "bcc", "sender_name", "subject", "author_id", "channel_id", "text",
  "quote_body", "attachments", "signature_id", "should_add_default_signature" }
local REPLY_OPTIONS = { "tag_ids", "archive" }
local COMMENT = { "body", "author_id", "is_pinned", "attachments" }
local CONTACT = { "handles", "name", "description", "avatar", "links", "list_names", "group_names", "custom_fields" }

local reply = keys { "conversation_id", "type" }
for _, list in ipairs { REPLY, REPLY_OPTIONS, COMMENT } do
  for name in pairs(keys(list)) do reply[name] = true end
end
t.equal(has "send-conversation-reply", reply, "send-conversation-reply: inputs")
t.equal(has "create-contact", keys(CONTACT), "create-contact: inputs")

for action, ids in pairs {
  ["create-contact"] = { "create-contact" }, ["send-conversation-reply"] = { "create-message-reply", "add-comment" },
} do
  for _, id in ipairs(ids) do
    for _, field in ipairs(operations[id].request_body.required_fields) do
      t.equal(actions[action].input[field].required, true, action .. ": " .. field .. " is required")
    end
  end
end

-- Enums and maxima.
for action, id in pairs { ["list-conversations"] = "list-conversations", ["list-contacts"] = "list-contacts" } do
  for _, parameter in ipairs(operations[id].params) do
    local field = actions[action].input[parameter.name]
    if parameter.maximum then t.equal(field.max, parameter.maximum, action .. ": maximum of " .. parameter.name) end
    if parameter.enum then t.equal(field.enum, parameter.enum, action .. ": enum of " .. parameter.name) end
  end
  t.equal(actions[action].input.limit.min, 1, action .. ": a page has at least one result")
end
local conversations = actions["list-conversations"].input
t.equal(conversations.statuses.list.enum, { "assigned", "unassigned", "archived", "trashed" }, "statuses")
t.equal(conversations.status_categories.list.enum, { "open", "waiting", "resolved" }, "status categories")
t.equal(conversations.sort_by.enum, { "date" }, "conversations are sorted by date only")
t.equal(actions["list-contacts"].input.sort_by.enum, { "created_at", "updated_at" }, "what contacts are sorted by")
t.equal(actions["create-contact"].input.handles.list.object.source.enum,
  { "twitter", "email", "phone", "facebook", "intercom", "front_chat", "custom" }, "handle sources")
t.equal(actions["send-conversation-reply"].input.type.enum, { "message", "comment" }, "types of replies")
t.equal(actions["send-conversation-reply"].input.archive.default, false, "a reply does not archive")

-- Scopes and effects.
local function scopes(ids)
  local set = {}
  for _, id in ipairs(ids) do
    for _, scope in ipairs(operations[id].scopes) do set[scope] = true end
  end
  return set
end
for action, ids in pairs {
  ["list-conversations"] = { "list-conversations", "search-conversations" },
  ["get-conversation"] = { "get-conversation-by-id" }, ["list-contacts"] = { "list-contacts" },
  ["list-inboxes"] = { "list-inboxes" }, ["create-contact"] = { "create-contact" },
  ["send-conversation-reply"] = { "create-message-reply", "add-comment" },
} do
  t.equal(keys(actions[action].scopes), scopes(ids), action .. ": scopes")
  local writes = operations[ids[1]].method ~= "GET"
  t.equal(actions[action].effect, writes and "write" or "read", action .. ": effect")
  t.equal(actions[action].confirm ~= nil, writes, action .. ": confirm where it writes")
end

-- 2. Requests.

local function request(name, input, answer)
  local _, sent = run(name, input, answer)
  t.equal(#sent, 1, name .. " asks once")
  return sent[1]
end

local EMPTY = sample "list-conversations.last-page.response"

t.equal(request("list-conversations", {
  statuses = { "assigned", "unassigned" }, status_categories = { "open" }, status_ids = { "sts_5x" },
  limit = 7, sort_by = "date", sort_order = "asc",
}, EMPTY), { method = "GET", path = "/conversations", query = {
  ["q[statuses][]"] = { "assigned", "unassigned" }, ["q[status_categories][]"] = { "open" },
  ["q[status_ids][]"] = { "sts_5x" }, limit = 7, sort_by = "date", sort_order = "asc",
} }, "list-conversations with everything")
t.equal(request("list-conversations", {}, EMPTY),
  { method = "GET", path = "/conversations", query = {} }, "list-conversations with nothing")
t.equal(request("list-conversations", { q = "is:archived is:unassigned a/b?", limit = 100 }, EMPTY),
  { method = "GET", path = "/conversations/search/is%3Aarchived%20is%3Aunassigned%20a%2Fb%3F",
    query = { limit = 100 } },
  "a search is one segment")
for field, path in pairs { inbox_id = "/inboxes/inb_1", tag_id = "/tags/tag_1", contact_id = "/contacts/crd_1",
                           assignee_id = "/teammates/tea_1" } do
  t.equal(request("list-conversations", { [field] = path:match("%w+_1$"), statuses = { "archived" }, limit = 3 },
    EMPTY),
    { method = "GET", path = path .. "/conversations", query = { ["q[statuses][]"] = { "archived" }, limit = 3 } },
    "conversations within " .. field)
end
t.equal(request("list-conversations", { contact_id = "alt:email:a/b@c.example" }, EMPTY).path,
  "/contacts/alt%3Aemail%3Aa%2Fb%40c.example/conversations", "an alias is one segment")
local NEXT = "https://acme.api.frontapp.com/conversations?limit=7&page_token=abc"
t.equal(request("list-conversations", { next = NEXT }, EMPTY), { method = "GET", path = NEXT }, "next as it is")
t.equal(request("list-conversations", { next = NEXT, limit = 5 }, EMPTY), { method = "GET", path = NEXT },
  "next with a client's default limit")

t.equal(request("list-contacts", { updated_after = 1700000000.0, updated_before = 1700000000.5, limit = 9,
  sort_by = "updated_at", sort_order = "desc" }, EMPTY),
  { method = "GET", path = "/contacts", query = { ["q[updated_after]"] = 1700000000,
    ["q[updated_before]"] = "1700000000.500", limit = 9, sort_by = "updated_at", sort_order = "desc" } },
  "list-contacts with everything")
t.equal(request("list-contacts", { next = NEXT }, EMPTY), { method = "GET", path = NEXT }, "contacts: next as it is")
t.equal(request("list-inboxes", {}, sample "list-inboxes.response"), { method = "GET", path = "/inboxes" }, "inboxes")
t.equal(request("get-conversation", { conversation_id = "cnv_1" }, {}), { method = "GET",
  path = "/conversations/cnv_1" },
  "get-conversation")

-- Inputs that exclude each other.
local function refused(name, input, pattern)
  t.fails(function() run(name, input, EMPTY) end, pattern, name .. " refuses: " .. pattern)
end
for _, field in ipairs { "statuses", "status_categories", "status_ids" } do
  refused("list-conversations", { q = "x", [field] = { "open" } },
    field .. " does not go with q; put the status into q")
end
for _, field in ipairs { "sort_by", "sort_order" } do
  refused("list-conversations", { q = "x", [field] = "asc" },
    field .. " does not go with q; a search is always ordered")
  refused("list-conversations", { inbox_id = "inb_1", [field] = "asc" }, field .. " does not go with inbox_id")
end
refused("list-conversations", { q = "x", tag_id = "tag_1" }, "tag_id does not go with q; put it into q")
refused("list-conversations", { inbox_id = "inb_1", tag_id = "tag_1" }, "tag_id does not go with inbox_id")
for _, field in ipairs { "q", "statuses", "inbox_id", "sort_order" } do
  refused("list-conversations", { next = NEXT, [field] = "x" }, field .. " does not go with next")
end
refused("list-contacts", { next = NEXT, updated_after = 1 }, "updated_after does not go with next")

-- Writes: the example bodies are sent unchanged.
local function input_of(body)
  local input = { conversation_id = "cnv_1" }
  for name, value in pairs(body) do input[name] = value end
  for name, value in pairs(body.options or {}) do input[name] = value end
  input.options = nil
  return input
end
local ACCEPTED = sample "create-message-reply.202.response"
local message  = sample "create-message-reply.request"
t.equal(request("send-conversation-reply", input_of(message), ACCEPTED),
  { method = "POST", path = "/conversations/cnv_1/messages", body = message }, "the example reply")
t.equal(request("send-conversation-reply", { conversation_id = "cnv_1", body = "x" }, ACCEPTED).body,
  { body = "x", options = { archive = false } }, "archive is always said")
t.equal(request("send-conversation-reply", { conversation_id = "cnv_1", body = "x", archive = true }, ACCEPTED).body,
  { body = "x", options = { archive = true } }, "archive when asked")
t.equal(request("send-conversation-reply", { conversation_id = "cnv_1", body = "x", signature_id = t.null },
  ACCEPTED).body,
  { body = "x", signature_id = t.null, options = { archive = false } }, "null: no signature")
local all = { conversation_id = "cnv_1" }
for _, list in ipairs { REPLY, REPLY_OPTIONS } do
  for _, name in ipairs(list) do all[name] = { name } end
end
all.archive = true
local full = request("send-conversation-reply", all, ACCEPTED)
local body = { options = { archive = true, tag_ids = { "tag_ids" } } }
for _, name in ipairs(REPLY) do body[name] = { name } end
t.equal(full, { method = "POST", path = "/conversations/cnv_1/messages", body = body, multipart = true },
  "a reply with everything is multipart")

local comment = sample "create-comment.request"
local note    = input_of(comment)
note.type     = "comment"
t.equal(request("send-conversation-reply", note, {}),
  { method = "POST", path = "/conversations/cnv_1/comments", body = comment }, "the example comment")
t.equal(request("send-conversation-reply", { type = "comment", conversation_id = "cnv_1", body = "x",
  attachments = { "f" } }, {}),
  { method = "POST", path = "/conversations/cnv_1/comments", body = { body = "x", attachments = { "f" } },
    multipart = true },
  "a comment with a file")
t.equal(request("send-conversation-reply", { type = "comment", conversation_id = "cnv_1", body = "x", archive = true,
  channel_id = "cha_1", signature_id = "sig_1", sender_name = "A", should_add_default_signature = true }, {}).body,
  { body = "x" }, "a comment leaves out what a client sets for all its replies")
for _, field in ipairs { "to", "cc", "bcc", "subject", "text", "quote_body", "tag_ids" } do
  refused("send-conversation-reply", { type = "comment", conversation_id = "cnv_1", body = "x", [field] = { "x" } },
    "cannot send a comment to cnv_1: " .. field .. " is for type=message")
end
refused("send-conversation-reply", { conversation_id = "cnv_1", body = "x", is_pinned = true },
  "cannot send a message to cnv_1: is_pinned is for type=comment")

local contact = sample "create-contact.request"
t.equal(request("create-contact", contact, {}), { method = "POST", path = "/contacts", body = contact },
  "the example contact")
contact.avatar, contact.group_names = "f", { "Old" }
t.equal(request("create-contact", contact, {}),
  { method = "POST", path = "/contacts", body = contact, multipart = true }, "a contact with a picture")

-- 3. Answers.

local function covers(name, answer)
  for field, kind in pairs(actions[name].output) do
    local value = answer[field]
    if value ~= nil and value ~= t.null then
      local want = kind.list and "list" or kind[1]
      local is = type(value) == "table" and (t.is_list(value) and "list" or "object")
        or math.type(value) or type(value)
      if want == "time" or want == "number" then is = type(value) == "number" and want end
      t.equal(is, want, name .. ": " .. field)
    end
  end
end
local function members(name, object, fields)
  for field in pairs(fields) do t.equal(object[field] ~= nil, true, name .. ": Front's answer has " .. field) end
end

for file, name in pairs {
  ["list-conversations.response"] = "list-conversations", ["search-conversations.response"] = "list-conversations",
  ["list-contacts.response"] = "list-contacts", ["list-inboxes.response"] = "list-inboxes",
} do
  local answer, raw = run(name, {}, sample(file)), sample(file)
  t.equal(#answer.results, 1, file .. ": one result")
  t.equal(answer.results, raw._results, file .. ": results as Front gave them")
  t.equal(answer.next, raw._pagination and raw._pagination.next, file .. ": next")
  t.equal(answer.total, raw._total, file .. ": total")
  covers(name, answer)
  members(name, answer.results[1], actions[name].output.results.list.object)
end
local last = run("list-conversations", {}, EMPTY)
t.equal(last.next, nil, "null is the end of the list")
t.equal(last.results, {}, "an empty page")

local got = run("get-conversation", { conversation_id = "cnv_1" }, sample "get-conversation.response")
t.equal(got.id, "cnv_yo1kg5q", "get-conversation answers with the conversation")
covers("get-conversation", got)
members("get-conversation", got, actions["get-conversation"].output)
local made = run("create-contact", contact, sample "create-contact.201.response")
covers("create-contact", made)
members("create-contact", made, actions["create-contact"].output)
local accepted = run("send-conversation-reply", { conversation_id = "cnv_1", body = "x" }, ACCEPTED)
t.equal(accepted, { status = "accepted", message_uid = "1eab543f84a0785f7b6b8967cck18f4d" }, "a reply is accepted")
local posted = run("send-conversation-reply", note, sample "create-comment.201.response")
t.equal(posted.id, "com_1ywg3f2", "a comment has an id")
covers("send-conversation-reply", posted)

-- 4. Errors: which are explained, and which stay.

local function failure(name, input, err)
  local ctx = context(err)
  local ok, raised = pcall(actions[name].run, ctx, input)
  t.equal(ok, false, name .. " fails")
  return raised
end
local forbidden = { kind = "forbidden", status = 403, message = "cannot POST: 403 Forbidden", title = "Forbidden" }
local told = failure("send-conversation-reply", { conversation_id = "cnv_1", body = "x", type = "message" }, forbidden)
t.equal({ told.kind, told.status, told.title }, { "forbidden", 403, "Forbidden" }, "403 keeps its kind")
for _, cause in ipairs { "no access to the conversation's inbox", "messages:send", "signature_id" } do
  t.equal(told.message:find(cause, 1, true) ~= nil, true, "403 names: " .. cause)
end
told = failure("send-conversation-reply", { conversation_id = "cnv_1", body = "x", type = "comment" }, forbidden)
t.equal(told.message:find("comments:write", 1, true) ~= nil, true, "403 on a comment names its scope")
local missing = { kind = "not_found", status = 404, message = "cannot POST: 404" }
t.equal(failure("send-conversation-reply", { conversation_id = "cnv_1", body = "x" }, missing), missing, "404 stays")
t.equal(failure("create-contact", contact, missing), missing, "a contact's 404 stays")
told = failure("create-contact", contact, { kind = "conflict", status = 409, message = "cannot POST: 409" })
t.equal({ told.kind, told.status }, { "conflict", 409 }, "409 is a conflict")
t.equal(told.message:find("taken already", 1, true) ~= nil, true, "409 says what is taken")

-- 5. confirm: was a write done whose answer was lost?

local AT = 1700000000
local MESSAGES, COMMENTS = "/conversations/cnv_1/messages", "/conversations/cnv_1/comments"

-- Returns the result of confirm AFTER seconds of a request to PATH with BODY, and what it requested. Its input does not
-- matter: an override may have sent something else. MORE: further members of the intent.
local function confirm(name, path, asked, answer, after, more)
  local ctx, sent = context(answer, AT + (after or 15))
  local intent = { at = AT, request = { method = "POST", path = path, body = asked }, claimed = {}, others = {} }
  for key, value in pairs(more or {}) do intent[key] = value end
  local found, ids = actions[name].confirm(ctx, { conversation_id = "cnv_9", type = "odd", body = "odd" }, intent)
  return found, sent, ids
end

local function mail(changes)
  local one = { id = "msg_1", message_uid = "u1", is_inbound = false, created_at = AT + 2, body = "<p>Hello Ada</p>",
    author = { id = "tea_1", email = "leela@acme.example" } }
  for name, value in pairs(changes or {}) do one[name] = value end
  return one
end
local function page(...) return { _results = { ... }, _pagination = { next = t.null } } end
local sent_mail = { body = "<div>Hello\n Ada</div>", author_id = "tea_1" }
local FOUND = { message_uid = "u1", status = "accepted" }
local SEND = "send-conversation-reply"

local found, looked, ids = confirm(SEND, MESSAGES, sent_mail, page(mail()))
t.equal(found, FOUND, "a message with our text: what Front had answered")
t.equal(ids, { "msg_1" }, "... and the id that the answer lacks")
t.equal(looked[1], { method = "GET", path = MESSAGES,
  query = { limit = 100, sort_by = "created_at", sort_order = "desc" } }, "confirm reads the newest messages")
local function unsure(answer, what, asked)
  for _, after in ipairs { 15, 60, 300 } do
    t.equal(confirm(SEND, MESSAGES, asked or sent_mail, answer, after), nil,
      what .. " proves nothing after " .. after .. " s")
  end
end
local function finds(answer, what, asked, more)
  t.equal(confirm(SEND, MESSAGES, asked or sent_mail, answer, 15, more), FOUND, what)
end
unsure(page(), "no message")
unsure(page(mail { is_inbound = true }), "an inbound message")
unsure(page(mail { created_at = AT - 6 }), "an older message")
finds(page(mail { created_at = AT - 4 }), "clocks may differ by 5 s")
unsure(page(mail { author = { id = "tea_2" } }), "another author")
unsure(page(mail { author = t.null }), "no author")
unsure(page(mail { body = "<p>Hello Bob</p>" }), "another text")
unsure(page(mail { body = t.null }), "no text")
unsure(page(mail(), mail { id = "msg_2" }), "two that look alike")
finds(page(mail(), mail { id = "msg_2" }), "one of two is another step's", nil, { claimed = { msg_2 = true } })
finds(page(mail(), mail { id = "msg_2", message_uid = "uid_2" }), "... known by its uid", nil,
  { claimed = { uid_2 = true } })
finds(page(mail { body = "<div><p>Hello&nbsp;Ada</p></div><br>--<br>Leela" }), "wrapped, and a signature below")
unsure(page(mail { body = "<p>Hi</p><p>Hello Ada</p>" }), "our text further down")
unsure(page(mail()), "a body without text", { body = "<img src='x'>" })
unsure(page(mail()), "a body that is no table", "--boundary")
finds(page(mail { author = t.null }), "without an author any will do", { body = "Hello Ada" })
finds(page(mail()), "an author by alias", { body = "Hello Ada", author_id = "alt:email:Leela@acme.example" })
finds(page(mail()), "of a form, with a file", { body = "Hello Ada", attachments = { { file = "a.pdf", size = 7 } },
  options = { archive = false } })
-- other requests to the same conversation whose answers were lost
local function other(asked)
  return { others = { { at = AT, request = { method = "POST", path = MESSAGES, body = asked } } } }
end
finds(page(mail()), "the same text, sent twice: either will do", nil, other(sent_mail))
finds(page(mail(), mail { id = "msg_2", message_uid = "u2" }), "... and as often made", nil, other(sent_mail))
t.equal(confirm(SEND, MESSAGES, sent_mail, page(mail(), mail(), mail()), 15, other(sent_mail)), nil,
  "more of them than were sent")
finds(page(mail()), "a longer text that was not made", nil, other { body = "Hello Ada and Bob" })
t.equal(confirm(SEND, MESSAGES, { body = "Hello" }, page(mail()), 15, other(sent_mail)), nil,
  "a text that begins with ours is another request's")
t.equal(confirm(SEND, MESSAGES, { body = "Hello Ada" }, page(mail()), 15, other(sent_mail)), nil,
  "the author says whose it is")
finds(page(mail()), "... and whose it is not", nil, other { body = "Hello Ada" })
local second = "https://acme.api.frontapp.com/conversations/cnv_1/messages?page_token=2"
found, looked = confirm(SEND, MESSAGES, sent_mail, function(asked)
  if asked.path == second then return page(mail(), mail { id = "msg_0", created_at = AT - 100 }) end
  return { _results = { mail { id = "msg_9", body = "later" } }, _pagination = { next = second } }
end)
t.equal(found, FOUND, "on the second page")
t.equal(#looked, 2, "two pages read")

local function remark(changes)
  local one = { id = "com_1", posted_at = AT + 1, body = "Looks **good**", author = t.null }
  for name, value in pairs(changes or {}) do one[name] = value end
  return one
end
local sent_note = { body = "Looks **good**" }
found, looked = confirm(SEND, COMMENTS, sent_note, page(remark()))
t.equal(found.id, "com_1", "our comment")
t.equal(looked[1], { method = "GET", path = COMMENTS }, "confirm reads the comments")
local function remarks(what, want, answer, after, more)
  t.equal(confirm(SEND, COMMENTS, sent_note, answer, after, more), want, what)
end
remarks("a comment may be late at 15 s", nil, page(), 15)
remarks("a comment is absent at 60 s", false, page(), 60)
remarks("a comment of the day before is not ours", false, page(remark { posted_at = AT - 86401 }), 60)
remarks("one of ten minutes before may be, by a clock that is ahead", nil, page(remark { posted_at = AT - 600 }), 60)
remarks("clocks may differ by a minute", nil, page(remark { posted_at = AT - 60 }), 60)
remarks("a longer comment is not ours", false, page(remark { body = "Looks **good** to me" }), 60)
remarks("two comments alike", nil, page(remark(), remark { id = "com_2" }), 60)
remarks("another step's comment is not ours", false, page(remark()), 60, { claimed = { com_1 = true } })

local card = {
  name = "Ada", handles = { { handle = "a@b.example", source = "email" }, { handle = "+1 5", source = "phone" } },
}
local function company(by_path)
  return function(asked) return by_path[asked.path] or false end
end
local MAIL, PHONE = "/contacts/alt%3Aemail%3Aa%40b.example", "/contacts/alt%3Aphone%3A%2B1%205"
local both = company { [MAIL] = { id = "crd_1" }, [PHONE] = { id = "crd_1" } }
found, looked = confirm("create-contact", "/contacts", card, both)
t.equal(found, { id = "crd_1" }, "all handles lead to one contact")
t.equal({ looked[1].method, looked[1].path, looked[2].path }, { "GET", MAIL, PHONE }, "looked up by alias")
for what, answer in pairs {
  ["no contact"] = company {}, ["one handle only"] = company { [MAIL] = { id = "crd_1" } },
  ["two contacts"] = company { [MAIL] = { id = "crd_1" }, [PHONE] = { id = "crd_2" } },
} do
  t.equal(confirm("create-contact", "/contacts", card, answer, 15), nil, what .. " says nothing at 15 s")
  t.equal(confirm("create-contact", "/contacts", card, answer, 60), false, what .. " at 60 s: it was not made")
end
t.equal(confirm("create-contact", "/contacts", card, both, 15,
  { claimed = { crd_1 = true } }), false, "another step made it: ours was refused, or never came")
t.equal(confirm("create-contact", "/contacts", "--boundary", company {}, 60), nil, "handles that are not known")
