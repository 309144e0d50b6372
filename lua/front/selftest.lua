-- The steps of `foyer selftest`: what is a guess in lua/mock/README.md is tried at a real company. Subjects are those
-- of that file. All that a step makes has state.mark in its name, and is in state.made for `clean`.
local steps = {}

local function get(ctx, path, query)
  return ctx.http.request({ method = "GET", url = path, query = query })
end

local function send(ctx, method, path, body)
  return ctx.http.request({ method = method, url = path, body = body })
end

local function member(value, path)
  for part in path:gmatch("[^.]+") do
    value = type(value) == "table" and value[part] or nil
  end
  return value
end

-- What an answer is, for people: "404 Not found".
local function saw(answer)
  local title = member(answer.body, "_error.title")
  return ("%d%s"):format(answer.status, type(title) == "string" and " " .. title or "")
end

local function made(state, kind, id)
  if type(id) == "string" then table.insert(state.made, { kind = kind, id = id }) end
end

local function id_at_end(link)
  return type(link) == "string" and link:match("([%w_]+)$") or nil
end

local function is_ok(answer) return answer.status >= 200 and answer.status < 300 end

-- ---- begin: what a request says, and the customer's messages ----

local function rates(ctx, row)
  local first, second = get(ctx, "/me"), get(ctx, "/me")
  local function number(answer, name) return tonumber(answer.headers["x-ratelimit-" .. name]) end
  local limit, before, after = number(first, "limit"), number(first, "remaining"), number(second, "remaining")
  local reset = number(second, "reset")
  row("rate limits", "each answer has the limit, what remains and when the window ends",
    limit ~= nil and after ~= nil and reset ~= nil,
    ("x-ratelimit-limit %s, -remaining %s, -reset %s"):format(tostring(limit), tostring(after), tostring(reset)))
  if before and after then
    -- unless a new window began
    row("rate limits", "what remains goes down with each request", after < before or after >= (limit or 0) - 5,
      ("%d, then %d"):format(before, after))
  end
end

local function errors_and_pages(ctx, row)
  local answer = get(ctx, "/conversations/cnv_0foyer0")
  row("errors", "{_error: {status, title, message}}",
    answer.status >= 400 and member(answer.body, "_error.message") ~= nil, saw(answer))
  local page = get(ctx, "/conversations")
  local results = member(page.body, "_results")
  local n = type(results) == "table" and #results or 0
  local more = type(member(page.body, "_pagination.next")) == "string"
  row("pages", "default limit 50", more and n == 50 or nil,
    ("%d on the first page, %s"):format(n, more and "and more follow" or "and no more"))
  if more then
    row("pages", "`next` is a complete URL", member(page.body, "_pagination.next"):find("^https?://") ~= nil,
      (member(page.body, "_pagination.next"):gsub("%?.*", "?…")))
  end
end

local function write_in(ctx, state, thread)
  local answer = send(ctx, "POST", "/channels/" .. state.channel .. "/incoming_messages", {
    sender = { handle = state.handle, name = state.mark }, subject = state.mark .. " " .. thread,
    body = "A message that foyer selftest makes: " .. state.mark .. " " .. thread,
    metadata = { thread_ref = state.mark .. "-" .. thread },
  })
  if not is_ok(answer) then return nil, answer end
  return member(answer.body, "message_uid"), answer
end

-- Finds the inbox's custom channel, and writes two messages through it as a customer would.
function steps.begin(ctx, state, row)
  local channels = get(ctx, "/inboxes/" .. url.segment(state.inbox) .. "/channels")
  if not is_ok(channels) then
    state.refused = saw(channels)
    return false
  end
  state.made = json.array({})
  rates(ctx, row)
  errors_and_pages(ctx, row)
  for _, channel in ipairs(type(channels.body) == "table" and channels.body._results or {}) do
    if channel.type == "custom" and channel.is_valid ~= false then state.channel = channel.id end
    state.address = state.address or channel.send_as or channel.address
  end
  if not state.channel then return false end
  local uid, answer = write_in(ctx, state, "one")
  row("app channels", "a message of a customer through a custom channel is accepted", uid ~= nil, saw(answer))
  state.uids = { one = uid, two = uid and write_in(ctx, state, "two") }
  return uid ~= nil
