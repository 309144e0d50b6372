-- foyer call: calls an action. args: {action, words, input, all, looks = true: it is only looked for}
local std = ...

return function(args, fields_input)
  local action = std.part("script").get("action", args.action)
  if args.looks then return {} end
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
