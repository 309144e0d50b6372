---@meta
error("definition file: do not run")

--# REQUESTS
-- `ctx.http` sends HTTP requests. A TARGET is an absolute URL, a secret that holds one, or in lua/APP/ a path such as
-- "/conversations": that of the app's connection. In a recipe a path needs `connection = "front"` in the options.
--
-- The connection's token is added in C, for the connection's hosts only; a script never sees it. Every other
-- host must be named in `hosts` of client.lua. Plain http, loopback and private addresses are refused unless the
-- connection or `hosts` names that very address with its port. TLS certificates are always verified.
--
-- A 301, 307 or 308 is repeated by foyer with the same method and body, at most 3 times, to a host that is allowed.
-- From a connection's host to another one only a read without a body is repeated, without the token; a header that holds
-- a secret goes to no other host. The error says where the answer led.
-- Front answers 301 for a conversation that was merged (https://github.com/frontapp/front-api-specs). Other
-- redirects are errors of kind "invalid".
--
-- An answer that repeats a secret or a token that the request sent shows asterisks in its place, in the body, in headers
-- and in errors. Secrets of fewer than 8 bytes are not masked: they would garble other text.
--
-- A 401 of a host that is not the connection's raises kind "forbidden": it is about what the script sent. A 401 of the
-- connection's own host means that the client must be connected again.
--
-- An answer has at most 16 MiB, a connection 5 s, the whole request 30 s. Answers that come compressed are decoded:
-- the 16 MiB count what they become, and `headers` then has neither content-encoding nor content-length. One that cannot
-- be decoded is a failure that may pass (of a write: uncertain) and names its coding. Writes use a connection of their
-- own, so that nothing is sent twice behind anyone's back.
--
-- A request waits, and so does an action that makes one: neither can be made inside a function that `string.gsub`,
-- `tostring` or `string.format` calls. A comparison of `table.sort` can.
--
-- What may pass ends the attempt and cannot be caught: 429, 5xx on reads, time-outs, lost connections; so do a
-- write whose fate is unknown (kind "uncertain") and a token that is refused (kind "auth"). What remains is raised as an
-- error table, see ERROR TABLES. Front's limits are described at https://dev.frontapp.com/docs/rate-limiting.

---@alias foyer.Target string|userdata

---@class foyer.HttpOptions
---@field query? table<string, any>  added to the address, as `url.query` writes it
---@field headers? table<string, any>  values are text, numbers or secrets, also `secret:after "Bearer "`; Host, Content-Length and the like, and on a connection Authorization, are foyer's own
---@field multipart? boolean  send the body's fields as multipart/form-data: lists as `to[]`, tables as `options[archive]`, file handles as files (https://dev.frontapp.com/docs/attachments-1)
---@field reads? boolean  a POST that only reads: it counts as a read
---@field connection? string  the app whose connection a path belongs to
---@field raw? boolean  return the body as it is, whatever its type

---@class foyer.HttpRequest: foyer.HttpOptions
---@field url foyer.Target
---@field method? string  GET when left out
---@field body? any  as for `ctx.http.post`

---@class foyer.HttpResponse
---@field status integer
---@field headers table<string, string>  names in lower case
---@field body any  as `ctx.http.get` returns it

ctx.http = {}

---GET. Returns the decoded body: JSON as values, nil when it is empty. Text that is no JSON is returned as it
---is from hosts other than the connection's. From those, such text, and nothing at all without the status 204, counts as a
---failure that may pass (of a write: as uncertain), unless `raw` is given.
---@param target foyer.Target
---@param options? foyer.HttpOptions
---@return any body
function ctx.http.get(target, options) end

---HEAD. Raises as `get` does; the answer's headers come from `ctx.http.request`.
---@param target foyer.Target
---@param options? foyer.HttpOptions
---@return nil
function ctx.http.head(target, options) end

---POST. A table is sent as JSON, a string as it is (a header says its type). Returns the body as `get` does.
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

---One GET of a list. `results`, `next` and `total` are taken from where the connector's `paging` says;
---`next` is nil on the last page, also where the API writes null or "". Where `next` leads is judged when it is followed:
---a host that is not allowed is "forbidden" then.
---@param target foyer.Target  the first page, or a `next`
---@param options? foyer.HttpOptions
---@return {results: any[], next: string?, total: integer?} page
function ctx.http.page(target, options) end

---Any request, and any status that cannot pass by itself, also 404: nothing is raised for those.
---@param request foyer.HttpRequest
---@return foyer.HttpResponse response
function ctx.http.request(request) end
