---@meta
error("definition file: do not run")

--# TEXT
-- Text is UTF-8. Times are Unix seconds, in UTC.

text = {}

---Removes white space at both ends.
---@param s string
---@return string
function text.trim(s) end

---Escapes & < > " and ' for HTML.
---@param s string
---@return string html
function text.escape_html(s) end

---Turns plain text into HTML: escapes it, makes paragraphs at blank lines and line breaks at other line ends.
---@param s string
---@return string html
function text.paragraphs(s) end

---The text of HTML, read as a browser reads it: no tags, comments, scripts, styles or title, character references
---decoded, white space as single spaces. A paragraph, a cell, a line break or an image counts as white space.
---@param html string
---@return string
function text.from_html(html) end

---Cuts text to at most N characters; the last one is then an ellipsis.
---@param s string
---@param n integer  at least 1
---@return string
function text.truncate(s, n) end

---A time as text, "2026-11-22T10:00:00Z" unless FORMAT says otherwise: %Y %m %d %H %M %S %a %A %b %B %e %F %T
---%R %I %p %j %u %V %G %w %y %% as in strftime(3), in English. Years 1 to 9999.
---With ZONE, such as "Europe/Zurich" or `ctx.client.timezone`, as the clocks there show it; otherwise in UTC.
---@param seconds number
---@param format? string
---@param zone? string
---@return string
function text.time(seconds, format, zone) end

---The Unix seconds of "2026-11-22", "2026-11-22T10:00Z", "2026-11-22 10:00:00.5+01:00" (RFC 3339, lower case and leap seconds
---included; not "20261122"). Raises "invalid".
---@param s string
---@return number seconds
function text.parse_time(s) end

---The two largest units of a duration: "2 h 5 min", "3 d 4 h", "45 s".
---@param seconds number
---@return string
function text.duration(seconds) end

---The seconds of "90s", "15m", "2h", "3d", "250ms" or "90". Raises "invalid".
---@param s string
---@return number seconds
function text.parse_duration(s) end

---The rows of a CSV text or file (RFC 4180; commas, semicolons or tabs, as the first lines show, or as Excel's line
---"sep=;" says; lines end in LF, CR LF or CR). The first line names the columns; a row is a table with these keys, and
---`row.line` is the number of its line. A column without a name is ignored when it is empty. Lines that are malformed or
---not UTF-8 are not among the rows; the second result lists them. Raises "invalid" without a usable first line, for values
---in a column without a name, and for UTF-16; "limit" when the rows take more memory than a run may have (80,000 rows
---of four short columns fit). Its CPU time does not count against the script's limit.
---@param data string|userdata  text, or an input of type "file"
---@return table<string, string>[] rows
---@return {line: integer, message: string}[] problems
function text.csv(data) end
