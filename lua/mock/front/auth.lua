-- Finds the company of a request's token: its API token, a teammate's, or an OAuth access token.
local mock = ...
local answers = mock.part("engine/answers")
local companies = mock.part("front/companies")
local grants = mock.part("front/grants")
local jwt = mock.part("front/jwt")
local log = mock.part("engine/log")
local oauth = mock.part("front/oauth")

local auth = {}

-- Returns the company, and the grant of an OAuth token; or nil and what is wrong.
local function owner_of(token)
  for _, company in ipairs(companies.list) do
    if token == company.token or token == company.teammate_token then return company end
  end
  local grant, alive = grants.find_access(token)
  if not grant then return nil, "unknown" end
  if not alive then return nil, grant.revoked and "revoked" or "expired" end
  return grant.company, grant
end

-- Sets request.grant. Returns the company, or nil and a 401. As observed at Front, an expired token gets the same
-- answer as a wrong one.
function auth.check(request)
  local channel_of, refused = jwt.check(request)
  if channel_of or refused then return channel_of, refused end
  if not request.token then return nil, answers.error(401, "JSON Web Token error") end
  local company, grant = owner_of(request.token)
  if not company then return nil, answers.error(401, "Invalid token") end
  request.grant = grant
  return company
end

-- Returns what the log shows instead of the header.
function auth.redact(request)
  if not request.headers.authorization then return nil end
  if request.basic then
    return oauth.is_client(request) and "Basic (client)" or "Basic (unknown client)"
  end
  if not request.token then return "(no bearer token)" end
  local company, grant = owner_of(request.token)
  if company and not grant then return "Bearer (token)" end
  if company then return "Bearer (OAuth token " .. log.hash(request.token) .. ")" end
  return ("Bearer (%s token)"):format(grant)
end

return auth
