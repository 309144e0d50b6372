-- template: renders Mustache templates from the layers. The extension decides on escaping.
local std = ...
local mustache = std.part("mustache")

local template = {}

local extensions = { ".html", ".txt", ".md" }

-- Returns text, info and extension of the nearest templates/NAME.{html,txt,md}; nil when there is none.
function template.find(name, client)
  local best, best_info, best_extension
  for _, extension in ipairs(extensions) do
    local stem = name:sub(-#extension) == extension and name:sub(1, -#extension - 1) or name
    if stem == name or name == stem .. extension then
      local source, info = std.read("templates/" .. stem .. extension, 1, client)
      if source and (name ~= stem or not best_info or info.index < best_info.index) then
        if best_info and name == stem and info.index == best_info.index then
          std.fail("invalid", ("both %s and %s exist: name one of them"):format(best_info.path,
            info.path))
        end
        best, best_info, best_extension = source, info, extension
        if name ~= stem then break end
      end
    end
  end
  return best, best_info, best_extension
end

local function check_name(name)
  if type(name) ~= "string" or not name:match("^[%w][%w._/-]*$") or name:find("..", 1, true) then
    std.fail("invalid", ("\"%s\" is not the name of a template"):format(tostring(name)))
  end
end

-- Returns all template names of a client, without extension.
function template.names(client)
  local names, seen = {}, {}
  for _, file in ipairs(std.list("templates", client)) do
    local stem = file:match("^(.+)%.html$") or file:match("^(.+)%.txt$")
      or file:match("^(.+)%.md$")
    if stem and not seen[stem] then
      seen[stem] = true
      names[#names + 1] = stem
    end
  end
  return names
end

-- Parsed templates by path.
local parsed = {}

function template.get(name, client)
  check_name(name)
  local source, info, extension = template.find(name, client)
  if not source then
    local near = std.nearest(name, template.names(client))
    std.fail("not_found", ("there is no template \"%s\"%s"):format(name,
      near and "; did you mean \"" .. near .. "\"?" or ""))
  end
  if not parsed[info.path] then parsed[info.path] = mustache.parse(source, info.path) end
  return parsed[info.path], info, extension
end

local function file_name(name, extension)
  return name:sub(-#extension) == extension and name or name .. extension
end

-- Renders the template NAME. Calls UNKNOWN(name, line, path) for each unknown variable; without UNKNOWN it is a line in
-- the log.
function template.render(name, data, ctx, unknown)
  local tree, info, extension = template.get(name)
  std.rendered(file_name(name, extension))
  local context = { client = ctx.client, vars = ctx.vars }
  for key, value in pairs(data or {}) do context[key] = value end
  local html = extension == ".html"
  local out = mustache.render(tree, context, {
    escape = html and text.escape_html or nil,
    null = std.null,
    is_list = json.is_array,
    unknown = unknown or function(variable, line, path)
      ctx.log("warn", ("%s:%d: unknown variable %s"):format(path, line, variable))
    end,
    partial = function(partial)
      local ok, found, _, partial_extension = pcall(template.get, partial)
      if ok then std.rendered(file_name(partial, partial_extension)) end
      return ok and found or nil
    end,
  })
  if extension == ".txt" then out = text.paragraphs(out) end
  return out, info
end

return template
