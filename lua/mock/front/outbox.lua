-- The mock's own requests: signed as Front signs, their answers handed to whoever sent them.
local mock = ...
local clock = mock.part("engine/clock")
local timers = mock.part("engine/timers")

local outbox = {}
local waiting = {}

local METHODS = {
  -- FACTS 6.1: application webhooks and channels over timestamp:body, rules over the body with
  -- SHA-1; and the body alone with SHA-256.
  application = function(key, body, at) return hmac.sha256(key, at .. ":" .. body, "base64"), at end,
  body = function(key, body) return hmac.sha256(key, body, "base64") end,
  rule = function(key, body) return hmac.sha1(key, body, "base64") end,
}
outbox.schemes = METHODS

-- SIGNED is what the signature covers where that is not the body.
function outbox.headers(scheme, key, body, signed)
  local at = ("%d"):format(math.floor(clock.now() * 1000))
  local headers = { ["content-type"] = "application/json", ["user-agent"] = "Front (mock)" }
  headers["x-front-signature"], headers["x-front-request-timestamp"] = METHODS[scheme](key, signed or body, at)
  return headers
end

-- REQUEST {url, headers, body, method?, timeout?}; DONE({status, headers, body, seconds} or
-- {kind, error, seconds}) is called when it has ended.
function outbox.send(request, done)
  local ok, sent = pcall(mock.send, request)
  if ok then
    waiting[sent] = done
    return
  end
  -- A URL that is none: an outcome like others, not earlier than they.
  timers.after(0, function() done({ kind = sent.kind or "invalid", error = tostring(sent), seconds = 0 }) end)
end

-- An outcome from mock.accept.
function outbox.finish(event)
  local done = waiting[event.sent]
  waiting[event.sent] = nil
  done(event)
end

function outbox.is_success(event)
  return event.status ~= nil and event.status >= 200 and event.status < 300
end

return outbox
