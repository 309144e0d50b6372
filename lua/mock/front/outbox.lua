-- The mock's own requests, signed as by Front. Each answer goes to the function that the sender gave.
local mock = ...
local clock = mock.part("engine/clock")
local timers = mock.part("engine/timers")

local outbox = {}
local waiting = {}

local METHODS = {
  -- Application webhooks and channels: over timestamp:body (https://dev.frontapp.com/docs/application-webhooks). Rules:
  -- over the body with SHA-1 (https://dev.frontapp.com/docs/rule-webhooks). `body`: over the body with SHA-256, for
  -- receivers of that form.
  application = function(key, body, at) return hmac.sha256(key, at .. ":" .. body, "base64"), at end,
  body = function(key, body) return hmac.sha256(key, body, "base64") end,
  rule = function(key, body) return hmac.sha1(key, body, "base64") end,
}
outbox.schemes = METHODS

-- SIGNED: what the signature covers, the body by default.
function outbox.headers(scheme, key, body, signed)
  local at = ("%d"):format(math.floor(clock.now() * 1000))
  local headers = { ["content-type"] = "application/json", ["user-agent"] = "Front (mock)" }
  headers["x-front-signature"], headers["x-front-request-timestamp"] = METHODS[scheme](key, signed or body, at)
  return headers
end

-- Sends REQUEST {url, headers, body, method?, timeout?}. Calls DONE({status, headers, body, seconds} or
-- {kind, error, seconds}) at its end.
function outbox.send(request, done)
  local ok, sent = pcall(mock.send, request)
  if ok then
    waiting[sent] = done
    return
  end
  -- A malformed URL: report it later, as any other outcome.
  timers.after(0, function() done({ kind = sent.kind or "invalid", error = tostring(sent), seconds = 0 }) end)
end

-- Hands an outcome from mock.accept to its sender.
function outbox.finish(event)
  local done = waiting[event.sent]
  waiting[event.sent] = nil
  done(event)
end

function outbox.is_success(event)
  return event.status ~= nil and event.status >= 200 and event.status < 300
end

return outbox
