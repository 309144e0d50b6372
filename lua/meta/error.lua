---@meta
error("definition file: do not run")

--# ERROR TABLES
-- What foyer raises is a table; `tostring` of it is its message. `pcall` catches it as any error. A script
-- raises its own in the same way. A plain `error("text")`, or a mistake such as calling nil, is text within its script
-- and a table of kind "script" to the script that called it.
--
--     error({ kind = "invalid", message = "cannot read contacts: no column is called email" })
--
--     local ok, err = pcall(ctx.call, "front/create-contact", contact)
--     if not ok and err.kind ~= "conflict" then error(err, 0) end
--
-- Front's error bodies are described at https://dev.frontapp.com/reference/response-body-structure; parts of
-- them may be missing, the status never is.

---A kind and the exit code of `foyer call` and `foyer run`:
---
---     usage                                     64  the command line
---     invalid not_found forbidden conflict      65  400, 404, 403, 409 and the like
---     uncertain                                 69  a write left, nobody knows whether it was done
---     script limit store internal               70
---     rate_limited network timeout unavailable  75  may pass: try again later
---     auth                                      77  the token is refused: connect again
---     settings                                  78
---
---`auth`, `uncertain` and those of 75 end the attempt when a request meets them; `pcall` does not see them.
---@alias foyer.Kind "usage"|"invalid"|"not_found"|"forbidden"|"conflict"|"auth"|"rate_limited"|"network"|"timeout"|"unavailable"|"uncertain"|"script"|"limit"|"store"|"internal"|"settings"

---@class foyer.Error
---@field kind foyer.Kind
---@field message string  a sentence: "cannot <do> <what>: <why>"
---@field status? integer  of the HTTP answer
---@field title? string  the API's, as in "Not found"
---@field details? string[]  what the API named in particular
---@field retry_after? number  seconds