end

local function find_by_uid(ctx, uid)
  local answer = uid and get(ctx, "/messages/alt:uid:" .. url.segment(uid))
  if not answer or answer.status ~= 200 then return nil end
  return id_at_end(member(answer.body, "_links.related.conversation")), answer.body
end

-- Where the customer's message has come to. Without a custom channel it is one with the mark as its subject.
function steps.arrived(ctx, state)
  if state.uids then
    local message
    if not state.conversation then state.conversation, message = find_by_uid(ctx, state.uids.one) end
    for _, one in ipairs(member(message, "recipients") or {}) do
      if one.role == "from" then made(state, "contact", id_at_end(member(one, "_links.related.contact"))) end
    end
    state.other = state.other or find_by_uid(ctx, state.uids.two)
    if not (state.conversation and (state.other or not state.uids.two)) then return false end
  else
    local page = get(ctx, "/inboxes/" .. url.segment(state.inbox) .. "/conversations", { limit = "25" })
    for _, one in ipairs(member(page.body, "_results") or {}) do
      if type(one.subject) == "string" and one.subject:find(state.mark, 1, true) then state.conversation = one.id end
    end
    if not state.conversation then return false end
  end
  made(state, "conversation", state.conversation)
  made(state, "conversation", state.other)
  return true
end

-- ---- replies ----

-- Whether the reply is there. state.uid: what the run got.
function steps.appeared(ctx, state)
  local conversation, message = find_by_uid(ctx, state.uid)
  if not conversation then return false end
  state.body = type(message) == "table" and message.body or nil
  return true
end

function steps.count_lost(ctx, state, row)
  local page = get(ctx, "/conversations/" .. state.conversation .. "/messages", { limit = "100" })
  local n = 0
  for _, message in ipairs(member(page.body, "_results") or {}) do
    if type(message.body) == "string" and message.body:find(state.lost, 1, true) then n = n + 1 end
  end
  state.found = n
  row("replies", "a reply whose answer was lost is found again, and sent once", n == 1, n .. " in the conversation")
end

local function archives_by_default(ctx, state, row)
  if not state.other then return end
  local answer = send(ctx, "POST", "/conversations/" .. state.other .. "/messages",
    { body = "A reply that foyer selftest makes without options: " .. state.mark })
  state.archived_by = is_ok(answer) and member(answer.body, "message_uid") or nil
  row("replies", "202 with message_uid", answer.status == 202 and state.archived_by ~= nil, saw(answer))
end

function steps.archived(ctx, state, row)
  if not state.archived_by or not find_by_uid(ctx, state.archived_by) then return false end
  local answer = get(ctx, "/conversations/" .. state.other)
  local status = member(answer.body, "status")
  row("replies", "a reply archives by default", status == "archived", "status " .. tostring(status))
  return true
end

-- ---- contacts, custom fields, tags, comments, drafts, imports ----

local function sample(field, n)
  local kinds = { string = "foyer " .. n, number = n, boolean = true, url = "https://example.com/" .. n }
  return kinds[field.type]
end

-- Two custom fields of a kind that a value can be made up for.
local function two_fields(ctx, kind)
  local fields = {}
  local page = get(ctx, "/" .. kind .. "/custom_fields")
  for _, field in ipairs(member(page.body, "_results") or {}) do
    if type(field.name) == "string" and sample(field, 1) ~= nil and #fields < 2 then fields[#fields + 1] = field end
  end
  return fields[1], fields[2]
end

local function values_of(ctx, path)
  local values = member(get(ctx, path).body, "custom_fields")
  return type(values) == "table" and values or {}
end

