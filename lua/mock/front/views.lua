-- The shapes of Front's objects, from its specification (https://github.com/frontapp/front-api-specs), with the
-- undocumented members of captures (https://github.com/webhookdb/webhookdb): last_message, is_draft, address, send_as,
-- type.
local mock = ...
local answers = mock.part("engine/answers")
local html = mock.part("engine/html")

return function(company, ticketing)
  local views = {}
  local list = answers.list
  local function link(path) return mock.address .. path end
  views.link = link

  local function or_null(value)
    if value == nil then return json.null end
    return value
  end

  local function owner_link(owner)
    if not owner then return json.null end
    return link((owner.id:sub(1, 4) == "tea_" and "/teammates/" or "/teams/") .. owner.id)
  end

  local function texts(values)
    return json.array(table.move(values or {}, 1, #(values or {}), 1, {}))
  end
  views.texts = texts
  views.or_null, views.owner_link = or_null, owner_link

  function views.company()
    return { _links = { self = link("/me") }, id = company.id, name = company.name }
  end

  function views.teammate(t)
    local self = link("/teammates/" .. t.id)
    return {
      _links = { self = self, related = { inboxes = self .. "/inboxes", conversations = self .. "/conversations" } },
      id = t.id, email = t.email, username = t.username, first_name = t.first_name, last_name = t.last_name,
      is_admin = t.is_admin, is_available = t.is_available, is_blocked = false, type = t.type or "user",
      custom_fields = t.custom_fields or {},
    }
  end

  function views.team(t)
    return { _links = { self = link("/teams/" .. t.id) }, id = t.id, name = t.name }
  end

  function views.inbox(i)
    local self = link("/inboxes/" .. i.id)
    return {
      _links = {
        self = self,
        related = {
          teammates = self .. "/teammates", conversations = self .. "/conversations",
          channels = self .. "/channels", owner = owner_link(i.owner),
        },
      },
      id = i.id, name = i.name, is_private = i.is_private, is_public = not i.is_private,
      custom_fields = i.custom_fields or {}, address = i.channel and i.channel.address,
      send_as = i.channel and i.channel.address, type = i.channel and i.channel.type,
    }
  end

  function views.custom_field(f)
    local values
    if f.values then
      values = json.array({})
      for i, value in ipairs(f.values) do values[i] = { value = value, label = value } end
    end
    return {
      _links = { self = link("/custom_fields/" .. f.id) }, id = f.id, name = f.name, description = f.description or "",
      type = f.type, values = values,
    }
  end

  function views.rule(r)
    return {
      _links = { self = link("/rules/" .. r.id), related = { owner = owner_link(r.owner) } },
      id = r.id, name = r.name, actions = json.array(table.move(r.actions, 1, #r.actions, 1, {})),
      is_private = r.is_private or false,
    }
  end

  -- A link of Front's: a page or ticket elsewhere that conversations belong to.
  function views.topic(t)
    return {
      _links = { self = link("/links/" .. t.id) }, id = t.id, name = t.name, type = t.type, external_url = t.url,
      custom_fields = t.custom_fields or {},
    }
  end

  function views.channel(c)
    return {
      _links = {
        self = link("/channels/" .. c.id),
        related = { inbox = c.inbox and link("/inboxes/" .. c.inbox.id) or json.null, owner = owner_link(c.owner) },
      },
      id = c.id, name = c.name, address = c.address, type = c.type, send_as = c.address,
      settings = c.settings or { undo_send_time = 15, all_teammates_can_reply = false },
      is_private = c.is_private or false, is_valid = c.is_valid ~= false,
    }
  end

  function views.tag(t)
    local self = link("/tags/" .. t.id)
    return {
      _links = {
        self = self,
        related = {
          conversations = self .. "/conversations", owner = owner_link(t.owner),
          parent_tag = t.parent and link("/tags/" .. t.parent.id) or json.null,
          children = t.has_children and self .. "/children" or json.null,
        },
      },
      id = t.id, name = t.name, description = or_null(t.description), highlight = or_null(t.highlight),
      is_private = t.is_private or false, is_visible_in_conversation_lists = t.is_visible ~= false,
      created_at = t.created_at, updated_at = t.updated_at,
    }
  end

  function views.signature(s)
    return {
      _links = { self = link("/signatures/" .. s.id), related = { owner = owner_link(s.owner) } },
      id = s.id, name = s.name, body = s.body, sender_info = or_null(s.sender_info),
      is_visible_for_all_teammate_channels = s.is_visible ~= false, is_default = s.is_default or false,
      is_private = s.is_private or false, channel_ids = texts(s.channel_ids),
    }
  end

  function views.contact_list(l)
    local self = link("/contact_lists/" .. l.id)
    return {
      _links = { self = self, related = { contacts = self .. "/contacts", owner = owner_link(l.owner) } },
      id = l.id, name = l.name, is_private = l.is_private,
    }
  end

  function views.contact(c)
    local self = link("/contacts/" .. c.id)
    local lists = list(c.lists, views.contact_list)
    return {
      _links = {
        self = self,
        related = { notes = self .. "/notes", conversations = self .. "/conversations", owner = owner_link(c.owner) },
      },
      id = c.id, name = c.name, description = or_null(c.description), avatar_url = or_null(c.avatar_url),
      links = json.array(table.move(c.links, 1, #c.links, 1, {})), groups = lists, lists = lists,
      handles = list(c.handles, function(h) return { handle = h.handle, source = h.source } end),
      custom_fields = c.custom_fields, is_private = c.is_private or false,
      updated_at = c.updated_at, is_spammer = false,
    }
  end

  local function contact_of(handle)
    for _, source in ipairs({ "email", "phone", "custom" }) do
      local contact = company.by_handle[company.handle_key(source, handle)]
      if contact then return link("/contacts/" .. contact.id) end
    end
    return json.null
  end

  local function recipient(r)
    return {
      _links = { related = { contact = contact_of(r.handle) } },
      name = or_null(r.name), handle = r.handle, role = r.role,
    }
  end

  views.recipient = recipient

  function views.attachment(f)
    return {
      id = f.id, filename = f.filename, url = link("/download/" .. f.id), content_type = f.content_type,
      size = f.size, metadata = { is_inline = false },
    }
  end

  local function attachments(files)
    return list(files, views.attachment)
  end

  function views.message(m)
    local self = link("/messages/" .. m.id)
    local related = { conversation = link("/conversations/" .. m.conversation.id), message_seen = self .. "/seen" }
    if m.replied_to then related.message_replied_to = link("/messages/" .. m.replied_to.id) end
    return {
      _links = { self = self, related = related },
      id = m.id, message_uid = m.uid, type = m.type, is_inbound = m.is_inbound, draft_mode = or_null(m.draft_mode),
      error_type = or_null(m.error_type), version = or_null(m.version), is_draft = m.draft_mode ~= nil,
      created_at = m.created_at,
      subject = m.subject or "", blurb = html.blurb(m.text), body = m.body, text = m.text,
      author = m.author and views.teammate(m.author) or json.null,
      recipients = list(m.recipients, recipient), attachments = attachments(m.attachments),
      signature = m.signature and views.signature(m.signature) or json.null,
      metadata = m.type == "email" and { headers = {} } or {},
    }
  end

  function views.comment(c)
    local self = link("/comments/" .. c.id)
    return {
      _links = {
        self = self,
        related = {
          conversation = link("/conversations/" .. c.conversation.id), mentions = self .. "/mentions",
          comment_replied_to = c.replied_to and link("/comments/" .. c.replied_to.id) or nil,
        },
      },
      id = c.id, author = c.author and views.teammate(c.author) or json.null, body = c.body,
      posted_at = c.posted_at, attachments = attachments(c.attachments), is_pinned = c.is_pinned or false,
    }
  end

  local function reminder(r)
    return {
      _links = { related = { owner = link("/teammates/" .. r.owner.id) } },
      created_at = r.created_at, scheduled_at = r.scheduled_at, updated_at = r.updated_at,
    }
  end

  function views.status(s)
    return {
      _links = { self = link("/company/statuses/" .. s.id) }, id = s.id, name = s.name, category = s.category,
      description = s.description, created_at = s.created_at, updated_at = s.updated_at,
    }
  end

  function views.conversation_links(c)
    local self = link("/conversations/" .. c.id)
    local last = c.messages[#c.messages]
    return {
      self = self,
      related = {
        events = self .. "/events", followers = self .. "/followers", messages = self .. "/messages",
        comments = self .. "/comments", inboxes = self .. "/inboxes",
        last_message = last and link("/messages/" .. last.id .. "?referer=conversation") or nil,
      },
    }
  end

  function views.conversation(c)
    local ticket = ticketing.enabled and ticketing.status_of(c) or {}
    local last = c.messages[#c.messages]
    local main = c.handle and { handle = c.handle, name = c.contact and c.contact.name, role = "from" }
    return {
      _links = views.conversation_links(c),
      id = c.id, type = c.type, subject = c.subject or "", status = c.status, status_id = ticket.id,
      status_category = ticket.category, ticket_ids = json.array({}),
      assignee = c.assignee and views.teammate(c.assignee) or json.null,
      recipient = main and recipient(main) or json.null,
      tags = list(c.tags, views.tag), links = list(c.links, views.topic), custom_fields = c.custom_fields,
      last_message = last and views.message(last) or nil,
      created_at = c.created_at, updated_at = c.updated_at, waiting_since = c.waiting_since,
      is_private = c.is_private, scheduled_reminders = list(c.reminders, reminder),
      description = c.description, due_at = c.due_at, metadata = {},
    }
  end

  return views
end
