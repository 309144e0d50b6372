-- Sends events to the receivers, with retries: 5 s for an answer; three tries for application webhooks, one for rules.
-- Keeps a record, so that a test can see which were acknowledged. That rules are not retried and the number of
-- tries come from secondary sources; the pauses between tries are a guess. `lose`: Front never sends that event.
local mock = ...
local answers = mock.part("engine/answers")
local checks = mock.part("engine/checks")
local clock = mock.part("engine/clock")
local draws = mock.part("engine/draws")
local outbox = mock.part("front/outbox")
local timers = mock.part("engine/timers")

local deliveries = {}
local KEPT_MAX = 20000
local list, dropped, queue, active, held, batch

local DEFAULTS = { timeout = 5, retry = { 1, 5 }, concurrency = 32, repeats = 0, times = 2, reorder = 0, lose = 0 }
local SCHEMA = {
  timeout = { type = "number" }, retry = { type = "list" }, concurrency = { type = "number" },
  repeats = { type = "number" }, times = { type = "number" }, reorder = { type = "number" },
  lose = { type = "number" },
}
deliveries.coming = 0 -- letters of a burst that are not written yet

local function reset_settings()
  deliveries.settings = {}
  for name, value in pairs(DEFAULTS) do deliveries.settings[name] = value end
end

function deliveries.reset()
  list, dropped, queue, held, batch = {}, 0, { first = 1, last = 0 }, {}, 0
  active = active or 0
end

local pump

local function enqueue(copy)
  queue.last = queue.last + 1
  queue[queue.last] = copy
end

local function finish(copy)
  local delivery = copy.delivery
  delivery.open = delivery.open - 1
  if delivery.open == 0 then delivery.body = nil end -- keeps the record without the body
end

local function on_outcome(copy, outcome)
  local delivery, retry = copy.delivery, deliveries.settings.retry
  active = active - 1
  delivery.statuses[#delivery.statuses + 1] = outcome.status or outcome.kind
  if outbox.is_success(outcome) then
    delivery.acknowledged_at = delivery.acknowledged_at or clock.now()
    finish(copy)
  elseif delivery.webhook.scheme ~= "rule" and retry[copy.tries] then
    timers.after_clock(retry[copy.tries], function()
      enqueue(copy)
      pump()
    end)
  else
    finish(copy)
  end
  pump()
end

local function start(copy)
  local delivery = copy.delivery
  local webhook = delivery.webhook
  copy.tries = copy.tries + 1
  delivery.sent_mono = delivery.sent_mono or mock.clock()
  delivery.tries = delivery.tries + 1
  active = active + 1
  outbox.send({
    url = webhook.url, body = delivery.body, timeout = deliveries.settings.timeout,
    headers = outbox.headers(webhook.scheme, webhook.key, delivery.body),
  }, function(outcome) on_outcome(copy, outcome) end)
end

function pump()
  while active < deliveries.settings.concurrency and queue.first <= queue.last do
    local copy = queue[queue.first]
    queue[queue.first] = nil
    queue.first = queue.first + 1
    start(copy)
  end
end

local function release()
  local copies = held
  held, batch = {}, batch + 1
  draws.shuffle(copies, "reorder", batch)
  for _, copy in ipairs(copies) do enqueue(copy) end
  pump()
end

local function send(copy)
  if deliveries.settings.reorder <= 0 then
    enqueue(copy)
    return pump()
  end
  if not held[1] then timers.after_clock(deliveries.settings.reorder, release) end
  held[#held + 1] = copy
end

-- Drops the older half of what has ended when there is too much.
local function make_room()
  if #list < KEPT_MAX then return end
  local kept = {}
  for i, delivery in ipairs(list) do
    if delivery.open > 0 or i > KEPT_MAX // 2 then kept[#kept + 1] = delivery end
  end
  dropped = dropped + #list - #kept
  list = kept
end

-- Sends EVENT {id, type, conversation, company} to WEBHOOK as BODY.
function deliveries.add(webhook, event, body)
  local settings = deliveries.settings
  local delivery = {
    webhook = webhook, event = event, body = body, tries = 0, statuses = {}, copies = 1,
    created_at = clock.now(),
  }
  if settings.lose > 0 and draws.number("lose", event.id, webhook.id) < settings.lose then
    delivery.copies, delivery.open, delivery.lost, delivery.body = 0, 0, true, nil
    make_room()
    list[#list + 1] = delivery
    return
  end
  if settings.repeats > 0 and draws.number("repeats", event.id, webhook.id) < settings.repeats then
    delivery.copies = settings.times
  end
  delivery.open = delivery.copies
  make_room()
  list[#list + 1] = delivery
  for _ = 1, delivery.copies do send({ delivery = delivery, tries = 0 }) end
end

local function state_of(delivery)
  if delivery.open > 0 then return "pending" end
  if delivery.lost then return "lost" end
  return delivery.acknowledged_at and "acknowledged" or "failed"
end

local function view(delivery)
  local event = delivery.event
  return {
    id = event.id, type = event.type, conversation = event.conversation, company = event.company,
    webhook = delivery.webhook.id, scheme = delivery.webhook.scheme, copies = delivery.copies,
    tries = delivery.tries, state = state_of(delivery), created_at = delivery.created_at,
    sent_mono = delivery.sent_mono, -- to compare with a reply's accepted_mono
    statuses = json.array(table.move(delivery.statuses, 1, #delivery.statuses, 1, {})),
    acknowledged_at = delivery.acknowledged_at,
  }
end

-- ?state=pending|acknowledged|failed|lost, ?type=…; ?summary=1 omits the list.
function deliveries.get(request)
  local out = {
    total = #list, pending = 0, acknowledged = 0, failed = 0, lost = 0, coming = deliveries.coming, dropped = dropped,
  }
  local params = request.params
  if not params.summary then out.deliveries = json.array({}) end
  for _, delivery in ipairs(list) do
    local state = state_of(delivery)
    out[state] = out[state] + 1
    if out.deliveries and (not params.state or params.state == state)
      and (not params.type or params.type == delivery.event.type) then
      out.deliveries[#out.deliveries + 1] = view(delivery)
    end
  end
  return answers.ok(out)
end

-- Clears the record. Requests that are under way are not recorded.
function deliveries.clear()
  deliveries.reset()
  return answers.none()
end

function deliveries.get_settings()
  return answers.ok(deliveries.settings)
end

-- {lose, repeats = probabilities, times, reorder = seconds, retry = [seconds …], timeout, concurrency};
-- settings that are not given get their defaults
function deliveries.set(request)
  local body, bad = checks.body(request, SCHEMA)
  if not body then return bad end
  for _, seconds in ipairs(body.retry or {}) do
    if type(seconds) ~= "number" then return answers.invalid("retry: must be a list of seconds") end
  end
  for _, name in ipairs({ "times", "concurrency" }) do
    local value = body[name]
    if value and (math.type(value) ~= "integer" or value < 1) then
      return answers.invalid(name .. ": must be a whole number from 1 on")
    end
  end
  reset_settings()
  for name, value in pairs(body) do deliveries.settings[name] = value end
  return deliveries.get_settings()
end

function deliveries.clear_settings()
  reset_settings()
  return answers.none()
end

reset_settings()
deliveries.reset()
return deliveries
