-- What the confirm of each of Front's actions concludes from what the company has: it was done, it was not, or unknown.

local _, t = ...

local NOW, SENT = 1000, 900

-- Returns a ctx whose company answers a GET of a path in PAGES with its value: a list, an object, or nil for 404.
local function context(pages, now)
  local http = {}
  local function get(path) return pages[path] end
  function http.page(path) return { results = get(path) or {} } end
  function http.get(path) return get(path) end
  function http.request(request)
    local found = get(request.url)
    return { status = found and 200 or 404, headers = {}, body = found }
  end
  return { http = http, now = function() return now or NOW end }
end

local function confirm(name, path, body, pages, more)
  more = more or {}
  local action = t.load("lua/front/actions/" .. name .. ".lua")
  local intent = { at = SENT, request = { method = "POST", path = path, body = body }, claimed = more.claimed or {},
                   others = more.others or {} }
  return (action.confirm(context(pages, more.now), {}, intent))
end

-- A thing with a name and a time: found, of before, another request's, absent, absent but the request is on its way.
local function named(name, path, body, thing)
  local function at(created, id)
    local copy = { id = id or "x_1", created_at = created }
    for key, value in pairs(thing) do copy[key] = value end
    return { [path] = { copy } }
  end
  t.equal((confirm(name, path, body, at(SENT)) or {}).id, "x_1", name .. ": found")
  t.equal(confirm(name, path, body, at(SENT - 600)), false, name .. ": one of before is not it")
  t.equal(confirm(name, path, body, at(SENT), { claimed = { x_1 = true } }), false, name .. ": another request's")
  t.equal(confirm(name, path, body, {}), false, name .. ": absent")
  t.equal(confirm(name, path, body, {}, { now = SENT + 5 }), nil, name .. ": absent, but too early")
end

for name, path in pairs {
  ["create-company-tag"] = "/company/tags", ["create-team-tag"] = "/teams/tim_1/tags", ["create-tag"] = "/tags",
  ["create-teammate-tag"] = "/teammates/tea_1/tags", ["create-child-tag"] = "/tags/tag_1/children",
  ["create-template-folder"] = "/message_template_folders",
  ["create-team-template-folder"] = "/teams/tim_1/message_template_folders",
  ["create-teammate-template-folder"] = "/teammates/tea_1/message_template_folders",
  ["create-child-template-folder"] = "/message_template_folders/rsf_1/message_template_folders",
  ["create-teammate-time-off"] = "/teammates/tea_1/time_offs",
} do
  named(name, path, { name = "VIP" }, { name = "VIP" })
end

for name, path in pairs {
  ["create-contact-list"] = "/contact_lists", ["create-team-contact-list"] = "/teams/tim_1/contact_lists",
  ["create-teammate-contact-list"] = "/teammates/tea_1/contact_lists",
} do
  local there = { [path] = { { id = "grp_1", name = "A" } } }
  t.equal(confirm(name, path, { name = "A" }, there), true, name .. ": found")
  t.equal(confirm(name, path, { name = "A" }, there, { claimed = { grp_1 = true } }), false, name .. ": claimed")
  t.equal(confirm(name, path, { name = "B" }, there), false, name .. ": absent")
end

local account = { ["/accounts/alt%3Adomain%3Aa.example"] = { id = "acc_1", created_at = SENT } }
local function create_account(body, pages) return confirm("create-account", "/accounts", body, pages) end
t.equal(create_account({ domains = { "a.example" } }, account).id, "acc_1", "create-account: by its domain")
t.equal(create_account({ domains = { "b.example" } }, account), false, "create-account: absent")
t.equal(create_account({ name = "A" }, account), nil, "create-account: nothing to look for")

local links = { ["/links"] = { { id = "top_1", external_url = "https://a.example" } } }
local function create_link(body) return confirm("create-link", "/links", body, links) end
t.equal(create_link({ external_url = "https://a.example" }).id, "top_1", "create-link: by its address")
t.equal(create_link({ external_url = "https://b.example" }), false, "create-link: absent")
t.equal(create_link({ pattern = "A-1" }), nil, "create-link: a pattern")

local has = { ["/contacts/alt%3Aemail%3Aa%40b.example"] = { id = "crd_1" }, ["/contacts/crd_1"] = { id = "crd_1" },
              ["/contacts/crd_2"] = { id = "crd_2" } }
