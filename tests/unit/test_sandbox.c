#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <lauxlib.h>

#include "vmtest.h"

/* What a script may try, each in an attempt of its own: it ends, the process lives, and
 * the reason is named. */

struct probe {
    const char *name, *body;
    enum err_kind kind; /* ERR_NONE: done, and WANT is the result's JSON */
    const char *want;   /* else a part of the sentence */
};

#define LOOP    "while true do end"
#define ENDLESS ERR_LIMIT, "200 ms without waiting"

static const struct probe probes[] = {
    /* ---- runaways ---- */
    {"loop", LOOP, ENDLESS},
    {"pcall in a loop", "while true do pcall(function() " LOOP " end) end", ENDLESS},
    {"loop in pcall in pcall", "pcall(pcall, function() " LOOP " end) " LOOP, ENDLESS},
    {"loop that catches its own end",
     "local function again() pcall(function() " LOOP " end) return again() end again()",
     ENDLESS},
    {"loop in a comparison", "table.sort({3, 1, 2}, function() " LOOP " end)", ENDLESS},
    {"pcall loop in a comparison",
     "table.sort({3, 1, 2}, function() while true do pcall(error) end end)", ENDLESS},
    {"loop in gsub", "(\"x\"):gsub(\".\", function() " LOOP " end)", ENDLESS},
    {"pcall loop in gsub",
     "(\"x\"):gsub(\".\", function() while true do pcall(function() " LOOP
     " end) end end)",
     ENDLESS},
    {"gsub in a loop, caught",
     "while true do pcall(string.gsub, \"x\", \".\", function() " LOOP " end) end",
     ENDLESS},
    {"loop in __tostring",
     "tostring(setmetatable({}, {__tostring = function() " LOOP " end}))", ENDLESS},
    {"loop in __tostring of format",
     "string.format(\"%s\", setmetatable({}, {__tostring = function() " LOOP " end}))",
     ENDLESS},
    {"loop in __tostring of log",
     "ctx.log(setmetatable({}, {__tostring = function() " LOOP " end}))", ENDLESS},
    {"loop in __index",
     "local t = setmetatable({}, {__index = function() " LOOP " end}) return t.x",
     ENDLESS},
    {"loop in __index of concat",
     "table.concat(setmetatable({}, {__index = function() " LOOP
     " end, __len = function() return 3 end}))",
     ENDLESS},
    {"loop in __lt",
     "local m = {__lt = function() " LOOP
     " end} return setmetatable({}, m) < setmetatable({}, m)",
     ENDLESS},
    {"loop in __close",
     "do local x <close> = setmetatable({}, {__close = function() " LOOP " end}) end",
     ENDLESS},
    {"loop in __close after a loop",
     "local x <close> = setmetatable({}, {__close = function() " LOOP " end}) " LOOP,
     ENDLESS},
    {"loop in __close after an error",
     "local x <close> = setmetatable({}, {__close = function() " LOOP
     " end}) error(\"x\")",
     ENDLESS},
    {"loop in __close below gsub",
     "(\"x\"):gsub(\".\", function() local x <close> = setmetatable({}, {__close = "
     "function() " LOOP " end}) " LOOP " end)",
     ENDLESS},
    {"loop in an iterator", "for _ in function() " LOOP " end do end", ENDLESS},
    {"loop of goto", "::a:: goto a", ENDLESS},
    {"loop of tail calls", "local function f() return f() end f()", ENDLESS},
    {"loop of requests that all fail early",
     "while true do pcall(ctx.http.get, \"nothing\") end", ENDLESS},
    {"loop of skips",
     "(\"x\"):gsub(\".\", function() while true do pcall(ctx.skip, "
     "\"caught\") end end)",
     ERR_NONE, NULL /* skipped */},
    {"loop of codec errors", "while true do pcall(json.decode, \"{\") end", ENDLESS},

    /* ---- loops in C ---- */
    {"string.rep of nothing", "return #string.rep(\"\", math.maxinteger)", ERR_NONE, "0"},
    {"string.rep", "string.rep(\"x\", math.maxinteger)", ERR_SCRIPT,
     "string.rep makes more than"},
    {"string.rep by its separator", "string.rep(\"\", 1 << 40, \"xx\")", ERR_SCRIPT,
     "string.rep makes more than"},
    {"table.move", "table.move({}, 1, 1 << 53, 2)", ERR_SCRIPT, "table.move moves more"},
    {"table.move over the edge", "table.move({}, math.mininteger, math.maxinteger, 2)",
     ERR_SCRIPT, "table.move moves more"},
    {"table.concat of a lie",
     "table.concat(setmetatable({}, {__len = function() return 1 << 53 end, __index = "
     "function() return \"\" end}))",
     ERR_SCRIPT, "length is out of range"},
    {"table.concat by its range",
     "table.concat(setmetatable({}, {__index = function() return \"\" end}), \"\", 1, 1 "
     "<< 53)",
     ERR_SCRIPT, "table.concat joins more"},
    {"table.insert of a lie",
     "table.insert(setmetatable({}, {__len = function() return 1 << 53 end}), 1, 1)",
     ERR_SCRIPT, "length is out of range"},
    {"table.insert of a late lie",
     "local n = 0 table.insert(setmetatable({}, {__len = function() n = n + 1 return n > "
     "1 and 1 << 53 or 0 end}), 1, 1) return n",
     ERR_NONE, "1"},
    {"table.remove of a late lie",
     "local n = 0 table.remove(setmetatable({}, {__len = function() n = n + 1 return n > "
     "1 and 1 << 53 or 1 end}), 1) return n",
     ERR_NONE, "1"},
    {"table.concat of a late lie",
     "local n = 0 table.concat(setmetatable({}, {__len = function() n = n + 1 return n > "
     "1 and 1 << 53 or 0 end, __index = function() return \"\" end})) return n",
     ERR_NONE, "1"},
    {"table.unpack of a lie",
     "table.unpack(setmetatable({}, {__len = function() return 1 << 53 end}))",
     ERR_SCRIPT, "too many results to unpack"},
    {"table.sort of a lie",
     "table.sort(setmetatable({}, {__len = function() return 1 << 53 end}), function() "
     "end)",
     ERR_SCRIPT, "more than"},
    {"string.format widths", "string.format(\"%099999d\", 1)", ERR_SCRIPT, "invalid"},
    {"string.pack", "return #string.pack(\"c\" .. (1 << 30), \"\")", ERR_LIMIT,
     "32 MiB of memory"},
    {"a deep pattern", "string.find(string.rep(\"a\", 300000), string.rep(\"(a\", 40))",
     ERR_SCRIPT, "too many captures"},
    {"a recursive pattern", "string.find(string.rep(\"(\", 3000), \"%b()\")", ERR_NONE,
     "{}"},

    /* ---- memory ---- */
    {"string bomb", "local s = \"x\" while true do s = s .. s end", ERR_LIMIT,
     "32 MiB of memory"},
    {"table bomb", "local t = {} while true do t[#t + 1] = {} end", ERR_LIMIT,
     "32 MiB of memory"},
    {"memory bomb that is caught",
     "while true do pcall(function() local t = {} while true do t[#t + 1] = {} end end) "
     "end",
     ENDLESS},
    {"memory bomb in a nested call",
     "local function f() local t = {} while true do t[#t + 1] = string.rep(\"x\", 1000) "
     "end end pcall(pcall, f) return \"alive\"",
     ERR_NONE, "\"alive\""},
    {"closures", "local f while true do local g = f f = function() return g end end",
     ERR_LIMIT, "32 MiB of memory"},
    {"gsub bomb",
     "return #string.rep(\"x\", 1 << 20):gsub(\".\", string.rep(\"y\", 1 << "
     "20))",
     ERR_LIMIT, "32 MiB of memory"},
    {"format bomb",
     "local s = string.rep(\"x\", 1 << 24) return #string.format(\"%s%s%s\", s, s, s)",
     ERR_LIMIT, "32 MiB of memory"},
    {"concat bomb",
     "local s, t = string.rep(\"x\", 1 << 20), {} for i = 1, 100 do t[i] = s end return "
     "#table.concat(t)",
     ERR_LIMIT, "32 MiB of memory"},
    {"text bomb", "return #text.escape_html(string.rep(\"&\", 1 << 23))", ERR_LIMIT,
     "longer than"},
    {"url bomb", "return #url.segment(string.rep(\"&\", 1 << 23))", ERR_LIMIT, NULL},
    {"paragraph bomb", "return #text.paragraphs(string.rep(\"\\n\\nx\", 1 << 22))",
     ERR_LIMIT, NULL},
    {"recursion", "local function f() return 1 + f() end f()", ERR_LIMIT,
     "32 MiB of memory"},
    {"recursion, caught", "local function f() return 1 + f() end return (pcall(f))",
     ERR_NONE, "false"},
    {"recursion through gsub", "local function f() return (\"x\"):gsub(\".\", f) end f()",
     ERR_SCRIPT, "stack overflow"},
    {"recursion through __index",
     "local t t = setmetatable({}, {__index = function(_, k) return t[k + 1] end}) "
     "return t[1]",
     ERR_SCRIPT, "stack overflow"},
    {"recursion of __index tables",
     "local a, b = {}, {} local m = {__index = b} setmetatable(a, m) local t = a for i = "
     "1, 3000 do t = setmetatable({}, {__index = t}) end return t.x == nil",
     ERR_SCRIPT, "chain too long"},
    {"recursion of pcall", "local function f() pcall(f) end f() return 1", ERR_NONE, "1"},
    {"varargs",
     "local t = {} for i = 1, 200000 do t[i] = i end return select(\"#\", "
     "table.unpack(t))",
     ERR_NONE, "200000"},
    {"too many varargs",
     "local t = {} for i = 1, 999999 do t[i] = i end return select(\"#\", "
     "table.unpack(t))",
     ERR_SCRIPT, "too many results"},
    {"varargs to C",
     "local t = {} for i = 1, 100000 do t[i] = 65 end return #string.char(table.unpack("
     "t))",
     ERR_NONE, "100000"},
    {"varargs to format",
     "local t = {} for i = 1, 10000 do t[i] = {} end return #string.format(string.rep("
     "\"%s\", 10000), table.unpack(t))",
     ERR_NONE, "50000"},
    {"varargs to math.max",
     "local t = {} for i = 1, 100000 do t[i] = i end return math.max(table.unpack(t))",
     ERR_NONE, "100000"},
    {"bytes of a text",
     "return select(\"#\", string.byte(string.rep(\"x\", 100000), 1, -1))", ERR_NONE,
     "100000"},
    {"bytes of a long text",
     "return select(\"#\", string.byte(string.rep(\"x\", 1 << 23), 1, -1))", ERR_SCRIPT,
     "too long"},
    {"arguments past the end", "return (select(3, \"a\", \"b\") == nil)", ERR_NONE,
     "true"},

    /* ---- what is not there ---- */
    {"xpcall", "xpcall(error, error)", ERR_SCRIPT, "unknown name \"xpcall\": use pcall"},
    {"load", "load(\"return 1\")", ERR_SCRIPT, "scripts cannot load code"},
    {"loadstring", "loadstring(\"return 1\")", ERR_SCRIPT, "scripts cannot load code"},
    {"dofile", "dofile(\"/etc/passwd\")", ERR_SCRIPT, "scripts cannot load code"},
    {"loadfile", "loadfile(\"/etc/passwd\")", ERR_SCRIPT, "scripts cannot load code"},
    {"require", "require(\"os\")", ERR_SCRIPT, "a script stands alone"},
    {"io", "io.open(\"/etc/passwd\")", ERR_SCRIPT, "an input of type \"file\""},
    {"os", "os.execute(\"id\")", ERR_SCRIPT, "ctx.now()"},
    {"debug", "debug.getregistry()", ERR_SCRIPT, "unknown name \"debug\""},
    {"coroutine", "coroutine.wrap(error)", ERR_SCRIPT, "unknown name \"coroutine\""},
    {"collectgarbage", "collectgarbage()", ERR_SCRIPT, "memory is freed at the end"},
    {"package", "package.loadlib(\"x\", \"y\")", ERR_SCRIPT, "unknown name \"package\""},
    {"print", "print(1)", ERR_SCRIPT, "use ctx.log"},
    {"rawset", "rawset({}, 1, 1)", ERR_SCRIPT, "use t[key] = value"},
    {"_G", "return _G.x", ERR_SCRIPT, "unknown name \"_G\""},
    {"string.dump", "return string.dump == nil", ERR_NONE, "true"},
    {"math.randomseed", "return math.randomseed == nil", ERR_NONE, "true"},
    {"a misspelling", "jsn.encode(1)", ERR_SCRIPT,
     "unknown name \"jsn\": a misspelling, or a missing \"local\"?"},
    {"a global", "x = 1", ERR_SCRIPT, "cannot set the global \"x\": write \"local x\""},
    {"a global function", "function f() end", ERR_SCRIPT, "write \"local f\""},
    {"a global by _ENV", "_ENV.x = 1", ERR_SCRIPT, "write \"local x\""},
    {"a number as a global", "return _ENV[1]", ERR_SCRIPT, "unknown name"},
    {"the environment's metatable", "return getmetatable(_ENV)", ERR_NONE, "false"},
    {"to replace it", "setmetatable(_ENV, nil)", ERR_SCRIPT, "protected metatable"},
    {"another environment", "local _ENV = {x = 1} return x", ERR_NONE, "1"},
    {"a library's field", "string.upper = nil", ERR_SCRIPT,
     "cannot change \"string\": it is read-only"},
    {"a new field", "json.x = 1", ERR_SCRIPT, "cannot change \"json\""},
    {"a library's metatable", "return getmetatable(math)", ERR_NONE, "false"},
    {"to replace a library's", "setmetatable(table, {})", ERR_SCRIPT, "protected"},
    {"ctx.http's fields", "ctx.http.get = nil", ERR_SCRIPT,
     "cannot change \"ctx.http\": it is read-only"},
    {"the strings' metatable", "return getmetatable(\"\")", ERR_NONE, "false"},
    {"a string's methods", "return (\"a\"):upper() .. #(\"b\"):rep(3)", ERR_NONE,
     "\"A3\""},
    {"a string's field", "return (\"a\").x == nil", ERR_NONE, "true"},
    {"to index a string by itself", "return (\"a\")[\"dump\"] == nil", ERR_NONE, "true"},

    /* ---- metatables ---- */
    {"__gc", "setmetatable({}, {__gc = function() " LOOP " end})", ERR_SCRIPT,
     "a metatable cannot have __gc"},
    {"__gc false", "setmetatable({}, {__gc = false})", ERR_SCRIPT, "cannot have __gc"},
    {"__mode", "setmetatable({}, {__mode = \"k\"})", ERR_SCRIPT, "cannot have __mode"},
    {"__pairs", "setmetatable({}, {__pairs = error})", ERR_SCRIPT, "cannot have __pairs"},
    {"__gc later",
     "local m = {} local t = setmetatable({}, m) m.__gc = function() " LOOP
     " end m.__mode = \"k\" t = nil return 1",
     ERR_NONE, "1"},
    {"__gc by getmetatable",
     "local t = setmetatable({}, {}) getmetatable(t).__gc = function() " LOOP
     " end return getmetatable(t).__gc == nil",
     ERR_NONE, "true"},
    {"__gc of a metatable's metatable",
     "setmetatable({}, setmetatable({}, {__index = {__gc = error}})) return 1", ERR_NONE,
     "1"},
    {"__metatable", "return getmetatable(setmetatable({}, {__metatable = \"no\"}))",
     ERR_NONE, "\"no\""},
    {"a protected metatable", "setmetatable(setmetatable({}, {__metatable = false}), {})",
     ERR_SCRIPT, "protected"},
    {"a list's metatable", "return getmetatable(json.array({1}))", ERR_NONE, "false"},
    {"to replace a list's", "setmetatable(json.array({1}), nil)", ERR_SCRIPT,
     "protected"},
    {"an error's metatable",
     "local _, e = pcall(ctx.call, \"front/none\") return getmetatable(e)", ERR_NONE,
     "false"},
    {"a secret's metatable", "return getmetatable(ctx.options.key)", ERR_NONE, "false"},
    {"json.null's metatable", "return getmetatable(json.null) == nil", ERR_NONE, "true"},
    {"a function's metatable", "return getmetatable(pcall) == nil", ERR_NONE, "true"},
    {"setmetatable of a string", "setmetatable(\"\", {})", ERR_SCRIPT, "table expected"},

    /* ---- C functions with wrong arguments ---- */
    {"an iterator by itself", "local f = pairs({1, x = 2}) return f(42)", ERR_SCRIPT,
     "table expected"},
    {"an iterator without arguments", "local f = pairs({1}) return f()", ERR_SCRIPT,
     "table expected"},
    {"an iterator of another table",
     "local f = pairs({a = 1, b = 2}) local k, v = f({b = 7}) return k .. v", ERR_NONE,
     "\"b7\""},
    {"pairs of nothing", "pairs()", ERR_SCRIPT, "table expected"},
    {"next of a string", "next(\"x\")", ERR_SCRIPT, "table expected"},
    {"log of nothing", "ctx.log() return 1", ERR_NONE, NULL},
    {"error of nothing", "error()", ERR_SCRIPT, "a nil"},
    {"error of a function", "error(print == nil)", ERR_SCRIPT, "print"},
    {"error of a boolean", "error(false)", ERR_SCRIPT, NULL},
    {"error of a secret", "error(ctx.options.key)", ERR_SCRIPT, "raised a userdata"},

    /* ---- order and addresses ---- */
    {"tostring of a table", "return tostring({})", ERR_NONE, "\"table\""},
    {"tostring of a function", "return tostring(pcall) .. tostring(function() end)",
     ERR_NONE, "\"functionfunction\""},
    {"tostring of a secret", "return tostring(ctx.options.key)", ERR_NONE,
     "\"secret acme.key\""},
    {"__name shows no address", "return tostring(setmetatable({}, {__name = \"T\"}))",
     ERR_NONE, "\"table\""},
    {"format of a table", "return string.format(\"%s %10s\", {}, pcall)", ERR_NONE,
     "\"table   function\""},
    {"format of an address", "return string.format(\"%p\", {})", ERR_SCRIPT, "addresses"},
    {"format of an address with a width", "return string.format(\"%-20p\", {})",
     ERR_SCRIPT, "addresses"},
    {"format that ends early", "return string.format(\"%\", 1)", ERR_SCRIPT,
     "recipes/probe.lua:1: invalid conversion"},
    {"format of a wrong argument", "return string.format(\"%d\", {})", ERR_SCRIPT,
     "recipes/probe.lua:1: bad argument #2 to 'format' (number expected, got table)"},
    {"pairs goes in order",
     "local s = \"\" for k in pairs({b = 1, a = 1, [true] = 1, [2.5] = 1, [-1] = 1, [10] "
     "= 1, [false] = 1}) do s = s .. tostring(k) .. \" \" end return s",
     ERR_NONE, "\"-1 2.5 10 a b false true \""},
    {"pairs with other keys", "for k in pairs({[{}] = 1}) do end", ERR_SCRIPT,
     "a table as a key"},
    {"pairs while fields go",
     "local t, s = {a = 1, b = 2, c = 3}, \"\" for k in pairs(t) do s = s .. k t.b = nil "
     "end return s",
     ERR_NONE, "\"ac\""},
    {"pairs while fields come",
     "local t, n = {a = 1}, 0 for k in pairs(t) do n = n + 1 t[k .. n] = 1 end return n",
     ERR_NONE, "1"},
    {"next", "return (next({z = 1, b = 2}))", ERR_NONE, "\"b\""},
    {"next of an empty table", "return next({}) == nil", ERR_NONE, "true"},
    {"next with a key", "next({a = 1}, \"a\")", ERR_SCRIPT, "use pairs"},
    {"math.random", "return math.random(1, 1000000) .. \" \" .. ctx.random(1000000)",
     ERR_NONE, NULL},
    {"_VERSION", "return _VERSION", ERR_NONE, "\"Lua 5.4\""},

    /* ---- errors that lie ---- */
    {"a kind that is no text", "error({kind = {}, message = \"m\"})", ERR_SCRIPT, "m"},
    {"a kind that is none", "error({kind = \"bogus\", message = \"m\"})", ERR_SCRIPT,
     "m"},
    {"a kind", "error({kind = \"conflict\", message = \"m\"})", ERR_CONFLICT, "m"},
    {"no message", "error({kind = \"invalid\"})", ERR_INVALID, "without a message"},
    {"a message that is no text", "error({message = {}})", ERR_SCRIPT,
     "without a message"},
    {"a __tostring that loops",
     "error(setmetatable({}, {__tostring = function() " LOOP " end}))", ERR_SCRIPT,
     "without a message"},
    {"a __tostring that raises", "error(setmetatable({}, {__tostring = error}))",
     ERR_SCRIPT, "without a message"},
    {"an __index that raises", "error(setmetatable({}, {__index = error}))", ERR_SCRIPT,
     "without a message"},
    {"an __index that loops",
     "error(setmetatable({}, {__index = function() " LOOP " end}))", ERR_SCRIPT,
     "without a message"},
    {"a huge message",
     "error({kind = \"invalid\", message = string.rep(\"m\", 1 << 20)})", ERR_INVALID,
     "mmmm"},
    {"a huge text", "error(string.rep(\"m\", 1 << 20), 0)", ERR_SCRIPT, "mmmm"},
    {"a message with a NUL", "error({message = \"a\\0b\"})", ERR_SCRIPT, "a"},
    {"details that lie",
     "error({kind = \"invalid\", message = \"m\", details = setmetatable({}, {__index = "
     "function() return \"x\" end})})",
     ERR_INVALID, "m"},
    {"details that raise",
     "error({kind = \"invalid\", message = \"m\", details = {setmetatable({}, "
     "{__tostring = error})}})",
     ERR_INVALID, "m"},
    {"a status that lies",
     "error({kind = \"invalid\", message = \"m\", status = 1 << "
     "60, retry_after = 0/0})",
     ERR_INVALID, "m"},
    {"an error in an error",
     "error(setmetatable({message = \"m\"}, {__index = function() error(\"deeper\") "
     "end}))",
     ERR_SCRIPT, "m"},
    {"pcall of error of pcall", "return (pcall(pcall))", ERR_NONE, "false"},
    {"pcall of nothing", "pcall()", ERR_SCRIPT, "value expected"},

    /* ---- json ---- */
    {"a cycle", "local t = {} t.t = t json.encode(t)", ERR_LIMIT, "too many levels"},
    {"a returned cycle", "local t = {} t.t = t return t", ERR_LIMIT, "too many levels"},
    {"a DAG", "local t = {} for i = 1, 60 do t = {t, t} end json.encode(t)", ERR_LIMIT,
     NULL},
    {"a returned DAG", "local t = {} for i = 1, 60 do t = {t, t} end return t", ERR_LIMIT,
     NULL},
    {"a function", "return {f = pcall}", ERR_SCRIPT, "f: a function"},
    {"a deep text", "json.decode(string.rep(\"[\", 100000))", ERR_LIMIT, "64"},
    {"a wide text", "json.decode(\"[\" .. string.rep(\"1,\", 600000) .. \"1]\")",
     ERR_LIMIT, "500000"},
    {"a text of arrays", "json.decode(\"[\" .. string.rep(\"[],\", 400000) .. \"1]\")",
     ERR_LIMIT, NULL},
    {"a long text", "return #json.decode('\"' .. string.rep(\"x\", 15000000) .. '\"')",
     ERR_NONE, "15000000"},
    {"a codec's failure, caught",
     "local ok, e = pcall(json.decode, \"[\" .. string.rep(\"[],\", 400000) .. \"1]\") "
     "return {ok, e.kind}",
     ERR_NONE, "[false,\"limit\"]"},
    {"a mark", "return json.decode('\"\\\\u0000\"') == \"\\0\"", ERR_NONE, "true"},

    /* ---- secrets and files ---- */
    {"a text around a secret is no text", "return \"x\" .. ctx.options.key", ERR_INVALID,
     "a secret cannot be encoded"},
    {"its length", "return #(\"x\" .. ctx.options.key)", ERR_SCRIPT, "length"},
    {"its bytes", "return (\"x\" .. ctx.options.key):byte(1)", ERR_SCRIPT, "index"},
    {"in a format", "return (\"%s\"):format(\"x\" .. ctx.options.key)", ERR_NONE, NULL},
    {"length of a secret", "return #ctx.options.key", ERR_SCRIPT, "length"},
    {"field of a secret", "return ctx.options.key.x", ERR_SCRIPT, "index"},
    {"comparison of a secret", "return ctx.options.key < ctx.options.key", ERR_SCRIPT,
     "compare"},
    {"equality of secrets", "return ctx.options.key == ctx.client.recipes.probe.key",
     ERR_NONE, "false"},
    {"encode of a secret", "return json.encode({ctx.options.key})", ERR_INVALID,
     "a secret cannot be encoded"},
    {"a returned secret", "return ctx.options.key", ERR_INVALID, "secret"},
    {"a raised secret", "error({kind = \"invalid\", message = ctx.options.key})",
     ERR_INVALID, "without a message"},
    {"a secret in a query", "return url.query({a = ctx.options.key})", ERR_INVALID,
     "not text"},
    {"a secret as a text", "return text.trim(ctx.options.key)", ERR_SCRIPT,
     "string expected"},
    {"a secret as a template's name", "return ctx.template(ctx.options.key)", ERR_INVALID,
     "not the name of a template"},
    {"a secret as data of a MAC", "return hmac.sha256(\"k\", ctx.options.key)",
     ERR_SCRIPT, "string expected"},
    {"a secret as a key of a MAC", "return #hmac.sha256(ctx.options.key, \"data\")",
     ERR_NONE, "64"},
    {"guessing a secret", "return hmac.equal(ctx.options.key, \"guess\")", ERR_NONE,
     "false"},
    {"a made-up secret", "return text.csv(json.decode('{\"$secret\":\"acme.key\"}'))",
     ERR_SCRIPT, "string expected"},
    {"a made-up file", "return text.csv(json.decode('{\"$file\":[0,\"x\"]}'))",
     ERR_SCRIPT, "string expected"},
    {"a made-up secret through a call",
     "local _, e = pcall(ctx.call, \"front/echo\", {v = {[\"$secret\"] = \"acme.key\"}}) "
     "return type(e)",
     ERR_NONE, NULL},
};

