-- actions: describes the actions and triggers below lua/front for people and for editors, from their own tables.
--
--     describe src/tools/actions.lua man FILE...     the manual page foyer-front(7), of actions and triggers
--     describe src/tools/actions.lua meta FILE...    LuaCATS classes of each action's input and output

-- What action files may name while they are loaded.
local globals = setmetatable({ json = { null = false } }, { __index = _G })

local function load_action(path)
  local chunk = assert(loadfile(path, "t", globals))
  return chunk()
end

local function sorted(t)
  local names = {}
  for name in pairs(t or {}) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    local first, second = t[a].required == true, t[b].required == true
    if first ~= second then return first end
    return a < b
  end)
  return names
end

-- "list of tag", "one of asc, desc"
local function kind_of(field)
  if type(field) == "string" then return field end
  if field.enum then
    local words = {}
    for i, word in ipairs(field.enum) do words[i] = tostring(word) end
    return "one of " .. table.concat(words, ", ")
  end
  if field.list then return "list of " .. kind_of(field.list) end
  return field.object and "object" or field[1]
end

local function inner_of(field)
  while type(field.list) == "table" do field = field.list end
  return field.object
end

-- What foyer itself adds to the input: see lua/std/declared.lua.
local function complete(action)
  action.input = action.input or {}
  if action.merge then
    local name = action.merge.field
    action.input["replace_" .. name] = {
      "boolean", about = "Send " .. name .. " as given. Otherwise those that are not named stay.",
    }
  end
  if action.output and action.output.results and action.output.next and not action.input.next then
    action.input.next = { "string", about = "`next` of the page before; no other field goes with it." }
  end
end

-- Returns the actions and the triggers in PATHS.
local function read(paths)
  local actions, triggers = {}, {}
  for _, path in ipairs(paths) do
    local one = load_action(path)
    local is_trigger = path:find("/triggers/", 1, true)
    one.name = assert(path:match("lua/(.*)%.lua$"), path):gsub("/%l+/", "/")
    if not is_trigger then complete(one) end
    table.insert(is_trigger and triggers or actions, one)
  end
  return actions, triggers
end

-- ---- the manual page ----

local function escape(s)
  s = s:gsub("\\", "\\e"):gsub("`([^`]*)`", "\\fB%1\\fR"):gsub("…", "\\[u2026]")
  return (s:gsub("^[.']", "\\&%0"))
end

-- One argument of a macro.
local function quoted(s)
  return "\"\\&" .. s:gsub("\\", "\\e"):gsub("\"", "\\(dq"):gsub("…", "\\[u2026]") .. "\""
end

-- Each sentence stands on a line of its own.
local function prose(s)
  for line in (s:gsub("([.!?]) (%u)", "%1\n%2") .. "\n"):gmatch("(.-)\n") do print(escape(line)) end
end

local function print_fields(fields)
  if next(fields) == nil then return end
  print(".Bl -tag -width 4n -compact")
  for _, name in ipairs(sorted(fields)) do
    local field = fields[name]
    print((".It Va %s : %s"):format(name, quoted(kind_of(field) .. (field.required and ", required" or ""))))
    if field.about then prose(field.about) end
    local inner = inner_of(field)
    if inner then print_fields(inner) end
  end
  print(".El")
end

