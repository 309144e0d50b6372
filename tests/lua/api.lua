-- json, url, text and hmac as scripts see them.

local _, t = ...

-- json

t.equal(json.encode({ b = 1, a = { true, json.null }, c = {} }), '{"a":[true,null],"b":1,"c":{}}',
  "json: keys in order, an empty table is an object")
t.equal(json.encode({ json.array(), json.array({}) }), "[[],[]]", "json: empty lists")
t.equal(json.encode(json.decode("[]")), "[]", "json: a decoded list stays one")
t.equal(json.encode(json.decode('{"a":[{"b":[]}]}')), '{"a":[{"b":[]}]}', "json: also within")
t.equal(math.type(json.decode("5")), "integer", "json: integers")
t.equal(math.type(json.decode("5.0")), "float", "json: floats")
t.equal(json.decode("9007199254740993"), 9007199254740993, "json: beyond 2^53")
t.equal(json.decode("1234567890123456789"), 1234567890123456789, "json: 19 digits")
t.equal(json.encode(1701292649.333), "1701292649.333", "json: a time")
t.equal(json.encode(0.1), "0.1", "json: shortest")
t.equal(json.decode(json.encode(1 / 3)) == 1 / 3, true, "json: there and back")
t.equal(json.decode("null") == json.null, true, "json: null")
t.equal(json.null ~= nil and not not json.null, true, "json: null is true to Lua")
t.equal(json.decode('"\\u00e4\\ud83d\\ude00"'), "ä😀", "json: escapes")
t.equal(json.is_array({}), false, "json: an empty table is no list")
t.equal(json.is_array({ 1 }), true, "json: a sequence is one")
t.equal(json.is_array("x"), false, "json: a text is none")
t.equal(tostring(json.null), "null", "json: null as text")
for _, bad in ipairs { "", "{", "[1,]", "{\"a\":1,}", "NaN", "Infinity", "0x10", "01", "1.", "+1", "'a'", "\"\1\"",
                       "\"\\ud800\"", "[1]x", "nul", "\"\xff\"", "{1:2}", "[", "\"\\x\"" } do
  t.fails(function() json.decode(bad) end, "line 1", "json: refuses " .. bad)
end
t.fails(function() json.decode("[1,\n 2,\n oops]") end, "line 3, column 2", "json: says where")
t.equal(t.fails(function() json.decode("{") end, ".").kind, "invalid", "json: kind of a syntax error")
t.fails(function() json.decode("1e400") end, "line 1", "json: a number beyond all")
t.fails(function() json.encode(0 / 0) end, "not a number", "json: NaN")
t.fails(function() json.encode({ a = { math.huge } }) end, "a%[1%]", "json: says which")
t.fails(function() json.encode({ 1, nil, 3 }) end, "holes", "json: holes")
t.fails(function() json.encode({ 1, a = 2 }) end, "positions and names", "json: mixed")
t.fails(function() json.encode({ [1.5] = 2 }) end, "neither text nor a position", "json: other keys")
t.fails(function() json.encode({ f = pcall }) end, "f: a function", "json: functions")
t.fails(function() json.encode("\xff") end, "not UTF%-8", "json: not UTF-8")
t.fails(function() json.encode() end, "value expected", "json: nothing")
t.fails(function() json.decode() end, "string expected", "json: decode of nothing")
t.fails(function() json.array("x") end, "table expected", "json: array of a text")
t.fails(function() json.array(setmetatable({}, { __metatable = 1 })) end, "protected", "json: array of a proxy")

-- url

