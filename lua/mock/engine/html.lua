-- Converts between text and HTML as a mail system does. Not by the client's `text` library, so that the mock can find
-- its mistakes.

local html = {}
local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"', nbsp = " ", ["#39"] = "'" }

function html.escape(text)
  return (text:gsub('[&<>"]', { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }))
end

function html.from_text(text)
  return (html.escape(text):gsub("\n\n", "\n<br /><br />\n"))
end

function html.to_text(body)
  local text = body:gsub("%s*<[bB][rR]%s*/?>%s*", "\n"):gsub("</[pP]>%s*", "\n\n"):gsub("</div>%s*", "\n")
  text = text:gsub("<[^>]*>", ""):gsub("&(#?%w+);", ENTITIES)
  return (text:gsub("^%s+", ""):gsub("%s+$", ""))
end

-- Returns the first 120 characters on one line.
function html.blurb(text)
  local line = text:gsub("%s+", " ")
  local stop = utf8.len(line) and utf8.offset(line, 121)
  return stop and line:sub(1, stop - 1) or line
end

-- Replaces bytes that are not UTF-8 by U+FFFD: JSON has UTF-8 only.
function html.clean(bytes)
  if utf8.len(bytes) then return bytes end
  local out, from = {}, 1
  while from <= #bytes do
    local _, bad = utf8.len(bytes, from)
    out[#out + 1] = bytes:sub(from, (bad or #bytes + 1) - 1)
    if bad then out[#out + 1] = "\u{FFFD}" end
    from = (bad or #bytes) + 1
  end
  return table.concat(out)
end

return html
