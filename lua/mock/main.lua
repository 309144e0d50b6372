-- The mock Front company: one long script that takes a request and answers it, for ever.
-- Its shapes come from Front's documentation and captures, never from our client, so that
-- it can find us wrong. What the parts are for stands on their first lines.
local app = {}
for _, name in ipairs({
  "words", "html", "ids", "answers", "multipart", "requests", "company", "threads", "views", "checks", "pages",
  "search", "ticketing", "auth", "limits", "faults", "log",
  "conversations", "messages", "contacts", "control", "routes",
}) do
  local part = mock.part(name)
  app[name] = type(part) == "function" and part(app) or part
end
app.company.seed()
app.threads.seed()

local function answer_api(request)
  local over = app.limits.count(request)
  local answer = over or app.faults.apply(request, function()
    return app.auth.check(request) or app.routes.answer(request)
  end)
  if not answer.drop then app.limits.add_headers(answer) end
  return answer
end

local function answer_any(request, entry)
  app.threads.settle()
  app.requests.parse(request)
  if request.segments[1] == "_mock" then return app.routes.answer(request) end
  entry.logged = app.log.add(request)
  return answer_api(request)
end

-- An error of ours is a 500 and a line in the log, not the end of the company.
local function failed(request, why)
  if mock.log then mock.log(("%s %s: %s"):format(request.method, request.path, tostring(why))) end
  return app.answers.error(500, tostring(why))
end

while true do
  local request = mock.accept()
  local entry = {}
  local ok, answer = pcall(answer_any, request, entry)
  if not ok then answer = failed(request, answer) end
  if entry.logged then
    entry.logged.status = answer.status
    entry.logged.dropped = answer.drop
  end
  local sent, why = pcall(mock.reply, request, answer)
  if not sent then mock.reply(request, failed(request, why)) end
end
