-- Error bodies in Front's form (https://dev.frontapp.com/reference/response-body-structure), and plain successes.
local mock = ...
local html = mock.part("engine/html")

local answers = {}
local TITLES = {
  [400] = "Bad request", [401] = "Unauthenticated", [403] = "Forbidden", [404] = "Not found",
  [409] = "Conflict", [413] = "Payload too large", [429] = "Too many requests",
  [500] = "Internal server error", [503] = "Service unavailable",
}

function answers.error(status, message, details)
  local body = { status = status, title = TITLES[status] or "Error" }
  if message then body.message = html.clean(message) end
  if details then
    body.details = json.array({})
    for i, text in ipairs(details) do body.details[i] = html.clean(text) end
  end
  return { status = status, body = { _error = body } }
end

function answers.invalid(...)
  return answers.error(400, "Body did not satisfy requirements", { ... })
end

function answers.unknown(what, id)
  return answers.error(404, ("Unknown %s ID %s"):format(what, tostring(id)))
end

function answers.ok(body, status)
  return { status = status or 200, body = body }
end

-- The records of a list, each as VIEW shows it.
function answers.list(records, view)
  local out = json.array({})
  for i, record in ipairs(records) do out[i] = view(record) end
  return out
end

function answers.none()
  return { status = 204, body = "" }
end

-- An answer that is sent when START(reply) calls reply(answer).
function answers.later(start)
  return { later = start }
end

-- Turns a JSON answer into a form. Other answers are returned unchanged.
function answers.as_form(answer)
  if type(answer.body) ~= "table" then return answer end
  local pairs_of = {}
  for name, value in pairs(answer.body) do
    pairs_of[#pairs_of + 1] = url.segment(name) .. "=" .. url.segment(tostring(value))
  end
  answer.body = table.concat(pairs_of, "&")
  answer.headers = answer.headers or {}
  answer.headers["content-type"] = "application/x-www-form-urlencoded"
  return answer
end

-- A guess: Front documents the 301, not the form of its Location. A complete URL is the stricter case.
function answers.moved(location)
  return { status = 301, body = "", headers = { location = location } }
end

return answers
