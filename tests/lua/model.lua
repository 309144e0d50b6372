-- model: the static check of templates' variables; the shipped templates pass it.

local std, t = ...
local mustache, model = std.part("mustache"), std.part("model")

local roots = t.json [[{
  "client": { "name": "Acme", "front": { "inboxes": { "support": "inb_1" } } },
  "vars": { "phone": "+1 555 0100", "address": { "street": "Main" } },
  "conversation": {
    "id": "cnv_1", "subject": "Hi", "assignee": null, "is_private": false, "empty": {},
    "recipient": { "name": "Phyllis", "handle": "p@x.example" },
    "tags": [ { "id": "tag_1", "name": "VIP", "metadata": { "a": 1 } } ], "links": [], "scores": [ 1, 2 ],
    "custom_fields": { "city": "London" }
  }
}]]
roots.anything = true

local function check(source, partials, shapes)
  local found = {}
  local function partial(name)
    return partials and partials[name] and mustache.parse(partials[name], name)
  end
  local kept = {} -- the same tree for the same name, as from the loader
  model.check(mustache.parse(source, "t"), shapes or roots, function(f)
    found[#found + 1] = f.template .. ":" .. f.line .. ":" .. f.name .. (f.near and "~" .. f.near or "")
  end, {
    null = t.null, is_list = t.is_list,
    partial = function(name)
      kept[name] = kept[name] or partial(name)
      return kept[name]
    end,
  })
  return table.concat(found, " ")
end

local function message(source, shapes)
  local text
  model.check(mustache.parse(source, "t"), shapes or roots, function(f) text = f.message end,
    { null = t.null, is_list = t.is_list })
  return text
end

-- Known names
for _, source in ipairs {
  "{{client.name}} {{vars.phone}} {{conversation.recipient.handle}} {{conversation.is_private}}",
  "{{#conversation}}{{id}} {{recipient.name}} {{client.name}}{{/conversation}}",
  "{{#conversation}}{{#recipient}}{{handle}}{{subject}}{{/recipient}}{{/conversation}}",
  "{{#conversation.tags}}{{name}}{{client.name}}{{/conversation.tags}}",
  "{{#conversation.scores}}{{.}}{{/conversation.scores}}{{#conversation.subject}}{{.}}{{/conversation.subject}}",
  "{{^conversation.is_private}}{{conversation.id}}{{/conversation.is_private}}",
  "{{conversation.assignee}}{{conversation.assignee.first_name}}",
  "{{#conversation.assignee}}{{email}}{{/conversation.assignee}}",
  "{{conversation.custom_fields.Job Title}}{{#conversation.custom_fields}}{{x.y}}{{.}}{{/conversation.custom_fields}}",
  "{{#conversation.tags}}{{metadata.any.thing}}{{/conversation.tags}}",
  "{{#conversation.links}}{{name}}{{external_url}}{{/conversation.links}}",
  "{{anything}}{{anything.at.all}}{{#anything}}{{x}}{{/anything}}",
} do
  t.equal(check(source), "", source)
end

-- Unknown names
t.equal(check "{{a}}\n{{client.nme}} {{conversatoin.id}}\n{{{conversation.recipient.handel}}}",
  "t:1:a t:2:client.nme~client.name t:2:conversatoin.id~conversation.id "
  .. "t:3:conversation.recipient.handel~conversation.recipient.handle", "typos, with what was meant")
t.equal(check "{{handle}}{{phone}}{{support}}",
  "t:1:handle~conversation.recipient.handle t:1:phone~vars.phone "
  .. "t:1:support~client.front.inboxes.support", "a name without its path")
t.equal(check "{{Client.Name}}", "t:1:Client.Name~client.Name", "case, a part at a time")
t.equal(check "{{#conversation.recpient}}{{whatever}}{{/conversation.recpient}}",
  "t:1:conversation.recpient~conversation.recipient", "a section, whose content is then anything")
t.equal(check "{{^conversation.statu}}{{x}}{{/conversation.statu}}", "t:1:conversation.statu t:1:x", "inverted")
t.equal(check "{{#conversation}}{{#recipient}}{{nam}}{{/recipient}}{{/conversation}}", "t:1:nam~name",
  "in nested sections")
t.equal(check "{{#conversation.tags}}{{colour}}{{/conversation.tags}}", "t:1:colour", "in a list's element")
t.equal(check "{{#anything}}{{conversation.idd}}{{/anything}}", "t:1:conversation.idd~conversation.id",
  "an open level does not hide a typo below it")
t.equal(check "{{conversation.empty.x}}{{conversation.subject.x}}{{conversation.scores.x}}",
  "t:1:conversation.empty.x t:1:conversation.subject.x t:1:conversation.scores.x", "below what has no names")
t.equal(check("{{a}}{{a}}\n{{a}}"), "t:1:a t:2:a", "once per line")
t.equal(message "{{conversation.tags.name}}",
  "unknown variable 'conversation.tags.name': 'conversation.tags' is a list, "
  .. "which has no names of its own: open it with {{#conversation.tags}}", "a list's message")
t.equal(message "{{conversation.idd}}", "unknown variable 'conversation.idd'; did you mean 'conversation.id'?",
  "message")
t.equal(message "{{conversation}}", "'conversation' is an object: name one of its fields", "an object as text")
t.equal(message "{{conversation.tags}}", "'conversation.tags' is a list: write it as a section", "a list as text")
t.equal(message "{{#conversation}}{{.}}{{/conversation}}", "'.' is an object: name one of its fields",
  "an implicit object")

-- Names that differ by client may be tested for
t.equal(check "{{#vars.fax}}Fax {{vars.fax}} {{.}} {{vars.fax.x}}{{/vars.fax}}{{^vars.fax}}no{{/vars.fax}}", "",
  "an option")
t.equal(check "{{#vars}}{{#fax}}{{fax}}{{/fax}}{{/vars}}{{#vars.address.city}}{{.}}{{/vars.address.city}}", "",
  "nested")
t.equal(check "{{vars.fax}}{{#vars.fax}}{{/vars.fax}}{{vars.fx}}", "t:1:vars.fax t:1:vars.fx",
  "but not taken for granted")
t.equal(check "{{#vars.fax}}{{vars.faxe}}{{/vars.fax}}{{^vars.fax}}\n{{vars.fax}}{{/vars.fax}}",
  "t:1:vars.faxe t:2:vars.fax", "and only inside")

-- Partials, parents and blocks
t.equal(check("{{>sig}}\n{{#conversation.recipient}}{{>sig}}{{/conversation.recipient}}",
  { sig = "\n{{nam}} {{name}}" }), "sig:2:nam sig:2:name~client.name",
  "a partial is checked where it is included, and reported once")
t.equal(check("{{#conversation.recipient}}{{>sig}}{{/conversation.recipient}}", { sig = "{{name}}" }), "",
  "in its context")
t.equal(check("\n{{>nowhere}}"), "t:2:nowhere", "a missing partial")
t.equal(message "{{>nowhere}}", "there is no template 'nowhere' to include", "its message")
t.equal(check("{{>a}}{{x}}", { a = "{{>b}}{{y}}", b = "{{>a}}{{z}}" }), "b:1:z a:1:y t:1:x", "recursion ends")
t.equal(check("{{<page}}\n{{$body}}{{name}} {{nme}}{{/body}}{{ignored}}{{/page}}",
  { page = "{{#conversation.recipient}}{{$body}}{{default}}{{/body}}{{/conversation.recipient}}"
    .. "{{$foot}}\n{{foot}}{{/foot}}" }), "t:2:nme~name page:2:foot", "a block is checked in the place that it fills")
local many = { p0 = "{{x}}" }
for i = 1, 15 do many["p" .. i] = string.rep("{{>p" .. i - 1 .. "}}", 10) end
t.equal(check("{{>p15}}", many), "p0:1:x", "partials that multiply come to an end")

-- The shipped templates
local function shipped(file) return t.read("lua/templates/" .. file) end
local function render(file, data)
  return mustache.render(mustache.parse(shipped(file), file), data, { null = t.null, is_list = t.is_list })
end
local digest = t.json [[{ "client": { "name": "Acme" }, "vars": {}, "hours": 4, "count": 3, "more": 1,
  "conversations": [
  { "id": "cnv_1", "subject": "Hi", "recipient": "Phyllis", "waiting": "3 h 5 min" },
  { "id": "cnv_2", "subject": "Re: <b>", "recipient": "p@x.example", "waiting": "2 h" } ] }]]
t.equal(check(shipped "first-reply.txt"), "", "first-reply.txt names nothing unknown")
local bare = { client = roots.client, conversation = roots.conversation, vars = {} }
t.equal(check(shipped "first-reply.txt", nil, bare), "", "nor for a client without vars")
t.equal(check(shipped "digest.md", nil, digest), "", "digest.md names nothing unknown")
t.equal(render("first-reply.txt", roots), [[
Hello Phyllis,

Thank you for writing to Acme. Your message has arrived, and one of us will answer it as soon as possible.

If it is urgent, please call us: +1 555 0100

Kind regards
Acme
]], "first-reply.txt")
t.equal(render("first-reply.txt", { client = { name = "Acme" }, vars = {}, conversation = { recipient = t.null } }), [[
Hello,

Thank you for writing to Acme. Your message has arrived, and one of us will answer it as soon as possible.

Kind regards
Acme
]], "first-reply.txt without a name and a phone")
t.equal(render("digest.md", digest), [[
**Acme: 3 unassigned for more than 4 h**

- Hi, from Phyllis, waiting 3 h 5 min: https://app.frontapp.com/open/cnv_1
- Re: <b>, from p@x.example, waiting 2 h: https://app.frontapp.com/open/cnv_2

… and 1 more.
]], "digest.md")
digest.more, digest.conversations = false, t.json "[]"
t.equal(render("digest.md", digest), "**Acme: 3 unassigned for more than 4 h**\n\nNo customer is waiting.\n",
  "an empty digest")
