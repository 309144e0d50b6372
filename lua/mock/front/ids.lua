-- Ids in Front's form: a prefix and a number in base 36. Each kind counts up from a first id that depends on the seed,
-- so that two companies share none.
local mock = ...

local FIRST = {
  cmp = "4thp0", tim = "k30", tea = "6r55a", inb = "1ix6", cha = "1gv4", tag = "2oxhvy",
  sig = "6rrv", grp = "3j342", crd = "3cgz4ge", cnv = "yo1kg5q", msg = "1q15qmtq",
  com = "1ywg3f2", sts = "5x", fil = "3q8a7mby", evt = "3s78kxhw",
  top = "b2wpa", acc = "2bmn4", rul = "58xhq", fld = "2jvc0", rsp = "5i1g", rsf = "2x9c", shf = "3k1a", vcr = "2b7q",
  cir = "1q4e", lns = "7m2c", exp = "4tz8", knb = "1c8g", kbc = "3d2k", kba = "6f1o", rep = "8gh2",
}
local STEP = 11 -- so that an id differs from its neighbours by more than one digit, mostly
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

  -- Returns hexadecimal digits for a message's uid and the like.
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
