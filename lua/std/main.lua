-- main: the entry of every attempt. C calls it with the name of an entry and its arguments; the result goes out
-- as JSON, by std.finish.
local std = ...

-- ARGS: {words, input}. A run that a webhook or a time starts has neither.
local function fields_input(fields, args)
  local words, input = args.words or {}, args.input or {}
  if #words == 0 then return input end
  return std.part("cli_args")(fields, words, input)
end

-- The tools that a run of the store may be, instead of a recipe: `foyer call --each`, `foyer api`.
local tools = { call = true, api = true }

-- "run" runs a recipe or, as args.tool says, one of these tools; "deliver" tells what a delivery fires, "confirm" asks
-- an action whether an uncertain write was done. Any other entry is a tool, the part of that name below tools/.
return function(entry, args)
  if entry == "run" and tools[args.tool] then
    std.finish({ result = std.part("tools/" .. args.tool)(args, fields_input).result })
  elseif entry == "run" then
    std.finish({ result = std.part("recipe").run(args, fields_input) })
  elseif entry == "deliver" or entry == "confirm" then
    std.finish({ result = std.part(entry)(args) })
  else
    std.finish(std.part("tools/" .. entry)(args, fields_input))
  end
end
