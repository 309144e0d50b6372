local function same_author(wanted, author)
  if not wanted then return true end
  if type(author) ~= "table" then return false end
  return wanted == author.id or wanted:lower() == ("alt:email:" .. tostring(author.email)):lower()
end

return {
  summary = "Reply to a comment.",
  effect  = "write",
  scopes  = { "comments:write" },
  group   = "comments",
  request = { "POST", "/comments/{comment_id}/replies" },

  input = {
    comment_id  = { "comment", required = true, example = "com_1ywg3f2", about = "The comment." },
    body        = { "markdown", required = true, min = 1, example = "I will do it.", about = "The text, as Markdown." },
    author_id   = { "teammate", example = "leela", about = "The teammate who writes; the app itself when not given." },
    is_pinned   = { "boolean", example = true, about = "Pin it in the conversation." },
    attachments = { list = "file", example = { "@price-list.pdf" }, about = "Files, 25 MB together at most." },
  },

  output = {
    id          = { "string", about = "com_…" },
    body        = { "string", about = "Markdown." },
    author      = { "object", about = "The teammate, or null." },
    posted_at   = { "time", about = "Unix seconds." },
    is_pinned   = { "boolean" },
    attachments = { list = "object", about = "{id, filename, url, content_type, size} each" },
  },

  -- Looks for a comment with this author and text in the conversation of the comment.
  confirm = function(ctx, _, intent)
    local body, found = intent.request.body, {}
    local comment = ctx.http.get((intent.request.path:gsub("/replies$", "")))
    local related = comment._links and comment._links.related
    local id      = related and type(related.conversation) == "string" and related.conversation:match("cnv_%w+")
    if not id then return nil end
    for _, other in ipairs(ctx.http.page("/conversations/" .. id .. "/comments").results) do
      if other.posted_at >= intent.at - 5 and not intent.claimed[other.id] and same_author(body.author_id, other.author)
        and other.body == body.body then
        found[#found + 1] = other
      end
    end
    if #found == 0 and ctx.now() - intent.at >= 60 then return false end
    if #found <= 1 + #intent.others then return found[1] end
  end,
}
