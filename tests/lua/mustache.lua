-- mustache: the vectors of the specification, then cases that they do not cover.

local std, t = ...
local mustache = std.part("mustache")

local function render(text, data, partials, options)
  options = options or {}
  local trees = {}
  options.null, options.is_list = t.null, t.is_list
  options.partial = function(name)
    local source = partials and partials[name]
    if not source then return nil end
    trees[name] = trees[name] or mustache.parse(source, name)
    return trees[name]
  end
  return mustache.render(mustache.parse(text, "t"), data, options)
end

local function html(text, data, partials)
  return render(text, data, partials, { escape = mustache.escape_html })
end

for _, file in ipairs { "comments", "delimiters", "interpolation", "inverted", "optional-inheritance",
                        "partials", "sections" } do
  local vectors = t.json(t.read("tests/data/mustache/" .. file .. ".json")).tests
  t.equal(#vectors >= 12, true, file .. " has vectors")
  for _, v in ipairs(vectors) do
    t.equal(html(v.template, v.data, v.partials), v.expected, file .. ": " .. v.name)
  end
end

-- Values
t.equal(render("{{i}} {{f}} {{third}} {{big}} {{neg}}", t.json
  '{"i": 9007199254740993, "f": 5.0, "third": 0.3333333333333333, "big": 1e15, "neg": -2.5}'),
  "9007199254740993 5 0.33333333333333 1000000000000000 -2.5", "numbers")
t.equal(render("{{yes}} {{no}} [{{null}}]", { yes = true, no = false, null = t.null }), "true false []",
  "booleans, null")
t.equal(render("{{#a}}A{{/a}}{{#b}}B{{/b}}{{^c}}C{{/c}}", { a = "", b = 0, c = t.null }), "ABC", "what is false")
t.equal(render("{{#o}}object{{/o}}", { o = {} }), "object", "an empty object is no empty list")
t.equal(render("{{a}} {{{a}}}", { a = "<&\">" }), "<&\"> <&\">", "nothing is escaped without an escape")
t.equal(render("{{len}}{{#s}}{{len}}{{/s}}", { s = "text" }), "", "a string's methods are no variables")
t.equal(render("{{custom_fields.Job Title}}", t.json '{"custom_fields": {"Job Title": "firefighter"}}'), "firefighter",
  "names with a blank, as Front's custom fields have them")
t.fails(function() render("\n{{o}}", { o = { a = 1 } }) end, "^t:2: 'o' is an object: name one of its fields", "object")
t.fails(function() render("{{l}}", t.json '{"l": [1]}') end, "^t:1: 'l' is a list: write it as a section", "list")
t.fails(function() render("{{f}}", { f = function() end }) end, "^t:1: 'f' is a function", "lambda")
t.fails(function() render("{{#f}}{{/f}}", { f = function() end }) end, "^t:1: 'f' is a function", "lambda section")

-- Unknown variables
local function unknowns(text, data, partials)
  local list = {}
  render(text, data, partials, {
    unknown = function(name, line, template) list[#list + 1] = template .. ":" .. line .. ":" .. name end,
  })
  return table.concat(list, " ")
end
t.equal(unknowns("{{a}}\n{{b}}{{a.b}}{{#no}}{{x}}{{/no}}\n{{{c}}}{{#a}}{{d}}{{.}}{{/a}}", { a = "1" }),
  "t:2:b t:2:a.b t:3:c t:3:d", "unknown names, each with its line")
t.equal(unknowns("{{null}}{{o.null}}{{o.null.x}}", { null = t.null, o = { null = t.null } }), "t:1:o.null.x",
  "null is known")
t.equal(unknowns("{{>p}}{{x}}", {}, { p = "\n{{y}}" }), "p:2:y t:1:x", "in a partial, by its name")
t.equal(unknowns("{{<p}}\n{{$b}}\n{{x}}\n{{/b}}{{/p}}{{y}}", {}, { p = "{{z}}{{$b}}{{/b}}{{w}}" }),
  "p:1:z t:3:x p:1:w t:4:y", "in a block that another template gives")

-- Syntax errors
local function refuses(text, pattern)
  t.fails(function() mustache.parse(text, "reply.txt") end, "^reply%.txt:" .. pattern, "parse " .. text)
end
refuses("a\n{{#x}}\nb\n", "3: unclosed section 'x' opened at line 2$")
refuses("{{^x}}", "1: unclosed inverted section 'x' opened at line 1$")
refuses("{{<x}}\n\n", "2: unclosed parent 'x' opened at line 1$")
refuses("{{#x}}\n{{$b}}", "2: unclosed block 'b' opened at line 2$")
refuses("{{#x}}\n{{/y}}", "2: section 'x' opened at line 1 is closed as 'y'$")
refuses("{{#x}}{{#y}}{{/x}}{{/y}}", "1: section 'y' opened at line 1 is closed as 'x'$")
refuses("\n{{/x}}", "2: 'x' is closed here but was never opened$")
refuses("Hello {{name", "1: tag '{{name' is not closed with '}}'$")
refuses("Hello {{name}\nand {{x}}", "1: tag '{{name}' is not closed with '}}'$")
refuses("Hello {{name} and {{x}}", "1: tag '{{name} and {{x}}' is not closed with '}}'$")
refuses("{{{name}}", "1: tag '{{{name}}' is not closed with '}}}'$")
refuses("{{!\n\n", "1: tag '{{!' is not closed")
refuses("{{!\n\n}}{{}}", "3: tag '{{}}' names nothing$")
refuses("{{# }}", "1: tag '{{#}}' names nothing$")
refuses("{{a..b}}", "1: 'a%.%.b' is not a variable name")
refuses("{{.a}}", "1: '%.a' is not a variable name")
refuses("{{=<%=}}", "1: '<%%' are no delimiters")
refuses("{{=a b c=}}", "1: 'a b c' are no delimiters")
refuses(string.rep("{{#a}}", 101), "1: sections are nested more than 100 deep$")
t.equal(render("\xEF\xBB\xBF{{a}}", { a = 1 }), "1", "an editor's byte order mark is dropped")
t.equal(render("", {}), "", "the empty template")
t.equal(render("{a} }} {{=<% %>=}}{{a}} <%a%> <%{a}%>", { a = 1 }), "{a} }} {{a}} 1 1", "braces as text")
t.equal(render("{{a}}\n", { a = "{{b}}", b = "no" }), "{{b}}\n", "a value is never parsed")

-- Partials: indentation, and a limit of recursion
t.equal(render("  {{>p}}\n", { x = "1\n2" },
  { p = "a\n\n  {{>q}}\n{{x}}\n", q = "{{#x}}b{{/x}}\nc" }),
  "  a\n  \n    b\n    c  1\n2\n", "indentation adds up, values keep their lines")
t.equal(render("  {{<p}}\n{{$b}}\n      one\n        two\n{{/b}}\n{{/p}}\nend", {},
  { p = "[\n\t{{$b}}\n\t{{/b}}\n]\n" }),
  "  [\n  \tone\n  \t  two\n  ]\nend", "a block stands as far in as its place")
t.equal(render("{{<p}}{{$a}}x{{$a}}y{{/a}}{{/a}}{{/p}}", {}, { p = "{{$a}}{{/a}}" }), "xy", "a block within itself")
t.fails(function() render("{{>p}}", {}, { p = "x\n{{>p}}" }) end,
  "^p:2: partials are nested more than 16 deep: does 'p' include itself%?", "endless recursion")
t.fails(function() render("{{>p}}", {}, { p = "{{<p}}{{$b}}{{/b}}{{/p}}" }) end, "more than 16 deep", "endless parents")
local deep = {}
for i = 1, 16 do deep["p" .. i] = i < 16 and "{{>p" .. (i + 1) .. "}}" or "bottom" end
t.equal(render("{{>p1}}", {}, deep), "bottom", "16 partials deep")
local long = { text = string.rep("x", 65536), list = {} }
for i = 1, 64 do long.list[i] = i end
t.equal(#render("{{#list}}{{text}}{{/list}}", long), 4 * 1024 * 1024, "4 MiB is allowed")
t.fails(function() render("{{#list}}{{text}}{{/list}}.", long) end, "grows beyond 4194304 bytes", "one more is not")

-- A tree can be rendered many times; each kind of failure has its sentence
local tree = mustache.parse("{{#l}}{{.}},{{/l}}", "t")
for _ = 1, 2 do
  t.equal(mustache.render(tree, t.json '{"l": [1, "b"]}', { is_list = t.is_list }), "1,b,", "a tree again")
end
local ok, err = pcall(mustache.parse, "{{", "t")
t.equal(not ok and err.kind, "invalid", "kind of a parse error")
ok, err = pcall(render, "{{>p}}", {}, { p = "{{>p}}" })
t.equal(not ok and err.kind, "limit", "kind of a limit")

-- The names in a template
local names = {}
for _, v in ipairs(mustache.variables(mustache.parse(
  "{{a}}\n{{#b.c}}{{d}}\n{{^e}}{{{f}}}{{/e}}{{/b.c}}{{<p}}{{$k}}{{g}}{{/k}}{{h}}{{/p}}{{>q}}", "t"))) do
  local kind = v.section and v.section .. " " or ""
  names[#names + 1] = v.line .. kind .. v.name .. "(" .. table.concat(v.context, ">") .. ")"
end
t.equal(table.concat(names, " "), "1a() 2section b.c() 2d(b.c) 3inverted e(b.c) 3f(b.c) 3g()", "variables")
names = {}
for _, v in ipairs(mustache.partials(mustache.parse("{{>a}}\n{{#x}}{{<b}}{{$k}}{{>c}}{{/k}}{{/b}}{{/x}}"))) do
  names[#names + 1] = v.line .. v.name
end
t.equal(table.concat(names, " "), "1a 2b 2c", "partials")
