-- The token of a channel's server: a JWT with HS256 that the server makes itself
-- (https://github.com/frontapp/partner-channel-template).
local mock = ...
local answers = mock.part("engine/answers")
local clock = mock.part("engine/clock")
local companies = mock.part("front/companies")
local requests = mock.part("engine/requests")

local jwt = {}

local function decode(part)
  local bytes = requests.decode_base64((part:gsub("-", "+"):gsub("_", "/")))
  local ok, value = pcall(json.decode, bytes or "")
  return ok and type(value) == "table" and value or nil
end

local function sign(key, text)
  return (hmac.sha256(key, text, "base64"):gsub("+", "-"):gsub("/", "_"):gsub("=", ""))
end

-- Returns nil when TOKEN is valid for that channel, else what is wrong.
local function problem(token, uid, channel_id, key)
  local signed, signature = token:match("^([%w_-]+%.[%w_-]+)%.([%w_-]+)$")
  if not signed then return "jwt malformed" end
  local header, claims = decode(signed:match("^[^.]+")), decode(signed:match("[^.]+$"))
  if not header or not claims then return "jwt malformed" end
  if header.alg ~= "HS256" then return "invalid algorithm" end
  if not hmac.equal(sign(key, signed), signature) then return "invalid signature" end
  if claims.iss ~= uid then return "jwt issuer invalid" end
  if claims.sub ~= channel_id then return "jwt subject invalid" end
  if type(claims.jti) ~= "string" then return "jwt id missing" end
  if type(claims.exp) ~= "number" then return "jwt expiry missing" end
  if claims.exp <= clock.now() then return "jwt expired" end
  return nil
end

-- Returns the company for a request of a channel's server; or nil and the answer; nil for other paths.
function jwt.check(request)
  local kind, id, part = table.unpack(request.segments)
  if kind ~= "channels" or (part ~= "inbound_messages" and part ~= "outbound_messages") then return nil end
  for _, one in ipairs(companies.list) do
    local channel = one.company.find("cha", id)
    if channel and channel.server then
      local wrong = problem(request.token or "", channel.server.uid, channel.id, channel.server.key)
      if wrong then return nil, answers.error(401, wrong) end
      return one
    end
  end
  return nil, answers.error(401, "Invalid token")
end

return jwt
