-- The teammates that follow a conversation.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, threads, views, pages, conversations)
  local followers = {}
  local IDS = { teammate_ids = { type = "list", required = true, max = 50, items = { type = "string" } } }

  function followers.list(request, conversation)
    return pages.whole(request, conversation.followers, views.teammate)
  end

  local function index_of(list, item)
    for i, one in ipairs(list) do
      if one == item then return i end
    end
    return nil
  end

  -- Returns the teammates. With ?ignore_errors, those that exist; else nil and the answer when one does not.
  local function find(request, body)
    if request.params.ignore_errors ~= "true" then
      return checks.find_all(company, "tea", "teammate", body.teammate_ids)
    end
    local out = {}
    for _, id in ipairs(body.teammate_ids) do out[#out + 1] = company.find("tea", id) end
    return out
  end

  function followers.add(request, conversation)
    local body, bad = checks.body(request, IDS)
    if not body then return bad end
    local teammates
    teammates, bad = find(request, body)
    if not teammates then return bad end
    for _, teammate in ipairs(teammates) do
      if not index_of(conversation.followers, teammate) then table.insert(conversation.followers, teammate) end
    end
    threads.touch(conversation)
    return answers.none()
  end

  function followers.remove(request, conversation)
    local body, bad = checks.body(request, IDS)
    if not body then return bad end
    local teammates
    teammates, bad = checks.find_all(company, "tea", "teammate", body.teammate_ids)
    if not teammates then return bad end
    for _, teammate in ipairs(teammates) do
      local i = index_of(conversation.followers, teammate)
      if i then table.remove(conversation.followers, i) end
    end
    threads.touch(conversation)
    return answers.none()
  end

  followers.routes = {
    { "GET", "/conversations/{id}/followers", conversations.with(followers.list) },
    { "POST", "/conversations/{id}/followers", conversations.with(followers.add) },
    { "DELETE", "/conversations/{id}/followers", conversations.with(followers.remove) },
  }

  return followers
end
