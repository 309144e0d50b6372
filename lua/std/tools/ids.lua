-- foyer ids: reads a company's inboxes, channels, teammates, …, and makes names for them that client.lua can use.
-- args: {app, own = client.lua's block of the app, without what ids.lua adds}
local std = ...

local limits = { pages = 10000, word = 64, optional = 500 }

-- ---- words ----

-- Latin letters with marks, by the plain letters that replace them.
local folded = {
  a = "àáâãäåāăąÀÁÂÃÄÅĀĂĄ", ae = "æÆ", c = "çćĉċčÇĆĈĊČ", d = "ðďđÐĎĐ", e = "èéêëēĕėęěÈÉÊËĒĔĖĘĚ",
  g = "ĝğġģĜĞĠĢ", h = "ĥħĤĦ", i = "ìíîïĩīĭįıÌÍÎÏĨĪĬĮİ", j = "ĵĴ", k = "ķĶ", l = "ĺļľŀłĹĻĽĿŁ",
  n = "ñńņňÑŃŅŇ", o = "òóôõöøōŏőÒÓÔÕÖØŌŎŐ", oe = "œŒ", r = "ŕŗřŔŖŘ", s = "śŝşšșŚŜŞŠȘ", ss = "ßẞ",
  t = "ţťŧțŢŤŦȚ", th = "þÞ", u = "ùúûüũūŭůűųÙÚÛÜŨŪŬŮŰŲ", w = "ŵŴ", y = "ýÿŷÝŸŶ", z = "źżžŹŻŽ",
}

local plain = {}
for letters, marked in pairs(folded) do
  for _, code in utf8.codes(marked) do plain[code] = letters end
end

-- Whether the character is part of a word. Letters of other scripts are; signs, emoji and marks separate words.
local function is_letter(code)
  if code < 0xC0 or code == 0xD7 or code == 0xF7 then return false end
  if code >= 0x0300 and code <= 0x036F then return false end -- combining marks
  if code >= 0x2000 and code <= 0x2BFF then return false end -- punctuation, arrows, symbols
  if code >= 0x3000 and code <= 0x303F then return false end -- CJK punctuation
  if code >= 0xD800 and code <= 0xF8FF then return false end -- private use
  if code >= 0xFE00 and code <= 0xFE6F then return false end -- variation selectors, forms
  return code < 0xFF00 or (code >= 0x20000 and code <= 0x3FFFF)
end

-- Whether the character is dropped without separating words: apostrophes, combining accents, zero width.
local function is_silent(code)
  return code == 0x27 or code == 0x2019 or code == 0xFEFF or (code >= 0x0300 and code <= 0x036F)
    or (code >= 0x200B and code <= 0x200F) or (code >= 0x202A and code <= 0x202E)
    or (code >= 0x2060 and code <= 0x206F)
end

-- "VIP Customers!" -> "vip-customers"; "" when nothing remains.
local function word_of(name)
  if not utf8.len(name) then return "" end
  local parts, gap, size = {}, false, 0
  for _, code in utf8.codes(name) do
    local letters = plain[code]
    if not letters and code < 0x80 then
      local char = string.char(code)
      letters = char:match("^%w$") and char:lower()
    elseif not letters and is_letter(code) then
      letters = utf8.char(code)
    end
    if letters then
      if gap and #parts > 0 then letters = "-" .. letters end
      if size + #letters > limits.word then break end
      parts[#parts + 1] = letters
      size = size + #letters
      gap = false
    elseif not is_silent(code) then
      gap = true
    end
  end
  return table.concat(parts)
end

local function tail_of(id, prefix)
  return (id:sub(#prefix + 1):lower():gsub("_", "-"))
end

-- Gives each row a unique word. Rows with the same word all get the end of their id: if only the second got it, the
-- word would mean another inbox after the first is deleted.
local function give_words(rows, prefix)
  for round = 1, 3 do
    local count = {}
    for _, row in ipairs(rows) do count[row.word] = (count[row.word] or 0) + 1 end
    local clash = false
    for _, row in ipairs(rows) do
      if count[row.word] > 1 then
        clash = true
        row.word = row.word .. "-" .. (round == 3 and row.id or tail_of(row.id, prefix))
      end
    end
    if not clash then break end
  end
end

-- ---- the company's lists ----

local function text_at(item, path)
  local value = item
  for key in path:gmatch("[^.]+") do
    value = type(value) == "table" and value[key] or nil
  end
  if type(value) == "string" and text.trim(value) ~= "" then return text.trim(value) end
end

local function list(value)
  if type(value) == "table" then return value end
  return { value }
end

-- Hands all items of a list, from all pages, to EACH, until that returns true.
local function fetch(ctx, path, each)
  local seen = {}
  local page = ctx.http.page(path)
  for _ = 1, limits.pages do
    for _, item in ipairs(page.results) do
      if type(item) == "table" and each(item) then return end
    end
    if not page.next then return end
    if seen[page.next] then
      std.fail("invalid", ("cannot list %s: the API returned the same next page twice"):format(path))
    end
    seen[page.next] = true
    page = ctx.http.page(page.next)
  end
  std.fail("limit", ("cannot list %s: more than %d pages"):format(path, limits.pages))
end

-- Returns the items of the last of PATHS; {id} in a path stands for each item of the path before it.
local function fetch_all(ctx, paths, each)
  local before
  for i, path in ipairs(paths) do
    local items = {}
    local function take(item)
      if i == #paths then return each(item) end
      items[#items + 1] = item
    end
    if before then
      for _, outer in ipairs(before) do
        if type(outer.id) == "string" then
          fetch(ctx, (path:gsub("{id}", (url.segment(outer.id):gsub("%%", "%%%%")))), take)
        end
      end
    else
      fetch(ctx, path, take)
    end
    before = items
  end
end

-- Returns the names in client.lua for this item: by its id, or by an alias with one of its labels.
local function named_in(own, item, labels)
  local names = json.array({})
  for name, id in pairs(own) do
    local alias = type(id) == "string" and id:match("^alt:[^:]+:(.+)$")
    local same = id == item.id
    for _, label in ipairs(labels) do
      local value = alias and text_at(item, label)
      same = same or (value ~= nil and value:lower() == alias:lower())
    end
    if same then names[#names + 1] = name end
  end
  return names
end

local function rows_of(ctx, kind, id, own)
  local rows, have = {}, {}
  local labels = list(id.label or { "name" })
  local more = false
  fetch_all(ctx, list(id.list), function(item)
    local key = item.id
    -- an item without an id of this kind cannot be in a settings file
    if type(key) ~= "string" or have[key] or key:sub(1, #id.prefix) ~= id.prefix or not key:match("^[%w_-]+$") then
      return
    end
    if id.optional and #rows >= limits.optional then
      more = true
      return true
    end
    have[key] = true
    local name
    for _, label in ipairs(labels) do name = name or text_at(item, label) end
    name = name or ""
    local word = word_of(name)
    if word == "" then word = kind .. "-" .. tail_of(key, id.prefix) end
    rows[#rows + 1] = { kind = kind, id = key, name = name, word = word, named = named_in(own, item, labels) }
    if #rows % 50 == 0 then std.progress(kind .. " " .. #rows .. " …") end
  end)
  give_words(rows, id.prefix)
  local sorted, out = {}, {}
  for _, row in ipairs(rows) do sorted[row.word .. "\0" .. row.id] = row end
  for _, row in pairs(sorted) do out[#out + 1] = row end -- pairs goes in order
  return out, have, more
end

-- Compares client.lua with the company: names that it uses for something else, and ids that no longer exist.
local function compare(out, names, rows, have, more, own)
  local by_word = {}
  for _, row in ipairs(rows) do by_word[row.word] = row.id end
  for name, id in pairs(own) do
    local alias = type(id) == "string" and id:sub(1, 4) == "alt:"
    if by_word[name] and by_word[name] ~= id and not alias then
      out.overrides[#out.overrides + 1] = { names = names, word = name, own = id, company = by_word[name] }
    end
    local is_missing = not alias and not more and not have[id]
    if is_missing then out.missing[#out.missing + 1] = { names = names, word = name, id = id } end
  end
end

local function all(ctx, args)
  local out = {
    rows = json.array({}), ids = {}, overrides = json.array({}), missing = json.array({}),
    failed = json.array({}), more = json.array({}),
  }
  local connector = std.connector(args.app)
  for kind, id in pairs(connector.ids or {}) do
    if id.list and id.names then
      std.progress(kind .. " …")
      local own = type(args.own[id.names]) == "table" and args.own[id.names] or {}
      local ok, rows, have, more = pcall(rows_of, ctx, kind, id, own)
      if ok then
        local words = {}
        for _, row in ipairs(rows) do
          words[row.word] = row.id
          out.rows[#out.rows + 1] = row
        end
        out.ids[id.names] = words
        compare(out, id.names, rows, have, more, own)
        if more then out.more[#out.more + 1] = { kind = kind, names = id.names, listed = #rows } end
      elseif type(rows) == "table" and (rows.kind == "forbidden" or rows.kind == "not_found") then
        -- a token without this scope still shows the other lists
        out.failed[#out.failed + 1] = {
          kind = kind, names = id.names, error = rows.kind, message = rows.message,
          optional = id.optional or nil,
        }
      else
        std.progress(nil)
        error(rows, 0)
      end
    end
  end
  std.progress(nil)
  if #out.failed > 0 and #out.rows == 0 then std.fail(out.failed[1].error, out.failed[1].message) end
  return out
end

return function(args)
  return std.part("call").scope("tool", "ids", args.app, "read", {}, nil, function(ctx)
    return all(ctx, args)
  end)
end
