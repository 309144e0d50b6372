-- The receivers of the companies' events, their challenge, and the three forms of events: wrapped, for application
-- webhooks (https://dev.frontapp.com/docs/application-webhooks); full and preview, for rules
-- (https://dev.frontapp.com/docs/rule-webhooks).
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local companies = mock.part("front/companies")
local deliveries = mock.part("front/deliveries")
local draws = mock.part("engine/draws")
local event_types = mock.part("front/event_types")
local outbox = mock.part("front/outbox")

local webhooks = { list = {} }
local CHALLENGE_SECONDS = 10
local count = 0

local SCHEMA = {
  url = { type = "string", required = true }, scheme = { type = "string" }, full = { type = "boolean" },
  key = { type = "string" }, companies = { type = "list" }, events = { type = "strings" },
}
local KEYS = {
  application = mock.options.signing_key or "mock-signing-key", rule = mock.options.rule_key or "mock-rule-key",
}
KEYS.body = KEYS.application
-- The events of a receiver that names none.
local USUAL = { "inbound", "outbound", "assign", "unassign", "message_bounce_error", "sending_error",
  "conversation_created", "conversation_assigned", "contact_created" }

local function set_of(names)
  local set = {}
  for _, name in ipairs(names) do set[name] = true end
  return set
end

local function view(webhook)
  return {
    id = webhook.id, url = webhook.url, scheme = webhook.scheme, full = webhook.full,
    companies = json.array(table.move(webhook.companies, 1, #webhook.companies, 1, {})),
    challenge = webhook.challenge,
  }
end

-- Whether the answer repeats VALUE: as {"challenge": …} or as bare text, both of which receivers in production use.
local function is_echo(outcome, value)
  if not outbox.is_success(outcome) then return false end
  if outcome.body == value then return true end
  local ok, decoded = pcall(json.decode, outcome.body)
  return ok and type(decoded) == "table" and decoded.challenge == value
end

-- Sends the challenge, as Front does on every save of an application webhook.
local function challenge(webhook, done)
  local value = draws.hex(24, "challenge", webhook.id)
  local body = json.encode({ type = "sync", authorization = { id = webhook.companies[1] } })
  local headers = outbox.headers("application", webhook.key, body)
  headers["x-front-challenge"] = value
  outbox.send({ url = webhook.url, headers = headers, body = body, timeout = CHALLENGE_SECONDS },
    function(outcome)
      webhook.challenge = {
        echoed = is_echo(outcome, value), status = outcome.status, error = outcome.error, seconds = outcome.seconds,
      }
      done()
    end)
end

-- Returns the ids of a receiver's companies: the given ones, else all for an application, the first for a rule.
local function find_companies(wanted, scheme)
  local ids = {}
  if not wanted and scheme == "rule" then wanted = { 1 } end
  for _, one in ipairs(wanted or {}) do
    local company = companies.find(one)
    if not company then return nil, one end
    ids[#ids + 1] = company.company.id
  end
  if not wanted then
    for _, company in ipairs(companies.list) do ids[#ids + 1] = company.company.id end
  end
  return ids
end

-- Returns the receiver, or nil and the answer.
local function new(given)
  local scheme = given.scheme or "application"
  if not outbox.schemes[scheme] then
    return nil, answers.invalid("scheme: must be application, rule or body")
  end
  if not given.url:find("^https?://[^/]") then return nil, answers.invalid("url: must be http:// or https://") end
  local chosen, unknown = find_companies(given.companies, scheme)
  if not chosen then return nil, answers.unknown("company", unknown) end
  count = count + 1
  return {
    id = "hook-" .. count, url = given.url, scheme = scheme, full = given.full ~= false,
    key = given.key or KEYS[scheme], companies = chosen, in_company = set_of(chosen),
    events = set_of(given.events or USUAL), everywhere = not given.companies and scheme ~= "rule",
  }
end

-- {url, scheme = application|rule|body, full, key, companies = [number, id or name …],
-- events = [type …, or "*" for all]}; answers after the challenge
function webhooks.add(request)
  local body, bad = checks.body(request, SCHEMA)
  if not body then return bad end
  local webhook
  webhook, bad = new(body)
  if not webhook then return bad end
  webhooks.list[#webhooks.list + 1] = webhook
  if webhook.scheme ~= "application" then return answers.ok(view(webhook), 201) end
  return answers.later(function(reply)
    challenge(webhook, function() reply(answers.ok(view(webhook), 201)) end)
  end)
end

function webhooks.get()
  local out = json.array({})
  for i, webhook in ipairs(webhooks.list) do out[i] = view(webhook) end
  return answers.ok({ webhooks = out })
end

-- ?id=hook-1: that one only
function webhooks.remove(request)
  local kept = {}
  for _, webhook in ipairs(webhooks.list) do
    if request.params.id and request.params.id ~= webhook.id then kept[#kept + 1] = webhook end
  end
  webhooks.list = kept
  return answers.none()
end

-- Starts the receiver of the options --webhook, --signing-key and --rule-key.
function webhooks.start()
  local options = mock.options
  if not options.webhook then return end
  local scheme = options.rule_key and not options.signing_key and "rule" or "application"
  local webhook, bad = new({ url = options.webhook, scheme = scheme })
  if not webhook then
    mock.log(("--webhook %s: %s"):format(options.webhook, bad.body._error.details[1]))
    return
  end
  webhooks.list[1] = webhook
  if scheme ~= "application" then return end
  challenge(webhook, function()
    if webhook.challenge.echoed then return end
    mock.log(("--webhook %s: the challenge was not echoed: %s"):format(webhook.url,
      webhook.challenge.error or "status " .. webhook.challenge.status))
  end)
end

-- Application webhooks see shared inboxes only; a rule may belong to a private one.
local function wants(webhook, company, event)
  if not webhook.everywhere and not webhook.in_company[company.id] then return false end
  local outer = event_types.outer(event)
  if webhook.scheme ~= "rule" then
    if not outer or event.conversation and event.conversation.is_private then return false end
  end
  return webhook.events["*"] or webhook.events[event.type] or webhook.events[outer or event.type] or false
end

-- Sends EVENT of EVENTS, a company's events, to the receivers. Each form is made once.
function webhooks.announce(company, events, event)
  local bodies, shown = {}, nil
  for _, webhook in ipairs(webhooks.list) do
    if wants(webhook, company, event) then
      local form = webhook.scheme ~= "rule" and "wrapped" or webhook.full and "full" or "preview"
      if not bodies[form] then
        if form == "preview" then
          bodies[form] = json.encode(events.preview(event))
        else
          shown = shown or events.view(event)
          bodies[form] = json.encode(form == "full" and shown or {
            authorization = { id = company.id }, type = event_types.outer(event), payload = shown,
          })
        end
      end
      deliveries.add(webhook, {
        id = event.id, type = event.type, conversation = event.conversation and event.conversation.id,
        company = company.id,
      }, bodies[form])
    end
  end
end

return webhooks
