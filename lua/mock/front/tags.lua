-- Tags: of the company, a team or a teammate, with children.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, threads, views, pages, conversations)
  local tags = {}

  local HIGHLIGHTS = { "grey", "pink", "red", "orange", "yellow", "green", "light-blue", "blue", "purple" }
  local TAG = {
    name = { type = "string", max = 64 }, description = { type = "string", null = true },
    highlight = { type = "string", enum = HIGHLIGHTS, null = true },
    is_visible_in_conversation_lists = { type = "boolean" },
  }
  local NEW, UPDATE = { name = { type = "string", max = 64, required = true } }, { parent_tag_id = { type = "string" } }
  for name, field in pairs(TAG) do
    NEW[name] = NEW[name] or field
    UPDATE[name] = field
  end

  -- Gives the whole list: in Front's specification these lists take limit and page_token, and the answer has no
  -- _pagination.
  local function list(request, found)
    return pages.check_sort(request.params, { "id" }) or pages.whole(request, found, views.tag)
  end

  local function create(request, owner, parent)
    local body, bad = checks.body(request, NEW)
    if not body then return bad end
    local tag = records.add("tag", company.tags, {
      name = body.name, description = body.description, highlight = body.highlight, owner = owner, parent = parent,
      is_private = owner ~= nil and owner.email ~= nil, is_visible = body.is_visible_in_conversation_lists or false,
    })
    if parent then parent.has_children = true end
    return answers.ok(views.tag(tag), 201)
  end

  local function is_below(tag, other)
    while tag do
      if tag == other then return true end
      tag = tag.parent
    end
    return false
  end

  local function update(request, tag)
    local body, bad = checks.body(request, UPDATE)
    if not body then return bad end
    if body.parent_tag_id then
      local parent = company.find("tag", body.parent_tag_id)
      if not parent then return answers.unknown("tag", body.parent_tag_id) end
      if is_below(parent, tag) then return answers.invalid("parent_tag_id: is the tag itself, or below it") end
      tag.parent, parent.has_children = parent, true
    end
    local given = request.json or request.fields
    records.set(tag, body, given, { "description", "highlight" })
    tag.name = body.name or tag.name
    if body.is_visible_in_conversation_lists ~= nil then tag.is_visible = body.is_visible_in_conversation_lists end
    return answers.none()
  end

  -- Takes the tag from its conversations. That Front sends no event for that is a guess.
  local function remove(_, tag)
    for _, conversation in ipairs(threads.list) do
      for i = #conversation.tags, 1, -1 do
        if conversation.tags[i] == tag then table.remove(conversation.tags, i) end
      end
    end
    for _, one in ipairs(company.tags) do
      if one.parent == tag then one.parent = nil end
    end
    company.drop(company.tags, tag)
    return answers.none()
  end

  local function children(request, tag)
    local found = {}
    for _, one in ipairs(company.tags) do
      if one.parent == tag then found[#found + 1] = one end
    end
    return pages.whole(request, found, views.tag)
  end

  local function of_company(request)
    local found = {}
    for _, tag in ipairs(company.tags) do
      if not tag.owner then found[#found + 1] = tag end
    end
    return list(request, found)
  end

  local function all(request) return list(request, company.tags) end

  -- POST /tags creates in the oldest workspace, POST /company/tags for all.
  tags.routes = records.owned("tags", function(request, owner)
    return list(request, records.of(company.tags, owner))
  end, create)
  for _, route in ipairs({
    { "GET", "/tags", all },
    { "POST", "/tags", function(request) return create(request, company.teams[1]) end },
    { "GET", "/company/tags", of_company },
    { "POST", "/company/tags", function(request) return create(request, nil) end },
    { "GET", "/tags/{id}", records.get("tag", "tag", views.tag) },
    { "PATCH", "/tags/{id}", records.with("tag", "tag", update) },
    { "DELETE", "/tags/{id}", records.with("tag", "tag", remove) },
    { "GET", "/tags/{id}/children", records.with("tag", "tag", children) },
    { "POST", "/tags/{id}/children", records.with("tag", "tag", function(request, tag)
      return create(request, tag.owner, tag)
    end) },
    { "GET", "/tags/{id}/conversations", conversations.list_of_tag },
  }) do
    tags.routes[#tags.routes + 1] = route
  end

  return tags
end
