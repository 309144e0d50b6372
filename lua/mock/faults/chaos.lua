-- Random faults of the API, set through /_mock/chaos. They depend on the seed, on method and path of the request, and
-- on how many of these came before.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local clock = mock.part("engine/clock")
local draws = mock.part("engine/draws")

local chaos = { settings = {} }
local COUNTS_MAX = 100000
local counts, known, happened

local PROBABILITIES = { "p429", "p503", "drop_before", "drop_after" }
local SCHEMA = { never = { type = "number" }, delay_ms = { type = "number" }, late_ms = { type = "number" } }
for _, name in ipairs(PROBABILITIES) do SCHEMA[name] = { type = "number" } end

function chaos.reset()
  counts, known, happened = {}, 0, {}
end
chaos.reset()

local function count(key)
  if not counts[key] then
    known = known + 1
    if known > COUNTS_MAX then counts, known = {}, 1 end
  end
  counts[key] = (counts[key] or 0) + 1
  return counts[key]
end

-- Says that the company's window is used up for a second, or that a burst on one resource was too large.
local function rate_limited(is_burst)
  local now = clock.now()
  local answer = answers.error(429, ("Rate limit exceeded%s. Please retry in %d milliseconds."):format(
    is_burst and " for tier-2 route" or "", is_burst and 341 or 1000))
  answer.headers = { ["retry-after"] = "1" }
  if is_burst then
    answer.headers["x-front-tier"] = "2"
  else
    answer.headers["x-ratelimit-remaining"] = "0"
    answer.headers["x-ratelimit-reset"] = ("%d"):format(math.ceil(now) + 1)
  end
  return answer
end

-- FIRST: the first half of a kind's cases. Front does not say what a 503 means for a write, so one half executes the
-- request.
local KINDS = {
  p429 = function(first) return rate_limited(first), first and "429-burst" or "429" end,
  p503 = function(first, handle)
    if not first then handle() end
    return answers.error(503), first and "503" or "503-after"
  end,
  drop_before = function() return { drop = true }, "drop" end,
  drop_after = function(_, handle)
    handle()
    return { drop = true }, "drop-after"
  end,
}

local function pick(key, n)
  local left = draws.number("chaos", key, n)
  for _, name in ipairs(PROBABILITIES) do
    local p = chaos.settings[name] or 0
    if left < p then return KINDS[name], left < p / 2 end
    left = left - p
  end
  return nil
end

-- HANDLE() executes the request and returns its answer.
function chaos.apply(request, handle)
  if next(chaos.settings) == nil then return handle() end
  local key = request.method .. " " .. request.path
  local n = count(key)
  local kind, first = pick(key, n)
  local answer, name
  if kind then
    answer, name = kind(first, handle)
    happened[name] = (happened[name] or 0) + 1
    request.chaos = name
  else
    answer = handle()
  end
  local delay = chaos.settings.delay_ms
  if delay then answer.after = draws.number("delay", key, n) * delay / 1000 end
  return answer
end

-- Returns how an accepted message appears: after which seconds, and whether never; nil when not set.
function chaos.appearance(...)
  local late, never = chaos.settings.late_ms, chaos.settings.never
  return late and draws.number("late", ...) * late / 1000, never and draws.number("never", ...) < never
end

function chaos.get()
  return answers.ok({ settings = chaos.settings, happened = happened })
end

-- {p429, p503, drop_before, drop_after, never = probabilities, delay_ms, late_ms = at most};
-- replaces what was set before
function chaos.set(request)
  local body, bad = checks.body(request, SCHEMA)
  if not body then return bad end
  local sum = 0
  for _, name in ipairs(PROBABILITIES) do sum = sum + (body[name] or 0) end
  for name, value in pairs(body) do
    if value < 0 then return answers.invalid(name .. ": must not be negative") end
  end
  if sum > 1 or (body.never or 0) > 1 then return answers.invalid("probabilities: must not add up to more than 1") end
  chaos.settings = body
  chaos.reset()
  return chaos.get()
end

function chaos.clear()
  chaos.settings = {}
  chaos.reset()
  return answers.none()
end

return chaos
