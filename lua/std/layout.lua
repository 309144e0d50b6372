-- layout: lists the scripts and templates of all layers, and reports the files that nothing reads. For foyer check.
local std = ...
local script = std.part("script")

local layout = {}

local folders = { actions = "action", triggers = "trigger" }
local reserved = { std = true, mock = true, meta = true, templates = true } -- no app names
local misnamed = {
  recipe = "recipes/", template = "templates/", action = "lua/<app>/actions/",
  actions = "lua/<app>/actions/", trigger = "lua/<app>/triggers/", triggers = "lua/<app>/triggers/",
}
local BUILTIN, DEEPEST = 3, 4

-- Reports FILE, which std.read cannot read. MESSAGE: "cannot read PATH:LINE: sentence", often without the line.
local function unreadable(file, message, add)
  local path, sentence = message:match("^cannot read ([^/].-): (.*)$")
  local line
  if path then path, line = path:match("^(.-):?(%d*)$") end
  add(path or file, math.tointeger(tonumber(line)) or 1, sentence or message)
end

-- Calls FN(info, text) for FILE in each layer that has it. Reports one that cannot be read.
local function each_layer(file, add, fn)
  local from = 1
  while from <= BUILTIN do
    local ok, found, info = pcall(std.read, file, from)
    if not ok then return unreadable(file, tostring(found), add) end
    if not found then return end
    fn(info, found)
    from = info.index + 1
  end
end

local function is_template(name)
  return name:find("%.html$") or name:find("%.txt$") or name:find("%.md$")
end

-- Reports FILE as unused when it is a script or template of the agency.
local function misplaced(file, add, hint)
  if not file:find("%.lua$") and not is_template(file) then return end
  each_layer(file, add, function(info)
    if info.index < BUILTIN then add(info.path, 1, "nothing reads this file: " .. hint) end
  end)
end

local function misplaced_below(folder, add, hint)
  for _, name in ipairs(std.list(folder)) do
    misplaced(folder .. "/" .. name, add, hint:format(name))
  end
end

local function add_script(list, kind, name, file, add)
  if script.file(kind, name) ~= file then
    misplaced(file, add, "a name has letters, digits, '-', '_' and '.'")
    return
  end
  each_layer(file, add, function(info)
    list[#list + 1] = { kind = kind, name = name, file = file, index = info.index, path = info.path }
  end)
end

local function add_scripts(list, kind, prefix, folder, add)
  for _, entry in ipairs(std.list(folder)) do
    local file = folder .. "/" .. entry
    local name = entry:match("^(.+)%.lua$")
    if name then
      add_script(list, kind, prefix .. name, file, add)
    else
      misplaced_below(file, add, "it belongs directly into " .. folder .. "/")
    end
  end
end

local function add_app(list, app, known, add)
  for _, entry in ipairs(std.list("lua/" .. app)) do
    local file = "lua/" .. app .. "/" .. entry
    if entry == "connector.lua" then
      each_layer(file, add, function(info)
        if info.index == 1 then
          add(info.path, 1, "nothing reads this file: a connector says where tokens go, so it is "
            .. "the agency's: move it to " .. file .. " of the workspace")
        end
      end)
    elseif folders[entry] and known[app] then
      add_scripts(list, folders[entry], app .. "/", file, add)
    elseif folders[entry] then
      local near = std.nearest(app, script.apps())
      misplaced_below(file, add, ("there is no app \"%s\", lua/%s/connector.lua is missing; %s")
        :format(app, app, near and "did you mean lua/" .. near .. "/" .. entry .. "/%s?"
          or "an app begins with its connector"))
    elseif entry ~= "samples" then
      local near = std.nearest(entry, { "actions", "triggers", "samples" })
      misplaced(file, add, ("it belongs into lua/%s/actions/ or lua/%s/triggers/"):format(app, app))
      misplaced_below(file, add, near and ("did you mean lua/%s/%s/%%s?"):format(app, near)
        or ("lua/%s has actions/, triggers/ and samples/"):format(app))
    end
  end
end

local function add_templates(list, folder, depth, add)
  for _, entry in ipairs(std.list(folder)) do
    local file = folder .. "/" .. entry
    if is_template(entry) then
      each_layer(file, add, function(info)
        list[#list + 1] = {
          kind = "template", name = file:sub(#"templates/" + 1), file = file, index = info.index,
          path = info.path,
        }
      end)
    elseif entry:find("%.lua$") then
      misplaced(file, add, "a template ends with .html, .txt or .md")
    elseif depth < DEEPEST then
      add_templates(list, file, depth + 1, add)
    end
  end
end

-- Returns every action, trigger, recipe and template in every layer: {kind, name, file, index, path}. Calls
-- ADD(path, line, sentence) for each file that nothing reads.
function layout.files(add)
  local list, known = json.array({}), {}
  for _, app in ipairs(script.apps()) do known[app] = true end
  local app_like = known.front and "front" or "<app>" -- the app for suggestions
  for _, app in ipairs(std.list("lua")) do
    local file = "lua/" .. app
    if app:find("%.lua$") then
      misplaced(file, add, "it belongs into lua/<app>/actions/ or lua/<app>/triggers/")
    elseif folders[app] then
      misplaced_below(file, add, ("did you mean lua/%s/%s/%%s?"):format(app_like, app))
    elseif reserved[app] then
      misplaced_below(file, add, ("\"%s\" cannot name an app: foyer uses it itself"):format(app))
    else
      add_app(list, app, known, add)
      for folder in pairs(folders) do
        misplaced_below(app .. "/" .. folder, add, ("did you mean lua/%s/%s/%%s?"):format(app, folder))
      end
    end
  end
  add_scripts(list, "recipe", "", "recipes", add)
  add_templates(list, "templates", 1, add)
  for folder, right in pairs(misnamed) do
    misplaced_below(folder, add, "did you mean " .. right .. "%s?")
  end
  return list
end

return layout
