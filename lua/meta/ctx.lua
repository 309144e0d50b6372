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
---@param action string  such as "front/list-inboxes"
---@param input? table  checked against the action's `input`
---@return any result
function ctx.call(action, input) end

---Walks all pages of a list action and calls FN for each item. STATE is plain data of at most 64 KiB: it is
---copied at each page's end, so keep results there and not in a variable outside. FN returning false ends the walk.
---A `next` that repeats, more than 10,000 pages or more than 1,000,000 items are errors; the hosts of `next`
---are checked as for any request. Front may return short pages with more to come
---(https://dev.frontapp.com/docs/pagination), so only `next` ends a walk.
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
