-- Calls functions later: a heap of due times for the real clock, and one for the mock's, which /_mock/clock may stop
-- or move.
local mock = ...
local clock = mock.part("engine/clock")

local function new_heap(now)
  local heap, seq = {}, 0

  local function before(a, b)
    if a.due ~= b.due then return a.due < b.due end
    return a.seq < b.seq
  end

  local function add(due, fn)
    seq = seq + 1
    local i, item = #heap + 1, { due = due, seq = seq, fn = fn }
    while i > 1 and before(item, heap[i // 2]) do
      heap[i] = heap[i // 2]
      i = i // 2
    end
    heap[i] = item
  end

  local function take()
    local top, item = heap[1], table.remove(heap)
    local n, i = #heap, 1
    if n == 0 then return top end
    while true do
      local child = 2 * i
      if child > n then break end
      if child < n and before(heap[child + 1], heap[child]) then child = child + 1 end
      if not before(heap[child], item) then break end
      heap[i] = heap[child]
      i = child
    end
    heap[i] = item
    return top
  end

  -- Moves the due functions to the end of LIST.
  local function take_due(list)
    local at = heap[1] and now()
    while heap[1] and heap[1].due <= at do list[#list + 1] = take().fn end
  end

  -- Returns the seconds until the next one; nil when there is none.
  local function wait()
    return heap[1] and math.max(0, heap[1].due - now())
  end

  return { add = add, take_due = take_due, wait = wait }
end

local timers = {}
local WAIT_MAX = 86400 -- seconds; a snooze may last 50 years
local by_real, by_clock = new_heap(mock.clock), new_heap(clock.now)

function timers.after(seconds, fn)
  by_real.add(mock.clock() + seconds, fn)
end

-- By the mock's clock.
function timers.after_clock(seconds, fn)
  by_clock.add(clock.now() + seconds, fn)
end

-- Returns the seconds until the next function is due. A stopped clock does not advance.
local function nearest()
  local a, b = by_real.wait(), by_clock.wait()
  if clock.stopped and b and b > 0 then b = nil end
  if not a and not b then return nil end
  return math.min(a or WAIT_MAX, b or WAIT_MAX, WAIT_MAX)
end

-- Calls RUN(fn) for each due function. Returns the seconds until the next; nil for never. Functions that become due
-- meanwhile wait for the next call, so that requests are answered in between.
function timers.run(run)
  local due = {}
  by_real.take_due(due)
  by_clock.take_due(due)
  for _, fn in ipairs(due) do run(fn) end
  return nearest()
end

return timers
