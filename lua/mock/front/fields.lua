-- Custom fields: what is defined, the checks of values, and GET /contacts/custom_fields and the like. A write replaces
-- the whole set: what it leaves out is erased, as Front's specification says.
local mock = ...
local answers = mock.part("engine/answers")

return function(company, views, pages)
  local fields = { routes = {} }

  -- The names and types of the specification's example.
  local USUAL = {
    { "city", "string" }, { "isVIP", "boolean" }, { "renewal_date", "datetime" }, { "sla_time", "number" },
    { "owner", "teammate" }, { "replyTo", "inbox" }, { "Job Title", "string" },
    { "Plan", "enum", values = { "free", "pro", "enterprise" } },
  }
  local LUA_TYPES = { boolean = "boolean", datetime = "number", number = "number" } -- the others are texts
  local KINDS = { "accounts", "contacts", "conversations", "inboxes", "links", "teammates" }

  company.fields = {}
  for _, kind in ipairs(KINDS) do
    local of_kind = {}
    company.fields[kind] = of_kind
    for i, word in ipairs(USUAL) do
      of_kind[i] = company.add("fld", { name = word[1], type = word[2], values = word.values })
    end
    local function list(request) return pages.whole(request, of_kind, views.custom_field) end
    table.insert(fields.routes, { "GET", "/" .. kind .. "/custom_fields", list })
    if kind == "contacts" then table.insert(fields.routes, { "GET", "/custom_fields", list }) end
  end

  function fields.find(kind, name)
    for _, field in ipairs(company.fields[kind]) do
      if field.name == name then return field end
    end
    return nil
  end

  local function is_one_of(values, value)
    for _, one in ipairs(values) do
      if one == value then return true end
    end
    return false
  end

  local function why_wrong(kind, name, value)
    local field = fields.find(kind, name)
    if not field then
      -- Front answers 400 for a conversation's; for the others that an unknown name is taken is a guess.
      return kind == "conversations" and ("custom_fields: %s has no field %s"):format(kind, name) or nil
    end
    local wanted = LUA_TYPES[field.type] or "string"
    if type(value) ~= wanted then return ("custom_fields.%s: must be of type %s"):format(name, field.type) end
    if field.values and not is_one_of(field.values, value) then
      return ("custom_fields.%s: must be one of %s"):format(name, table.concat(field.values, ", "))
    end
    return nil
  end

  -- Returns the set without its nulls; nil when GIVEN is nil; nil and the answer when a value is wrong.
  function fields.check(kind, given)
    if given == nil then return nil end
    local out, bad = {}, {}
    for name, value in pairs(given) do
      if value ~= json.null then
        out[name] = value
        bad[#bad + 1] = why_wrong(kind, name, value)
      end
    end
    if bad[1] then
      table.sort(bad)
      return nil, answers.invalid(table.unpack(bad, 1, math.min(#bad, 20)))
    end
    return out
  end

  -- Returns the names whose values differ, sorted.
  function fields.changed(before, after)
    local names = {}
    for name, value in pairs(after) do
      if before[name] ~= value then names[#names + 1] = name end
    end
    for name in pairs(before) do
      if after[name] == nil then names[#names + 1] = name end
    end
    table.sort(names)
    return names
  end

  return fields
end