static void check(struct vmtest *t, const struct probe *p)
{
    vmtest_probe(t, p->body);
    if (p->kind == ERR_NONE) {
        if (t->outcome == RUN_FAILED)
            fail_msg("%s: %s: %s", p->name, err_kind_name(t->err.kind), t->err.text);
        if (!p->want)
            return;
        char *want = xasprintf("{\"result\":%s}", p->want);
        if (strcmp(p->want, "{}") == 0)
            strcpy(want, "{}");
        if (!t->json || strcmp(t->json, want) != 0)
            fail_msg("%s: %.300s, not %s", p->name, t->json, want);
        free(want);
        return;
    }
    if (t->outcome != RUN_FAILED)
        fail_msg("%s: did not fail: %.300s", p->name, t->json ? t->json : t->err.text);
    if (t->err.kind != p->kind || (p->want && !strstr(t->err.text, p->want)))
        fail_msg("%s: %s: %.600s", p->name, err_kind_name(t->err.kind), t->err.text);
    if (strstr(t->err.text, vmtest_secret) || strstr(t->err.text, ": 0x"))
        fail_msg("%s shows what it must not: %s", p->name, t->err.text);
}

static void probing(void **state)
{
    struct vmtest t;
    const struct probe *p = *state;
    vmtest_init(&t, 1);
    if (!p->want || !strstr(p->want, "200 ms")) /* not the limit that is looked for */
        t.limits.resume_cpu_ms = t.limits.attempt_cpu_ms = 15000;
    check(&t, p);
    vmtest_fini(&t);
}

int main(int argc, char **argv)
{
    if (argc > 1) /* one of them */
        cmocka_set_test_filter(argv[1]);
    enum { N = sizeof probes / sizeof *probes };
    struct CMUnitTest *tests = xcalloc(N, sizeof *tests);
    for (size_t i = 0; i < N; i++)
        tests[i] = (struct CMUnitTest){.name = probes[i].name,
                                       .test_func = probing,
                                       .initial_state = (void *)&probes[i]};
    int failed = _cmocka_run_group_tests("sandbox", tests, N, NULL, NULL);
    free(tests);
    return failed;
}
