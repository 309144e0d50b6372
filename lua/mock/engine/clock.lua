-- The mock's clock: the real time, unless /_mock/clock stops or moves it.
local mock = ...

-- Seeded times are in the forty days before this moment (2026-01-01T00:00:00Z), so that a seed always gives the same
-- company. options.epoch replaces it; "start" means now.
local EPOCH = 1767225600

local clock = { epoch = mock.options.epoch or EPOCH, offset = 0, stopped = nil }
if clock.epoch == "start" then clock.epoch = mock.now() end

function clock.now()
  local now = clock.stopped or math.max(mock.now() + clock.offset, clock.epoch)
  return math.floor(now * 1000) / 1000
end

-- Returns the header `Date` of a moved clock; nil while the server's own is right.
function clock.date()
  if not clock.stopped and clock.offset == 0 then return nil end
  return text.time(clock.now(), "%a, %d %b %Y %H:%M:%S GMT")
end

return clock
