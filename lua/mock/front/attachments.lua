-- Attachments: what was sent, and the downloads.
local mock = ...
local answers = mock.part("engine/answers")

return function(company, records)
  local attachments = {}

  -- Returns the records of FILES, members of the body of REQUEST; nil and the answer when one is no file.
  function attachments.attach(request, files)
    local out = {}
    for i, file in ipairs(files or {}) do
      if type(file) ~= "table" then return nil, answers.invalid("attachments: must be files") end
      out[i] = attachments.add(file.filename, file.content_type, file.size, request.bytes and request.bytes[file])
    end
    return out
  end

  -- Adds a file. BYTES: nil for a long one, whose download has made-up bytes.
  function attachments.add(filename, content_type, size, bytes)
    return company.add("fil", { filename = filename, content_type = content_type, size = size, bytes = bytes })
  end

  local function content(file)
    if file.bytes then return file.bytes end
    local line = ("%s, made up by foyer mock\n"):format(file.filename)
    return line:rep(file.size // #line + 1):sub(1, file.size)
  end

  local function download(file)
    return { status = 200, body = content(file), headers = { ["content-type"] = file.content_type } }
  end

  local function of(kind, what)
    return records.with(kind, what, function(request, record)
      local id = request.segments[4]
      for _, file in ipairs(record.attachments or {}) do
        if file.id == id then return download(file) end
      end
      return answers.unknown("attachment", id)
    end)
  end

  attachments.routes = {
    { "GET", "/download/{id}", records.with("fil", "attachment", function(_, file) return download(file) end) },
    { "GET", "/messages/{id}/download/{file}", of("msg", "message") },
    { "GET", "/comments/{id}/download/{file}", of("com", "comment") },
    { "GET", "/message_templates/{id}/download/{file}", of("rsp", "message template") },
  }

  return attachments
end
