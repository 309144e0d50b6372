-- The companies of this Front, each with a world of its own; the first is there from the start.
local mock = ...

return function(app)
  local companies = { list = {} }
  local NAMES = { "Bluebird Books", "Cedar Cycles", "Dune Optics", "Elm & Daughters" }
  local PARTS = {
    "front/ids", "front/company", "front/threads", "front/views", "engine/checks", "engine/pages",
    "front/search", "front/ticketing", "front/limits", "front/events", "front/conversations", "front/messages",
    "front/contacts", "control/customers", "front/channels", "front/imports", "control/control", "front/api",
  }
  local MAX = 50

  -- `--token` for the first, `--token`-2 for the second, and so on.
  local function numbered(word, n)
    if not word or n == 1 then return word end
    return word .. "-" .. n
  end

  -- NAME and TOKEN may be nil. Returns nil and a sentence when there are enough.
  function companies.add(name, token)
    local n = #companies.list + 1
    if n > MAX then return nil, ("there are %d companies already"):format(MAX) end
    local one = setmetatable({
      number = n, -- and no two companies share an id:
      seed = (mock.options.seed or 1) + (n - 1) * 1000,
      name = name or n == 1 and (mock.options.company or "Acme Dry Goods") or NAMES[n - 1] or "Company " .. n,
      token = token or numbered(mock.options.token or "mock-token", n),
      teammate_token = numbered(mock.options.teammate_token, n),
    }, { __index = app })
    for _, part in ipairs(PARTS) do one[part == "front/api" and "routes" or part:match("[^/]+$")] = mock.part(part)(one) end
    one.company.seed()
    one.threads.seed()
    companies.list[n] = one
    return one
  end

  -- By number, id or name; the first when WANTED is nil.
  function companies.find(wanted)
    if wanted == nil then return companies.list[1] end
    for n, one in ipairs(companies.list) do
      if tonumber(wanted) == n or wanted == one.company.id or wanted == one.name then return one end
    end
    return nil
  end

  return companies
end
