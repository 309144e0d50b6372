---@meta
error("definition file: do not run")

--# THE CONTEXT
-- `ctx`, the first argument of `run` and `confirm`, holds all functions that have an effect. Requests, calls and waits
-- suspend the script, and other runs continue meanwhile. There is no callback and nothing to await.

---@class foyer.Context
ctx = {}

---The client's settings: client.lua over ids.lua, as in `foyer-workspace(5)`. Each script gets a copy.
---`ctx.client.front.inboxes.support` is an id.
---@type table
ctx.client = {}

---The client's own values: `vars` of client.lua.
---@type table<string, any>
ctx.vars = {}

---A recipe's options, from the command line over client.lua over foyer.lua, checked and complete.
---Empty in actions.
---@type table<string, any>
ctx.options = {}

---Calls an action in its nearest layer and returns its result. Input and result are copies: functions
---are refused, secrets and files stay handles. Calls nest at most 16 deep. All calls inside of an action whose
---`effect` is "read" are reads, too.
---
---A failure that may pass (429, no connection, time-out, 5xx to a read) ends the attempt: the run is tried again
---later, and `pcall` does not catch it. With `{ catch = true }` the call returns nil and the error table instead, for
---these and for final failures.
---
---     local contact, err = ctx.call("front/create-contact", input, { catch = true })
---     if not contact and err.kind ~= "conflict" then error(err) end
---@param action string  such as "front/list-inboxes"
---@param input? table  checked against the action's `input`
---@param more? {catch: boolean?}
---@return any result  nil when it failed and `catch` is true
---@return foyer.Error? err
function ctx.call(action, input, more) end

---Gets all pages of a list action and calls FN for each item. STATE is plain data of at most 64 KiB. It is
---copied at the end of each page, so keep results in it, not in a variable outside. The walk ends when FN returns false.
---A `next` that repeats, more than 10,000 pages and more than 1,000,000 items are errors. The host of `next`
---is checked as for any request. In a stored run, the state and the next page are stored at the end of each page:
---a run that was interrupted continues with the page that it was at. Front may return short pages although more follow
---(https://dev.frontapp.com/docs/pagination), so only a missing `next` ends a walk.
---
---With `unique`, the ids that were seen are stored as well, so that it also holds across an interruption. It remembers
---100,000 ids: a run that meets more is parked with a message. Items without an id are never dropped.
---
---     local found = ctx.each("front/list-contacts", { limit = 100 }, { count = 0 },
---       function(contact, state) state.count = state.count + 1 end)
---@param action string  an action that returns `{results, next}`
---@param input table  of the first page
---@param state table  `{}` if nothing is collected
---@param fn fun(item: any, state: table): boolean?
---@param more? {unique: string?}  `unique = "id"` drops an item that was seen before
---@return table state
function ctx.each(action, input, state, fn, more) end

---Renders the nearest template NAME with DATA over `{client = …, vars = …}`. The template language is Mustache
---(https://mustache.github.io/mustache.5.html) with sections, partials and inheritance. `.html` templates escape
---values; `.txt` templates escape values, and blank lines separate paragraphs; `.md` templates do not escape. An unknown
---variable is empty, and a line in the log names it.
---@param name string  with or without extension
---@param data? table
---@return string text
---@return {path: string, layer: string, hash: string} where  the file that was used
function ctx.template(name, data) end

---The time in Unix seconds, with milliseconds. It is recorded: a repeated run gets the same time.
---@return number seconds
function ctx.now() end

---When the client's people are there, as `hours` of client.lua or foyer.lua says, in the client's time zone; always, but
---for holidays, when no weekday is set. Times are Unix seconds; without one it is `ctx.now()`. See foyer-workspace(5).
---
---     if ctx.hours.is_open() then … end
---     local due = ctx.hours.after("4h", event.payload.conversation.created_at)     -- four business hours later
ctx.hours = {}

---@param time? number
---@return boolean open
function ctx.hours.is_open(time) end

---That time when it is open then, else the next opening; nil when there is none within 400 days.
---@param time? number
---@return integer? seconds
function ctx.hours.opens_at(time) end

---The end of the open time; that time when it is closed then; nil when it does not close within 400 days.
---@param time? number
---@return integer? seconds
function ctx.hours.closes_at(time) end

---How many seconds are open from FROM to TO.
---@param from number
---@param to? number
---@return integer seconds
function ctx.hours.between(from, to) end

---The time at which DURATION of open time has gone by.
---@param duration string|number  "4h", or seconds
---@param from? number
---@return integer? seconds
function ctx.hours.after(duration, from) end

---Whether `hours.away` says that TEAMMATE is away.
---@param teammate string  as `hours.away` names them
---@param time? number
---@return boolean away
function ctx.hours.is_away(teammate, time) end

---`math.random`, seeded by the run: a repeated run draws the same numbers.
---@overload fun(): number
---@param m integer  1 to M when N is not given
---@param n? integer
---@return integer
function ctx.random(m, n) end

---Writes a line to standard error. The environment variable FOYER_LOG sets the least level that is written; "warn" by
---default.
---@overload fun(message: any)
---@param level "error"|"warn"|"info"|"debug"  "info" by default
---@param message any
function ctx.log(level, message) end

---Ends the run here with the state "skipped" and a reason for people. It does not return, and `pcall` does not catch it.
---@param reason? string
function ctx.skip(reason) end

--# WAITING AND REMEMBERING
-- For recipes' runs, which are stored: those of `foyer run`, cron and events. A run that sleeps or waits takes no
-- memory. When it continues, it is replayed from the top, and steps that are done return their recorded results.
--
-- What a run reads is recorded until the action around it returns: at most 64 MiB in all (`limits.record_mib` in
-- foyer.lua). A step beyond that raises "limit"; a result of up to 4 KiB is always recorded. To read more, read
-- in an action of its own: its result replaces the records of what it read.

---Continues after DURATION, at most 90 days: "90s", "15m", "2h", "3d", or a number of seconds.
---@param duration string|number
function ctx.sleep(duration) end

---Waits until TRIGGER fires for this client with an event that matches all of MATCH, at most for DURATION. A run that an
---event started sees each event that foyer received after that one, however late the run's first attempt began; what
---other triggers fired for the same delivery is the same event. A run by hand or by cron sees what fires after its first
---attempt began. An event that ended one wait does not end another wait of the same run. Events older than
---`keep.deliveries` (30 days by default) have been removed and are not seen.
---
---     local answer = ctx.wait_for("front/message-received", { ["payload.conversation.id"] = id }, "2d")
---     if not answer then … no message came … end
---@param trigger string  such as "front/message-received"
---@param match table<string, string|number|boolean>  dotted paths of the event, and the values that they must have
---@param duration string|number
---@return foyer.Event? event  nil when the time is over
function ctx.wait_for(trigger, match, duration) end

---Values that this client's scripts store: JSON values of at most 64 KiB by key, shared by all runs of the client. A value
---and the step that sets it are stored together, so that a replay does not set it again. All keys and values of a client
---take at most 16 MiB (`limits.store_mib` in foyer.lua); a value beyond that raises "limit".
---@class foyer.Store
ctx.store = {}

---Waits, as a request does: not inside `string.gsub`, `tostring` or a sort's order.
---@param key string  1 to 200 bytes
---@return any value  nil when there is none
function ctx.store.get(key) end

---An action with `effect = "read"` must not call it.
---@param key string
---@param value any  data; nil removes the key
function ctx.store.set(key, value) end
