-- foyer which, foyer diff: the files of NAME in all layers, nearest first, and which of them are in force. NAME is an
-- action, a trigger, a recipe, a template or a path. args: {name, client}
local std = ...
local script, template = std.part("script"), std.part("template")

local extensions = { ".html", ".txt", ".md" }

-- Removes the layer from a path of a message: "clients/acme/recipes/x.lua" -> "recipes/x.lua".
local function layer_path(name, client)
  name = name:gsub("^%./", "")
  local builtin = name:match("^built%-in:(.*)$")
  if builtin then return (builtin:gsub("^lua/templates/", "templates/")) end
  local owner, rest = name:match("^clients/([^/]+)/(.+)$")
  if owner then
    if owner ~= client then
      std.fail("usage", ("\"%s\" belongs to the client %s: add --client %s"):format(name, owner, owner))
    end
    return rest
  end
  if name:match("^recipes/") or name:match("^lua/") or name:match("^templates/") then return name end
end

-- Connectors and foyer's own parts are never read from a client's layer: they decide where tokens go.
local function first_layer(file)
  if file:match("^lua/std/") or file:match("^lua/mock/") then return 3 end
  if file:match("^lua/[^/]+/connector%.lua$") then return 2 end
  return 1
end

local function layers_of(file)
  local layers, from = {}, first_layer(file)
  while true do
    local source, info = std.read(file, from)
    if not source then return layers end
    layers[#layers + 1] = {
      file = file, path = info.path, layer = info.layer, index = info.index, sha256 = info.hash, bytes = #source,
    }
    from = info.index + 1
  end
end

local function is_definition(file)
  return file:match("^recipes/[^/]+%.lua$") or file:match("^lua/[^/]+/actions/[^/]+%.lua$")
    or file:match("^lua/[^/]+/triggers/[^/]+%.lua$")
end

-- Marks the layers in force: the nearest, and those below that `super` includes.
local function mark(match)
  local layers = match.layers
  layers[1].in_force = true
  layers[1].use = "in force"
  if not is_definition(layers[1].file) then return end
  local ok, why, info = pcall(script.load, layers[1].file, layers[1].index)
  if not ok then
    match.error = type(why) == "table" and why.message or tostring(why)
    layers[1].use = "in force, but broken"
    return
  end
  local at = 1
  while info and layers[at] do
    layers[at].super = info.below ~= nil
    if info.below then
      layers[at].use = at == 1 and "in force, with super" or "inherited, with super"
      layers[at + 1].in_force = true
      layers[at + 1].use = "inherited"
    end
    info = info.below
    at = at + 1
  end
end

local function add(matches, kind, layers)
  if #layers == 0 then return end
  local match = { kind = kind, file = layers[1].file, layers = layers }
  for _, layer in ipairs(layers) do layer.use = "hidden" end
  mark(match)
  matches[#matches + 1] = match
end

-- A template of the nearest layer is used, of any extension.
local function add_template(matches, name)
  local layers = {}
  for _, extension in ipairs(extensions) do
    for _, layer in ipairs(layers_of("templates/" .. name .. extension)) do layers[#layers + 1] = layer end
  end
  table.sort(layers, function(a, b) return a.index < b.index end)
  if #layers > 0 then template.find(name) end -- fails when one layer has two
  add(matches, "template", layers)
end

local function named(name, matches)
  for _, kind in ipairs({ "action", "trigger", "recipe" }) do
    local file = script.file(kind, name)
    if file then add(matches, kind, layers_of(file)) end
  end
  if name:match("^[%w][%w._/-]*$") and not name:find("..", 1, true) then
    add_template(matches, name)
    for _, extension in ipairs(extensions) do
      if name:sub(-#extension) == extension then add(matches, "template", layers_of("templates/" .. name)) end
    end
  end
end

local function near_path(path)
  local folder, file = path:match("^(.*)/([^/]*)$")
  local near = folder and std.nearest(file, std.list(folder))
  return near and near ~= file and folder .. "/" .. near
end

local function near_name(name)
  local names = {}
  local function take(list)
    for _, one in ipairs(list) do names[#names + 1] = one end
  end
  for _, kind in ipairs({ "action", "trigger", "recipe" }) do take(script.names(kind)) end
  take(template.names())
  for _, one in ipairs(names) do
    if one:match("/([^/]+)$") == name then return one end
  end
  return std.nearest(name, names)
end

return function(args)
  local matches = json.array({})
  local path = layer_path(args.name, args.client)
  if path then
    add(matches, "file", layers_of(path))
  else
    named(args.name, matches)
  end
  if #matches == 0 then
    local near = path and near_path(path) or not path and near_name(args.name)
    std.fail("not_found", ("no layer has %s \"%s\"%s"):format(path and "the file" or
      "an action, trigger, recipe or template", args.name, near and "; did you mean \"" .. near .. "\"?" or ""))
  end
  for _, match in ipairs(matches) do
    match.layers = json.array(match.layers)
    match.kind = match.file:match("^lua/[^/]+/(%a+)s/") or match.file:match("^(%a+)s/") or match.kind
  end
  return { name = args.name, matches = matches }
end
