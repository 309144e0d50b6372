---@meta
error("definition file: do not run")

--# URL

url = {}

---Percent-encodes all but A-Z a-z 0-9 - . _ ~, for one segment of a path or one part of a query. Use it for every id in
---a path.
---@param s string
---@return string
function url.segment(s) end

---A query such as "limit=5&q%5Bstatuses%5D%5B%5D=assigned" from a table, sorted by key. A list repeats its key; 50.0
---is written as 50. Values are text, numbers and booleans; others raise "invalid".
---@param fields table<string, any>
---@return string query
function url.query(fields) end

---Decodes percent-encoding; "+" stays. Raises "invalid" for a % without two hexadecimal digits.
---@param s string
---@return string
function url.decode(s) end

---The parts of an http or https URL. `port` is the scheme's default when the URL has none. Raises "invalid".
---@param s string
---@return {scheme: string, host: string, port: integer, path: string, query: string?}
function url.parse(s) end
