-- Codes, access tokens and refresh tokens that the companies' admins granted, and their lives
-- (https://dev.frontapp.com/docs/oauth).
local mock = ...
local clock = mock.part("engine/clock")

local DAY = 86400
local LIVES = { code_life = 600, access_life = 3600, refresh_life = 182 * DAY }
-- rotate: when refreshing returns a new refresh token. "last-day" as documented; "always" as one client reports.
-- keep_old: a replaced refresh token remains valid.
local grants = { settings = { rotate = "last-day", keep_old = false } }
local codes, accesses, refreshes = {}, {}, {}
local count = 0
local key = ("%s %s %s"):format(mock.options.seed, mock.address, mock.now())
for name, seconds in pairs(LIVES) do grants.settings[name] = seconds end

-- Not from mock.random, as tokens must not change the other draws of the seed. Each start of a mock makes other
-- tokens.
local function new_word(prefix)
  count = count + 1
  return prefix .. hmac.sha256(key, tostring(count)):sub(1, 40)
end

local function life(name)
  return clock.now() + grants.settings[name]
end

local function is_alive(token)
  return not token.grant.revoked and not token.replaced and token.dies_at > clock.now()
end

-- Returns a code, after an admin of COMPANY has allowed access.
function grants.allow(company, redirect_uri)
  local code = new_word("mockcode_")
  codes[code] = { grant = { company = company }, redirect_uri = redirect_uri, dies_at = life("code_life") }
  return code
end

local function add_access(grant)
  local token = new_word("mockat_")
  accesses[token] = { grant = grant, dies_at = life("access_life") }
  return token, accesses[token].dies_at
end

local function add_refresh(grant)
  local token = new_word("mockrt_")
  refreshes[token] = { grant = grant, dies_at = life("refresh_life") }
  return token
end

local function pack(grant, refresh_token)
  local access_token, dies_at = add_access(grant)
  return { grant = grant, access_token = access_token, refresh_token = refresh_token, dies_at = dies_at }
end

-- Returns {grant, access_token, refresh_token, dies_at}, or nil and what is wrong with CODE.
function grants.exchange(code, redirect_uri)
  local found = codes[code]
  if not found then return nil, "unknown code" end
  if found.used then return nil, "code used before" end
  if not is_alive(found) then return nil, found.grant.revoked and "revoked" or "code expired" end
  if found.redirect_uri ~= redirect_uri then return nil, "redirect_uri is not the one of the code" end
  found.used = true
  return pack(found.grant, add_refresh(found.grant))
end

function grants.refresh(token)
  local found = refreshes[token]
  if not found then return nil, "unknown refresh token" end
  if not is_alive(found) then
    return nil, found.grant.revoked and "revoked" or found.replaced and "replaced" or "refresh token expired"
  end
  local last_day = found.dies_at - clock.now() <= DAY
  if not last_day and grants.settings.rotate ~= "always" then return pack(found.grant, token) end
  found.replaced = not grants.settings.keep_old
  return pack(found.grant, add_refresh(found.grant))
end

-- Returns the grant and whether TOKEN is valid; nil when it was never given out.
function grants.find_access(token)
  local found = accesses[token]
  if not found then return nil end
  return found.grant, is_alive(found)
end

local function each(tokens, company, change)
  for _, token in pairs(tokens) do
    if not company or token.grant.company == company then change(token) end
  end
end

-- The following act on one company, or on all when COMPANY is nil.
function grants.revoke(company)
  for _, tokens in ipairs({ codes, accesses, refreshes }) do
    each(tokens, company, function(token) token.grant.revoked = true end)
  end
end

function grants.expire(company)
  each(accesses, company, function(token) token.dies_at = 0 end)
end

function grants.expire_refresh(company)
  each(refreshes, company, function(token) token.dies_at = 0 end)
end

function grants.expire_codes(company)
  each(codes, company, function(token) token.dies_at = 0 end)
end

-- Moves refresh tokens to the middle of their last day.
function grants.start_last_day(company)
  each(refreshes, company, function(token)
    token.dies_at = math.min(token.dies_at, clock.now() + DAY / 2)
  end)
end

-- Returns the numbers of valid access and refresh tokens.
function grants.alive(company)
  local n = { 0, 0 }
  for i, tokens in ipairs({ accesses, refreshes }) do
    each(tokens, company, function(token)
      if is_alive(token) then n[i] = n[i] + 1 end
    end)
  end
  return n[1], n[2]
end

return grants
