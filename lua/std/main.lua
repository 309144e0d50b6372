-- main: the entry of every attempt. C calls it with the name of an entry and its arguments; the result goes out
-- as JSON, by std.finish.
local std = ...

local function fields_input(fields, args)
  return std.part("cli_args")(fields, args.words or {}, args.input or {})
end

-- "run" runs a recipe, "deliver" tells what a delivery fires, "confirm" asks an action whether an uncertain write
-- was done. Any other entry is a tool, the part of that name below tools/.
return function(entry, args)
  if entry == "run" then
    std.finish({ result = std.part("recipe").run(args, fields_input) })
  elseif entry == "deliver" or entry == "confirm" then
    std.finish({ result = std.part(entry)(args) })
  else
    std.finish(std.part("tools/" .. entry)(args, fields_input))
  end
end
