---@meta
error("definition file: do not run")

--# THE CONTEXT
-- All that acts hangs on `ctx`, the first argument of `run` and `confirm`. What takes time (requests, calls)
-- waits by itself: other runs go on meanwhile. There is no callback and nothing to await.

---@class foyer.Context
ctx = {}

---The client's settings: client.lua over ids.lua, as `foyer-workspace(5)` has them. Each script gets a copy.
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

---Calls an action in its outermost layer and returns its result. Input and result cross as copies: functions
---are refused, secrets and files stay handles. At most 16 calls deep. An action whose `effect` is "read"
---stays so for everything that it calls.
---
---A failure that may pass (429, no connection, time out, 5xx to a read) ends the attempt: the run is tried again
---later, and no `pcall` catches it. With `{ catch = true }` the call returns nil and the error table instead, for
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

---Walks all pages of a list action and calls FN for each item. STATE is plain data of at most 64 KiB: it is
---copied at each page's end, so keep results there and not in a variable outside. FN returning false ends the walk.
---A `next` that repeats, more than 10,000 pages or more than 1,000,000 items are errors; the hosts of `next`
---are checked as for any request. In a run that is kept, the state and the next page are stored at each page's end:
---a run that was interrupted goes on at the page where it was. Front may return short pages with more to come
---(https://dev.frontapp.com/docs/pagination), so only `next` ends a walk.
---
---What `unique` has seen is stored there as well, also what an interruption came behind. It remembers 100,000 ids; a run
---that meets one more is parked, and says so. Items without an id are never dropped.
---
---     local found = ctx.each("front/list-contacts", { limit = 100 }, { count = 0 },
---       function(contact, state) state.count = state.count + 1 end)
---@param action string  an action that returns `{results, next}`
---@param input table  of the first page
---@param state table  `{}` will do
---@param fn fun(item: any, state: table): boolean?
---@param more? {unique: string?}  `unique = "id"` drops an item that was seen before
---@return table state
function ctx.each(action, input, state, fn, more) end

---Renders the nearest template NAME with DATA over `{client = …, vars = …}`; the template language is Mustache
---(https://mustache.github.io/mustache.5.html) with sections, partials and inheritance. `.html` templates escape
---values; `.txt` ones escape, and their blank lines become paragraphs; `.md` ones do not escape. A variable that
---nothing knows is empty and a line in the log.
---@param name string  without extension, or with one
---@param data? table
---@return string text
---@return {path: string, layer: string, hash: string} where  the file that was used
function ctx.template(name, data) end

---The time in Unix seconds, with milliseconds. It is recorded: a run that is repeated sees the same.
---@return number seconds
function ctx.now() end

---`math.random`, seeded by the run: the same run draws the same numbers.
---@overload fun(): number
---@param m integer  1 to M when N is left out
---@param n? integer
---@return integer
function ctx.random(m, n) end

---Writes a line to standard error. The environment's FOYER_LOG says from which level on; "warn" by default.
---@overload fun(message: any)
---@param level "error"|"warn"|"info"|"debug"  "info" when left out
---@param message any
function ctx.log(level, message) end

---Ends the run here, as skipped, with a reason for people. It does not return and no `pcall` catches it.
---@param reason? string
function ctx.skip(reason) end

--# WAITING AND REMEMBERING
-- For recipes' runs, which are kept: `foyer run`, cron and events. A run that sleeps or waits holds nothing in
-- memory; when it goes on it is replayed from the top, and steps that are done return what was recorded.
--
-- What a run has read is recorded until the action around it returns: 64 MiB at most in all (`limits.record_mib` in
-- foyer.lua). A step that would pass that raises "limit"; results of up to 4 KiB always find room. To read more, read
-- in an action of its own: its result takes the place of what it read.

---Goes on after DURATION, 90 days at most: "90s", "15m", "2h", "3d", or a number of seconds.
---@param duration string|number
function ctx.sleep(duration) end

---Waits until TRIGGER fires for this client with an event that has all of MATCH, for at most DURATION. A run that an
---event started sees each event that foyer took after that one, however late the run's first attempt began; what other
---triggers fired for the same delivery is the same event. A run by hand or by cron sees what fires after its first
---attempt began. An event that ended one wait does not end another one of the same run. Events that `keep.deliveries`
---has removed, 30 days old unless set, are not seen.
---
---     local answer = ctx.wait_for("front/message-received", { ["payload.conversation.id"] = id }, "2d")
---     if not answer then … nobody wrote … end
---@param trigger string  such as "front/message-received"
---@param match table<string, string|number|boolean>  dotted paths of the event, and what must be there
---@param duration string|number
---@return foyer.Event? event  nil when the time is up
function ctx.wait_for(trigger, match, duration) end

---What this client's scripts remember: JSON values of at most 64 KiB by key, for all runs of the client. A value and
---the step that sets it are stored together, so that a replay does not set it again. All keys and values of a client
---take at most 16 MiB (`limits.store_mib` in foyer.lua); what would pass that raises "limit".
---@class foyer.Store
ctx.store = {}

---@param key string  1 to 200 bytes
---@return any value  nil when there is none
function ctx.store.get(key) end

---A script with `effect = "read"` may not.
---@param key string
---@param value any  data; nil removes the key
function ctx.store.set(key, value) end