local function custom_fields(ctx, row, what, path, update, write)
  local a, b = two_fields(ctx, what)
  if not b then
    row("custom fields", "a write replaces the whole set: " .. what, nil,
      "the company has not two fields of " .. what .. " of the types string, number, boolean or url")
    return
  end
  update({ [a.name] = sample(a, 1) })
  update({ [b.name] = sample(b, 2) })
  local values = values_of(ctx, path)
  row("custom fields", "foyer's merge keeps the other fields: " .. what,
    values[a.name] == sample(a, 1) and values[b.name] == sample(b, 2),
    ("%s = %s, %s = %s"):format(a.name, tostring(values[a.name]), b.name, tostring(values[b.name])))
  local answer = write({ [a.name] = sample(a, 3) })
  values = values_of(ctx, path)
  local kept = values[b.name] ~= nil and values[b.name] ~= json.null
  row("custom fields", "a write replaces the whole set: " .. what, is_ok(answer) and not kept,
    ("%s; %s is %s"):format(saw(answer), b.name, kept and "still there" or "gone"))
  answer = write({ ["foyer selftest, no such field"] = "x" })
  if what == "conversations" then
    row("custom fields", "a conversation's invalid field is a 400", answer.status == 400, saw(answer))
  else
    row("custom fields", "a name that is not defined is taken: " .. what, is_ok(answer), saw(answer))
  end
  update({ [a.name] = json.null, [b.name] = json.null })
end

local function contacts(ctx, state, row)
  local handle = { handle = state.handle .. "-contact@example.com", source = "email" }
  local answer = send(ctx, "POST", "/contacts", { name = state.mark, handles = { handle } })
  local id = is_ok(answer) and member(answer.body, "id")
  if not id then return row("contacts", "a contact can be made", false, saw(answer)) end
  made(state, "contact", id)
  answer = send(ctx, "POST", "/contacts", { name = state.mark, handles = { handle } })
  if is_ok(answer) then made(state, "contact", member(answer.body, "id")) end
  row("contacts", "409 for a handle that exists", answer.status == 409, saw(answer))
  custom_fields(ctx, row, "contacts", "/contacts/" .. id,
    function(values) ctx.call("front/update-contact", { contact_id = id, custom_fields = values }) end,
    function(values) return send(ctx, "PATCH", "/contacts/" .. id, { custom_fields = values }) end)
end

local function tags(ctx, state, row)
  local answer = send(ctx, "POST", "/tags", { name = state.mark })
  local id = is_ok(answer) and member(answer.body, "id")
  if not id then return row("new lists, channels, groups", "a tag can be made", false, saw(answer)) end
  made(state, "tag", id)
  answer = send(ctx, "POST", "/conversations/" .. state.conversation .. "/tags", { tag_ids = { id } })
  row("shapes of objects, paths, success statuses", "a tag is added with 204", answer.status == 204, saw(answer))
end

local function comments(ctx, state, row)
  local path = "/conversations/" .. state.conversation .. "/comments"
  local answer = send(ctx, "POST", path, { body = "A comment that foyer selftest makes: " .. state.mark })
  local id = is_ok(answer) and member(answer.body, "id")
  row("comments", "a comment is there at once, with its id", id ~= nil and id ~= false, saw(answer))
  if not id then return end
  answer = send(ctx, "PATCH", "/comments/" .. id .. "/", { body = "Changed by foyer selftest: " .. state.mark })
  row("comments", "the body is changed by the token that wrote it", is_ok(answer), saw(answer))
  row("comments", "403 for others", nil, "it needs a second token")
end

local function drafts(ctx, state, row)
  local teammates = member(get(ctx, "/teammates").body, "_results") or {}
  local author
  for _, one in ipairs(teammates) do
    if not author and one.is_blocked == false and (one.type == nil or one.type == "user") then author = one.id end
  end
  local channels = member(get(ctx, "/inboxes/" .. url.segment(state.inbox) .. "/channels").body, "_results") or {}
  if not author or not channels[1] then
    return row("drafts", "versions, 409 for an older one", nil, "there is no teammate, or no channel, for a draft")
  end
  local function body(text, version, mode)
    return {
      body = text .. " " .. state.mark, channel_id = channels[1].id, author_id = author, version = version, mode = mode,
    }
  end
  local path = "/conversations/" .. state.conversation .. "/drafts"
  local answer = send(ctx, "POST", path, body("A draft:", nil, "private"))
  local id, version = member(answer.body, "id"), member(answer.body, "version")
  row("drafts", "200 for a new one", answer.status == 200, saw(answer))
  if not id then return end
  state.draft, state.draft_version = id, version
  local changed = send(ctx, "PATCH", "/drafts/" .. id .. "/", body("Changed:", version))
  local newer = member(changed.body, "version")
  state.draft_version = newer or version
  answer = send(ctx, "PATCH", "/drafts/" .. id .. "/", body("Older:", version))
  row("drafts", "409 for an older version", answer.status == 409, saw(answer))
  answer = send(ctx, "PATCH", "/drafts/" .. id .. "/", body("No version:"))
  row("drafts", "without a version, a change is taken", is_ok(answer), saw(answer))
  state.draft_version = member(answer.body, "version") or state.draft_version
