-- What the company received, in order, for GET /_mock/log. Tokens do not get in.
return function(app)
  local log = { entries = {}, dropped = 0 }
  local ENTRIES_MAX, BODY_MAX = 5000, 64 * 1024

  local function shown_body(entry, body)
    if #body > BODY_MAX then
      entry.body_bytes = #body
      body = body:sub(1, BODY_MAX)
    end
    entry.body = app.html.clean(body)
  end

  function log.add(request)
    local entry = {
      method = request.method, path = app.html.clean(request.path), query = app.html.clean(request.query),
      headers = {}, json = request.json, fields = request.fields,
    }
    for name, value in pairs(request.headers) do entry.headers[name] = app.html.clean(value) end
    entry.headers.authorization = app.auth.redact(request)
    shown_body(entry, request.body)
    table.insert(log.entries, entry)
    if #log.entries > ENTRIES_MAX then
      log.entries = table.move(log.entries, ENTRIES_MAX // 2, #log.entries, 1, {})
      log.dropped = log.dropped + ENTRIES_MAX // 2 - 1
    end
    return entry
  end

  function log.clear()
    log.entries, log.dropped = {}, 0
  end

  return log
end
