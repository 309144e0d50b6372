-- A company's rate limits (https://dev.frontapp.com/docs/rate-limiting): headers that count down on every answer, and,
-- after `enforce` through /_mock/limits, real limits: the company's window over all its tokens, a window of its own for
-- OAuth, the share of searches, and bursts on one resource.
local mock = ...
local answers = mock.part("engine/answers")
local clock = mock.part("engine/clock")

return function()
  local limits = {}
  local SEARCH_SHARE = 0.4
  local RESOURCES_MAX = 1000
  local windows, bursts, resources

  -- oauth_limit 0: OAuth tokens use the company's window. burst: requests per second on one resource; 0: no limit.
  limits.settings = { limit = 200, window = 60, enforce = false, burst = 5, oauth_limit = 0 }

  function limits.reset()
    windows, bursts, resources = {}, {}, 0
    limits.refused = { company = 0, oauth = 0, search = 0, burst = 0, fault = 0 }
  end
  limits.reset()

  local function kind_of(request)
    return request.grant and limits.settings.oauth_limit > 0 and "oauth" or "company"
  end

  local function limit_of(kind)
    return kind == "oauth" and limits.settings.oauth_limit or limits.settings.limit
  end

  local function window_of(kind)
    local length = limits.settings.window
    local ends = (clock.now() // length + 1) * length
    if not windows[kind] or windows[kind].ends ~= ends then
      windows[kind] = { ends = ends, used = 0, searches = 0 }
    end
    return windows[kind]
  end

  local function is_search(request)
    return request.segments[1] == "conversations" and request.segments[2] == "search"
  end

  -- Returns a key for requests that share a burst limit; nil for those without one. Changes of a conversation and its
  -- assignee share one, its tags have another. A guess for the rest: Front publishes no complete list.
  local function resource_of(request)
    local kind, id, part = table.unpack(request.segments)
    if not id or id == "" or kind == "company" or is_search(request) then return nil end
    local method = request.method
    if kind == "conversations" and method ~= "GET" and part == "tags" then method = "tags" end
    if kind == "conversations" and (method == "PATCH" and not part or method == "PUT" and part == "assignee") then
      method, part = "update", nil
    end
    return table.concat({ method, kind, id, part }, "/")
  end

  -- Returns the times of the requests on RESOURCE within the last second.
  local function recent(resource, now)
    local kept = {}
    for _, at in ipairs(bursts[resource] or {}) do
      if at > now - 1 then kept[#kept + 1] = at end
    end
    if not bursts[resource] then
      if resources >= RESOURCES_MAX then
        -- Drops old ones only: a burst in progress still counts.
        for name, times in pairs(bursts) do
          if times[#times] <= now - 1 then
            bursts[name] = nil
            resources = resources - 1
          end
        end
      end
      resources = resources + 1
    end
    bursts[resource] = kept
    return kept
  end

  local function refuse(why, message, seconds)
    limits.refused[why] = limits.refused[why] + 1
    message = ("%s Please retry in %d milliseconds."):format(message, math.ceil(seconds * 1000))
    local answer = answers.error(429, message)
    local wait = why ~= "burst" and limits.settings.retry_after or math.max(1, math.ceil(seconds))
    answer.headers = { ["retry-after"] = tostring(wait) }
    if why == "burst" then answer.headers["x-front-tier"] = "2" end
    return answer
  end

  -- Counts the request, or returns the 429 when an enforced limit is reached. Refused requests are not counted.
  function limits.count(request)
    local settings, now = limits.settings, clock.now()
    local kind = kind_of(request)
    local window, limit = window_of(kind), limit_of(kind)
    local search = is_search(request)
    if settings.enforce then
      local over_search = search and window.searches >= limit * SEARCH_SHARE
      if window.used >= limit or over_search then
        return refuse(window.used >= limit and kind or "search", "Rate limit exceeded.", window.ends - now)
      end
      local resource = settings.burst > 0 and resource_of(request)
      if resource then
        local times = recent(resource, now)
        if #times >= settings.burst then
          return refuse("burst", "Rate limit exceeded for tier-2 route.", times[1] + 1 - now)
        end
        times[#times + 1] = now
      end
    end
    window.used = window.used + 1
    if search then window.searches = window.searches + 1 end
    return nil
  end

  -- Adds the three headers, except those that a fault has set. `reset` is in whole seconds, as documented.
  function limits.add_headers(request, answer)
    local headers = answer.headers or {}
    local kind = kind_of(request)
    local window, limit = window_of(kind), limit_of(kind)
    local function add(name, value)
      headers["x-ratelimit-" .. name] = headers["x-ratelimit-" .. name] or ("%d"):format(value)
    end
    add("limit", limit)
    add("remaining", math.max(0, limit - window.used))
    add("reset", math.ceil(window.ends))
    answer.headers = headers
  end

  -- For GET /_mock/limits: settings, use, and the number of 429 by reason.
  function limits.summary()
    local out = { refused = limits.refused, windows = {}, total_429 = 0 }
    for _, kind in ipairs({ "company", "oauth" }) do
      local window = window_of(kind)
      out.windows[kind] = { used = window.used, searches = window.searches, reset = window.ends }
    end
    for _, n in pairs(limits.refused) do out.total_429 = out.total_429 + n end
    for name, value in pairs(limits.settings) do out[name] = value end
    return out
  end

  return limits
end
