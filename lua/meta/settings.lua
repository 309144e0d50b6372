---@meta
error("definition file: do not run")

--# SETTINGS
-- foyer.lua, client.lua, ids.lua and connector.lua are data: each returns one table of text, numbers, booleans
-- and tables, and can use these two functions only. `foyer-workspace(5)` describes their contents.

---A secret that `foyer secret set NAME` stored. Settings and scripts hold a handle; the value never enters Lua. A handle
---can be a request's URL, the value of a header, a value in a JSON body, or a key of `hmac`. `tostring` shows its name.
---
---Text around it, at most 1 KiB: settings name the secret within a text, scripts join it. A text has one secret.
---
---     vars = { auth = "Bearer ${secret:acme.key}" }                                          -- client.lua
---     ctx.http.get(url, { headers = { Authorization = "Bearer " .. ctx.vars.key } })         -- a script
---
---foyer puts the value in when the request leaves; the journal has the name. `${secret:…}` in a script's own text, or in
---what an API answers, is text like any other: a customer's letter cannot ask for a secret.
---@param name string
---@return userdata secret
function secret(name) end

---A variable of the environment of foyer's process. Fails when it is not set.
---@param name string
---@return string value
function env(name) end
