-- Front's search syntax (https://dev.frontapp.com/docs/search-1), as far as it is public: free words and "phrases", all
-- of which must match, and filters. A guess: an unknown filter is taken for a free word.
local mock = ...
local answers = mock.part("engine/answers")

local search = {}
local MAX_FILTERS = 15

local function snoozed(c) return c.reminders[1] ~= nil end
local function last(c) return c.messages[#c.messages] end

local STATES = {
  open = function(c) return c.status == "assigned" or c.status == "unassigned" end,
  archived = function(c) return c.status == "archived" end,
  snoozed = snoozed,
  trashed = function(c) return c.status == "deleted" end,
  assigned = function(c) return c.assignee ~= nil end,
  unassigned = function(c) return c.assignee == nil end,
  unreplied = function(c) return last(c) ~= nil and last(c).is_inbound end,
  waiting = function(c) return c.waiting_since ~= nil end,
  resolved = function(c) return c.status == "archived" and not snoozed(c) end,
}

local function has_recipient(c, value, roles)
  for _, message in ipairs(c.messages) do
    for _, r in ipairs(message.recipients) do
      if (not roles or roles[r.role]) and r.handle:lower() == value then return true end
    end
  end
  return false
end

-- Each takes a filter's value and returns a test, or nil when the value is wrong.
local FILTERS = {
  inbox = function(value) return function(c) return c.inbox.id == value end end,
  tag = function(value)
    return function(c)
      for _, tag in ipairs(c.tags) do
        if tag.id == value then return true end
      end
      return false
    end
  end,
  ["is"] = function(value) return STATES[value] end,
  assignee = function(value)
    return function(c) return c.assignee ~= nil and c.assignee.id == value end
  end,
  recipient = function(value) return function(c) return has_recipient(c, value:lower()) end end,
  from = function(value) return function(c) return has_recipient(c, value:lower(), { from = true }) end end,
  to = function(value)
    local roles = { to = true, cc = true, bcc = true }
    return function(c) return has_recipient(c, value:lower(), roles) end
  end,
  after = function(value)
    local at = tonumber(value)
    return at and function(c) return c.updated_at > at end
  end,
  before = function(value)
    local at = tonumber(value)
    return at and function(c) return c.updated_at < at end
  end,
}

local function words_test(words)
  words = words:lower()
  return function(c)
    if (c.subject or ""):lower():find(words, 1, true) then return true end
    for _, message in ipairs(c.messages) do
      if message.text:lower():find(words, 1, true) then return true end
    end
    return false
  end
end

-- name:value, name:"a value", "a phrase" or a word, from AT on.
local function next_term(query, at)
  at = query:find("%S", at)
  if not at then return nil end
  for _, form in ipairs({ '^(%a+):"([^"]*)"()', "^(%a+):(%S+)()" }) do
    local name, value, stop = query:match(form, at)
    if name then return stop, value, name end
  end
  local phrase, stop = query:match('^"([^"]*)"()', at)
  if phrase then return stop, phrase end
  local word, word_stop = query:match("^(%S+)()", at)
  return word_stop, word
end

-- Returns the tests that a conversation must pass, or nil and the answer.
function search.parse(query)
  local tests, filters, trashed = {}, 0, false
  local at, value, name = next_term(query, 1)
  while at do
    local make = name and FILTERS[name:lower()]
    if make then
      filters = filters + 1
      local test = make(value)
      if not test then
        return nil, answers.error(400, ("Invalid search filter %s:%s"):format(name, value))
      end
      trashed = trashed or (name == "is" and value == "trashed")
      tests[#tests + 1] = test
    else
      tests[#tests + 1] = words_test(name and name .. ":" .. value or value)
    end
    at, value, name = next_term(query, at)
  end
  if filters > MAX_FILTERS then
    return nil, answers.error(400, ("At most %d search filters are allowed"):format(MAX_FILTERS))
  end
  if not trashed then tests[#tests + 1] = function(c) return c.status ~= "deleted" end end
  return tests
end

function search.matches(tests, conversation)
  for _, test in ipairs(tests) do
    if not test(conversation) then return false end
  end
  return true
end

return search
