-- A request, taken apart: path segments, query, bearer token, body as JSON or form.
return function(app)
  local requests = {}

  local function decode(text)
    return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
  end

  -- "/a/b%2Fc" -> {"a", "b/c"}: one segment stays one.
  local function parse_path(path)
    local segments = {}
    for part in path:gmatch("/([^/]*)") do segments[#segments + 1] = decode(part) end
    return segments
  end

  -- limit=5&q[statuses][]=a&q[statuses]=b -> {limit = "5", q = {statuses = {"a", "b"}}}
  local function parse_query(raw)
    local query = { q = {} }
    for pair in raw:gmatch("[^&]+") do
      local name, value = pair:match("^([^=]*)=?(.*)$")
      name, value = decode(name), decode((value:gsub("%+", " ")))
      local key = name:match("^q%[([%w_]+)%]")
      if key then
        query.q[key] = query.q[key] or {}
        table.insert(query.q[key], value)
      elseif name == "q" then
        query.flat_q = value
      else
        query[name] = value
      end
    end
    return query
  end

  -- Fills request.json (or request.fields and request.files); returns an answer when BODY is bad.
  local function parse_body(request)
    local kind = (request.headers["content-type"] or ""):lower()
    if request.body == "" then return nil end
    if kind:find("^multipart/form%-data") then
      request.fields, request.files = app.multipart.parse(request.body, request.headers["content-type"])
      if not request.fields then return app.answers.error(400, "Malformed multipart body") end
      return nil
    end
    if not kind:find("json", 1, true) then return nil end
    local ok, value = pcall(json.decode, request.body)
    if not ok then
      -- As captured: neither status nor title.
      local body = { _error = { message = "Unexpected token in JSON at position " .. #request.body } }
      return { status = 400, body = body }
    end
    request.json = value
    return nil
  end

  function requests.parse(request)
    request.body = request.body or ""
    request.segments = parse_path(request.path)
    request.params = parse_query(request.query or "")
    request.token = (request.headers.authorization or ""):match("^[Bb]earer%s+(%S+)$")
    request.bad_body = parse_body(request)
  end

  return requests
end
