-- The mock Front: one script that takes requests and answers them until the process ends. The shapes of its answers
-- come from Front's documentation and captures, never from foyer's client, so that it can prove the client wrong.
-- See README.md.
local mock = ...
local answers = mock.part("engine/answers")
local clock = mock.part("engine/clock")
local log = mock.part("engine/log")
local requests = mock.part("engine/requests")
local timers = mock.part("engine/timers")
local auth = mock.part("front/auth")
local companies = mock.part("front/companies")
local consent = mock.part("front/consent")
local oauth = mock.part("front/oauth")
local outbox = mock.part("front/outbox")
local webhooks = mock.part("front/webhooks")
local chaos = mock.part("faults/chaos")
local faults = mock.part("faults/faults")
local world = mock.part("world")

for _ = 1, mock.options.companies or 1 do world.add() end

local function answer_api(request)
  local owner, denied = auth.check(request)
  local company = owner or companies.find()
  local answer = owner and company.limits.count(request)
  if not answer then
    answer = faults.apply(request, function()
      return denied or chaos.apply(request, function() return company.api(request) end)
    end, company.perform)
    if answer.status == 429 then company.limits.refused.fault = company.limits.refused.fault + 1 end
  end
  if not answer.drop then company.limits.add_headers(request, answer) end
  return answer
end

local OAUTH = {
  ["GET /oauth/authorize"] = consent.get, ["POST /oauth/authorize"] = consent.post,
  ["POST /oauth/token"] = oauth.token,
}

local function answer_oauth(request)
  local handler = OAUTH[request.method .. " " .. request.path]
  return faults.apply(request, function()
    if handler then return handler(request) end
    return answers.error(404, ("No route for %s %s"):format(request.method, request.path))
  end)
end

-- The controls. ?company=2 (or its id or name) selects another company than the first.
local function answer_control(request)
  local company = companies.find(request.params.company)
  if not company then return answers.unknown("company", request.params.company) end
  return company.control(request)
end

local function answer_any(request, entry)
  requests.parse(request)
  if request.segments[1] == "_mock" then return answer_control(request) end
  entry.logged = log.add(request, auth.redact(request))
  if request.segments[1] == "oauth" then return answer_oauth(request) end
  return answer_api(request)
end

-- An error of the mock itself is a 500 and a line in the log; the mock continues.
local function failed(request, why)
  if mock.log then mock.log(("%s %s: %s"):format(request.method, request.path, tostring(why))) end
  return answers.error(500, tostring(why))
end

-- People read the answers of the controls with curl, so each ends with a line end.
local function as_line(answer)
  if type(answer.body) ~= "table" then return end
  answer.headers = answer.headers or {}
  answer.headers["content-type"] = "application/json"
  answer.body = json.encode(answer.body) .. "\n"
end

local function send(request, answer, entry)
  if request.segments and request.segments[1] == "_mock" then as_line(answer) end
  local date = clock.date()
  if date then
    answer.headers = answer.headers or {}
    answer.headers.date = date
  end
  if entry.logged then
    entry.logged.status = answer.status
    entry.logged.dropped = answer.drop
    entry.logged.chaos = request.chaos
    entry.logged.described = request.described
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

webhooks.start()
while true do
  local event = mock.accept(timers.run(run_timer))
  if event and event.sent then
    try("webhook", outbox.finish, event)
  elseif event then
    timers.run(run_timer) -- what is due happens before the request is answered
    serve(event)
  end
end