local handle = { handle = "a@b.example", source = "email" }
t.equal(confirm("add-contact-handle", "/contacts/crd_1/handles", handle, has), true, "add-contact-handle: done")
t.equal(confirm("add-contact-handle", "/contacts/crd_2/handles", handle, has), false, "add-contact-handle: another's")
t.equal(confirm("add-contact-handle", "/contacts/crd_1/handles", handle, {}), false, "add-contact-handle: absent")
t.equal(confirm("remove-contact-handle", "/contacts/crd_1/handles", handle, has), false,
  "remove-contact-handle: still there")
t.equal(confirm("remove-contact-handle", "/contacts/crd_1/handles", handle, {}), true, "remove-contact-handle: done")

local merge = { contact_ids = { "crd_1", "crd_2" }, target_contact_id = "crd_1" }
t.equal(confirm("merge-contacts", "/contacts/merge", merge, has), false, "merge-contacts: both are there")
t.equal(confirm("merge-contacts", "/contacts/merge", merge, { ["/contacts/crd_1"] = { id = "crd_1" } }).id, "crd_1",
  "merge-contacts: one is gone")

local notes = { ["/contacts/crd_1/notes"] = { { body = "Hi", created_at = SENT } } }
local function add_note(body, others)
  return confirm("add-contact-note", "/contacts/crd_1/notes", { body = body }, notes, { others = others })
end
t.equal(add_note("Hi").body, "Hi", "add-contact-note: found")
t.equal(add_note("Ho"), false, "add-contact-note: absent")
t.equal(add_note("Hi", { { request = { body = { body = "Hi" } } } }), nil,
  "add-contact-note: perhaps another request's")

local drafts = { ["/conversations/cnv_1/drafts"] = {
  { id = "msg_1", created_at = SENT, body = "<p>Hi you</p>", author = { id = "tea_1", email = "l@b.example" } },
} }
local function draft(body)
  return confirm("create-draft-reply", "/conversations/cnv_1/drafts", body, drafts)
end
t.equal(draft({ body = "Hi <b>you</b>" }).id, "msg_1", "create-draft-reply: by its text")
t.equal(draft({ body = "Hi you", author_id = "alt:email:L@b.example" }).id, "msg_1",
  "create-draft-reply: by its author")
t.equal(draft({ body = "Hi you", author_id = "tea_2" }), nil, "create-draft-reply: another author's")

local versions = { ["/messages/msg_1"] = { id = "msg_1", version = "2", body = "<p>New</p>" } }
local function edit(body) return confirm("edit-draft", "/drafts/msg_1/", body, versions) end
t.equal(edit({ version = "1", body = "New" }).version, "2", "edit-draft: done")
t.equal(edit({ version = "2", body = "New" }), false, "edit-draft: still the same version")
t.equal(edit({ version = "1", body = "Other" }), nil, "edit-draft: another edit")

local sent = {
  ["/contacts/alt%3Aemail%3Aa%40b.example/conversations"] = { { id = "cnv_1" } },
  ["/conversations/cnv_1/messages"] = {
    { id = "msg_1", message_uid = "uid", is_inbound = false, created_at = SENT, body = "<p>Hi you</p> --" },
  },
}
local function send(body) return confirm("send-message", "/channels/cha_1/messages", body, sent) end
t.equal(send({ to = { "a@b.example" }, body = "Hi you" }), { status = "accepted", message_uid = "uid" },
  "send-message: found")
t.equal(send({ to = { "a@b.example" }, body = "Ho" }), nil, "send-message: a message may still appear")
t.equal(send({ to = { "+49171" }, body = "Hi you" }), nil, "send-message: no e-mail")

local replies = {
  ["/comments/com_1"] = { _links = { related = { conversation = "https://a.api.example/conversations/cnv_1" } } },
  ["/conversations/cnv_1/comments"] = { { id = "com_2", posted_at = SENT, body = "Yes" } },
}
local function reply(body) return confirm("add-comment-reply", "/comments/com_1/replies", { body = body }, replies) end
t.equal(reply("Yes").id, "com_2", "add-comment-reply: found")
t.equal(reply("No"), false, "add-comment-reply: absent")
