-- A list that stays sorted by KEY(item), a number; of equal ones, the older is first. To add at the end, the usual
-- case, is cheap.
return function(key)
  local ordered = { list = {} }
  local list = ordered.list

  -- Returns the number of items whose key is below AT, or not above it with OR_EQUAL.
  function ordered.below(at, or_equal)
    local low, high = 0, #list
    while low < high do
      local middle = (low + high + 1) // 2
      local found = key(list[middle])
      if found < at or or_equal and found == at then low = middle else high = middle - 1 end
    end
    return low
  end

  function ordered.add(item)
    local n = #list
    if n == 0 or key(list[n]) <= key(item) then
      list[n + 1] = item
    else
      table.insert(list, ordered.below(key(item), true) + 1, item)
    end
  end

  -- Removes ITEM, before its key changes.
  function ordered.remove(item)
    for i = ordered.below(key(item)) + 1, #list do
      if list[i] == item then
        table.remove(list, i)
        return
      end
    end
  end

  -- Drops the first COUNT items.
  function ordered.drop(count)
    local n = #list
    table.move(list, count + 1, n, 1)
    for i = n, n - count + 1, -1 do list[i] = nil end
  end

  return ordered
end
