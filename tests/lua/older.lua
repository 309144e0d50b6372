-- Every name that a part of lua/std has had still leads to a part. A run that was in flight when foyer was upgraded
-- continues with older sources, and these use the older names.

local std, t = ...

-- Add a name when a part gets it. Remove one only when no run in flight can use it.
local names = {
  "by_hand", "call", "catch", "cli_args", "confirm", "definition", "deliver", "each", "entries", "errors", "event",
  "failure", "fault", "layout", "manual", "mismatch", "model", "mustache", "override", "recipe", "recipe_settings",
  "references", "schema", "scope", "script", "sort", "source", "template", "types", "values", "wait", "words",
}
for _, name in ipairs(names) do
  local ok, part = pcall(std.part, name)
  t.equal(ok and part ~= nil, true, "the part " .. name .. ": " .. tostring(part))
end

local function has(name, ...)
  for _, key in ipairs({ ... }) do t.equal(type(std.part(name)[key]), "function", name .. "." .. key) end
end

-- The functions that the sources of 2026-11 call.
has("schema", "apply", "describe", "is_id")
has("types", "list", "number", "time", "file", "is_type", "names")
has("mismatch", "describe", "show", "id", "key")
has("fault", "raise", "nothing_below")
has("failure", "describe")
has("script", "get", "load", "file", "names", "split", "apps")
has("call", "action", "client", "context", "scope")
has("template", "find", "get", "names", "render")
has("event", "at", "fetch", "missing", "put", "shape")
has("wait", "get", "set", "sleep", "wait_for")
local settings = std.part("entries")({}, {})
for _, key in ipairs({ "on", "retry", "says", "uncertain" }) do
  t.equal(type(settings[key]), "function", "entries." .. key)
end
