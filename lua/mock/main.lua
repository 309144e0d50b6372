-- The mock Front: one long script that takes a request and answers it, for ever.
-- Its shapes come from Front's documentation and captures, never from our client, so that
-- it can find us wrong. What the parts are for stands on their first lines.
local app = { seconds = mock.clock } -- what all companies share; each has the rest for itself, see companies.lua
for _, name in ipairs({
    "front/words", "engine/html", "engine/answers", "engine/clock", "engine/timers", "engine/draws",
    "front/outbox", "engine/multipart", "engine/requests", "front/jwt", "front/companies", "front/webhooks",
    "front/deliveries", "front/grants", "front/oauth", "front/consent", "front/auth", "faults/faults",
    "faults/chaos", "engine/log",
}) do
  local part = mock.part(name)
  app[name:match("[^/]+$")] = type(part) == "function" and part(app) or part
end
for _ = 1, mock.options.companies or 1 do app.companies.add() end

local function answer_api(request)
  local owner, denied = app.auth.check(request)
  local company = owner or app.companies.find()
  local answer = owner and company.limits.count(request)
  if not answer then
    answer = app.faults.apply(request, function()
      return denied or app.chaos.apply(request, function() return company.routes.answer(request) end)
    end)
    if answer.status == 429 then company.limits.refused.fault = company.limits.refused.fault + 1 end
  end
  if not answer.drop then company.limits.add_headers(request, answer) end
  return answer
end

local OAUTH = {
  ["GET /oauth/authorize"] = app.consent.get, ["POST /oauth/authorize"] = app.consent.post,
  ["POST /oauth/token"] = app.oauth.token,
}

local function answer_oauth(request)
  local handler = OAUTH[request.method .. " " .. request.path]
  return app.faults.apply(request, function()
    if handler then return handler(request) end
    return app.answers.error(404, ("No route for %s %s"):format(request.method, request.path))
  end)
end

-- The handles; ?company=2 (or its id or name) for another one than the first.
local function answer_control(request)
  local company = app.companies.find(request.params.company)
  if not company then return app.answers.unknown("company", request.params.company) end
  return company.routes.answer(request)
end

local function answer_any(request, entry)
  app.requests.parse(request)
  if request.segments[1] == "_mock" then return answer_control(request) end
  entry.logged = app.log.add(request)
  if request.segments[1] == "oauth" then return answer_oauth(request) end
  return answer_api(request)
end

-- An error of ours is a 500 and a line in the log, not the end of the company.
local function failed(request, why)
  if mock.log then mock.log(("%s %s: %s"):format(request.method, request.path, tostring(why))) end
  return app.answers.error(500, tostring(why))
end

-- People read the answers of the handles with curl: each ends with a line's end.
local function as_line(answer)
  if type(answer.body) ~= "table" then return end
  answer.headers = answer.headers or {}
  answer.headers["content-type"] = "application/json"
  answer.body = json.encode(answer.body) .. "\n"
end

local function send(request, answer, entry)
  if request.segments and request.segments[1] == "_mock" then as_line(answer) end
  local date = app.clock.date()
  if date then
    answer.headers = answer.headers or {}
    answer.headers.date = date
  end
  if entry.logged then
    entry.logged.status = answer.status
    entry.logged.dropped = answer.drop
    entry.logged.chaos = request.chaos
    entry.logged.unknown_fields = request.unknown_fields
  end
  local sent, why = pcall(mock.reply, request, answer)
  if not sent then mock.reply(request, failed(request, why)) end
end

local function serve(request)
  local entry = {}
  local ok, answer = pcall(answer_any, request, entry)
  if not ok then answer = failed(request, answer) end
  if not answer.later then return send(request, answer, entry) end
  local started, why = pcall(answer.later, function(final) send(request, final, entry) end)
  if not started then send(request, failed(request, why), entry) end
end

local function try(what, fn, ...)
  local ok, why = pcall(fn, ...)
  if not ok and mock.log then mock.log(what .. ": " .. tostring(why)) end
end

local function run_timer(fn) try("timer", fn) end

app.webhooks.start()
while true do
  local event = mock.accept(app.timers.run(run_timer))
  if event and event.sent then
    try("webhook", app.outbox.finish, event)
  elseif event then
    app.timers.run(run_timer) -- what was due has happened by now
    serve(event)
  end
end
