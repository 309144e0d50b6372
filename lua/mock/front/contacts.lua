-- Answers for contacts.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, views, pages)
  local contacts = {}

  local SOURCES = {
    twitter = true, email = true, phone = true, facebook = true, intercom = true, front_chat = true, custom = true,
  }
  local CONTACT = {
    handles = { type = "list", required = true }, name = { type = "string" }, description = { type = "string" },
    avatar = { type = "file" }, links = { type = "strings" }, list_names = { type = "strings" },
    group_names = { type = "strings" }, custom_fields = { type = "object" },
  }

  local function number_of(request, name)
    local given = request.params.q[name]
    if not given then return nil end
    local at = tonumber(given[1])
    if not at then return nil, answers.error(400, "Bad request", { "q." .. name .. ": must be a timestamp" }) end
    return at
  end

  function contacts.list(request)
    local bad = pages.check_sort(request.params, { "created_at", "updated_at" })
    local after, before
    if not bad then after, bad = number_of(request, "updated_after") end
    if not bad then before, bad = number_of(request, "updated_before") end
    if bad then return bad end
    local found = {}
    for _, c in ipairs(company.contacts) do
      if (not after or c.updated_at > after) and (not before or c.updated_at < before) then
        found[#found + 1] = c
      end
    end
    local by = request.params.sort_by or "created_at"
    local ascending = request.params.sort_order == "asc"
    table.sort(found, function(a, b)
      if ascending then return a[by] < b[by] end
      return a[by] > b[by]
    end)
    return pages.answer(request, found, views.contact)
  end

  function contacts.get(_, id)
    local contact = company.find("crd", id)
    if not contact then return answers.unknown("contact", id) end
    return answers.ok(views.contact(contact))
  end

  -- A phone number without a country code is read as a US number, as Front's specification says.
  local function normalise(handle, source)
    if source ~= "phone" then return handle end
    local digits = handle:gsub("[^%d]", "")
    if handle:sub(1, 1) == "+" then return "+" .. digits end
    return "+1" .. digits
  end

  local function check_handles(given)
    local out = {}
    for i, h in ipairs(given) do
      local where = ("handles[%d]"):format(i - 1)
      if type(h) ~= "table" or type(h.handle) ~= "string" or h.handle == "" then
        return nil, answers.invalid(where .. ".handle: is required")
      end
      if not SOURCES[h.source] then return nil, answers.invalid(where .. ".source: is not a known source") end
      if h.source == "email" and not h.handle:find("^[^@%s]+@[^@%s]+$") then
        return nil, answers.invalid(where .. ".handle: is not an email address")
      end
      out[i] = { handle = normalise(h.handle, h.source), source = h.source }
    end
    if not out[1] then return nil, answers.invalid("handles: at least one is required") end
    return out
  end

  -- A guess: Front does not document its answer to a handle that exists; the mock answers 409.
  local function check_free(handles)
    for _, h in ipairs(handles) do
      local known = company.by_handle[company.handle_key(h.source, h.handle)]
      if known then
        return answers.error(409, ("Contact %s already has the %s handle %s"):format(known.id, h.source, h.handle))
      end
    end
    return nil
  end

  function contacts.create(request)
    local body, bad = checks.body(request, CONTACT)
    if not body then return bad end
    local handles
    handles, bad = check_handles(body.handles)
    if not handles then return bad end
    bad = check_free(handles)
    if bad then return bad end
    local lists = {}
    for _, names in ipairs({ body.list_names or {}, body.group_names or {} }) do
      for _, name in ipairs(names) do lists[#lists + 1] = company.list_named(name) end
    end
    local contact = company.add_contact({
      name = body.name or handles[1].handle, description = body.description, handles = handles,
      links = body.links, lists = lists, custom_fields = body.custom_fields,
    })
    if body.avatar then
      contact.avatar_url = views.link("/contacts/" .. contact.id .. "/avatar-" .. body.avatar.size)
    end
    return answers.ok(views.contact(contact), 201)
  end

  return contacts
end
