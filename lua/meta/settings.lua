---@meta
error("definition file: do not run")

--# SETTINGS
-- foyer.lua, client.lua, ids.lua and connector.lua are data: each returns one table of text, numbers, booleans
-- and tables, and can use these two functions only. `foyer-workspace(5)` describes their contents.

---A secret that `foyer secret set NAME` stored. Settings and scripts hold a handle; the value never enters Lua. A handle
---can be a request's URL, the value of a header, or a key of `hmac`. `tostring` shows its name.
---
---`:after(text)`, in settings and in scripts, returns the same secret with TEXT, at most 1 KiB, before it:
---
---     vars = { auth = secret "acme.key":after "Bearer " }                                    -- client.lua
---     ctx.http.get(url, { headers = { Authorization = ctx.vars.key:after "Bearer " } })      -- a script
---@param name string
---@return userdata secret
function secret(name) end

---A variable of the environment of foyer's process. Fails when it is not set.
---@param name string
---@return string value
function env(name) end