t.equal(url.segment("a/b ?#%ä"), "a%2Fb%20%3F%23%25%C3%A4", "url: a segment")
t.equal(url.decode("a%2Fb%20c"), "a/b c", "url: decoded")
t.fails(function() url.decode("%2") end, "two hexadecimal digits", "url: half an escape")
t.equal(url.query({ b = { 1, 2.0, "x y" }, a = true }), "a=true&b=1&b=2&b=x%20y", "url: a query")
t.equal(url.query({}), "", "url: an empty query")
t.equal(url.query({ a = json.array() }), "", "url: an empty list in a query")
t.fails(function() url.query({ a = {} }) end, "a is table", "url: a table in a query")
t.fails(function() url.query({ a = json.null }) end, "json.null", "url: null in a query")
t.fails(function() url.query({ a = 0 / 0 }) end, "cannot make a query", "url: NaN in a query")
t.fails(function() url.query({ "a" }) end, "every key must be a name", "url: a list as a query")
t.equal(url.parse("https://Host.example:8443/a/b?c=d#e"),
  { scheme = "https", host = "host.example", port = 8443, path = "/a/b", query = "c=d" }, "url: parts")
t.equal(url.parse("http://h").path, "/", "url: no path")
for _, bad in ipairs { "", "x", "ftp://h/", "https://", "https://a@b/", "https://a b/", "https://a\\b/" } do
  t.fails(function() url.parse(bad) end, "cannot use the URL", "url: refuses " .. bad)
end

-- text

