---@meta
error("definition file: do not run")

--# SETTINGS
-- foyer.lua, client.lua, ids.lua and connector.lua are data: each returns one table of text, numbers, booleans
-- and tables, and knows no names but these two. `foyer-workspace(5)` says what they may hold.

---A secret that `foyer secret set NAME` keeps. Settings and scripts hold a handle, whose value never enters Lua; it serves
---as a URL or a header's value of a request, or as a key of `hmac`. `tostring` shows its name.
---
---`:after(text)`, in settings and in scripts, is the same secret behind TEXT, of at most 1 KiB:
---
---     vars = { auth = secret "acme.key":after "Bearer " }                                    -- client.lua
---     ctx.http.get(url, { headers = { Authorization = ctx.vars.key:after "Bearer " } })      -- a script
---@param name string
---@return userdata secret
function secret(name) end

---A variable of the environment of foyer's process. It is an error when there is none.
---@param name string
---@return string value
function env(name) end
