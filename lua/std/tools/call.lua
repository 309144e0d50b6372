-- foyer call: calls an action. args: {action, words, input, all, looks = true: it is only looked for}
-- With `all` it hands out the items of all pages.
local std = ...

return function(args, fields_input)
  local action = std.part("script").get("action", args.action)
  if args.looks then return {} end
  local input = fields_input(action.input or {}, args)
  local call = std.part("call")
  if args.all then
    std.part("each")(args.action, input, {}, function(item) std.emit("item", item) end, nil, function(page)
      if math.type(page.total) == "integer" then std.emit("total", page.total) end
    end)
    return {}
  end
  local result = call.action(args.action, input)
  local file = std.file_info(result)
  if file then
    std.fail("invalid", ("the answer is a file, %s, of %d bytes: --output FILE keeps it"):format(file.name, file.size))
  end
  local list = action.output and action.output.results
  return { result = result, columns = list and list.columns }
end
