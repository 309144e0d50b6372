-- foyer doctor: the apps and scopes that the client's switched-on recipes need: those of the actions that the text of
-- each layer in force names in ctx.call and ctx.each.
local std = ...
local script, source = std.part("script"), std.part("source")

local function sorted(set)
  local list = json.array({})
  for key in pairs(set) do list[#list + 1] = key end
  table.sort(list)
  return list
end

-- Calls FN(name, place) for each call in each layer of a definition; the name is nil when it is not a literal.
local function each_call(info, fn)
  local at = info
  while at do
    local src = source.read(std.read(at.file, at.index))
    for _, callee in ipairs({ "ctx.call", "ctx.each" }) do
      for _, found in ipairs(source.calls(src, callee)) do
        fn(source.literal(src, found.args[1]), ("%s:%d"):format(at.path, found.line))
      end
    end
    at = at.below
  end
end

return function()
  local apps, unknown, broken = {}, {}, json.array({})

  local function need(app, recipe, scopes)
    if not app then return end
    local entry = apps[app] or { scopes = {}, recipes = {} }
    apps[app] = entry
    entry.recipes[recipe] = true
    for _, scope in ipairs(scopes or {}) do entry.scopes[scope] = true end
  end

  for recipe in pairs(std.part("recipe_settings")(std.client(), std.workspace()).on()) do
    local seen = {}
    local function walk(kind, name)
      if seen[name] then return end
      seen[name] = true
      local ok, definition, info = pcall(script.get, kind, name)
      if not ok then
        local why = std.part("errors").describe(definition).message
        broken[#broken + 1] = { recipe = recipe, message = why }
        return
      end
      if kind == "action" then
        need(script.split(name), recipe, definition.scopes)
      elseif type(definition.on) == "string" then
        need(script.split(definition.on), recipe)
      end
      each_call(info, function(called, place)
        if called then walk("action", called) else unknown[place] = true end
      end)
    end
    walk("recipe", recipe)
  end

  local out = {}
  for app, entry in pairs(apps) do
    out[app] = { scopes = sorted(entry.scopes), recipes = sorted(entry.recipes) }
  end
  return { apps = out, unknown = sorted(unknown), broken = broken }
end
