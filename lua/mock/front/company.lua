-- A company's data: teams, teammates, inboxes, channels, tags, signatures, lists and contacts, made from the seed.
-- Records have the mock's own shape; views.lua gives them Front's.
local mock = ...
local clock = mock.part("engine/clock")
local html = mock.part("engine/html")
local ordered = mock.part("engine/ordered")
local words = mock.part("front/words")

return function(company_name, ids)
  local by_creation = ordered(function(contact) return contact.created_at end)
  local by_update = ordered(function(contact) return contact.updated_at end)
  local company = {
    id = ids.new("cmp"),
    name = company_name,
    teams = {}, teammates = {}, inboxes = {}, channels = {}, tags = {}, signatures = {}, lists = {},
    contacts = by_creation.list, contacts_by_update = by_update,
    links = {}, accounts = {}, rules = {}, templates = {}, folders = {}, shifts = {}, time_offs = {},
    by_id = {},     -- every record by its id
    by_uid = {},    -- messages that exist
    by_external = {}, -- a channel's id and its server's name for a conversation
    by_handle = {}, -- "email:ana@shop.example" -> contact
  }

  company.epoch, company.now = clock.epoch, clock.now

  -- Returns the time SECONDS before the epoch, with three decimals as Front's times.
  function company.ago(seconds)
    return math.floor((company.epoch - seconds) * 1000 + mock.random(999)) / 1000
  end

  function company.pick(list)
    return list[mock.random(#list)]
  end

  local function add(list, kind, record)
    record.id = ids.new(kind)
    company.by_id[record.id] = record
    list[#list + 1] = record
    return record
  end

  function company.add(kind, record)
    return add({}, kind, record)
  end

  -- Removes RECORD from the company and from LIST.
  function company.drop(list, record)
    company.by_id[record.id] = nil
    for i, one in ipairs(list) do
      if one == record then
        table.remove(list, i)
        return
      end
    end
  end

  function company.handle_key(source, handle)
    return source .. ":" .. handle:lower()
  end

  function company.add_contact(contact)
    contact.created_at = contact.created_at or company.now()
    contact.updated_at = contact.updated_at or contact.created_at
    contact.links = contact.links or {}
    contact.lists = contact.lists or {}
    contact.custom_fields = contact.custom_fields or {}
    company.add("crd", contact)
    by_creation.add(contact)
    by_update.add(contact)
    company.add_handles(contact, contact.handles)
    return contact
  end

  -- Lets CONTACT be found by these handles, which are in its list.
  function company.add_handles(contact, handles)
    for _, h in ipairs(handles) do company.by_handle[company.handle_key(h.source, h.handle)] = contact end
  end

  function company.drop_handles(handles)
    for _, h in ipairs(handles) do company.by_handle[company.handle_key(h.source, h.handle)] = nil end
  end

  function company.drop_contact(contact)
    by_creation.remove(contact)
    by_update.remove(contact)
    company.by_id[contact.id] = nil
    company.drop_handles(contact.handles)
  end

  -- Says that CONTACT changed now.
  function company.touch_contact(contact)
    by_update.remove(contact)
    contact.updated_at = company.now()
    by_update.add(contact)
  end

  -- Returns the source of the handles of a channel's customers.
  function company.source_of(channel)
    if channel.kind == "sms" then return "phone" end
    return channel.kind == "email" and "email" or "custom"
  end

  -- Returns the company's contact list of that name, a new one when there is none.
  function company.list_named(name)
    for _, list in ipairs(company.lists) do
      if list.name == name and not list.owner then return list end
    end
    return add(company.lists, "grp", { name = name, is_private = false })
  end

  local function find_account(domain)
    for _, account in ipairs(company.accounts) do
      for _, one in ipairs(account.domains) do
        if one:lower() == domain:lower() then return account end
      end
    end
    return nil
  end

  local ALIASES = {
    tea = { list = "teammates", email = "email" }, cha = { list = "channels", address = "address" },
    acc = { list = "accounts", ext_id = "external_id" },
  }

  -- Finds a record by an id of that kind, or by "alt:email:…", "alt:address:…", "alt:domain:…", "alt:uid:…"; nil when
  -- unknown.
  function company.find(kind, id)
    if type(id) ~= "string" then return nil end
    local how, value = id:match("^alt:([%w_]+):(.+)$")
    if not how then
      return id:sub(1, #kind + 1) == kind .. "_" and company.by_id[id] or nil
    end
    if kind == "msg" and how == "uid" then return company.by_uid[value] end
    if kind == "crd" then return company.by_handle[company.handle_key(how, value)] end
    if kind == "acc" and how == "domain" then return find_account(value) end
    local alias = ALIASES[kind]
    local member = alias and alias[how]
    if not member then return nil end
    for _, record in ipairs(company[alias.list]) do
      if record[member] and record[member]:lower() == value:lower() then return record end
    end
    return nil
  end

  function company.has_access(teammate, inboxes)
    for _, inbox in ipairs(inboxes) do
      if inbox.teammates[teammate.id] then return true end
    end
    return false
  end

  local domain = company.name:lower():match("%w+") .. ".example"
  local by_name = {}

  local function add_people()
    add(company.teams, "tim", { name = "Customer Care" })
    add(company.teams, "tim", { name = "Back Office" })
    for _, word in ipairs(words.teammates) do
      by_name[word[1]] = add(company.teammates, "tea", {
        email = word[1] .. "@" .. domain, username = word[1], first_name = word[2], last_name = word[3],
        is_admin = word.is_admin or false, is_available = word.is_available ~= false,
        no_inbox = word.no_inbox,
      })
    end
  end

  local function add_inboxes()
    for i, word in ipairs(words.inboxes) do
      local owner = word.owner and by_name[word.owner] or company.teams[i > 6 and 2 or 1]
      local inbox = add(company.inboxes, "inb", {
        name = word[1], is_private = word.private or false, owner = owner, weight = word.weight,
        teammates = {},
      })
      for _, teammate in ipairs(company.teammates) do
        local allowed = not teammate.no_inbox and (not word.private or teammate.is_admin)
        inbox.teammates[teammate.id] = allowed or nil
      end
      local kind = ({ twilio = "sms", custom = "custom" })[word[2]] or "email"
      local address = kind == "email" and word[3] .. "@" .. domain or word[3]
      inbox.channel = add(company.channels, "cha", {
        name = word[1], address = address, type = word[2], kind = kind, inbox = inbox, owner = owner,
        is_private = inbox.is_private,
      })
    end
  end

  local function add_tags()
    for i, word in ipairs(words.tags) do
      by_name[word[1]] = add(company.tags, "tag", {
        name = word[1], highlight = word[2], description = word[3], parent = by_name[word.parent or ""],
        owner = by_name[word.private or ""] or company.teams[1], is_private = word.private ~= nil,
        created_at = company.ago(90 * 86400 - i), updated_at = company.ago(45 * 86400 - i),
      })
      local parent = company.tags[#company.tags].parent
      if parent then parent.has_children = true end
    end
    for _, name in ipairs(words.lists) do company.list_named(name) end
  end

  local function add_signatures()
    for t, names in ipairs({ { "Support", "Support (short)" }, { "Office", "Office (short)" } }) do
      local owner = company.teams[t]
      for i, name in ipairs(names) do
        add(company.signatures, "sig", {
          name = name, owner = owner, is_default = i == 1, is_private = false,
          body = "<div>—<br />" .. owner.name .. "<br />" .. html.escape(company.name) .. "</div>",
        })
      end
    end
    for _, owner in ipairs(company.teammates) do
      add(company.signatures, "sig", {
        name = owner.first_name .. "'s signature", owner = owner, is_default = true, is_private = true,
        body = "<div>—<br />" .. owner.first_name .. " " .. owner.last_name .. "</div>",
      })
    end
  end

  local function add_contacts()
    for i = 1, 250 do
      local first, last = company.pick(words.first), company.pick(words.last)
      local handles = {}
      if i % 9 ~= 0 then
        handles[1] = { handle = ("customer%d@mail%d.example"):format(i, i % 7), source = "email" }
      end
      if i % 9 == 0 or i % 5 == 0 then
        handles[#handles + 1] = { handle = ("+1555%07d"):format(i), source = "phone" }
      end
      if i % 11 == 0 then handles[#handles + 1] = { handle = "shopper-" .. i, source = "custom" } end
      local age = (250 - i) * 3600 * 3
      company.add_contact({
        name = first .. " " .. last, handles = handles, description = i % 4 == 0 and "Met at the fair" or nil,
        lists = i % 3 == 0 and { company.pick(company.lists) } or {},
        links = i % 10 == 0 and { "https://shop" .. i .. ".example" } or {},
        custom_fields = i % 6 == 0 and { city = "London, UK", isVIP = i % 12 == 0 } or {},
        is_private = i % 50 == 0, created_at = company.ago(age + 7200),
        updated_at = company.ago(i % 7 == 0 and age // 3 or age),
      })
    end
  end

  function company.seed()
    add_people()
    add_inboxes()
    add_tags()
    add_signatures()
    add_contacts()
  end

  return company
end
