-- Ids as Front makes them: a prefix and a number in base 36. Each kind counts up from a
-- first id of its own, moved by the seed, so that two companies share none.
local mock = ...

local FIRST = {
  cmp = "4thp0", tim = "k30", tea = "6r55a", inb = "1ix6", cha = "1gv4", tag = "2oxhvy",
  sig = "6rrv", grp = "3j342", crd = "3cgz4ge", cnv = "yo1kg5q", msg = "1q15qmtq",
  com = "1ywg3f2", sts = "5x", fil = "3q8a7mby", evt = "3s78kxhw",
}
local STEP = 11 -- neighbours must not look like typing errors of each other
local DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

local function base36(n)
  local out = ""
  repeat
    local digit = n % 36
    out = DIGITS:sub(digit + 1, digit + 1) .. out
    n = n // 36
  until n == 0
  return out
end

return function(seed)
  local ids = {}
  local count = {}

  -- ids.new("cnv") -> "cnv_yo1kg5q", then the next one ...
  function ids.new(kind)
    local n = count[kind] or 0
    count[kind] = n + 1
    local first = tonumber(FIRST[kind], 36) + (seed - 1) * 104729
    return kind .. "_" .. base36(first + n * STEP)
  end

  -- A message's uid and other opaque hexadecimal words.
  function ids.hex(digits)
    local out = {}
    for i = 1, digits do
      local digit = mock.random(16)
      out[i] = ("0123456789abcdef"):sub(digit, digit)
    end
    return table.concat(out)
  end

  return ids
end
