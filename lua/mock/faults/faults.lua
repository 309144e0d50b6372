-- Faults, set through /_mock/faults. The first that fits a request applies. A fault lets `skip` fitting requests pass,
-- then applies to `times` of them.
local mock = ...
local answers = mock.part("engine/answers")

local faults = { list = {} }
local FOREIGN = "https://front.attacker.example"
local HUGE = 200 * 1000 * 1000

local function json_text(answer)
  return type(answer.body) == "table" and json.encode(answer.body) or answer.body or ""
end

local function rate_limited(fault, headers, message)
  local answer = answers.error(429, message)
  headers["retry-after"] = tostring(fault.retry_after or 1)
  answer.headers = headers
  return answer
end

local function without(answer, ...)
  if type(answer.body) == "table" then
    for _, name in ipairs({ ... }) do answer.body[name] = nil end
  end
  return answer
end

-- Each gets the fault and HANDLE, which executes the request, and returns the answer.
local KINDS = {
  ["429"] = function(fault)
    return rate_limited(fault, { ["x-ratelimit-remaining"] = "0" }, "Rate limit exceeded. Please retry later.")
  end,
  -- As captured at Front; x-ratelimit-remaining stays above 0.
  ["429-burst"] = function(fault)
    return rate_limited(fault, { ["x-front-tier"] = "2" },
      "Rate limit exceeded for tier-2 route. Please retry in 341 milliseconds.")
  end,
  ["500"] = function() return answers.error(500) end,
  ["503"] = function(fault)
    local answer = answers.error(503)
    if fault.retry_after then answer.headers = { ["retry-after"] = tostring(fault.retry_after) } end
    return answer
  end,
  slow = function(fault, handle)
    local answer = handle()
    answer.after = fault.after or 2
    return answer
  end,
  drop = function() return { drop = true } end,
  ["drop-after"] = function(_, handle)
    handle()
    return { drop = true }
  end,
  ["301"] = function(fault, _, request)
    local query = request.query ~= "" and "?" .. request.query or ""
    return answers.moved(fault.location or mock.address .. request.path .. query)
  end,
  html = function(fault)
    return {
      status = fault.status or 200, headers = { ["content-type"] = "text/html" },
      body = fault.body or "<!doctype html><html><body><h1>We'll be right back</h1></body></html>\n",
    }
  end,
  truncated = function(_, handle)
    local answer = handle()
    local text = json_text(answer)
    answer.body = text:sub(1, #text // 2)
    answer.headers = { ["content-type"] = "application/json" }
    return answer
  end,
  huge = function(fault)
    local piece = (" "):rep(1000 * 1000)
    return {
      status = fault.status or 200, headers = { ["content-type"] = "application/json" },
      body = piece, times = (fault.bytes or HUGE) // #piece, -- the piece is repeated
    }
  end,
  empty = function(fault) return { status = fault.status or 200, body = "" } end,
  ["foreign-next"] = function(fault, handle)
    local answer = handle()
    local pagination = type(answer.body) == "table" and answer.body._pagination
    if pagination then pagination.next = (fault.location or FOREIGN) .. "/contacts?page_token=0" end
    return answer
  end,
  -- These change answers of the token endpoint.
  ["no-expiry"] = function(_, handle) return without(handle(), "expires_at", "expires_in") end,
  ["no-refresh-token"] = function(_, handle) return without(handle(), "refresh_token") end,
  form = function(_, handle) return answers.as_form(handle()) end,
  ["error-no-fields"] = function(fault)
    return { status = fault.status or 400, body = fault.body or { _error = {} } }
  end,
  status = function(fault)
    if fault.body ~= nil then return { status = fault.status or 200, body = fault.body } end
    return answers.error(fault.status or 500)
  end,
}
faults.schema = {
  match = { type = "object", fields = { method = { type = "string" }, path = { type = "string" } } },
  kind = { type = "string", required = true }, times = { type = "number" }, skip = { type = "number" },
  status = { type = "number" }, after = { type = "number" }, retry_after = { type = "number" },
  location = { type = "string" }, bytes = { type = "number" }, accept = { type = "boolean" },
  headers = { type = "object" }, body = { type = "any" }, ["then"] = { type = "object", fields = {
    method = { type = "string" }, path = { type = "string", required = true }, body = { type = "any" },
    as = { type = "string" },
  } },
}

-- Adds FAULT, or returns a sentence when it is not a fault.
function faults.add(fault)
  if not KINDS[fault.kind] then
    local names = {}
    for name in pairs(KINDS) do names[#names + 1] = name end
    return ("kind: unknown fault %s; there are %s"):format(tostring(fault.kind), table.concat(names, ", "))
  end
  fault.match = fault.match or {}
  fault.times = fault.times or 1
  fault.skip = fault.skip or 0
  table.insert(faults.list, fault)
  return nil
end

-- A path is a prefix or a Lua pattern. A fault without a path applies to the API, not to OAuth.
local function fits(match, request)
  if match.method and match.method:upper() ~= request.method then return false end
  local path = match.path
  if not path then return request.segments[1] ~= "oauth" end
  if request.path:sub(1, #path) == path then return true end
  local ok, at = pcall(request.path.find, request.path, path)
  return ok and at ~= nil
end

local function take(request)
  for i, fault in ipairs(faults.list) do
    if fits(fault.match, request) then
      if fault.skip > 0 then
        fault.skip = fault.skip - 1
      else
        fault.times = fault.times - 1
        if fault.times <= 0 then table.remove(faults.list, i) end
        return fault
      end
    end
  end
  return nil
end

-- HANDLE() executes the request and returns its answer. PERFORM does what the fault's `then` says, after the request.
function faults.apply(request, handle, perform)
  local fault = take(request)
  if not fault then return handle() end
  if fault.accept then handle() end -- execute the request, then answer with the fault
  local answer = KINDS[fault.kind](fault, handle, request)
  if fault["then"] and perform then perform(fault["then"]) end
  answer.after = fault.after or answer.after
  for name, value in pairs(fault.headers or {}) do
    answer.headers = answer.headers or {}
    answer.headers[name:lower()] = tostring(value)
  end
  return answer
end

return faults
