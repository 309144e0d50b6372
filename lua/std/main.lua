-- main: the entries by which the C side starts an attempt. Each takes plain arguments and
-- returns what is handed out as JSON.
local std = ...

local function fields_input(fields, args)
  return std.part("cli_args")(fields, args.words or {}, args.input or {})
end

-- "run" is a recipe's, with args {recipe, words, input, event}; the rest are tools of the command
-- line, each a part of its own below tools/. "deliver" makes of one delivery what it fires, "confirm"
-- looks for what an uncertain write may have done.
return function(entry, args)
  if entry == "run" then
    std.finish({ result = std.part("recipe").run(args, fields_input) })
  elseif entry == "deliver" or entry == "confirm" then
    std.finish({ result = std.part(entry)(args) })
  else
    std.finish(std.part("tools/" .. entry)(args, fields_input))
  end
end
