---@meta
error("definition file: do not run")

--# JSON
-- The functions of `json`, `text`, `url` and `hmac` compute a result and have no effect.

json = {}

---JSON's null. `if` takes it for true, and it is not nil: compare with `json.null`.
---@type userdata
json.null = nil

---The value of a JSON text. A number written without fraction or exponent is an integer where 64 bits hold it.
---An empty list stays a list when it is encoded again. At most 64 levels and 500,000 values. Text that is not JSON
---(RFC 8259, without extensions) raises "invalid" with line and column; a text that is too large raises "limit".
---@param text string
---@return any value
function json.decode(text) end

---Canonical JSON: sorted keys, no spaces, numbers in their shortest form. A table with the keys 1 to n is a list, an empty
---one is `{}` unless `json.array` or `json.decode` made it a list. Functions, NaN, infinities, cycles, mixed tables,
---secrets and text that is not UTF-8 raise "invalid" with the path, as in "results[3].run".
---@param value any
---@return string text
function json.encode(value) end

---Marks a table as a list, so that it becomes `[]` when it is empty, and returns it.
---@param list? table  a new table by default
---@return table list
function json.array(list) end

---Whether a value is a list: one that was marked or decoded as such, or a table with the keys 1 to n and no other.
---@param value any
---@return boolean
function json.is_array(value) end
