-- foyer api: any request to an app's API.
-- args: {app, method, path, words, input, form = true: a multipart body, raw = true: the answer's text as it is}
-- -> {result = {status, headers, body}}. It hands status and headers out as "head" before a refusal ends the run.
local std = ...

local reads = { GET = true, HEAD = true }

-- The value of a word, for which no field says a type.
local function value_of(word)
  if word.op == "=@" then return std.slurp(word.value) end
  if word.op ~= ":=" then return word.value end
  local ok, decoded = pcall(json.decode, word.value)
  if not ok then std.fail("usage", ("cannot read %s:=…: %s"):format(word.key, tostring(decoded))) end
  return decoded
end

-- Names of a query hold brackets and dots: they are taken as they are.
local function query_of(args)
  local query = {}
  for key, value in pairs(args.input or {}) do query[key] = value end
  for _, word in ipairs(args.words or {}) do
    local value, before = value_of(word), query[word.key]
    if before == nil then
      query[word.key] = value
    elseif json.is_array(before) then
      before[#before + 1] = value
    else
      query[word.key] = json.array({ before, value })
    end
  end
  return next(query) ~= nil and query or nil
end

-- In a form `key=@file` is the file itself.
local function form_of(args, fields_input)
  local fields = {}
  for _, word in ipairs(args.words or {}) do
    if word.op == "=@" then fields[word.key] = { "file" } end
  end
  local body = fields_input(fields, args)
  for key in pairs(fields) do
    local value = body[key]
    if json.is_array(value) then
      for i, path in ipairs(value) do value[i] = std.file(path) end
    else
      body[key] = std.file(value)
    end
  end
  return body
end

-- Without fields that say what is a list, `a.1` makes a member "1": a table with "1", "2", … alone is meant as a list.
local function listed(value)
  if type(value) ~= "table" or json.is_array(value) then return value end
  local n, list = 0, json.array({})
  for key, item in pairs(value) do
    value[key] = listed(item)
    n = n + 1
  end
  for i = 1, n do
    if value[tostring(i)] == nil then return value end
    list[i] = value[tostring(i)]
  end
  return n > 0 and list or value
end

local function body_of(args, fields_input)
  if args.form then return form_of(args, fields_input) end
  local body = listed(fields_input({}, args))
  return (next(body) ~= nil or args.method ~= "DELETE") and body or nil
end

local function decoded(answer)
  local kind = tostring(answer.headers["content-type"] or "")
  if type(answer.body) ~= "string" then return answer.body end
  local ok, value = pcall(json.decode, answer.body)
  if kind:find("json", 1, true) and ok then return value end
  if not utf8.len(answer.body) then
    std.fail("invalid", ("the answer is %s, not text: --output FILE keeps it"):format(kind ~= "" and kind or "binary"))
  end
  return answer.body
end

local function send(ctx, args, request)
  local answer = ctx.http.request({
    method = args.method, url = args.path, query = request.query, body = request.body, raw = true,
    multipart = args.form or nil,
  })
  std.emit("head", { status = answer.status, headers = answer.headers })
  if answer.status >= 300 and answer.status < 400 then
    std.fail("invalid", ("cannot %s: answered %d, which is not a result; it leads to %s"):format(args.method,
      answer.status, tostring(answer.headers.location)))
  elseif answer.status >= 400 then
    local where = args.path:gsub("%?.*", "")
    local text = type(answer.body) == "string" and answer.body or ""
    std.refuse(args.app, args.method .. " " .. where, answer.status, not reads[args.method], text)
  end
  return { status = answer.status, headers = answer.headers, body = decoded(answer) }
end

return function(args, fields_input)
  local is_read = reads[args.method] == true
  local request = is_read and { query = query_of(args) } or { body = body_of(args, fields_input) }
  return {
    result = std.part("call").scope("tool", "api", args.app, is_read and "read" or "write", request, nil,
      function(ctx, copy) return send(ctx, args, copy) end),
  }
end
