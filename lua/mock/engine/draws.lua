-- Random draws that repeat: each depends on the seed and on its words, not on earlier draws. Requests in another order
-- get the same results.
local mock = ...

local draws = {}
local KEY = "seed " .. tostring(mock.options.seed or 1)

-- Returns a number, 0 <= n < 1, for these words.
function draws.number(...)
  return tonumber(hmac.sha256(KEY, table.concat({ ... }, "\n")):sub(1, 13), 16) / 16 ^ 13
end

-- Returns that many hexadecimal digits, at most 64.
function draws.hex(digits, ...)
  return hmac.sha256(KEY, table.concat({ ... }, "\n")):sub(1, digits)
end

-- Shuffles LIST in place.
function draws.shuffle(list, ...)
  for i = #list, 2, -1 do
    local j = 1 + math.floor(draws.number(i, ...) * i)
    list[i], list[j] = list[j], list[i]
  end
end

return draws