local function print_action(action)
  print(".It Ic " .. action.name)
  prose(action.summary)
  local facts = { action.effect }
  if action.request then table.insert(facts, 1, table.concat(action.request, " ")) end
  if action.answer == "file" then facts[#facts + 1] = "answers a file: --output FILE" end
  if action.scopes and #action.scopes > 0 then facts[#facts + 1] = "scopes " .. table.concat(action.scopes, ", ") end
  print(".br")
  print(escape(table.concat(facts, "; ")))
  print_fields(action.input)
end

local HEAD = [[
.\" made from lua/front by src/tools/actions.lua: do not edit
.Dd $Mdocdate$
.Dt FOYER-FRONT 7
.Os foyer
.Sh NAME
.Nm foyer-front
.Nd the actions with which foyer does what Front's API can do, and the triggers for its events
.Sh DESCRIPTION
.Ic foyer call
and
.Ql ctx.call
call these actions.
Each stands with the request that it sends, its effect, the scopes that it needs, and the fields of its input.
.Ic foyer actions Ar NAME
shows one of them with examples and with what it returns, and
.Ic foyer actions Ar WORD
finds those that have a word.
.Pp
An
.Em idempotent
action may be repeated without harm, so foyer repeats it when an answer was lost.
For a
.Em write
foyer first looks whether it was done, where that can be seen, and asks a person otherwise.
.Pp
A field of a type such as
.Ql conversation
or
.Ql tag
takes an id, or a name of
.Xr foyer-workspace 5 .]]

local TRIGGERS = [[
.Sh TRIGGERS
A recipe listens to one of these by its
.Va on .
Each stands with the types of events that it is for: by Front's API and rules, and by application webhooks, whose types can be
chosen in Front's settings.
.Ic foyer triggers Ar NAME Fl -sample
prints an example.
.Pp
A recipe sees in
.Va event.actor
who or what caused the event:
.Va kind
is teammate, contact, rule, macro, application, system (Front itself) or unknown; with it stand
.Va id
and
.Va name ,
where the event has them.
.Bl -tag -width 4n]]

local TAIL = [[
.Sh SEE ALSO
.Xr foyer 1 ,
.Xr foyer-workspace 5 ,
.Xr foyer-lua 7 ,
.Lk https://dev.frontapp.com/reference "Front's own reference"]]

local function print_trigger(trigger)
  print(".It Ic " .. trigger.name)
  prose(trigger.summary)
  if trigger.on[1] == "*" then return end
  print(".br")
  print(escape(table.concat(trigger.on, ", ")))
end

local function man(actions, triggers)
  local groups, names = {}, {}
  for _, action in ipairs(actions) do
    local group = action.group or "other"
    if not groups[group] then
      groups[group] = {}
      names[#names + 1] = group
    end
    table.insert(groups[group], action)
  end
  table.sort(names)
  print(HEAD)
  for _, group in ipairs(names) do
    print(".Sh " .. group:upper())
    print(".Bl -tag -width 4n")
    for _, action in ipairs(groups[group]) do print_action(action) end
    print(".El")
  end
  print(TRIGGERS)
  for _, trigger in ipairs(triggers) do print_trigger(trigger) end
  print(".El")
  print(TAIL)
end

-- ---- LuaCATS ----

local plain = {
  string = "string", html = "string", markdown = "string", template = "string", integer = "integer", number = "number",
  boolean = "boolean", object = "table", any = "any", time = "number|string", file = "userdata",
}

local function cats_type(field, output)
  if type(field) == "string" then field = { field } end
  if field.enum then
    local words = {}
    for i, word in ipairs(field.enum) do words[i] = type(word) == "string" and ("%q"):format(word) or tostring(word) end
    return table.concat(words, "|")
  end
  if field.list then
    local inner = cats_type(field.list, output)
    return (inner:find("|", 1, true) and "(" .. inner .. ")" or inner) .. "[]"
  end
  if field.object then
    local parts = {}
    for _, name in ipairs(sorted(field.object)) do
      local one = field.object[name]
      local key = name:match("^[%a_][%w_]*$") and name ~= "end" and name or ("[%q]"):format(name)
      parts[#parts + 1] = ("%s%s: %s"):format(key, one.required and "" or "?", cats_type(one, output))
    end
    return "{" .. table.concat(parts, ", ") .. "}"
  end
  if output and field[1] == "time" then return "number" end
  return plain[field[1]] or "string" -- an id
end

local function print_class(class, fields, output)
  print("---@class " .. class)
  for _, name in ipairs(sorted(fields)) do
    local field = fields[name]
    local optional = not (field.required or output and name == "results")
    local kind = cats_type(field, output) .. (field.nullable and "|userdata" or "") -- json.null
    print(("---@field %s%s %s%s"):format(name, optional and "?" or "", kind, field.about and "  " .. field.about or ""))
  end
  print("")
end

local function meta(actions)
  print("---@meta\nerror(\"definition file: do not run\")\n")
  print("-- Made from lua/front/actions by src/tools/actions.lua: the input and output of each action.\n")
  local overloads = {}
  for _, action in ipairs(actions) do
    local class = action.name:gsub("/", "."):gsub("-", "_")
    print_class(class .. ".Input", action.input)
    local output = "any"
    if action.output then
      output = class .. ".Output"
      print_class(output, action.output, true)
    end
    overloads[#overloads + 1] = ("---@overload fun(action: %q, input: %s.Input, more?: {catch: boolean?}): %s, "
      .. "foyer.Error?"):format(action.name, class, output)
  end
  print("---@param action string\n---@param input? table\n---@param more? {catch: boolean?}\n---@return any")
  print(table.concat(overloads, "\n"))
  print("function ctx.call(action, input, more) end")
end

local mode = table.remove(arg, 1)
if mode == "man" then man(read(arg)) else meta(read(arg)) end
