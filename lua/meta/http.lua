---@meta
error("definition file: do not run")

--# REQUESTS
-- `ctx.http` sends HTTP requests. A TARGET is an absolute URL, a secret that holds one, or a path such as
-- "/conversations". In a script below lua/APP/ a path belongs to the app's connection. In a recipe a path needs
-- `connection = "front"` in the options.
--
-- foyer adds the connection's token outside of Lua, for the connection's hosts only; a script never sees it. Every other
-- host must be named in `hosts` of client.lua. Plain http, loopback and private addresses are refused unless the
-- connection or `hosts` names that very address with its port. TLS certificates are always verified.
--
-- foyer follows a 301, 307 or 308 with the same method and body, at most 3 times, to a host that is allowed.
-- From a connection's host to another host it follows only for a read without a body, without the token; a header or
-- body that holds a secret is sent to no other host. The error says where the redirect leads.
-- Front answers 301 for a conversation that was merged (https://github.com/frontapp/front-api-specs). Other
-- redirects are errors of kind "invalid".
--
-- A secret may stand in a table that is sent as JSON, as in `{ credentials = { token = ctx.options.key } }`, but not in a
-- text or an attachment. The run's journal and record have its name; its value is put in when the request leaves.
--
-- If an answer repeats a secret or a token of the request, foyer puts asterisks in its place: in the body, in headers
-- and in errors. Secrets of fewer than 8 bytes are not masked: that would garble other text.
--
-- A 401 from a host that is not the connection's raises kind "forbidden": the script sent wrong credentials. A 401 from
-- the connection's own host means that the client must be connected again.
--
-- An answer may have 16 MiB. Connecting may take 5 s, the whole request 30 s. Compressed answers are decoded:
-- the 16 MiB apply to the decoded body, and `headers` then has neither content-encoding nor content-length. An answer that
-- cannot be decoded is a failure that may pass (of a write: uncertain), and the error names the coding. Each write uses a
-- new connection: on a reused one, a library might send it twice.
--
-- A request suspends the script, and so does an action that makes one: a function that `string.gsub`,
-- `tostring` or `string.format` calls cannot make them. A comparison of `table.sort` can.
--
-- A failure that may pass ends the attempt and cannot be caught: 429, 5xx to a read, time-out, lost connection. So do a
-- write of which it is unknown whether it was done (kind "uncertain") and a token that is refused (kind "auth"). Other
-- failures are raised as error tables, see ERROR TABLES. Front's limits are described at https://dev.frontapp.com/docs/rate-limiting.

---@alias foyer.Target string|userdata

---@class foyer.HttpOptions
---@field query? table<string, any>  added to the address, as `url.query` writes it
---@field headers? table<string, any>  values are text, numbers or secrets, also `"Bearer " .. secret`; foyer sets Host, Content-Length and the like itself, and Authorization on a connection
---@field multipart? boolean  send the body's fields as multipart/form-data: lists as `to[]`, tables as `options[archive]`, file handles as files (https://dev.frontapp.com/docs/attachments-1)
---@field reads? boolean  the POST only reads: it counts as a read
---@field connection? string  the app whose connection a path belongs to
---@field raw? boolean  return the body as text, of whatever type it is

---@class foyer.HttpRequest: foyer.HttpOptions
---@field url foyer.Target
---@field method? string  GET by default
---@field body? any  as for `ctx.http.post`

---@class foyer.HttpResponse
---@field status integer
---@field headers table<string, string>  names in lower case
---@field body any  as `ctx.http.get` returns it

ctx.http = {}

---GET. Returns the decoded body: JSON as values, nil when it is empty. Text that is not JSON is returned unchanged,
---except from the connection's hosts. From these, such text, or an empty body without the status 204, counts as a
---failure that may pass (of a write: as uncertain), unless `raw` is given.
---@param target foyer.Target
---@param options? foyer.HttpOptions
---@return any body
function ctx.http.get(target, options) end

---HEAD. Raises as `get` does. Use `ctx.http.request` to read the answer's headers.
---@param target foyer.Target
---@param options? foyer.HttpOptions
---@return nil
function ctx.http.head(target, options) end

---POST. A table is sent as JSON, a string unchanged (set its type in a header). Returns the body as `get` does.
---@param target foyer.Target
---@param body? any
---@param options? foyer.HttpOptions
---@return any body
function ctx.http.post(target, body, options) end

---PUT, as `post`.
---@param target foyer.Target
---@param body? any
---@param options? foyer.HttpOptions
---@return any body
function ctx.http.put(target, body, options) end

---PATCH, as `post`.
---@param target foyer.Target
---@param body? any
---@param options? foyer.HttpOptions
---@return any body
function ctx.http.patch(target, body, options) end

---DELETE, as `post`: several of Front's DELETE requests take a body.
---@param target foyer.Target
---@param body? any
---@param options? foyer.HttpOptions
---@return any body
function ctx.http.delete(target, body, options) end

---GET of one page of a list. The connector's `paging` says where `results`, `next` and `total` are in the body.
---`next` is nil on the last page, also where the API writes null or "". Its host is checked when it is followed:
---a host that is not allowed is "forbidden" then.
---@param target foyer.Target  the first page, or a `next`
---@param options? foyer.HttpOptions
---@return {results: any[], next: string?, total: integer?} page
function ctx.http.page(target, options) end

---Any request. Raises nothing for a status that is final, such as 404: it is in the response.
---@param request foyer.HttpRequest
---@return foyer.HttpResponse response
function ctx.http.request(request) end
