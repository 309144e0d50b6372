-- By hand: foyer run contacts-from-csv --client acme file=@contacts.csv

local SOURCES = { "email", "phone", "twitter", "facebook", "intercom", "front_chat", "custom" }
local HEADING = { "string", min = 1, about = "The heading of the column that holds it." }

local function invalid(why)
  error({ kind = "invalid", message = "cannot read contacts: " .. why })
end

-- Returns the file's headings by field: {email = "E-Mail", name = "Name", …}. ROW is any of its rows.
local function find_headings(row, options)
  local columns, headings, known, found = options.columns or {}, {}, {}, {}
  if type(row.line) ~= "number" then invalid("a column is called \"line\", which hides the line numbers; rename it") end
  for heading in pairs(row) do
    known[heading:lower()] = heading
    if heading ~= "line" then headings[#headings + 1] = heading end
  end

  local function find(thing, heading, required)
    found[thing] = known[heading:lower()]
    if required and not found[thing] then
      invalid(("no column is called \"%s\"; there are: %s"):format(heading, table.concat(headings, ", ")))
    end
    return found[thing]
  end

  local any = false
  for _, source in ipairs(SOURCES) do
    any = find(source, columns[source] or source, columns[source]) or any
  end
  if not any then
    invalid("no column holds e-mail addresses, phone numbers or other handles; say which, as columns.email=Address")
  end
  find("name", columns.name or "name", columns.name)
  find("description", columns.description or "description", columns.description)
  for _, field in ipairs(options.custom_fields or {}) do find("field " .. field, field, true) end
  return found
end

-- Returns the contact in ROW, or nil and why the row cannot be used.
local function read_contact(row, headings, options)
  local function cell(thing)
    local value = headings[thing] and text.trim(row[headings[thing]])
    if value ~= "" then return value end
  end
  local contact = {
    handles = {}, name = cell("name"), description = cell("description"), list_names = options.list_names,
  }
  for _, source in ipairs(SOURCES) do
    local handle = cell(source)
    if handle then contact.handles[#contact.handles + 1] = { handle = handle, source = source } end
  end
  if #contact.handles == 0 then return nil, "no e-mail address, phone number or other handle" end
  for _, field in ipairs(options.custom_fields or {}) do
    local value = cell("field " .. field)
    if value then
      contact.custom_fields = contact.custom_fields or {}
      contact.custom_fields[field] = value
    end
  end
  return contact
end

return {
  summary = "Create contacts from a CSV file. Lines with mistakes are reported, the others done.",

  options = {
    file = {
      "file", required = true, example = "@contacts.csv",
      about = "Commas, semicolons or tabs between fields; headings in the first line.",
    },
    columns = {
      object = {
        email = HEADING, phone = HEADING, twitter = HEADING, facebook = HEADING, intercom = HEADING,
        front_chat = HEADING, custom = HEADING, name = HEADING, description = HEADING,
      },
      example = { email = "E-mail address", name = "Full name" },
      about   = "Headings other than email, phone, name and so on; case does not matter.",
    },
    custom_fields = {
      list = "string", example = { "Job Title" }, about = "Headings of columns for Front's custom fields of that name.",
    },
    list_names = { list = "string", example = { "Customers" }, about = "Contact lists to add every contact to." },
  },

  run = function(ctx)
    local options        = ctx.options
    local rows, problems = text.csv(options.file)
    local headings       = rows[1] and find_headings(rows[1], options)
    local result         = { created = 0, exists = 0, problems = problems }

    for _, row in ipairs(rows) do
      local contact, wrong = read_contact(row, headings, options)
      local ok, err
      if contact then ok, err = pcall(ctx.call, "front/create-contact", contact) end
      local kind = type(err) == "table" and err.kind

      if not contact or not ok and kind == "invalid" then
        problems[#problems + 1] = { line = row.line, message = wrong or err.message }
      elseif ok then
        result.created = result.created + 1
      elseif kind == "conflict" then
        result.exists = result.exists + 1
      else
        error(err, 0) -- not because of this line
      end
    end

    table.sort(problems, function(a, b) return a.line < b.line end)
    for _, problem in ipairs(problems) do
      ctx.log("warn", ("line %d: %s"):format(problem.line, problem.message))
    end
    result.failed = #problems
    return result
  end,
}
