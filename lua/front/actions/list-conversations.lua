-- Three kinds of endpoints of Front in one action: all conversations, the search, and the conversations of an
-- inbox, a tag, a contact or an assignee.
local WITHIN = {
  inbox_id    = "/inboxes/",
  tag_id      = "/tags/",
  contact_id  = "/contacts/",
  assignee_id = "/teammates/",
}
local SCOPES   = { "inbox_id", "tag_id", "contact_id", "assignee_id" }
local STATUSES = { "statuses", "status_categories", "status_ids" }
local SORT     = { "sort_by", "sort_order" }

-- Fails when INPUT has one of NAMES.
local function refuse(input, names, why)
  for _, name in ipairs(names) do
    if input[name] ~= nil then
      error({ kind = "invalid", message = "cannot list conversations: " .. name .. " " .. why })
    end
  end
end

local function first_page(input)
  if input.q then
    refuse(input, STATUSES, "does not go with q; put the status into q, as is:unassigned or is:archived")
    refuse(input, SORT, "does not go with q; a search is always ordered by last activity, newest first")
    refuse(input, SCOPES, "does not go with q; put it into q, as inbox:inb_…, tag:tag_… or assignee:tea_…")
    return "/conversations/search/" .. url.segment(input.q)
  end
  local path, scope
  for _, name in ipairs(SCOPES) do
    if input[name] then
      if scope then refuse(input, { name }, "does not go with " .. scope .. "; search with q instead") end
      refuse(input, SORT, "does not go with " .. name .. "; only the list of all conversations can be sorted")
      path, scope = WITHIN[name] .. url.segment(input[name]) .. "/conversations", name
    end
  end
  return path or "/conversations"
end

return {
  summary = "List conversations, or search them, one page at a time.",
  effect  = "read",
  scopes  = { "conversations:read" },
  group   = "conversations",

  input = {
    q = {
      "string", min = 1, example = "is:open is:unassigned inbox:inb_1ix6",
      about = "Search in Front's syntax: words, \"phrases\" and at most 15 filters, such as is:open, inbox:inb_…, "
        .. "tag:tag_…, assignee:tea_…, recipient:, from:, to:, and before: and after: with Unix seconds. "
        .. "Front limits searches to 40 % of the company's rate.",
    },
    statuses = {
      list = { enum = { "assigned", "unassigned", "archived", "trashed" } }, example = { "unassigned" },
      about = "Only conversations with one of these statuses.",
    },
    status_categories = {
      list = { enum = { "open", "waiting", "resolved" } }, example = { "open" },
      about = "For companies with ticketing, instead of statuses: only these categories.",
    },
    status_ids = {
      list = "string", example = { "sts_5x" },
      about = "For companies with ticketing, instead of statuses: only these ticket statuses.",
    },
    inbox_id    = { "inbox", example = "support", about = "Only conversations in this inbox." },
    tag_id      = { "tag", example = "tag_2oxhvy", about = "Only conversations with this tag." },
    contact_id  = { "contact", example = "alt:email:ada@shop.example", about = "Conversations with this contact." },
    assignee_id = { "teammate", example = "leela", about = "Only conversations assigned to this teammate." },
    limit = {
      "integer", min = 1, max = 100, example = 50,
      about = "Results per page; Front decides when not given. A page may have fewer although more follow.",
    },
    sort_by    = { enum = { "date" }, example = "date", about = "What to sort by; for the list of all conversations." },
    sort_order = { enum = { "asc", "desc" }, example = "asc", about = "Newest first (desc) unless asc is given." },
    next = {
      "string", min = 1, example = "https://acme.api.frontapp.com/conversations?page_token=e0b5767c",
      about = "`next` of the page before. It contains that page's filters and limit, so no other field goes "
        .. "with it (a limit is ignored).",
    },
  },

  output = {
    results = {
      list = { object = {
        id            = { "string", about = "cnv_…" },
        type          = { "string", about = "conversation, discussion or task" },
        subject       = { "string" },
        status        = { "string", about = "assigned, unassigned, archived or deleted" },
        assignee      = { "object", about = "The teammate, or null." },
        recipient     = { "object", about = "The main correspondent, {handle, name, role}, or null." },
        tags          = { list = "object" },
        created_at    = { "time", about = "Unix seconds." },
        waiting_since = { "time", about = "Unix seconds; the time since which the customer waits." },
      } },
      columns = { "id", "status", "subject", "recipient.handle", "assignee.username", "created_at" },
      about   = "Conversations as Front describes them.",
    },
    next  = { "string", about = "Give it back as `next` to get the following page; absent on the last page." },
    total = { "integer", about = "The number of matches; with q only." },
  },

  run = function(ctx, input)
    if input.next then
      for name in pairs(input) do
        -- A client's default may set a limit; Front's URL has the one that counts.
        if name ~= "next" and name ~= "limit" then
          refuse(input, { name }, "does not go with next, which contains the filters of the page before")
        end
      end
      return ctx.http.page(input.next)
    end
    return ctx.http.page(first_page(input), { query = {
      ["q[statuses][]"]          = input.statuses,
      ["q[status_categories][]"] = input.status_categories,
      ["q[status_ids][]"]        = input.status_ids,
      limit                      = input.limit,
      sort_by                    = input.sort_by,
      sort_order                 = input.sort_order,
    } })
  end,
}
