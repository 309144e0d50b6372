-- Parses multipart/form-data: fields as Front reads them (`to[]`, `to[0]`, `options[archive]`), see
-- https://dev.frontapp.com/docs/attachments-1, and files by name, type and size. The bytes of a long file are not kept:
-- it may have 25 MB.
local mock = ...
local html = mock.part("engine/html")

local KEPT_MAX = 256 * 1024

local multipart = {}

local function unquote(name)
  local plain = name:gsub("%%22", '"'):gsub("%%0D", "\r"):gsub("%%0A", "\n"):gsub('\\"', '"')
  return html.clean(plain)
end

local function parse_headers(block)
  local headers = {}
  for line in (block .. "\r\n"):gmatch("(.-)\r\n") do
    local name, value = line:match("^([%w-]+):%s*(.-)%s*$")
    if name then headers[name:lower()] = value end
  end
  return headers
end

-- Puts VALUE at "options[tag_ids][]" in FIELDS.
local function put(fields, name, value)
  local path = { name:match("^[^%[]+") }
  if not path[1] then return end
  for key in name:gmatch("%[([^%]]*)%]") do path[#path + 1] = key end
  local at = fields
  for i, key in ipairs(path) do
    local place = key
    if i > 1 and key == "" then
      place = #at + 1
    elseif i > 1 and key:find("^%d+$") then
      place = math.tointeger(tonumber(key)) + 1
    end
    if i == #path then
      at[place] = value
    else
      local list = path[i + 1] == "" or path[i + 1]:find("^%d+$") ~= nil
      if type(at[place]) ~= "table" then at[place] = list and json.array({}) or {} end
      at = at[place]
    end
  end
end

-- Returns fields, the list of files, and the bytes of short files; nil when BODY is malformed. A file's field is
-- {filename=, content_type=, size=}, which is also the key of its bytes.
function multipart.parse(body, content_type)
  local boundary = content_type:match('boundary="([^"]+)"') or content_type:match("boundary=([^%s;]+)")
  if not boundary then return nil end
  local mark = "--" .. boundary
  local fields, files, bytes = {}, {}, {}
  local _, at = body:find(mark, 1, true)
  while at do
    if body:sub(at + 1, at + 2) == "--" then return fields, files, bytes end
    local head, head_end = body:find("\r\n\r\n", at + 1, true)
    if not head then return nil end
    local headers = parse_headers(body:sub(at + 3, head - 1))
    local stop, next_at = body:find("\r\n" .. mark, head_end - 1, true)
    if not stop then return nil end
    local disposition = headers["content-disposition"] or ""
    local name = disposition:match('[;%s]name="(.-[^\\])"') or disposition:match('[;%s]name=([^;%s]+)')
    local filename = disposition:match('filename="(.-)"')
    if not name then return nil end
    if filename then
      local file = {
        filename = unquote(filename), content_type = headers["content-type"] or "application/octet-stream",
        size = math.max(stop - head_end - 1, 0),
      }
      if file.size <= KEPT_MAX then bytes[file] = body:sub(head_end + 1, stop - 1) end
      files[#files + 1] = file
      put(fields, unquote(name), file)
    else
      put(fields, unquote(name), html.clean(body:sub(head_end + 1, stop - 1)))
    end
    at = next_at
  end
  return nil
end

return multipart
