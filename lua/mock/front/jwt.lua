-- The token by which a channel's server asks (FACTS 6.6): HS256, made by the server itself.
return function(app)
  local jwt = {}

  local function decode(part)
    local bytes = app.requests.decode_base64((part:gsub("-", "+"):gsub("_", "/")))
    local ok, value = pcall(json.decode, bytes or "")
    return ok and type(value) == "table" and value or nil
  end

  local function sign(key, text)
    return (hmac.sha256(key, text, "base64"):gsub("+", "-"):gsub("/", "_"):gsub("=", ""))
  end

  -- nil when TOKEN is one for that channel, else what is wrong with it.
  function jwt.problem(token, uid, channel_id, key)
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
    if claims.exp <= app.clock.now() then return "jwt expired" end
    return nil
  end

  return jwt
end
