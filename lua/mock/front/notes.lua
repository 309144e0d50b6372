-- Notes about contacts.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")

return function(company, records, views, pages)
  local notes = {}
  local NOTE = { author_id = { type = "string", required = true }, body = { type = "string", required = true } }

  local function view(note)
    return {
      _links = {
        related = {
          author = views.link("/teammates/" .. note.author.id), owner = views.owner_link(note.contact.owner),
        },
      },
      author = views.teammate(note.author), body = note.body, created_at = note.created_at,
    }
  end

  local function create(request, contact)
    local body, bad = checks.body(request, NOTE)
    if not body then return bad end
    local author = company.find("tea", body.author_id)
    if not author then return answers.unknown("teammate", body.author_id) end
    local note = { contact = contact, author = author, body = body.body, created_at = company.now() }
    contact.notes = contact.notes or {}
    table.insert(contact.notes, note)
    company.touch_contact(contact)
    return answers.ok(view(note), 201)
  end

  -- Answers 202, not 200, as in Front's specification.
  local function list(request, contact)
    local answer = pages.whole(request, contact.notes or {}, view)
    answer.status = 202
    return answer
  end

  notes.routes = {
    { "GET", "/contacts/{id}/notes", records.with("crd", "contact", list) },
    { "POST", "/contacts/{id}/notes", records.with("crd", "contact", create) },
  }

  return notes
end
