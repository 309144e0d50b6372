-- For the worker and `foyer doctor`: is each thing of the company there, and may it be used, that the client's recipes,
-- templates and client.lua name? Options of recipes that are switched on, names in client.lua, and ids in quotes in the
-- texts of these recipes and of templates. args: {app, own = the app's block of client.lua, without what ids.lua adds}
-- -> {asked, lost = [{kind, id, name, why, recipes, places, sentence}], failed = [{kind, id, message}]}
local std = ...
local script = std.part("script")

local function table_of(t, key)
  return type(t) == "table" and type(t[key]) == "table" and t[key] or {}
end

local function sorted(set)
  local list = json.array({})
  for name in pairs(set) do list[#list + 1] = name end -- pairs goes in order
  return list
end

-- Collects what is named: by_id[id] = {kind, id, name, recipes (a set), places (a set)}.
local function collector(kinds)
  local by_id, list = {}, {}
  return list, function(kind, id, name, recipe, place)
    if type(id) ~= "string" or not kinds[kind] or not kinds[kind].get then return end
    local one = by_id[id]
    if not one then
      one = { kind = kind, id = id, recipes = {}, places = {} }
      by_id[id], list[#list + 1] = one, one
    end
    one.name = one.name or name
    if recipe then one.recipes[recipe] = true end
    if place then one.places[place] = true end
  end
end

local function add_texts(kinds, source, add, recipe, place)
  for word in (source or ""):gmatch("[\"'%s(>/]([%l]+_[%w]+)%f[^%w_]") do
    for kind, id in pairs(kinds) do
      if id.get and id.names and word:sub(1, #id.prefix) == id.prefix and word:find("%d") then
        add(kind, word, nil, recipe, place)
      end
    end
  end
end

-- Adds the options of the recipe NAME that are ids: given, or the default.
local function add_options(name, recipe, client, names_of, add)
  local given = std.options(name)
  for key, field in pairs(table_of(recipe, "options")) do
    local kind = type(field) == "table" and (type(field.list) == "string" and field.list or field[1])
    local value = given[key]
    if value == nil and type(field) == "table" then value = field.default end
    if names_of[kind] then
      for _, one in ipairs(type(value) == "table" and value or { value }) do
        local id = type(one) == "string" and (table_of(client, names_of[kind])[one] or one)
        add(kind, id, id ~= one and one or nil, name)
      end
    end
  end
end

local function collect(app, own, kinds, add)
  local client, names_of = std.client()[app], {}
  for kind, id in pairs(kinds) do names_of[kind] = id.names or nil end
  for name in pairs(std.part("recipe_settings")(std.client(), std.workspace()).on()) do
    local ok, recipe = pcall(script.get, "recipe", name)
    if ok then add_options(name, recipe, client, names_of, add) end
    add_texts(kinds, std.read(script.file("recipe", name)), add, name)
  end
  for _, name in ipairs(std.part("template").names()) do
    local ok, source, info = pcall(std.part("template").find, name)
    if ok and source then
      local place = type(info) == "table" and info.path or "templates/" .. name
      add_texts(kinds, source, add, nil, place)
    end
  end
  -- what client.lua names by hand; ids.lua lists all that the company had
  for kind, names in pairs(names_of) do
    for name, id in pairs(table_of(own, names)) do add(kind, id, name, nil, "client.lua") end
  end
end

-- Why the thing may not be used, or nil. USABLE: members and the values that they must have.
local function barred(item, usable)
  for member, value in pairs(usable or {}) do
    if type(item) == "table" and item[member] ~= nil and item[member] ~= value then
      return ("%s is %s"):format(member, tostring(item[member]))
    end
  end
end

local numbers = { "one recipe", "two recipes", "three recipes", "four recipes", "five recipes" }

local function sentence(one, app_name)
  local recipes, places = sorted(one.recipes), sorted(one.places)
  local what = one.kind:gsub("_", " ")
  local thing = ("the %s %s"):format(what, one.name and ("%s (%s)"):format(one.name, one.id) or one.id)
  local words
  if one.why == "gone" and one.kind == "teammate" then
    words = ("%s has left %s"):format(thing, app_name)
  elseif one.why == "gone" then
    words = ("%s is gone at %s"):format(thing, app_name)
  else
    words = ("%s may not be used at %s (%s)"):format(thing, app_name, one.why)
  end
  if #recipes > 0 then
    words = ("%s: %s will fail (%s)"):format(words, numbers[#recipes] or #recipes .. " recipes",
      table.concat(recipes, ", "))
  elseif #places > 0 then
    words = ("%s: named in %s"):format(words, table.concat(places, ", "))
  end
  one.recipes, one.places = recipes, places
  return words
end

return function(args)
  local connector = std.connector(args.app)
  local kinds = connector.ids or {}
  local list, add = collector(kinds)
  collect(args.app, args.own, kinds, add)
  local out = { asked = #list, lost = json.array({}), failed = json.array({}) }
  if #list == 0 then return out end
  return std.part("call").scope("tool", "names", args.app, "read", {}, nil, function(ctx)
    for _, one in ipairs(list) do
      local id = kinds[one.kind]
      local path = id.get:gsub("{id}", (url.segment(one.id):gsub("%%", "%%%%")))
      local answer = ctx.http.request({ method = "GET", url = path })
      if answer.status == 404 then
        one.why = "gone"
      elseif answer.status >= 400 then
        out.failed[#out.failed + 1] = {
          kind = one.kind, id = one.id, message = ("GET %s answers %d"):format(path, answer.status),
        }
      else
        one.why = barred(answer.body, id.usable)
      end
      if one.why then
        one.sentence = sentence(one, connector.name or args.app)
        out.lost[#out.lost + 1] = one
      end
    end
    return out
  end)
end
