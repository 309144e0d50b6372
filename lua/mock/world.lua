-- One company with all of its parts. Companies share the clock, the log, the receivers of webhooks, OAuth and the
-- faults, and nothing else.
local mock = ...
local companies = mock.part("front/companies")

local NAMES = { "Bluebird Books", "Cedar Cycles", "Dune Optics", "Elm & Daughters" }
local MAX = 50

local world = {}

-- "--token" for the first company, "--token"-2 for the second, and so on.
local function numbered(word, n)
  if not word or n == 1 then return word end
  return word .. "-" .. n
end

-- Each part gets the parts that it uses; this is their only order.
local function build(one, seed)
  local ids = mock.part("front/ids")(seed)
  local company = mock.part("front/company")(one.name, ids)
  local ticketing = mock.part("front/ticketing")(company)
  local views = mock.part("front/views")(company, ticketing)
  local pages = mock.part("engine/pages")()
  local events = mock.part("front/events")(company, ids, views, pages)
  local threads = mock.part("front/threads")(company, ids, events)
  local limits = mock.part("front/limits")()
  local records = mock.part("front/records")(company, pages)
  local fields = mock.part("front/fields")(company, views, pages)
  local attachments = mock.part("front/attachments")(company, records)
  local conversations = mock.part("front/conversations")(company, threads, ticketing, views, pages, events, fields)
  local messages = mock.part("front/messages")(company, records, threads, views, pages, events, attachments,
    conversations)
  local drafts = mock.part("front/drafts")(company, ids, records, threads, views, pages, messages, attachments,
    conversations)
  local comments = mock.part("front/comments")(company, records, threads, views, pages, events, attachments,
    conversations)
  local reminders = mock.part("front/reminders")(company, threads, ticketing, events, conversations)
  local followers = mock.part("front/followers")(company, threads, views, pages, conversations)
  local links = mock.part("front/links")(company, threads, views, pages, events, conversations)
  local contacts = mock.part("front/contacts")(company, records, views, pages, fields, conversations)
  local notes = mock.part("front/notes")(company, records, views, pages)
  local lists = mock.part("front/lists")(company, records, views, pages)
  local accounts = mock.part("front/accounts")(company, records, views, pages, fields)
  local tags = mock.part("front/tags")(company, records, threads, views, pages, conversations)
  local inboxes = mock.part("front/inboxes")(company, records, views, pages, fields, conversations)
  local mailboxes = mock.part("front/mailboxes")(company, records, views, pages)
  local teammates = mock.part("front/teammates")(company, records, views, pages, fields, one.teammate_token)
  local teams = mock.part("front/teams")(company, records, views)
  local statuses = mock.part("front/statuses")(records, ticketing, views)
  local rules = mock.part("front/rules")(company, records, views, pages)
  local signatures = mock.part("front/signatures")(company, records, views, pages)
  local templates = mock.part("front/templates")(company, records, views, pages, attachments)
  local shifts = mock.part("front/shifts")(company, records, views, pages)
  local time_offs = mock.part("front/time_offs")(company, records, views, pages)
  local analytics = mock.part("front/analytics")(company, views, attachments)
  local described = mock.part("front/described")(company, views, pages)
  local customers = mock.part("control/customers")(one.number, company, threads, views, events, attachments)
  local channels = mock.part("front/channels")(company, threads, views, events)
  local imports = mock.part("front/imports")(company, threads, events, channels)
  local control = mock.part("control/control")(company, threads, views, pages, events, ticketing, limits, contacts,
    world.add)
  one.company, one.limits = company, limits
  one.api = mock.part("front/api")(threads, conversations, {
    conversations, messages, drafts, comments, reminders, followers, links, events, contacts, notes, lists, accounts,
    tags, inboxes, mailboxes, imports, teammates, teams, statuses, rules, signatures, templates, shifts, time_offs,
    fields, attachments, analytics, described,
  })
  local deeds = mock.part("control/deeds")(company, views, fields, one.api)
  one.perform = deeds.perform
  one.control = mock.part("control/api")(control, customers, channels, conversations, deeds)
  company.seed()
  threads.seed()
  for _, part in ipairs({ rules, accounts, templates, shifts, deeds }) do part.seed() end
end

-- Adds a company. NAME and TOKEN may be nil. Returns {number, name, token, teammate_token, company, limits,
-- api, control}, or nil and a sentence when there are enough.
function world.add(name, token)
  local n = #companies.list + 1
  if n > MAX then return nil, ("there are %d companies already"):format(MAX) end
  local one = {
    number = n,
    name = name or n == 1 and (mock.options.company or "Acme Dry Goods") or NAMES[n - 1] or "Company " .. n,
    token = token or numbered(mock.options.token or "mock-token", n),
    teammate_token = numbered(mock.options.teammate_token, n),
  }
  build(one, (mock.options.seed or 1) + (n - 1) * 1000) -- no two companies share an id
  companies.list[n] = one
  return one
end

return world
