-- hours: ctx.hours, when the client's people are there, as `hours` of its settings says.
local std = ...

local hours = {}

-- Each takes a time in Unix seconds; without one it asks the run for the time.
local function at(time)
  if time == nil then return std.ctx.now() end
  return time
end

local function seconds(duration)
  if type(duration) == "string" then return text.parse_duration(duration) end
  return duration
end

function hours.is_open(time) return std.hours("is_open", at(time)) end
function hours.opens_at(time) return std.hours("opens_at", at(time)) end
function hours.closes_at(time) return std.hours("closes_at", at(time)) end
function hours.between(from, to) return std.hours("between", from, at(to)) end
function hours.after(duration, from) return std.hours("after", at(from), seconds(duration)) end
function hours.is_away(teammate, time) return std.hours("is_away", at(time), teammate) end

return hours
