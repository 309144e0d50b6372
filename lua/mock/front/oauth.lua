-- The token endpoint, and the controls under /_mock/oauth.
local mock = ...
local answers = mock.part("engine/answers")
local clock = mock.part("engine/clock")
local companies = mock.part("front/companies")
local grants = mock.part("front/grants")
local html = mock.part("engine/html")

local oauth = {
  client_id = mock.options.client_id or "mock-client",
  client_secret = mock.options.client_secret or "mock-secret",
  redirect_uri = mock.options.redirect_uri, -- nil: any
  -- auto: "ask" shows the page; else the decision of an admin of `company` (number, id or name; the first when unset).
  -- expires: how an answer says when the token expires. grant_status: the status of invalid_grant, which Front does not
  -- document.
  settings = { auto = "ask", company = nil, expires = "at", format = "json", grant_status = 400 },
}
local ONE_OF = {
  auto = { "ask", "allow", "deny", "not_admin" }, expires = { "at", "text", "in", "none" },
  format = { "json", "form" }, rotate = { "last-day", "always" }, grant_status = { 400, 401 },
}
local COUNTS = { "authorizations", "denials", "token_requests", "code_exchanges", "refreshes", "refused" }
local counts = {} -- of all, and by company

local function new_counts()
  local out = {}
  for _, name in ipairs(COUNTS) do out[name] = 0 end
  return out
end
counts.all = new_counts()

function oauth.count(name, company)
  counts.all[name] = counts.all[name] + 1
  if not company then return end
  counts[company] = counts[company] or new_counts()
  counts[company][name] = counts[company][name] + 1
end

-- ---- the token endpoint ----

function oauth.is_client(request)
  return request.basic == oauth.client_id .. ":" .. oauth.client_secret
end

local function refuse(status, code, why)
  oauth.count("refused")
  local answer = { status = status, body = { error = code, error_description = why } }
  if status == 401 and code == "invalid_client" then
    answer.headers = { ["www-authenticate"] = 'Basic realm="Front"' }
  end
  return answer
end

-- RFC 6749 5.1 requires no-store. Front answers JSON; `form` is for other servers.
local function answer_tokens(given)
  local settings = oauth.settings
  local body = {
    access_token = given.access_token, refresh_token = given.refresh_token, token_type = "Bearer",
  }
  local dies_at = math.floor(given.dies_at)
  if settings.expires == "at" then body.expires_at = dies_at end
  if settings.expires == "text" then body.expires_at = tostring(dies_at) end
  if settings.expires == "in" then body.expires_in = math.floor(given.dies_at - clock.now()) end
  local answer = answers.ok(body)
  answer.headers = { ["cache-control"] = "no-store" }
  return settings.format == "form" and answers.as_form(answer) or answer
end

local MEMBERS = {
  authorization_code = { grant_type = true, code = true, redirect_uri = true },
  refresh_token = { grant_type = true, refresh_token = true },
}

-- Returns the body's members, or nil and what is wrong. The client's secret is not allowed in it.
local function read(request)
  local given = request.form or request.json
  if type(given) ~= "table" then return nil, "invalid_request", "neither a form nor a JSON object" end
  local members = MEMBERS[given.grant_type]
  if not members then
    return nil, given.grant_type and "unsupported_grant_type" or "invalid_request", "grant_type"
  end
  for name, value in pairs(given) do
    if not members[name] then return nil, "invalid_request", html.clean(name) .. " is not allowed" end
    if type(value) ~= "string" then return nil, "invalid_request", name .. " must be a string" end
  end
  for name in pairs(members) do
    if not given[name] or given[name] == "" then return nil, "invalid_request", name .. " is missing" end
  end
  return given
end

function oauth.token(request)
  oauth.count("token_requests")
  if not oauth.is_client(request) then return refuse(401, "invalid_client") end
  local given, code, why = read(request)
  if not given then return refuse(400, code, why) end
  local fresh = given.grant_type == "refresh_token"
  local tokens
  if fresh then
    tokens, why = grants.refresh(given.refresh_token)
  else
    tokens, why = grants.exchange(given.code, given.redirect_uri)
  end
  if not tokens then
    if mock.log then mock.log("invalid_grant: " .. why) end
    return refuse(oauth.settings.grant_status, "invalid_grant") -- the reason is in the mock's log only
  end
  oauth.count(fresh and "refreshes" or "code_exchanges", tokens.grant.company)
  return answer_tokens(tokens)
end

-- ---- /_mock/oauth ----

local ACTIONS = {
  revoke = grants.revoke, expire = grants.expire, expire_refresh = grants.expire_refresh,
  expire_codes = grants.expire_codes, last_day = grants.start_last_day,
}
local NUMBERS = { access_life = true, refresh_life = true, code_life = true }

-- Returns the function that applies NAME = VALUE, or nil and a sentence.
local function prepare(name, value)
  local action, choices = ACTIONS[name], ONE_OF[name]
  if action then
    if value == true then return action end
    local one = value and companies.find(value)
    if not one then return nil, name .. ": must be true or a company" end
    return function() action(one) end
  end
  if name == "client_secret" and type(value) == "string" and value ~= "" then
    return function() oauth.client_secret = value end
  end
  local into = grants.settings[name] ~= nil and grants.settings or oauth.settings
  local fits = name == "keep_old" and type(value) == "boolean"
    or NUMBERS[name] and type(value) == "number" and value >= 0
    or name == "company" and companies.find(value) ~= nil
  for _, choice in ipairs(choices or {}) do fits = fits or value == choice end
  if fits then return function() into[name] = value end end
  if choices then return nil, ("%s: must be %s"):format(name, table.concat(choices, ", ")) end
  return nil, name .. (name ~= "company" and NUMBERS[name] == nil and ": is not allowed" or ": has a wrong value")
end

-- Settings (see above), {client_secret: a new one instead of the old}, {access_life, refresh_life, code_life = seconds,
-- rotate, keep_old}, and actions:
-- {revoke, expire, expire_refresh, expire_codes, last_day = true or a company}.
function oauth.set(request)
  if request.bad_body then return request.bad_body end
  if type(request.json) ~= "table" then return answers.invalid("body: must be an object") end
  local todo, bad = {}, {}
  for name, value in pairs(request.json) do
    local change, why = prepare(name, value)
    if change then todo[#todo + 1] = change else bad[#bad + 1] = why end
  end
  if bad[1] then return answers.invalid(table.unpack(bad, 1, math.min(#bad, 20))) end
  for _, change in ipairs(todo) do change() end
  return oauth.get()
end

local function summary(of, company)
  local out = {}
  for name, n in pairs(of) do out[name] = n end
  out.tokens_alive, out.refresh_tokens_alive = grants.alive(company)
  return out
end

function oauth.get()
  local out = summary(counts.all)
  out.settings, out.companies = {}, json.array({})
  for _, settings in ipairs({ oauth.settings, grants.settings }) do
    for name, value in pairs(settings) do out.settings[name] = value end
  end
  for n, one in ipairs(companies.list) do
    local line = summary(counts[one] or new_counts(), one)
    line.token_requests, line.refused = nil, nil -- these cannot be told by company
    line.id, line.name = one.company.id, one.name
    out.companies[n] = line
  end
  return answers.ok(out)
end

-- Clears the counts. Grants remain.
function oauth.clear()
  counts = { all = new_counts() }
  return answers.none()
end

return oauth