end

local function imports(ctx, state, row)
  local function import()
    return send(ctx, "POST", "/inboxes/" .. url.segment(state.inbox) .. "/imported_messages", {
      sender = { handle = state.handle .. "@example.com", name = state.mark }, to = { "foyer@example.com" },
      subject = state.mark .. " imported", body = "A message that foyer selftest imports: " .. state.mark,
      external_id = state.mark, created_at = math.floor(ctx.now()) - 60, type = "email",
      metadata = { is_inbound = true, is_archived = true, should_skip_rules = true },
    })
  end
  local first, second = import(), import()
  local uid, again = member(first.body, "message_uid"), member(second.body, "message_uid")
  state.imported = is_ok(first) and uid or nil
  row("imported messages", "the second answer is the first one", is_ok(first) and uid ~= nil and uid == again,
    ("%s, then %s%s"):format(saw(first), saw(second), uid == again and ", the same message_uid" or ""))
end

function steps.rest(ctx, state, row)
  archives_by_default(ctx, state, row)
  contacts(ctx, state, row)
  custom_fields(ctx, row, "conversations", "/conversations/" .. state.conversation,
    function(values)
      ctx.call("front/update-conversation", { conversation_id = state.conversation, custom_fields = values })
    end,
    function(values) return send(ctx, "PATCH", "/conversations/" .. state.conversation, { custom_fields = values }) end)
  tags(ctx, state, row)
  comments(ctx, state, row)
  drafts(ctx, state, row)
  imports(ctx, state, row)
end

-- ---- a merged conversation ----

-- Whether state.other was merged into state.conversation by a person: its address leads there then.
function steps.merged(ctx, state, row)
  local answer = get(ctx, "/conversations/" .. state.other)
  local id = member(answer.body, "id")
  if id == state.other then return false end
  row("merged conversations", "301, which leads to the other conversation", id == state.conversation,
    ("%s, of %s"):format(saw(answer), tostring(id)))
  answer = send(ctx, "POST", "/conversations/" .. state.other .. "/comments",
    { body = "A comment to a merged conversation, by foyer selftest: " .. state.mark })
  local into = id_at_end(member(answer.body, "_links.related.conversation"))
  row("merged conversations", "301 for every method", is_ok(answer) and (into == nil or into == state.conversation),
    ("POST: %s%s"):format(saw(answer), into and ", of " .. into or ""))
  return true
end

-- ---- clean ----

function steps.clean(ctx, state, row)
  local left, gone = {}, 0
  local function count(answer, what)
    if is_ok(answer) or answer.status == 404 then gone = gone + 1 else left[#left + 1] = what .. ": " .. saw(answer) end
  end
  if state.draft then
    count(send(ctx, "DELETE", "/drafts/" .. state.draft, { version = state.draft_version }), "draft " .. state.draft)
  end
  local imported = find_by_uid(ctx, state.imported)
  if imported then made(state, "conversation", imported) end
  for _, one in ipairs(state.made or {}) do
    if one.kind == "conversation" then
      count(send(ctx, "PATCH", "/conversations/" .. one.id, { status = "archived" }), "conversation " .. one.id)
    elseif one.kind == "contact" or one.kind == "tag" then
      count(send(ctx, "DELETE", "/" .. one.kind .. "s/" .. one.id), one.kind .. " " .. one.id)
    end
  end
  row("", "what was made is deleted, conversations are archived", #left == 0,
    #left == 0 and gone .. " things" or table.concat(left, "; "))
  return true
end

return steps
