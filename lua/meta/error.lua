---@meta
error("definition file: do not run")

--# ERROR TABLES
-- foyer raises errors as tables; `tostring` of one is its message. `pcall` catches it as any error. A script
-- raises its own errors in the same way. A plain `error("text")`, or a mistake such as calling nil, is text within its
-- script, and a table of kind "script" for the script that called it.
--
--     error({ kind = "invalid", message = "cannot read contacts: no column is called email" })
--
--     local ok, err = pcall(ctx.call, "front/create-contact", contact)
--     if not ok and err.kind ~= "conflict" then error(err, 0) end
--
-- Front's error bodies are described at https://dev.frontapp.com/reference/response-body-structure. Parts of
-- them may be missing; the status is always there.

---A kind and the exit code of `foyer call` and `foyer run`:
---
---     usage                                     64  the command line
---     invalid not_found forbidden conflict      65  400, 404, 403, 409 and the like
---     uncertain                                 69  a write was sent, and it is unknown whether it was done
---     script limit store internal               70
---     rate_limited network timeout unavailable  75  may pass: try again later
---     auth                                      77  the token is refused: connect again
---     settings                                  78
---
---When a request fails with `auth`, `uncertain` or a kind of exit code 75, the attempt ends; `pcall` does not catch it.
---@alias foyer.Kind "usage"|"invalid"|"not_found"|"forbidden"|"conflict"|"auth"|"rate_limited"|"network"|"timeout"|"unavailable"|"uncertain"|"script"|"limit"|"store"|"internal"|"settings"

---@class foyer.Error
---@field kind foyer.Kind
---@field message string  a sentence: "cannot <do> <what>: <why>"
---@field status? integer  of the HTTP answer
---@field title? string  the API's, as in "Not found"
---@field details? string[]  the single mistakes, as the API lists them
---@field retry_after? number  seconds
