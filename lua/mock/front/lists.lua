-- Contact lists, and their deprecated name, contact groups.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views, pages)
  local lists = { routes = {} }
  local AT_ONCE = 50

  local function list_all(request, owner)
    local found = {}
    for _, list in ipairs(company.lists) do
      if not owner or list.owner == owner then found[#found + 1] = list end
    end
    return pages.whole(request, found, views.contact_list)
  end

  -- Answers 204, without the new list's id, as in Front's specification.
  local function create(request, owner)
    local body, bad = checks.body(request, { name = { type = "string", required = true } })
    if not body then return bad end
    records.add("grp", company.lists, {
      name = body.name, owner = owner, is_private = owner ~= nil and owner.email ~= nil,
    })
    return answers.none()
  end

  local function index_of(contact, list)
    for i, one in ipairs(contact.lists) do
      if one == list then return i end
    end
    return nil
  end

  local function contacts_of(request, list)
    local found = {}
    for _, contact in ipairs(company.contacts) do
      if index_of(contact, list) then found[#found + 1] = contact end
    end
    return pages.answer(request, found, views.contact)
  end

  local function remove(_, list)
    for _, contact in ipairs(company.contacts) do
      local i = index_of(contact, list)
      if i then table.remove(contact.lists, i) end
    end
    company.drop(company.lists, list)
    return answers.none()
  end

  local function find_contacts(request, max)
    local body, bad = checks.body(request, { contact_ids = { type = "strings", required = true, max = max } })
    if not body then return nil, bad end
    return checks.find_all(company, "crd", "contact", body.contact_ids)
  end

  local function add_contacts(request, list)
    local found, bad = find_contacts(request)
    if not found then return bad end
    for _, contact in ipairs(found) do
      if not index_of(contact, list) then
        table.insert(contact.lists, list)
        company.touch_contact(contact)
      end
    end
    return answers.none()
  end

  local function remove_contacts(request, list)
    local found, bad = find_contacts(request, AT_ONCE)
    if not found then return bad end
    for _, contact in ipairs(found) do
      local i = index_of(contact, list)
      if i then
        table.remove(contact.lists, i)
        company.touch_contact(contact)
      end
    end
    return answers.none()
  end

  local function with(handler) return records.with("grp", "contact list", handler) end
  for _, name in ipairs({ "contact_lists", "contact_groups" }) do
    local path = "/" .. name
    for _, route in ipairs({
      { "GET", path, function(request) return list_all(request) end },
      { "POST", path, function(request) return create(request) end },
      { "DELETE", path .. "/{id}", with(remove) },
      { "GET", path .. "/{id}/contacts", with(contacts_of) },
      { "POST", path .. "/{id}/contacts", with(add_contacts) },
      { "DELETE", path .. "/{id}/contacts", with(remove_contacts) },
      table.unpack(records.owned(name, list_all, create)),
    }) do
      lists.routes[#lists.routes + 1] = route
    end
  end

  return lists
end
