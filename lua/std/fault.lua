-- fault: sentences about a definition's whole file.
local std = ...

local fault = {}

-- A mistake of the whole file, at the first line that names WORD, else at its `return`.
function fault.raise(info, word, sentence)
  local source = std.read(info.file, info.index, info.client)
  local line = word and std.part("source").line_of(std.part("source").read(source), word)
  std.fail("script", ("%s:%d: %s"):format(info.path, line or std.line(source, ""), sentence))
end

function fault.nothing_below(info)
  local folder, own = info.file:match("^(.*)/([^/]+)$")
  local others = {}
  for _, name in ipairs(std.list(folder, info.client)) do
    if name ~= own and std.read(folder .. "/" .. name, info.index + 1, info.client) then
      others[#others + 1] = name
    end
  end
  local near = std.nearest(own, others)
  fault.raise(info, "super", ("super has nothing to lie over: no layer below has %s; %s"):format(
    info.file, near and "did you mean to call this file \"" .. near .. "\"?"
      or "return a whole definition, without super"))
end

return fault
