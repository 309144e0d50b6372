-- What the files of the simpler records share: finding by the path's id, lists of an owner, creation and deletion.
local mock = ...
local answers = mock.part("engine/answers")

return function(company, pages)
  local records = {}

  -- Returns a route's handler that calls HANDLER(request, record) with the record of that kind.
  function records.with(kind, what, handler)
    return function(request, id)
      local record = company.find(kind, id)
      if not record then return answers.unknown(what, id) end
      return handler(request, record)
    end
  end

  function records.get(kind, what, view)
    return records.with(kind, what, function(_, record) return answers.ok(view(record)) end)
  end

  -- Returns a handler for a list that Front does not page.
  function records.whole(list, view)
    return function(request) return pages.whole(request, list, view) end
  end

  -- Returns the records of LIST that belong to OWNER, a team or teammate.
  function records.of(list, owner)
    local found = {}
    for _, record in ipairs(list) do
      if record.owner == owner then found[#found + 1] = record end
    end
    return found
  end

  -- Returns the routes of what a team or a teammate has: /teams/{id}/NAME and /teammates/{id}/NAME. LIST(request,
  -- owner) and CREATE(request, owner) may be nil.
  function records.owned(name, list, create)
    local routes = {}
    for _, owner in ipairs({ { "tim", "team", "/teams/" }, { "tea", "teammate", "/teammates/" } }) do
      local path = owner[3] .. "{id}/" .. name
      if list then routes[#routes + 1] = { "GET", path, records.with(owner[1], owner[2], list) } end
      if create then routes[#routes + 1] = { "POST", path, records.with(owner[1], owner[2], create) } end
    end
    return routes
  end

  -- Returns a handler that deletes the record from LIST.
  function records.remove(kind, what, list)
    return records.with(kind, what, function(_, record)
      company.drop(list, record)
      return answers.none()
    end)
  end

  -- Adds a record of that kind to LIST, with its times.
  function records.add(kind, list, record)
    record.created_at = company.now()
    record.updated_at = record.created_at
    company.add(kind, record)
    list[#list + 1] = record
    return record
  end

  -- Sets what GIVEN has of NAMES; a JSON null clears.
  function records.set(record, body, given, names)
    for _, name in ipairs(names) do
      if given[name] ~= nil then record[name] = body[name] end
    end
    record.updated_at = company.now()
  end

  return records
end
