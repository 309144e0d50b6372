-- Comments on conversations, replies to them, and whom they mention.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, threads, views, pages, events, attachments, conversations)
  local comments = {}

  local NEW = {
    body = { type = "string", required = true }, author_id = { type = "string" },
    is_pinned = { type = "boolean" }, attachments = { type = "files" },
  }
  local UPDATE = { body = { type = "string" }, is_pinned = { type = "boolean" } }

  local function list(request, conversation)
    return pages.whole(request, conversation.comments, views.comment)
  end

  local function create(request, conversation, replied_to)
    local body, bad = checks.body(request, NEW)
    if not body then return bad end
    local author, files
    if body.author_id then
      author = company.find("tea", body.author_id)
      if not author then return answers.unknown("teammate", body.author_id) end
    end
    files, bad = attachments.attach(request, body.attachments)
    if bad then return bad end
    local comment = threads.comment(conversation, {
      author = author or events.author(request), body = body.body, is_pinned = body.is_pinned,
      attachments = files, replied_to = replied_to,
      posted_at = company.now(), token = request.token,
    })
    events.comment(comment, events.by(request))
    return answers.ok(views.comment(comment), 201)
  end

  -- Changes the body only for the token that wrote it.
  local function update(request, comment)
    local body, bad = checks.body(request, UPDATE)
    if not body then return bad end
    if body.body and comment.token ~= request.token then
      return answers.error(403, "The body of a comment can be changed by the token that created it only")
    end
    comment.body = body.body or comment.body
    if body.is_pinned ~= nil then comment.is_pinned = body.is_pinned end
    return answers.ok(views.comment(comment))
  end

  local function with(handler) return records.with("com", "comment", handler) end
  comments.routes = {
    { "GET", "/comments/{id}", records.get("com", "comment", views.comment) },
    { "PATCH", "/comments/{id}/", with(update) },
    { "GET", "/comments/{id}/mentions", with(function(request, comment)
      return pages.whole(request, events.mentioned(comment), views.teammate)
    end) },
    { "POST", "/comments/{id}/replies", with(function(request, comment)
      return create(request, comment.conversation, comment)
    end) },
  }
  for _, route in ipairs({
    { "GET", "/conversations/{id}/comments", conversations.with(list) },
    { "POST", "/conversations/{id}/comments", conversations.with(function(request, c) return create(request, c) end) },
  }) do
    comments.routes[#comments.routes + 1] = route
  end

  return comments
end
