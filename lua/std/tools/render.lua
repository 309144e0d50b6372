-- foyer render: renders a template as the client's recipes do, with data of a conversation, a file, the command line,
-- or the sample. args: {template, app, words, data, conversation}
local std = ...
local call, template, script = std.part("call"), std.part("template"), std.part("script")

local function data_of(args)
  local data = args.data or {}
  if args.conversation then
    data.conversation = call.scope("tool", "render", args.app, "read", {}, nil, function(ctx)
      return ctx.call(args.app .. "/get-conversation", { conversation_id = args.conversation })
    end)
  elseif not args.data and not args.words[1] then
    local sample = std.read("lua/" .. args.app .. "/samples/conversation.json")
    if not sample then
      std.fail("not_found", ("the app %s has no sample conversation: give --data FILE or key=value")
        :format(args.app))
    end
    data.conversation = json.decode(sample)
  end
  return std.part("cli_args")({}, args.words, data)
end

-- Returns a similar known name for each unknown variable, by "path:line:name".
local function suggestions(name, data, ctx)
  local roots, near = { client = ctx.client, vars = ctx.vars }, {}
  for key, value in pairs(data) do roots[key] = value end
  std.part("model").check(template.get(name), roots, function(finding)
    near[finding.template .. ":" .. finding.line .. ":" .. finding.name] = finding.near
  end, {
    null = std.null, is_list = json.is_array,
    partial = function(partial)
      local ok, found = pcall(template.get, partial)
      return ok and found or nil
    end,
  })
  return near
end

-- Whether an option of the recipe names the template at PATH.
local function names_template(recipe, path)
  local loaded, definition = pcall(script.get, "recipe", recipe)
  if not loaded then return false end
  local given = std.options(recipe)
  for key, field in pairs(definition.options or {}) do
    local name = given[key] == nil and field.default or given[key]
    if field[1] == "template" and type(name) == "string" then
      local found, _, info = pcall(template.get, name)
      if found and info.path == path then return true end
    end
  end
  return false
end

-- Returns the switched-on recipes of the client that use this template.
local function recipes_of(path)
  local names = json.array({})
  for recipe in pairs(std.part("recipe_settings")(std.client(), std.workspace()).on()) do
    if names_template(recipe, path) then names[#names + 1] = recipe end
  end
  table.sort(names)
  return names
end

return function(args)
  local data, ctx = data_of(args), call.context()
  local unknown, seen = json.array({}), {}
  local text, info = template.render(args.template, data, ctx, function(name, line, path)
    local key = path .. ":" .. line .. ":" .. name
    if not seen[key] then
      seen[key] = true
      unknown[#unknown + 1] = { path = path, line = line, name = name, key = key }
    end
  end)
  local near = #unknown > 0 and suggestions(args.template, data, ctx) or {}
  for _, one in ipairs(unknown) do one.near, one.key = near[one.key], nil end
  return { text = text, path = info.path, unknown = unknown, recipes = recipes_of(info.path) }
end
