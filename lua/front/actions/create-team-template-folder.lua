return {
  summary = "Create a folder of message templates of a workspace.",
  effect  = "write",
  scopes  = { "message_templates:write" },
  group   = "message templates",
  rare    = true,
  request = { "POST", "/teams/{team_id}/message_template_folders" },

  input = {
    team_id = { "team", required = true, example = "tim_16", about = "The workspace; Front's API calls it a team." },
    name = { "string", required = true, min = 1, example = "Returns", about = "The folder's name." },
    parent_folder_id = { "template_folder", example = "rsf_1q15q", about = "The folder above it." },
  },

  output = {
    id         = { "string", about = "rsf_…" },
    name       = { "string" },
    created_at = { "time", about = "Unix seconds." },
    updated_at = { "time", about = "Unix seconds." },
  },

  -- Two folders may have one name, so a folder counts only if it is as new as the request.
  confirm = function(ctx, _, intent)
    local name = intent.request.body.name
    local page = ctx.http.page(intent.request.path)
    while page do
      for _, folder in ipairs(page.results) do
        if folder.name == name and (folder.created_at or 0) >= intent.at - 5 and not intent.claimed[folder.id] then
          return folder
        end
      end
      page = page.next and ctx.http.page(page.next)
    end
    if ctx.now() - intent.at >= 60 then return false end
  end,
}
