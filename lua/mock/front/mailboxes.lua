-- Channels as the API shows and changes them: the addresses of inboxes. channels.lua has the messages through a channel
-- of an app's own server.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views, pages)
  local mailboxes = {}

  local SECONDS = { [0] = true, [5] = true, [10] = true, [15] = true, [30] = true, [60] = true }
  local SETTINGS = { type = "object", fields = {
    undo_send_time = { type = "integer" }, all_teammates_can_reply = { type = "boolean" },
    webhook_url = { type = "string" }, sid = { type = "string" }, auth_token = { type = "string" },
  } }
  local NEW = {
    type = { type = "string", required = true, enum = { "custom", "smtp", "twilio" } }, name = { type = "string" },
    send_as = { type = "string" }, settings = SETTINGS, application_uid = { type = "string" },
    credentials = { type = "object" },
  }
  local UPDATE = { name = { type = "string" }, inbox_id = { type = "string" }, settings = SETTINGS }

  local function check(request, schema)
    local body, bad = checks.body(request, schema)
    if not body then return nil, bad end
    local seconds = body.settings and body.settings.undo_send_time
    if seconds and not SECONDS[seconds] then
      return nil, answers.invalid("settings.undo_send_time: must be 0, 5, 10, 15, 30 or 60")
    end
    return body
  end

  local function apply_settings(channel, given)
    local settings = channel.settings or { undo_send_time = 15, all_teammates_can_reply = false }
    for _, name in ipairs({ "undo_send_time", "all_teammates_can_reply" }) do
      if given and given[name] ~= nil then settings[name] = given[name] end
    end
    channel.settings = settings
  end

  -- Answers 204, without the new channel's id, as in Front's specification. smtp and twilio channels are not valid yet.
  local function create(request, inbox)
    local body, bad = check(request, NEW)
    if not body then return bad end
    if body.type ~= "custom" and not body.send_as then return answers.invalid("send_as: is required") end
    local channel = company.add("cha", {
      name = body.name or body.send_as or body.type, type = body.type, inbox = inbox, owner = inbox.owner,
      kind = ({ twilio = "sms", custom = "custom" })[body.type] or "email", is_private = inbox.is_private,
      is_valid = body.type == "custom",
    })
    channel.address = body.send_as or channel.id
    apply_settings(channel, body.settings)
    table.insert(company.channels, channel)
    inbox.channel = inbox.channel or channel
    return answers.none()
  end

  local function update(request, channel)
    local body, bad = check(request, UPDATE)
    if not body then return bad end
    if body.inbox_id then
      local inbox = company.find("inb", body.inbox_id)
      if not inbox then return answers.unknown("inbox", body.inbox_id) end
      channel.inbox = inbox
    end
    channel.name = body.name or channel.name
    apply_settings(channel, body.settings)
    return answers.none()
  end

  local function validate(_, channel)
    channel.is_valid = true
    return answers.ok({ status = "accepted" }, 202)
  end

  local function of_inbox(request, inbox)
    local found = {}
    for _, channel in ipairs(company.channels) do
      if channel.inbox == inbox then found[#found + 1] = channel end
    end
    return pages.whole(request, found, views.channel)
  end

  mailboxes.routes = records.owned("channels", function(request, owner)
    return pages.whole(request, records.of(company.channels, owner), views.channel)
  end)
  for _, route in ipairs({
    { "GET", "/channels", records.whole(company.channels, views.channel) },
    { "GET", "/channels/{id}", records.get("cha", "channel", views.channel) },
    { "PATCH", "/channels/{id}", records.with("cha", "channel", update) },
    { "POST", "/channels/{id}/validate", records.with("cha", "channel", validate) },
    { "GET", "/inboxes/{id}/channels", records.with("inb", "inbox", of_inbox) },
    { "POST", "/inboxes/{id}/channels", records.with("inb", "inbox", create) },
  }) do
    mailboxes.routes[#mailboxes.routes + 1] = route
  end

  return mailboxes
end
