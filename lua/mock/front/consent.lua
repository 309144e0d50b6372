-- /oauth/authorize: the page on which a company's admin allows or denies access, and the redirect after it.
local mock = ...
local companies = mock.part("front/companies")
local grants = mock.part("front/grants")
local html = mock.part("engine/html")
local oauth = mock.part("front/oauth")
local requests = mock.part("engine/requests")

local consent = {}
local esc = html.escape
local NOT_ADMIN = "You need to be an administrator of your Front instance to authorize this request."
local KNOWN = { response_type = true, client_id = true, redirect_uri = true, state = true }

local PAGE = [[
<!doctype html>
<html><head><meta charset="utf-8"><title>%s</title></head>
<body><h1>%s</h1>
%s
</body></html>
]]

local function page(status, title, body)
  return {
    status = status, headers = { ["content-type"] = "text/html; charset=utf-8" },
    body = PAGE:format(esc(title), esc(title), body),
  }
end

local function refuse(why)
  return page(400, "This request cannot be authorized", "<p>" .. esc(why) .. "</p>")
end

-- Returns a sentence when the request is not as Front documents it (https://dev.frontapp.com/docs/oauth). Front has no
-- parameter `scope`, so it is refused.
local function wrong(given, extra)
  for name in pairs(given) do
    if not KNOWN[name] and not extra[name] then return "Unknown parameter " .. html.clean(name) end
  end
  for _, name in ipairs({ "response_type", "client_id", "redirect_uri" }) do
    if not given[name] or given[name] == "" then return "Missing parameter " .. name end
  end
  if given.response_type ~= "code" then return "response_type must be code" end
  if given.client_id ~= oauth.client_id then return "Unknown client_id" end
  if oauth.redirect_uri and given.redirect_uri ~= oauth.redirect_uri then
    return "redirect_uri is not the registered one"
  end
  if not given.redirect_uri:find("^https?://[^/%s]") or given.redirect_uri:find("[%s#]") then
    return "redirect_uri must be an absolute URL without a fragment"
  end
  return nil
end

local function lead_back(given, answer)
  local location = given.redirect_uri .. (given.redirect_uri:find("?", 1, true) and "&" or "?") .. answer
  if given.state then location = location .. "&state=" .. url.segment(given.state) end
  return { status = 302, body = "", headers = { location = location } }
end

local function decide(given, decision, company)
  if decision == "not_admin" then
    oauth.count("denials", company)
    return page(403, "Not an administrator", "<p>" .. NOT_ADMIN .. "</p>")
  end
  if decision == "deny" then
    oauth.count("denials", company)
    return lead_back(given, "error=access_denied")
  end
  oauth.count("authorizations", company)
  return lead_back(given, "code=" .. grants.allow(company, given.redirect_uri))
end

local function ask(given)
  local hidden, options = {}, {}
  for name, value in pairs(given) do
    hidden[#hidden + 1] = ('<input type="hidden" name="%s" value="%s">'):format(esc(name), esc(value))
  end
  for n, company in ipairs(companies.list) do
    options[n] = ('<option value="%s">%s</option>'):format(esc(company.company.id), esc(company.name))
  end
  local function form(decision, label, fields)
    return ('<form method="post" action="/oauth/authorize">%s%s<button name="decision" value="%s">%s</button></form>')
      :format(table.concat(hidden), fields, decision, label)
  end
  local choice = '<select name="company">' .. table.concat(options) .. "</select>"
  return page(200, "Connect an app to Front", "<p>The app " .. esc(given.client_id)
    .. " asks for access to your company.</p>\n" .. form("allow", "Allow", choice) .. "\n"
    .. form("deny", "Deny", choice))
end

function consent.get(request)
  local given = requests.parse_form(request.query or "")
  local why = wrong(given, {})
  if why then return refuse(why) end
  local auto = oauth.settings.auto
  if auto == "ask" then return ask(given) end
  return decide(given, auto, companies.find(oauth.settings.company))
end

-- The page's form. The decision `not_admin` gives the answer for a teammate that is not an admin.
function consent.post(request)
  local given = request.form or {}
  local why = wrong(given, { decision = true, company = true })
  if why then return refuse(why) end
  local company = companies.find(given.company)
  if not company then return refuse("Unknown company") end
  local decision = given.decision
  if decision ~= "allow" and decision ~= "deny" and decision ~= "not_admin" then
    return refuse("Neither allowed nor denied")
  end
  return decide(given, decision, company)
end

return consent
