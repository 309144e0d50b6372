-- main: the entries by which the C side starts an attempt. Each takes plain arguments and
-- returns what is handed out as JSON.
local std = ...

local entries = {}

local function fields_input(fields, args)
  local input = args.input or {}
  if args.words and args.words[1] then
    for key, value in pairs(std.part("words")(fields, args.words)) do input[key] = value end
  end
  return input
end

-- foyer call: {action, words, input}
function entries.call(args)
  local action = std.part("script").get("action", args.action)
  local input = fields_input(action.input or {}, args)
  local call = std.part("call")
  local result
  if args.all then
    result = { results = json.array({}) }
    std.part("each")(args.action, input, {}, function(item)
      result.results[#result.results + 1] = item
      if #result.results % 50 == 0 then std.progress(#result.results .. " …") end
    end)
    std.progress(nil)
  else
    result = call.action(args.action, input)
  end
  local list = action.output and action.output.results
  return { result = result, columns = list and list.columns }
end

-- foyer run: {recipe, words, input, event}
function entries.run(args)
  return { result = std.part("recipe").run(args, fields_input) }
end

-- The rest are tools of the command line, each a part of its own below tools/.
return function(entry, args)
  local run = entries[entry] or std.part("tools/" .. entry)
  std.finish(run(args))
end
