-- foyer render: a template as the client's recipes would get it, with data from a conversation, a
-- file, the command line, or the sample. args: {template, app, words, data, conversation}
local std = ...
local call, template = std.part("call"), std.part("template")

-- Sets in DATA what VALUES has at PATH, "a.b"; beside it stays what was there.
local function put(data, values, path)
  local last
  for part in path:gmatch("[^.]+") do
    if last then
      if type(data[last]) ~= "table" then data[last] = {} end
      data, values = data[last], values[last]
    end
    last = part
  end
  data[last] = values[last]
end

local function data_of(args)
  local words = std.part("words")({}, args.words)
  local data = args.data or {}
  if args.conversation then
    data.conversation = call.scope("tool", "render", args.app, "read", {}, nil, function(ctx)
      return ctx.call(args.app .. "/get-conversation", { conversation_id = args.conversation })
    end)
  elseif not args.data and next(words) == nil then
    local sample = std.read("lua/" .. args.app .. "/samples/conversation.json")
    if not sample then
      std.fail("not_found", ("the app %s has no sample conversation: give --data FILE or key=value")
        :format(args.app))
    end
    data.conversation = json.decode(sample)
  end
  for _, word in ipairs(args.words) do put(data, words, word.key) end
  return data
end

-- What each unknown variable was probably meant to be, by "path:line:name".
local function suggestions(name, data, ctx)
  local roots, near = { client = ctx.client, vars = ctx.vars }, {}
  for key, value in pairs(data) do roots[key] = value end
  std.part("model").check(template.get(name), roots, function(finding)
    near[finding.template .. ":" .. finding.line .. ":" .. finding.name] = finding.near
  end, {
    null = std.null, is_list = json.is_array,
    partial = function(partial)
      local ok, found = pcall(template.get, partial)
      return ok and found or nil
    end,
  })
  return near
end

return function(args)
  local data, ctx = data_of(args), call.context()
  local unknown, seen = json.array({}), {}
  local text, info = template.render(args.template, data, ctx, function(name, line, path)
    local key = path .. ":" .. line .. ":" .. name
    if not seen[key] then
      seen[key] = true
      unknown[#unknown + 1] = { path = path, line = line, name = name, key = key }
    end
  end)
  local near = #unknown > 0 and suggestions(args.template, data, ctx) or {}
  for _, one in ipairs(unknown) do one.near, one.key = near[one.key], nil end
  return { text = text, path = info.path, unknown = unknown }
end