t.equal(text.trim("\t a b \r\n"), "a b", "text: trim")
t.equal(text.escape_html("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;", "text: HTML")
t.equal(text.truncate("äöü", 2), "ä…", "text: truncate counts characters")
t.equal(text.truncate("ab", 2), "ab", "text: truncate leaves what fits")
t.fails(function() text.truncate("ab", 0) end, "at least 1", "text: truncate to nothing")
t.equal(text.from_html("<p>a&amp;b</p>"), "a&b", "text: from HTML")
t.equal(text.paragraphs("a\n\nb"):find("a", 1, true) ~= nil, true, "text: paragraphs")
t.equal(text.time(0), "1970-01-01T00:00:00Z", "text: time")
t.equal(text.time(1700000000, "%Y"), "2023", "text: time by format")
t.equal(text.parse_time("2023-11-14T22:13:20Z"), 1700000000, "text: parse_time")
t.fails(function() text.parse_time("tomorrow") end, ".", "text: parse_time of words")
t.equal(text.parse_duration("2d"), 172800, "text: parse_duration")
t.fails(function() text.parse_duration("2 fortnights") end, "write 90s, 15m, 2h or 3d", "text: parse_duration")
t.fails(function() text.time(1e300) end, "a time in seconds", "text: no such time")
t.fails(function() text.time(0 / 0) end, ".", "text: NaN is no time")
t.fails(function() text.duration(math.huge) end, ".", "text: infinity is no duration")
t.fails(function() text.time(0, "%Y\0") end, "NUL", "text: NUL in a format")
local rows, problems = text.csv("name;mail\n\"a \"\"b\"\"\";x@y\n")
t.equal(rows, { { line = 2, name = 'a "b"', mail = "x@y" } }, "text: csv")
t.equal(problems, {}, "text: csv without problems")

-- Returns the rows as "a|b", in the order of COLUMNS.
local function csv(data, ...)
  local lines, found = {}, text.csv(data)
  for i, row in ipairs(found) do
    local cells = {}
    for k, column in ipairs { ... } do cells[k] = row[column] end
    lines[i] = table.concat(cells, "|")
  end
  return lines
end

for _, ends in ipairs { "\n", "\r\n", "\r" } do
  for _, mark in ipairs { "", "\u{FEFF}" } do
    local lines = { "name;mail", "Ann;a@x", "", "\"Bob", "Bo\";b@x", "" }
    local found, wrong = text.csv(mark .. table.concat(lines, ends))
    t.equal(found, { { line = 2, name = "Ann", mail = "a@x" }, { line = 4, name = "Bob\nBo", mail = "b@x" } },
      "text: csv with any line ends")
    t.equal(#wrong, 0, "text: csv with any line ends, without problems")
  end
end
t.equal(csv("a,b\r\n1,2\r3,4\n5,6", "a", "b"), { "1|2", "3|4", "5|6" }, "text: csv with mixed line ends")
for _, data in ipairs { "\xff\xfea\0", "\xfe\xff\0a", "a\0,\0b\0\n\0", "\0a\0\n", "\xff\xfe\0\0a\0\0\0" } do
  t.fails(function() text.csv(data) end, "save the file as UTF%-8", "text: csv refuses UTF-16 and UTF-32")
end
t.fails(function() text.csv("a,b\n1,\0\n") end, "CSV:2: it holds a NUL byte", "text: csv refuses NUL")

t.equal(csv("sep=;\na,x;b\n1,5;2\n", "a,x", "b"), { "1,5|2" }, "text: csv with Excel's sep line")
t.equal(csv("\u{FEFF}sep=|\r\na|b\r\n1|2", "a", "b"), { "1|2" }, "text: csv with a mark and any separator")
t.equal(text.csv("sep=,\na,b\n1,2\n")[1].line, 3, "text: csv counts the sep line")
t.equal(csv("sep=;x\n1\n", "sep=;x"), {}, "text: csv whose heading begins like a sep line")
t.equal(csv("mail;name (last, first, title)\na@x;B, A\nb@x;C\n", "mail"), { "a@x", "b@x" },
  "text: csv, commas in a heading")
t.equal(csv("\"a;b;c\",\"d\"\n1,2\n", "a;b;c", "d"), { "1|2" }, "text: csv, quoted headings hold the other separator")
t.equal(csv("\"a\";\"b, c, d\"\n1;2\n", "a", "b, c, d"), { "1|2" }, "text: csv, quoted headings by semicolons")
t.equal(csv("a\tb, c\n1,0\t2\n", "a"), { "1,0" }, "text: csv, tabs")
t.equal(csv("a,b;c\n", "a"), {}, "text: csv of one line")
t.equal(csv("only\n1\n2\n", "only"), { "1", "2" }, "text: csv of one column")

t.equal(text.csv("a,b,\n1,2,\n"), { { line = 2, a = "1", b = "2" } }, "text: csv, separators at the lines' ends")
t.equal(text.csv(",a\n ,1\n"), { { line = 2, a = "1" } }, "text: csv, an empty column without a name")
t.fails(function() text.csv(",a\n,1\n7,2\n") end, "column 1 has no name, but a value in line 3",
  "text: csv, a column without a name has a value")
t.fails(function() text.csv(",,\n1,2,3\n") end, "line 1 names no column", "text: csv without any name")

-- hmac

t.equal(hmac.sha256("key", "The quick brown fox jumps over the lazy dog"),
  "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8", "hmac: SHA-256")
t.equal(hmac.sha1("key", "The quick brown fox jumps over the lazy dog", "base64"), "3nybhbi3iqa8ino29wqQcBydtNk=",
  "hmac: SHA-1 in base64")
t.equal(hmac.equal("a", "a"), true, "hmac: equal")
t.equal(hmac.equal("a", "b"), false, "hmac: not equal")
t.fails(function() hmac.sha256("k", "d", "rot13") end, "invalid option", "hmac: an unknown encoding")

-- every function with every odd argument, alone and in pairs: it returns or raises, and never crashes

local odd = { 0, -1, 1, 2 ^ 53, math.maxinteger, math.mininteger, 0 / 0, math.huge, -math.huge, 1e308, "", "\0", "\xff",
  "%", ("x"):rep(70000), true, false, {}, { 1 }, { a = 1 }, json.null, pcall, json.array(), function() end }
local calls = 0
for _, library in ipairs { json, url, text, hmac } do
  local names = library == json and { "encode", "decode", "array", "is_array" }
    or library == url and { "segment", "query", "decode", "parse" }
    or library == hmac and { "sha256", "sha1", "equal" }
    or { "trim", "escape_html", "from_html", "paragraphs", "csv", "truncate", "time", "duration", "parse_duration",
         "parse_time" }
  for _, name in ipairs(names) do
    pcall(library[name])
    for _, a in ipairs(odd) do
      pcall(library[name], a)
      for _, b in ipairs(odd) do
        calls = calls + 1
        pcall(library[name], a, b)
      end
      pcall(library[name], "x", "y", a)
    end
  end
end
t.equal(calls, 21 * #odd * #odd, "odd arguments")
