-- Which handler answers which path of Front's API.
local mock = ...
local answers = mock.part("engine/answers")
local routes = mock.part("engine/routes")

-- GROUPS: the parts that answer, each with its `routes`; the first one that has a path answers it.
return function(threads, conversations, groups)
  local list = {}
  for _, group in ipairs(groups) do table.move(group.routes, 1, #group.routes, #list + 1, list) end
  local find = routes(list)

  -- Answers a request of the API.
  return function(request)
    local segments = request.segments
    -- A merged conversation redirects each request.
    if segments[1] == "conversations" and threads.merged[segments[2]] then
      return conversations.with(nil)(request, segments[2])
    end
    local function answer(handler, ...)
      if handler then return handler(request, ...) end
      return answers.error(404, ("No route for %s %s; the nearest is %s"):format(request.method, request.path,
        find.nearest(request)))
    end
    return answer(find.handler(request))
  end
end
