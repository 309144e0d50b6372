-- Answers for contacts.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views, pages, fields, conversations)
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

  local function older(a, b)
    if a.created_at ~= b.created_at then return a.created_at < b.created_at end
    return a.id < b.id
  end

  -- Answers with the contacts. OWNER: a team or teammate; nil for all.
  local function list_of(request, owner)
    local bad = pages.check_sort(request.params, { "created_at", "updated_at" })
    local after, before
    if not bad then after, bad = number_of(request, "updated_after") end
    if not bad then before, bad = number_of(request, "updated_before") end
    if bad then return bad end
    local by_update = company.contacts_by_update
    local list, from, upto = company.contacts, 0, #company.contacts
    if after or before or owner or request.params.sort_by == "updated_at" then
      list = by_update.list
      from = after and by_update.below(after, true) or 0
      upto = math.max(from, before and by_update.below(before) or #list)
    end
    local by_creation = request.params.sort_by ~= "updated_at" and list ~= company.contacts
    if owner or by_creation then
      local found = {}
      for i = from + 1, upto do
        if not owner or list[i].owner == owner then found[#found + 1] = list[i] end
      end
      if by_creation then table.sort(found, older) end
      list, from, upto = found, 0, #found
    end
    local ascending = request.params.sort_order == "asc"
    return pages.slice(request, upto - from, function(i)
      return ascending and list[from + i] or list[upto + 1 - i]
    end, views.contact)
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

  local function lists_of(body)
    local lists, seen = {}, {}
    for _, names in ipairs({ body.list_names or {}, body.group_names or {} }) do
      for _, name in ipairs(names) do
        local list = company.list_named(name)
        if not seen[list] then lists[#lists + 1] = list end
        seen[list] = true
      end
    end
    return lists
  end

  local function set_avatar(contact, file)
    contact.avatar_url = views.link("/contacts/" .. contact.id .. "/avatar-" .. file.size)
  end

  -- Creates a contact. OWNER: a team or teammate, or nil.
  function contacts.create(request, owner)
    local body, bad = checks.body(request, CONTACT)
    if not body then return bad end
    local handles
    handles, bad = check_handles(body.handles)
    if not handles then return bad end
    bad = check_free(handles)
    if bad then return bad end
    local custom
    custom, bad = fields.check("contacts", body.custom_fields)
    if bad then return bad end
    local contact = company.add_contact({
      name = body.name or handles[1].handle, description = body.description, handles = handles, owner = owner,
      links = body.links, lists = lists_of(body), custom_fields = custom,
      is_private = owner ~= nil and owner.email ~= nil,
    })
    if body.avatar then set_avatar(contact, body.avatar) end
    return answers.ok(views.contact(contact), 201)
  end

  local UPDATE = {}
  for name, field in pairs(CONTACT) do
    if name ~= "handles" then UPDATE[name] = field end
  end
  UPDATE.name = { type = "string", null = true }
  UPDATE.description = UPDATE.name

  -- Replaces the whole set of `custom_fields`, and the lists. Without the member, they remain.
  local function update(request, contact)
    local body, bad = checks.body(request, UPDATE)
    if not body then return bad end
    local custom
    custom, bad = fields.check("contacts", body.custom_fields)
    if bad then return bad end
    local given = request.json or request.fields
    if given.name ~= nil then contact.name = body.name or contact.handles[1].handle end
    if given.description ~= nil then contact.description = body.description end
    contact.links = body.links or contact.links
    contact.custom_fields = custom or contact.custom_fields
    if body.list_names or body.group_names then contact.lists = lists_of(body) end
    if body.avatar then set_avatar(contact, body.avatar) end
    company.touch_contact(contact)
    return answers.none()
  end

  local function remove(_, contact)
    company.drop_contact(contact)
    return answers.none()
  end

  local MERGE = {
    target_contact_id = { type = "string" }, contact_ids = { type = "strings", required = true, max = 50 },
  }

  local function take_in(target, contact)
    company.drop_contact(contact)
    for _, handle in ipairs(contact.handles) do target.handles[#target.handles + 1] = handle end
    company.add_handles(target, contact.handles)
    for name, value in pairs(contact.custom_fields) do
      if target.custom_fields[name] == nil then target.custom_fields[name] = value end
    end
    for _, note in ipairs(contact.notes or {}) do
      target.notes = target.notes or {}
      table.insert(target.notes, note)
    end
    for _, list in ipairs(contact.lists) do
      local known = false
      for _, one in ipairs(target.lists) do known = known or one == list end
      if not known then table.insert(target.lists, list) end
    end
    target.description = target.description or contact.description
    conversations.give(contact, target)
  end

  -- Merges into the target, or into the first. The others are gone.
  local function merge(request)
    local body, bad = checks.body(request, MERGE)
    if not body then return bad end
    local found
    found, bad = checks.find_all(company, "crd", "contact", body.contact_ids)
    if not found then return bad end
    local target = found[1]
    if body.target_contact_id then target = company.find("crd", body.target_contact_id) end
    if body.target_contact_id and not target then return answers.unknown("contact", body.target_contact_id) end
    local others, seen = {}, { [target or 0] = true }
    for _, contact in ipairs(found) do
      if not seen[contact] then others[#others + 1] = contact end
      seen[contact] = true
    end
    if not others[1] then return answers.invalid("contact_ids: two different contacts are required") end
    for _, contact in ipairs(others) do take_in(target, contact) end
    company.touch_contact(target)
    return answers.ok(views.contact(target))
  end

  local HANDLE = { handle = { type = "string", required = true }, source = { type = "string", required = true } }

  local function add_handle(request, contact)
    local body, bad = checks.body(request, HANDLE)
    if not body then return bad end
    local handles
    handles, bad = check_handles({ body })
    if not handles then return bad end
    bad = check_free(handles)
    if bad then return bad end
    table.insert(contact.handles, handles[1])
    company.add_handles(contact, handles)
    company.touch_contact(contact)
    return answers.none()
  end

  -- Deletes the last handle with `force` only, and the contact with it.
  local function remove_handle(request, contact)
    local body, bad = checks.body(request, {
      handle = HANDLE.handle, source = HANDLE.source, force = { type = "boolean" },
    })
    if not body then return bad end
    local key = company.handle_key(body.source, normalise(body.handle, body.source))
    for i, h in ipairs(contact.handles) do
      if company.handle_key(h.source, h.handle) == key then
        if not contact.handles[2] and not body.force then
          return answers.error(400, "The last handle of a contact cannot be deleted without force")
        end
        if not contact.handles[2] then return remove(request, contact) end
        table.remove(contact.handles, i)
        company.drop_handles({ h })
        company.touch_contact(contact)
        return answers.none()
      end
    end
    return answers.error(404, ("Contact %s has no %s handle %s"):format(contact.id, body.source, body.handle))
  end

  local with = function(handler) return records.with("crd", "contact", handler) end
  contacts.routes = records.owned("contacts", list_of, contacts.create)
  for _, route in ipairs({
    { "GET", "/contacts", function(request) return list_of(request) end },
    { "POST", "/contacts", function(request) return contacts.create(request) end },
    { "POST", "/contacts/merge", merge },
    { "GET", "/contacts/{id}", records.get("crd", "contact", views.contact) },
    { "PATCH", "/contacts/{id}", with(update) },
    { "DELETE", "/contacts/{id}", with(remove) },
    { "POST", "/contacts/{id}/handles", with(add_handle) },
    { "DELETE", "/contacts/{id}/handles", with(remove_handle) },
    { "GET", "/contacts/{id}/conversations", conversations.list_of_contact },
  }) do
    contacts.routes[#contacts.routes + 1] = route
  end

  return contacts
end
