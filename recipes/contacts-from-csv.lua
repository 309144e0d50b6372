-- By hand: foyer run contacts-from-csv --client acme file=@contacts.csv

local SOURCES = { "email", "phone", "twitter", "facebook", "intercom", "front_chat", "custom" }
local HEADING = { "string", min = 1, about = "The heading of the column that holds it." }

local function invalid(why)
  error({ kind = "invalid", message = "cannot read contacts: " .. why })
end

-- Where each thing stands in a row: {email = 1, name = 3, …}.
local function find_columns(header, options)
  local columns, numbers, found = options.columns or {}, {}, {}
  for i, heading in ipairs(header) do numbers[text.trim(heading):lower()] = i end

  local function find(thing, heading, required)
    found[thing] = numbers[heading:lower()]
    if required and not found[thing] then
      invalid(("no column is called %q; the first line has: %s"):format(heading, table.concat(header, ", ")))
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

-- The contact in ROW, or nil and what is wrong with the row.
local function read_contact(row, header, places, options)
  if row.error then return nil, row.error end
  if #row ~= #header then return nil, ("%d fields, but the first line has %d"):format(#row, #header) end

  local function cell(thing)
    local value = places[thing] and text.trim(row[places[thing]])
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
  summary = "Create contacts from a CSV file; bad lines are reported, good ones done.",

  options = {
    file = {
      "file", required = true, example = "@contacts.csv", about = "Comma-separated, with headings in the first line.",
    },
    columns = {
      object = {
        email = HEADING, phone = HEADING, twitter = HEADING, facebook = HEADING, intercom = HEADING,
        front_chat = HEADING, custom = HEADING, name = HEADING, description = HEADING,
      },
      example = { email = "E-mail address", name = "Full name" },
      about   = "Headings that are not just email, phone, name and so on; upper and lower case are the same.",
    },
    custom_fields = {
      list = "string", example = { "Job Title" }, about = "Headings of columns for Front's custom fields of that name.",
    },
    list_names = { list = "string", example = { "Customers" }, about = "Contact lists to add every contact to." },
  },

  run = function(ctx)
    local options = ctx.options
    local rows    = text.csv(options.file)
    local header  = rows[1] or {}
    local places  = find_columns(header, options)
    local result  = { created = 0, exists = 0, failed = 0, problems = json.array({}) }

    local function problem(row, message)
      result.failed = result.failed + 1
      result.problems[result.failed] = { line = row.line, message = message }
      ctx.log("warn", ("line %d: %s"):format(row.line, message))
    end

    for i = 2, #rows do
      local contact, wrong = read_contact(rows[i], header, places, options)
      if not contact then
        problem(rows[i], wrong)
      else
        local ok, err = pcall(ctx.call, "front/create-contact", contact)
        local kind = not ok and type(err) == "table" and err.kind
        if ok then
          result.created = result.created + 1
        elseif kind == "conflict" then
          result.exists = result.exists + 1
        elseif kind == "invalid" then
          problem(rows[i], err.message)
        else
          error(err, 0) -- not this line's fault
        end
      end
    end
    return result
  end,
}
