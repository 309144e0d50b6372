-- Does what input.what says, for tests of calls.
local kept = 0

return {
  summary = "Does what it is told.",
  effect  = "read",
  input   = { what = { "string", required = true }, value = { "any" }, depth = { "integer", default = 0 } },
  run     = function(ctx, input)
    kept = kept + 1
    if input.what == "return" then return input.value end
    if input.what == "change" then
      input.value.changed = true
      return input.value
    end
    if input.what == "kept" then return kept end
    if input.what == "raise" then error(input.value, 0) end
    if input.what == "text" then error("at a line") end
    if input.what == "function" then return { f = function() end } end
    if input.what == "nest" then
      if input.depth == 0 then return "bottom" end
      return ctx.call("front/do", { what = "nest", depth = input.depth - 1 })
    end
    return input.what
  end,
}
