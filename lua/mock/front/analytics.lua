-- Analytics: exports and reports, which run for a while and are then done.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, views, attachments)
  local analytics = {}
  local SECONDS = 2 -- until one is done, by the mock's clock; a guess, as is all else but the shapes

  local EXPORT = {
    start = { type = "number", required = true }, ["end"] = { type = "number", required = true },
    timezone = { type = "string" }, type = { type = "string", required = true, enum = { "messages", "events" } },
    filters = { type = "object" }, columns = { type = "list", required = true },
  }
  local REPORT = {
    start = { type = "number", required = true }, ["end"] = { type = "number", required = true },
    timezone = { type = "string" }, filters = { type = "object" }, metrics = { type = "strings", required = true },
  }

  local function progress(record)
    local share = (company.now() - record.created_at) / SECONDS
    return share >= 1 and "done" or "running", math.max(0, math.min(100, math.floor(share * 100)))
  end

  -- Returns the file: the names of the columns, and lines without values.
  local function file_of(export)
    if export.file then return export.file end
    local names = {}
    for i, column in ipairs(export.columns) do
      names[i] = type(column) == "table" and tostring(column.name) or tostring(column)
    end
    local text = table.concat(names, ",") .. "\n" .. ((","):rep(#names - 1) .. "\n"):rep(3)
    export.file = attachments.add("export-" .. export.id .. ".csv", "text/csv", #text, text)
    return export.file
  end

  local function view_export(e)
    local status, percent = progress(e)
    local file = status == "done" and file_of(e) or nil
    return {
      _links = { self = views.link("/analytics/exports/" .. e.id) }, id = e.id, status = status, progress = percent,
      url = file and views.link("/download/" .. file.id), filename = file and file.filename,
      size = file and file.size or json.null, created_at = e.created_at,
      filters = e.filters or { tag_ids = json.array({}) },
    }
  end

  local function view_report(r)
    local status, percent = progress(r)
    local metrics = json.array({})
    for i, id in ipairs(status == "done" and r.metrics or {}) do
      metrics[i] = { id = id, type = id:find("^pct") and "percentage" or id:find("_time$") and "duration" or "number",
        value = 0 }
    end
    return {
      _links = { self = views.link("/analytics/reports/" .. r.id) }, uid = r.id, status = status, progress = percent,
      metrics = metrics,
    }
  end

  local function check(request, schema)
    local body, bad = checks.body(request, schema)
    if not body then return nil, bad end
    if body["end"] <= body.start then return nil, answers.invalid("end: must be after start") end
    body.created_at = company.now()
    return body
  end

  local function create(kind, schema, view)
    return function(request)
      local body, bad = check(request, schema)
      if not body then return bad end
      return answers.ok(view(company.add(kind, body)), 201)
    end
  end

  local function get(kind, what, view)
    return function(_, id)
      local record = company.find(kind, id)
      if not record then return answers.unknown(what, id) end
      return answers.ok(view(record))
    end
  end

  analytics.routes = {
    { "POST", "/analytics/exports", create("exp", EXPORT, view_export) },
    { "GET", "/analytics/exports/{id}", get("exp", "export", view_export) },
    { "POST", "/analytics/reports", create("rep", REPORT, view_report) },
    { "GET", "/analytics/reports/{id}", get("rep", "report", view_report) },
  }

  return analytics
end
