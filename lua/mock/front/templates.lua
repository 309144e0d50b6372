-- Message templates and their folders, of the company, a team or a teammate.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views, pages, attachments)
  local templates = {}

  local TEXT = { type = "string" }
  local UPDATE = {
    name = TEXT, subject = { type = "string", null = true }, body = TEXT, folder_id = { type = "string", null = true },
    inbox_ids = { type = "strings", null = true }, attachments = { type = "files" },
  }
  local NEW = { name = { type = "string", required = true }, body = { type = "string", required = true } }
  for name, field in pairs(UPDATE) do NEW[name] = NEW[name] or field end

  local function folder_link(folder)
    return folder and views.link("/message_template_folders/" .. folder.id) or json.null
  end

  local function view(t)
    return {
      _links = {
        self = views.link("/message_templates/" .. t.id),
        related = { owner = views.owner_link(t.owner), parent_folder = folder_link(t.folder) },
      },
      id = t.id, name = t.name, subject = views.or_null(t.subject), body = t.body,
      attachments = answers.list(t.attachments or {}, views.attachment),
      is_available_for_all_inboxes = t.inbox_ids == nil,
      inbox_ids = t.inbox_ids and views.texts(t.inbox_ids) or json.null,
    }
  end

  local function view_folder(f)
    local self = views.link("/message_template_folders/" .. f.id)
    return {
      _links = {
        self = self,
        related = {
          owner = views.owner_link(f.owner), parent_folder = folder_link(f.parent),
          child_folders = self .. "/message_template_folders", child_answers = self .. "/message_templates",
        },
      },
      id = f.id, name = f.name, created_at = f.created_at, updated_at = f.updated_at,
    }
  end

  local function sorted(request, list, shape)
    local bad = pages.check_sort(request.params, { "created_at", "updated_at" })
    if bad then return bad end
    local found = table.move(list, 1, #list, 1, {})
    if request.params.sort_order == "desc" then
      for i = 1, #list do found[i] = list[#list + 1 - i] end
    end
    return pages.answer(request, found, shape)
  end

  local function in_folder(list, member, folder)
    local found = {}
    for _, record in ipairs(list) do
      if record[member] == folder then found[#found + 1] = record end
    end
    return found
  end

  local function check(request, schema)
    local body, bad = checks.body(request, schema)
    if not body then return nil, bad end
    if body.folder_id then
      body.folder = company.find("rsf", body.folder_id)
      if not body.folder then return nil, answers.unknown("message template folder", body.folder_id) end
    end
    local found
    found, bad = checks.find_all(company, "inb", "inbox", body.inbox_ids)
    if not found then return nil, bad end
    body.files, bad = attachments.attach(request, body.attachments)
    if bad then return nil, bad end
    return body
  end

  local function create(request, owner, folder)
    local body, bad = check(request, NEW)
    if not body then return bad end
    local template = records.add("rsp", company.templates, {
      name = body.name, subject = body.subject, body = body.body, owner = owner, folder = folder or body.folder,
      inbox_ids = body.inbox_ids, attachments = body.files,
    })
    return answers.ok(view(template), 201)
  end

  -- Takes the fields that Front took: its description has no body any more.
  local function update(request, template)
    local body, bad = check(request, UPDATE)
    if not body then return bad end
    local given = request.json or request.fields
    records.set(template, body, given, { "subject", "inbox_ids" })
    template.name, template.body = body.name or template.name, body.body or template.body
    if given.folder_id ~= nil then template.folder = body.folder end
    if body.files[1] then template.attachments = body.files end
    return answers.ok(view(template))
  end

  local FOLDER = { name = { type = "string", required = true }, parent_folder_id = { type = "string" } }
  local FOLDER_UPDATE = { name = TEXT, parent_folder_id = { type = "string", null = true } }

  local function check_folder(request, schema)
    local body, bad = checks.body(request, schema)
    if not body then return nil, bad end
    if body.parent_folder_id then
      body.parent = company.find("rsf", body.parent_folder_id)
      if not body.parent then return nil, answers.unknown("message template folder", body.parent_folder_id) end
    end
    return body
  end

  local function create_folder(request, owner, parent)
    local body, bad = check_folder(request, FOLDER)
    if not body then return bad end
    local folder = records.add("rsf", company.folders, {
      name = body.name, owner = owner, parent = parent or body.parent,
    })
    return answers.ok(view_folder(folder), 201)
  end

  local function is_below(folder, other)
    while folder do
      if folder == other then return true end
      folder = folder.parent
    end
    return false
  end

  local function update_folder(request, folder)
    local body, bad = check_folder(request, FOLDER_UPDATE)
    if not body then return bad end
    if is_below(body.parent, folder) then
      return answers.invalid("parent_folder_id: is the folder itself, or below it")
    end
    folder.name = body.name or folder.name
    if (request.json or request.fields).parent_folder_id ~= nil then folder.parent = body.parent end
    folder.updated_at = company.now()
    return answers.ok(view_folder(folder))
  end

  -- Answers 202, as in Front's specification. What is inside goes with it.
  local function remove_folder(_, folder)
    for i = #company.templates, 1, -1 do
      if is_below(company.templates[i].folder, folder) then company.drop(company.templates, company.templates[i]) end
    end
    local inside = {}
    for _, one in ipairs(company.folders) do
      if is_below(one, folder) then inside[#inside + 1] = one end
    end
    for _, one in ipairs(inside) do company.drop(company.folders, one) end
    return answers.ok({ status = "accepted" }, 202)
  end

  function templates.seed()
    local folder = records.add("rsf", company.folders, { name = "Shipping", owner = company.teams[1] })
    for i, word in ipairs({
      { "Where is my parcel?", "<p>Hello {{recipient.first_name}},<br />your parcel is on its way.</p>", folder },
      { "Refund done", "<p>We have sent you the money back.</p>" },
    }) do
      local template = records.add("rsp", company.templates, {
        name = word[1], subject = i == 1 and "Your parcel" or nil, body = word[2], folder = word[3],
        owner = company.teams[1],
      })
      template.created_at = company.epoch - 86400 * (20 - i)
      template.updated_at = template.created_at
    end
    folder.created_at = company.epoch - 86400 * 30
    folder.updated_at = folder.created_at
  end

  local function with(handler) return records.with("rsp", "message template", handler) end
  local function with_folder(handler) return records.with("rsf", "message template folder", handler) end
  local function first_team(make)
    return function(request) return make(request, company.teams[1]) end
  end

  templates.routes = {}
  for _, list in ipairs({
    records.owned("message_templates", function(request, owner)
      return sorted(request, records.of(company.templates, owner), view)
    end, create),
    records.owned("message_template_folders", function(request, owner)
      return sorted(request, records.of(company.folders, owner), view_folder)
    end, create_folder),
    {
      { "GET", "/message_templates", function(request) return sorted(request, company.templates, view) end },
      { "POST", "/message_templates", first_team(create) },
      { "GET", "/message_templates/{id}", records.get("rsp", "message template", view) },
      { "PATCH", "/message_templates/{id}", with(update) },
      { "DELETE", "/message_templates/{id}", records.remove("rsp", "message template", company.templates) },
      { "GET", "/message_template_folders", function(request)
        return sorted(request, company.folders, view_folder)
      end },
      { "POST", "/message_template_folders", first_team(create_folder) },
      { "GET", "/message_template_folders/{id}", records.get("rsf", "message template folder", view_folder) },
      { "PATCH", "/message_template_folders/{id}", with_folder(update_folder) },
      { "DELETE", "/message_template_folders/{id}", with_folder(remove_folder) },
      { "GET", "/message_template_folders/{id}/message_template_folders", with_folder(function(request, folder)
        return pages.answer(request, in_folder(company.folders, "parent", folder), view_folder)
      end) },
      { "POST", "/message_template_folders/{id}/message_template_folders", with_folder(function(request, folder)
        return create_folder(request, folder.owner, folder)
      end) },
      { "GET", "/message_template_folders/{id}/message_templates", with_folder(function(request, folder)
        return pages.answer(request, in_folder(company.templates, "folder", folder), view)
      end) },
      { "POST", "/message_template_folders/{id}/message_templates", with_folder(function(request, folder)
        return create(request, folder.owner, folder)
      end) },
    },
  }) do
    table.move(list, 1, #list, #templates.routes + 1, templates.routes)
  end

  return templates
end
