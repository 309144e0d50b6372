---@meta
error("definition file: do not run")

--# TEXT
-- Text is UTF-8. Times are Unix seconds, in UTC.

text = {}

---Without white space at both ends.
---@param s string
---@return string
function text.trim(s) end

---With & < > " and ' escaped for HTML.
---@param s string
---@return string html
function text.escape_html(s) end

---Plain text as HTML: escaped, blank lines part paragraphs, other line ends become line breaks.
---@param s string
---@return string html
function text.paragraphs(s) end

---The text of HTML, read as a browser reads it: no tags, comments, scripts, styles or title, character references
---decoded, white space as single spaces. A paragraph, a cell, a line break or an image counts as white space.
---@param html string
---@return string
function text.from_html(html) end

---At most N characters; the last one is an ellipsis when something was cut off.
---@param s string
---@param n integer  at least 1
---@return string
function text.truncate(s, n) end

---A time as text, "2026-11-22T10:00:00Z" unless FORMAT says otherwise: %Y %m %d %H %M %S %a %A %b %B %e %F %T
---%R %I %p %j %u %V %G %w %y %% as in strftime(3), in English. Years 1 to 9999.
---@param seconds number
---@param format? string
---@return string
function text.time(seconds, format) end

---Seconds of "2026-11-22", "2026-11-22T10:00Z", "2026-11-22 10:00:00.5+01:00" (RFC 3339, lower case and leap seconds
---included; "20261122" is none of them). Raises "invalid".
---@param s string
---@return number seconds
function text.parse_time(s) end

---The two largest units of a duration: "2 h 5 min", "3 d 4 h", "45 s".
---@param seconds number
---@return string
function text.duration(seconds) end

---Seconds of "90s", "15m", "2h", "3d", "250ms" or "90". Raises "invalid".
---@param s string
---@return number seconds
function text.parse_duration(s) end

---The rows of a CSV text or file (RFC 4180; commas, semicolons or tabs, as the first lines show, or as Excel's line
---"sep=;" says; lines end in LF, CR LF or CR). The first line names the columns; a row is a table by these names, and
---`row.line` is its line. A column without a name is left out when it is empty. Lines that are malformed or not UTF-8
---are left out of the rows and named in the second result. Raises "invalid" without a usable first line, for values
---in a column without a name, and for UTF-16; "limit" when the rows take more memory than a run may have (80,000 rows
---of four short columns fit). The time that it takes is not the script's.
---@param data string|userdata  text, or an input of type "file"
---@return table<string, string>[] rows
---@return {line: integer, message: string}[] problems
function text.csv(data) end
