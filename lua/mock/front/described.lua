-- Operations without state: what they take is checked against Front's description, and the answer has the described
-- shape. What a POST makes is kept, so that it can be read, changed and deleted; the log marks these requests.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local description = mock.part("front/description")
local shapes = mock.part("engine/shapes")(description.shapes)

return function(company, views, pages)
  local described = { routes = {} }
  local made = {} -- the prefix of its ids -> records

  -- The prefixes of ids, by the parts of paths, and by the shapes of answers.
  local PREFIXES = {
    article_id = "kba", category_id = "kbc", knowledge_base_id = "knb", team_id = "tim", teammate_group_id = "cir",
    view_id = "lns",
  }
  local BY_SHAPE = {
    { "^KnowledgeBaseArticle", "kba" }, { "^KnowledgeBaseCategory", "kbc" }, { "^KnowledgeBase", "knb" },
    { "^TeammateGroup", "cir" }, { "^SharedView", "lns" },
  }
  local COLLECTIONS = {
    kba = "/knowledge_base_articles/", kbc = "/knowledge_base_categories/", knb = "/knowledge_bases/",
    cir = "/teammate_groups/", lns = "/views/",
  }

  local function prefix_of(shape)
    for _, pair in ipairs(BY_SHAPE) do
      if shape:find(pair[1]) then return pair[2] end
    end
    return nil
  end

  local ANY = setmetatable({}, { __index = function() return { type = "any" } end }) -- a body of any members

  local sample

  -- Returns a text or number of a shape: what the body gave under that name, else something plain.
  local function plain(name, field, known)
    if known[name] ~= nil then return known[name] end
    if field.enum then return field.enum[1] end
    if field.null then return json.null end
    if field.type == "boolean" then return false end
    if field.type == "number" or field.type == "integer" then
      return name:find("_at$") and company.now() or name == "progress" and 100 or 0
    end
    return name:find("_id$") and "" or name:gsub("_", " ")
  end

  local function is_plain(name)
    return name ~= "_links" and name ~= "related"
  end

  -- Returns a value of FIELD, with what is KNOWN by its members' names.
  function sample(name, field, known)
    if field.type == "object" and field.fields then
      local out = {}
      local given = is_plain(name) and type(known[name]) == "table" and known[name] or known
      for member, inner in pairs(field.fields) do
        if not (name == "related" and inner.null) then out[member] = sample(member, inner, given) end
      end
      return out
    end
    if field.type == "list" then
      return views.texts(type(known[name]) == "table" and known[name] or {})
    end
    if field.type == "object" or field.type == "any" then
      return type(known[name]) == "table" and known[name] or {}
    end
    return plain(name, field, known)
  end

  local function answer_of(shape, record)
    local out = sample("", shapes.get(shape) or shapes.read(shape), record)
    if type(out) ~= "table" or not out._links then return out end
    local self = views.link((COLLECTIONS[record.kind] or "/") .. tostring(record.id))
    out._links.self = self
    for name in pairs(out._links.related or {}) do out._links.related[name] = self .. "/" .. name end
    return out
  end

  -- Returns what a path's part in braces names: a record of the company, or one that was made here; nil and the answer
  -- when there is none.
  local function find(name, id)
    local prefix = PREFIXES[name]
    if not prefix or made[prefix] and made[prefix][id] then return made[prefix] and made[prefix][id] or true end
    local record = company.find(prefix, id)
    if record then return record end
    -- one that the mock did not make: its form is all that can be checked
    if COLLECTIONS[prefix] and id:find("^" .. prefix .. "_%w+$") then return { id = id, kind = prefix } end
    return nil, answers.unknown(name:gsub("_id$", ""):gsub("_", " "), id)
  end

  local function find_all(names, values)
    local last
    for i, name in ipairs(names) do
      local found, bad = find(name, values[i])
      if not found then return nil, bad end
      if type(found) == "table" then last = found end
    end
    return last or {}
  end

  -- Keeps the members of BODY in a record.
  local function fill(record, body, values, names)
    for name, value in pairs(body) do record[name] = value end
    for i, name in ipairs(names) do
      if name == "locale" then record.locale = values[i] end
    end
    record.updated_at = company.now()
    return record
  end

  local function make(shape, body, values, names)
    local prefix = prefix_of(shape)
    if not prefix then return fill({}, body, values, names) end
    local record = fill(company.add(prefix, { kind = prefix, created_at = company.now() }), body, values, names)
    made[prefix] = made[prefix] or {}
    made[prefix][record.id] = record
    table.insert(made[prefix], record)
    return record
  end

  local function forget(record)
    local list = made[record.kind]
    if not list then return end
    list[record.id] = nil
    company.drop(list, record)
  end

  local function listed(shape)
    return made[prefix_of(shape) or ""] or {}
  end

  local function handler(method, status, answer, body_shape, names)
    local how, shape = answer:match("^(%a+):(%w+)$")
    shape = shape or answer:match("^@?(.*)$")
    return function(request, ...)
      request.described = true
      local values = { ... }
      local record, bad = find_all(names, values)
      if not record then return bad end
      local body = {}
      local field = body_shape and shapes.read(body_shape)
      if field then
        body, bad = checks.body(request, field.fields or ANY)
        if not body then return bad end
      end
      if how then
        local view = function(one) return answer_of(shape, one) end
        return how == "page" and pages.answer(request, listed(shape), view) or pages.whole(request, listed(shape), view)
      end
      if answer == "file" then return { status = status, body = "made up by foyer mock\n" } end
      if method == "POST" and shape ~= "" then record = make(shape, body, values, names) end
      if method == "PATCH" then fill(record, body, values, names) end
      if method == "DELETE" and PREFIXES[names[#names]] == record.kind then forget(record) end
      if shape == "" then return answers.none() end
      return answers.ok(answer_of(shape, record), status)
    end
  end

  for line in description.operations:gsub("\n%s+", " "):gmatch("[^\n]+") do
    local method, path, status, rest = line:match("^(%u+) (%S+) (%d+) ?(.*)$")
    local answer, body = rest:match("^(.-) ?< (.*)$")
    local names = {}
    for name in path:gmatch("{([%w_]+)}") do names[#names + 1] = name end
    described.routes[#described.routes + 1] = {
      method, path, handler(method, math.tointeger(tonumber(status)), answer or rest, body, names),
    }
  end

  return described
end
