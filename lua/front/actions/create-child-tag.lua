return {
  summary = "Create a tag below another one.",
  effect  = "write",
  scopes  = { "tags:write" },
  group   = "tags",
  rare    = true,
  request = { "POST", "/tags/{tag_id}/children" },

  input = {
    tag_id      = { "tag", required = true, example = "vip", about = "The tag above the new one." },
    name        = { "string", required = true, min = 1, max = 64, example = "VIP", about = "The tag's name." },
    description = { "string", example = "Customers with a contract", about = "What the tag is for." },
    highlight = {
      enum = { "grey", "pink", "red", "orange", "yellow", "green", "light-blue", "blue", "purple" }, example = "red",
      about = "Its colour.",
    },
    is_visible_in_conversation_lists = { "boolean", example = true, about = "Show it in lists of conversations." },
  },

  output = {
    id                               = { "string", about = "tag_…" },
    name                             = { "string" },
    description                      = { "string" },
    highlight                        = { "string", about = "Its colour." },
    is_private                       = { "boolean", about = "Belongs to one teammate." },
    is_visible_in_conversation_lists = { "boolean" },
    created_at                       = { "time", about = "Unix seconds." },
    updated_at                       = { "time", about = "Unix seconds." },
  },

  -- Front does not say whether two tags may have one name, so a tag counts only if it is as new as the request.
  confirm = function(ctx, _, intent)
    local name = intent.request.body.name
    local page = ctx.http.page(intent.request.path)
    while page do
      for _, tag in ipairs(page.results) do
        if tag.name == name and (tag.created_at or 0) >= intent.at - 5 and not intent.claimed[tag.id] then
          return tag
        end
      end
      page = page.next and ctx.http.page(page.next)
    end
    if ctx.now() - intent.at >= 60 then return false end
  end,
}
