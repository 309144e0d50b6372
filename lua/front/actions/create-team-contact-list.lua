return {
  summary = "Create a contact list of a workspace.",
  effect  = "write",
  scopes  = { "contacts:write" },
  group   = "contact lists",
  rare    = true,
  request = { "POST", "/teams/{team_id}/contact_lists" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
    name    = { "string", required = true, min = 1, example = "Customers", about = "The list's name." },
  },

  -- Lists have no time of creation, and Front's answer is empty: a list of this name counts, unless another request
  -- created it.
  confirm = function(ctx, _, intent)
    local name = intent.request.body.name
    for _, list in ipairs(ctx.http.page(intent.request.path).results) do
      if list.name == name and not intent.claimed[list.id] then return true, { list.id } end
    end
    if ctx.now() - intent.at >= 60 then return false end
  end,
}
