-- The rate window: headers that count down on every answer (FACTS 4.2), and, when switched on
-- through /_mock/limits, a limit that is real.
local mock = ...

return function(app)
  local limits = {}
  local SEARCH_SHARE = 0.4 -- FACTS 2: search gets 40 % of the company's rate
  local window, used, searches = nil, 0, 0

  limits.settings = { limit = 200, window = 60, enforce = false }

  function limits.reset()
    window, used, searches = nil, 0, 0
  end

  local function window_end()
    local length = limits.settings.window
    return (mock.now() // length + 1) * length
  end

  -- Counts the request. Returns the 429 when the limit is real and reached.
  function limits.count(request)
    local settings = limits.settings
    if window ~= window_end() then
      limits.reset()
      window = window_end()
    end
    local search = request.segments[1] == "conversations" and request.segments[2] == "search"
    local over_search = search and searches >= settings.limit * SEARCH_SHARE
    if settings.enforce and (used >= settings.limit or over_search) then
      local answer = app.answers.error(429, "Rate limit exceeded. Please retry in "
        .. math.ceil((window - mock.now()) * 1000) .. " milliseconds.")
      local wait = settings.retry_after or math.max(1, math.ceil(window - mock.now()))
      answer.headers = { ["retry-after"] = tostring(wait) }
      return answer
    end
    used = used + 1
    if search then searches = searches + 1 end
    return nil
  end

  -- Adds the three headers that a fault has not set; reset is in whole seconds as documented.
  function limits.add_headers(answer)
    local headers = answer.headers or {}
    headers["x-ratelimit-limit"] = headers["x-ratelimit-limit"] or tostring(limits.settings.limit)
    headers["x-ratelimit-remaining"] = headers["x-ratelimit-remaining"]
      or tostring(math.max(0, limits.settings.limit - used))
    headers["x-ratelimit-reset"] = headers["x-ratelimit-reset"] or ("%d"):format(math.ceil(window_end()))
    answer.headers = headers
  end

  return limits
end
