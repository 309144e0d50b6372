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
  local conversations = mock.part("front/conversations")(company, threads, ticketing, views, pages, events)
  local messages = mock.part("front/messages")(company, threads, views, pages, events)
  local contacts = mock.part("front/contacts")(company, views, pages)
  local customers = mock.part("control/customers")(one.number, company, threads, views, events)
  local channels = mock.part("front/channels")(company, threads, views, events)
  local imports = mock.part("front/imports")(company, threads, events, channels)
  local control = mock.part("control/control")(company, threads, views, pages, events, ticketing, limits, contacts,
    world.add)
  one.company, one.limits = company, limits
  one.api = mock.part("front/api")(company, threads, views, pages, events, ticketing, contacts, conversations,
    messages, imports, one.teammate_token)
  one.control = mock.part("control/api")(control, customers, channels, conversations)
  company.seed()
  threads.seed()
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
