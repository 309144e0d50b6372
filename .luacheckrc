-- The sandbox's globals: what a script may name, by directory. Nothing may be set.
std = "lua54"
max_line_length = 120

local sandbox = {
  "_VERSION", "assert", "error", "getmetatable", "hmac", "ipairs", "json", "math", "next", "pairs", "pcall",
  "rawequal", "rawget", "rawlen", "select", "setmetatable", "string", "table", "text", "tonumber", "tostring",
  "type", "url", "utf8",
}

local function with(...)
  local names = { ... }
  for _, name in ipairs(sandbox) do names[#names + 1] = name end
  return { std = "none", read_globals = names }
end

files["lua/std"] = with()
files["lua/front"] = with()
files["lua/mock"] = with("mock")
files["lua/templates"] = with()
files["recipes"] = with()
files["tests/lua"] = with()
files["tests/lua/layers"] = with("super")
files["tests/unit/luatest.lua"] = with()
files["lua/front/connector.lua"] = { std = "none", read_globals = { "secret", "env" } }
-- files of definitions: they set what they describe
exclude_files = { "lua/meta" }
