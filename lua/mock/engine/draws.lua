-- Chance that repeats: a draw depends on the seed and on what it is for, not on how many
-- others were drawn before, so that requests in another order meet the same fate.
local mock = ...

local draws = {}
local KEY = "seed " .. tostring(mock.options.seed or 1)

-- 0 <= number < 1 for these words.
function draws.number(...)
  return tonumber(hmac.sha256(KEY, table.concat({ ... }, "\n")):sub(1, 13), 16) / 16 ^ 13
end

-- So many hexadecimal digits, at most 64.
function draws.hex(digits, ...)
  return hmac.sha256(KEY, table.concat({ ... }, "\n")):sub(1, digits)
end

-- LIST in another order, in place.
function draws.shuffle(list, ...)
  for i = #list, 2, -1 do
    local j = 1 + math.floor(draws.number(i, ...) * i)
    list[i], list[j] = list[j], list[i]
  end
end

return draws
