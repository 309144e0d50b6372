#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "vm/conv.h"
#include "vm/handles.h"
#include "vm/vm.h"

/* The runtime's part, as the tests need it; the real ones belong to a run. */
__attribute__((weak)) const char *api_file_bytes(lua_State *L, int id, size_t *len)
{
    static const char text[] = "name;mail\nLeela;leela@acme.example\n";
    if (id != 7)
        luaL_error(L, "no such file");
    *len = sizeof text - 1;
    return text;
}

__attribute__((weak)) const char *api_secret_text(lua_State *L, int idx, size_t *len)
{
    if (strcmp(handles_to_secret(L, idx), "acme.key") != 0)
        luaL_error(L, "no such secret");
    *len = 3;
    return "key";
}

static lua_State *open_state(void)
{
    static struct vm_state memory;
    lua_State *L = vm_new_state(NULL, &memory, SIZE_MAX / 4, NULL);
    luaL_openlibs(L);
    handles_open(L);
    api_json_open(L);
    lua_setglobal(L, "json");
    api_url_open(L);
    lua_setglobal(L, "url");
    api_text_open(L);
    lua_setglobal(L, "text");
    api_hmac_open(L);
    lua_setglobal(L, "hmac");
    handles_push_secret(L, "acme.key", "", "");
    lua_setglobal(L, "secret");
    handles_push_file(L, 7, "people.csv");
    lua_setglobal(L, "file");
    static const char helpers[] =
        "function is(got, wanted)\n"
        "  if got ~= wanted or math.type(got) ~= math.type(wanted) then\n"
        "    error(('%q is not %q'):format(tostring(got), tostring(wanted)), 2)\n"
        "  end\n"
        "end\n"
        "function fails(wanted, f, ...)\n"
        "  local ok, e = pcall(f, ...)\n"
        "  if ok then error('it did not fail', 2) end\n"
        "  local message = type(e) == 'table' and e.message or e\n"
        "  if not message:find(wanted, 1, true) then error(message, 2) end\n"
        "  return type(e) == 'table' and e.kind or nil\n"
        "end\n";
    assert_int_equal(luaL_dostring(L, helpers), LUA_OK);
    assert_int_equal(lua_gettop(L), 0);
    return L;
}

/* Runs LUA twice in one state: nothing may be left behind. */
static void run(const char *lua)
{
    lua_State *L = open_state();
    for (int i = 0; i < 2; i++)
        if (luaL_dostring(L, lua) != LUA_OK) {
            if (lua_istable(L, -1))
                lua_getfield(L, -1, "message");
            fail_msg("%s", luaL_tolstring(L, -1, NULL));
        }
    lua_close(L);
}

static void test_json(void **state)
{
    (void)state;
    run("is(json.encode({b = {1, 2.5, json.null}, a = json.array{}, c = {}}),\n"
        "   '{\"a\":[],\"b\":[1,2.5,null],\"c\":{}}')\n"
        "local v = "
        "json.decode('{\"list\":[],\"n\":12345678901234567,\"f\":5.0,\"z\":null}')\n"
        "is(v.n, 12345678901234567) is(v.f, 5.0) is(v.z, json.null)\n"
        "is(json.is_array(v.list), true) is(json.is_array(v), false)\n"
        "is(json.is_array({1}), true) is(json.is_array({}), false) is(json.is_array(1), "
        "false)\n"
        "is(json.is_array(), false)\n"
        "is(json.encode(v), "
        "'{\"f\":5.0,\"list\":[],\"n\":12345678901234567,\"z\":null}')\n"
        "table.insert(v.list, 'x') is(json.encode(v.list), '[\"x\"]')\n"
        "is(json.encode('a\\0b'), '\"a\\\\u0000b\"') is(json.decode('\"\\\\u0000\"'), "
        "'\\0')\n"
        "is(json.encode(math.mininteger), '-9223372036854775808')\n"
        "is(fails('line 1, column 2', json.decode, '['), 'invalid')\n"
        "is(fails('results[1].f: a function', json.encode, {results = {{f = print}}}),\n"
        "   'invalid')\n"
        "is(fails('a: a secret cannot be encoded', json.encode, {a = secret}), "
        "'invalid')\n"
        "fails('string expected', json.decode, {}) fails('value expected', json.encode)\n"
        "fails('table expected', json.array, 1)\n"
        "fails('protected', json.array, setmetatable({}, {__metatable = 1}))\n"
        "local t = {} is(json.array(t), t) is(json.array(t), t)\n"
        "is(json.encode(json.decode(('[1.5,'):rep(63) .. '[]' .. (']'):rep(63))):len(), "
        "380)\n"
        "is(fails('deeper than 64', json.decode, ('['):rep(1000000)), 'limit')\n"
        "is(#json.decode('\"' .. ('x'):rep(1 << 24) .. '\"'), 1 << 24)\n"
        "is(fails('more memory', json.decode, '\"' .. ('x'):rep(1 << 25) .. '\"'), "
        "'limit')\n");
}

static void test_url(void **state)
{
    (void)state;
    run("is(url.segment('alt:email:a b/c?é~-._Z9'), "
        "'alt%3Aemail%3Aa%20b%2Fc%3F%C3%A9~-._Z9')\n"
        "is(url.segment(''), '') is(url.segment('\\0\\xff'), '%00%FF') "
        "is(url.segment(5), '5')\n"
        "is(url.query{}, '')\n"
        "is(url.query{limit = 50, after = 100 / 2, q = 'a&b=c', open = true, x = 2.5},\n"
        "   'after=50&limit=50&open=true&q=a%26b%3Dc&x=2.5')\n"
        "is(url.query{['q[statuses][]'] = {'assigned', 'unassigned'}, a = "
        "json.array{}},\n"
        "   'q%5Bstatuses%5D%5B%5D=assigned&q%5Bstatuses%5D%5B%5D=unassigned')\n"
        "is(url.query{n = math.mininteger}, 'n=-9223372036854775808')\n"
        "is(url.query{n = 1e300}, 'n=1e%2B300')\n"
        "is(url.query{a = ''}, 'a=')\n"
        "fails('a is json.null', url.query, {a = json.null})\n"
        "fails('a is table', url.query, {a = {b = 1}}) fails('a is table', url.query, {a "
        "= {{1}}})\n"
        "fails('a is number', url.query, {a = 0 / 0}) fails('a is userdata', url.query, "
        "{a = secret})\n"
        "fails('every key must be a name', url.query, {'x'})\n"
        "is(url.decode('a%20b+%c3%A9%00'), 'a b+é\\0') is(url.decode(''), '')\n"
        "for _, s in ipairs{'%', '%1', '%zz', 'a%2'} do\n"
        "  is(fails('two hexadecimal digits', url.decode, s), 'invalid') end\n"
        "local u = "
        "url.parse('https://API2.frontapp.com/conversations/cnv_1?limit=5&a=?#x')\n"
        "is(u.scheme, 'https') is(u.host, 'api2.frontapp.com') is(u.port, 443)\n"
        "is(u.path, '/conversations/cnv_1') is(u.query, 'limit=5&a=?')\n"
        "u = url.parse('http://[::1]:8099') is(u.host, '[::1]') is(u.port, 8099)\n"
        "is(u.path, '/') is(u.query, nil)\n"
        "u = url.parse('http://a?b') is(u.path, '/') is(u.query, 'b')\n"
        "for _, s in ipairs{'', 'ftp://a', 'https://', 'https://a@b/', 'https://a:0/',\n"
        "    'https://a:99999/', 'https://a/b c', 'https://a/\\0', 'https://a\\\\b/', "
        "'/a'} do\n"
        "  is(fails('cannot use the URL', url.parse, s), 'invalid') end\n");
}

static void test_text(void **state)
{
    (void)state;
    run("is(text.trim(' \\t\\r\\n a b \\n'), 'a b') is(text.trim(' \\n'), '') "
        "is(text.trim(''), '')\n"
        "is(text.escape_html([[<a href=\"x\">'&']]), '&lt;a "
        "href=&quot;x&quot;&gt;&#39;&amp;&#39;')\n"
        "is(text.escape_html(''), '')\n"
        "is(text.paragraphs('Hi & bye,\\r\\n\\r\\nline 1\\nline 2  \\n "
        "\\t\\n\\nend\\n'),\n"
        "   '<p>Hi &amp; bye,</p><p>line 1<br>line 2</p><p>end</p>')\n"
        "is(text.paragraphs(' \\n\\n'), '') is(text.paragraphs(''), '')\n"
        "is(text.truncate('héllo', 5), 'héllo') is(text.truncate('héllo', 4), 'hél…')\n"
        "is(text.truncate('ab', 1), '…') is(text.truncate('', 1), '')\n"
        "is(text.truncate('ab', math.maxinteger), 'ab')\n"
        "is(text.truncate('\\xff\\x80\\x80', 1), '\\xff\\x80\\x80')\n"
        "fails('at least 1', text.truncate, 'a', 0) fails('at least 1', text.truncate, "
        "'a', math.mininteger)\n"
        "fails('longer than', text.escape_html, ('&'):rep(8000000))\n");
}

static void test_from_html(void **state)
{
    (void)state;
    run("local h = text.from_html\n"
        "is(h'<div>Hi <b>bo</b>ld &amp; &lt;x&gt;<br>next<p>p&nbsp;q</p></div>', 'Hi "
        "bold & <x> next p q')\n"
        "is(h'a \\xc2\\xa0 &nbsp;\\n\\t b ', 'a b') is(h'a\\u{2003}b&emsp;c&#x2009;d', "
        "'a b c d')\n"
        "is(h'1 < 2 > 1 <3 <', '1 < 2 > 1 <3 <') is(h'', '') is(h'<', '<') is(h'</', "
        "'</')\n"
        "is(h'<ul><li>1<li>2</ul>', '1 2') is(h'<td>1</td><td>2</td>', '1 2')\n"
        "is(h'<dt>a<dd>b<option>c<figcaption>d<center>e<SUMMARY>f', 'a b c d e f')\n"
        "is(h'a<b>b</b><span>c</span><wbr>d<img>e', 'abcd e')\n"
        "is(h'a\\0b', 'ab') is(h'\\xff<i>\\xfe', '\\xff\\xfe')\n"
        /* Malformed markup stays linear, and no reference becomes longer than its room.
         */
        "for _, s in ipairs{'<a', '<a \"', '<a \">\"', '&', '<!--', '<script>', '<a "
        "\\'>\\'<b \">\"', '</scrip', '<b a=', '<p><b a=1>', '<div>', '&l', '&nLt;',\n"
        "    '<textarea>', '<!-', '<script><!--<script>'} do\n"
        "  h(s:rep((1 << 20) // #s)) end\n"
        "is(#h(('&nLt;'):rep(1000)), 6000)\n");
}

/* Of every state of the tokenizer that text comes out of or ends in: {HTML, text}. */
static void test_from_html_markup(void **state)
{
    (void)state;
    run("for _, case in ipairs{\n"
        /* comments, declarations and what the standard calls bogus ones */
        "  {'a<!-- <b> -- > -->b<!-->c<!--->d', 'abcd'}, {'a<!-- x --!>b', 'ab'},\n"
        "  {'a<!---->b<!----!>c<!----->d<!--a--!-->e', 'abcde'}, {'a<!-- never', 'a'},\n"
        "  {'a<!--[if mso]>x<![endif]-->b<!--[if !mso]><!-->c<!--<![endif]-->', 'abc'},\n"
        "  {'<!DOCTYPE html PUBLIC \"a>b', 'b'}, {'a<?xml version=\"1\"?>b', 'ab'},\n"
        "  {'a<!x>b</ y>c</3>d</>e<![CDATA[f>g', 'abcdeg'}, {'a<!', 'a'}, {'a<?', 'a'},\n"
        /* attributes */
        "  {'<a title=\"x > y\" b=\\'>\\'>z</a>', 'z'}, {'<a b=c\"d>e', 'e'},\n"
        "  {'<a b=>c', 'c'}, {'<a \">b', 'b'}, {'<a b=c/>d', 'd'}, {'<a =>\">b', "
        "'\">b'},\n"
        "  {'<a b = \"x>\"c>d', 'd'}, {'<a/b/>c', 'c'}, {'</p title=\">\">x', 'x'},\n"
        "  {'<a<b>c', 'c'}, {'a<p title=\"never closed>b', 'a'}, {'a<p', 'a'}, {'a</p', "
        "'a'},\n"
        /* elements that hold text, not markup */
        "  {'<style>p > a {}</style>a<script>if (1 < 2) \"</b>\"</script >b', 'ab'},\n"
        "  {'<script>\"</scripture>\"</script>a</scripture>b', 'ab'},\n"
        "  {'<script><!--<script></script>x</script>-->y</script>z', '-->yz'},\n"
        "  {'<script><!-- </script>a<script><!--><script></script>b', 'ab'},\n"
        "  {'<SCRIPT>a</Script/x>b', 'b'}, {'a<script>never closed', 'a'},\n"
        "  {'<title>a &amp; <b></title>b', 'b'}, {'<iframe><p>a</iframe>b', 'b'},\n"
        "  {'<noembed>a</noembed>b<noframes><p></noframes>c', 'bc'},\n"
        "  {'<textarea><b>&lt;</p></textarea>c', '<b><</p>c'},\n"
        "  {'<xmp><b>&lt;</xmp>', '<b>&lt;'}, {'a<plaintext></plaintext>&lt;', 'a "
        "</plaintext>&lt;'},\n"
        "  {'a</textarea>b</script>c', 'abc'},\n"
        "} do is(text.from_html(case[1]), case[2]) end\n");
}

static void test_from_html_references(void **state)
{
    (void)state;
    run("for _, case in ipairs{\n"
        "  {'&euro;&#8364;&#x20AC;&#X20ac;&eacute;&hellip;&yuml;', '€€€€é…ÿ'},\n"
        "  {'&le;&ne;&check;&hearts;&AMP;&LT;&nGt;&bne;&fjlig;&Tab;x', "
        "'≤≠✓♥&<≫\\u{20d2}=\\u{20e5}fj x'},\n"
        /* without a semicolon: the names that HTML always had, and all numbers */
        "  {'AT&amp T &copy 2026 a&ltb it&#39s &#x61 b', 'AT& T © 2026 a<b it\\'s a "
        "b'},\n"
        "  {'&notit; &notin; &noti &ampamp; &copy', '¬it; ∉ ¬i &amp; ©'},\n"
        "  {'&hearts &check &unknown; R&D; a & b &; & &', '&hearts &check &unknown; R&D; "
        "a "
        "& b &; & &'},\n"
        "  {'&am<b>p;</b>', '&amp;'}, {'&Amp; &aMP;', '&Amp; &aMP;'},\n"
        "  {'&# &#; &#x &#x; &#xg &#a', '&# &#; &#x &#x; &#xg &#a'},\n"
        /* numbers that are no characters, and those of windows-1252 */
        "  {'&#0;&#xD800;&#xdfff;&#x110000;&#99999999999;&#4294967361;', "
        "('\\u{fffd}'):rep(6)},\n"
        "  {'&#128;&#x80;&#150;&#146;&#x99;&#159', '€€–’™Ÿ'},\n"
        "  {'&#x81;', '\\u{81}'}, {'&#x10ffff;', '\\u{10ffff}'}, {'a&#10;&#13;b', 'a "
        "b'},\n"
        "  {'<a title=\"&quot;&gt;\">&gt;</a>', '>'}, {'&lt;b&gt;', '<b>'},\n"
        "} do is(text.from_html(case[1]), case[2]) end\n");
}

static void test_time(void **state)
{
    (void)state;
    run("is(text.parse_time('1970-01-01'), 0) is(text.parse_time('2026-11-22'), "
        "1795305600)\n"
        "is(text.parse_time('2026-11-22T10:00:00Z'), 1795341600)\n"
        "is(text.parse_time('2026-11-22 10:00Z'), 1795341600)\n"
        "is(text.parse_time('2026-11-22T10:00:00+01:30'), 1795341600 - 5400)\n"
        "is(text.parse_time('2026-11-22T10:00:00-01:00'), 1795341600 + 3600)\n"
        "is(text.parse_time('2026-11-22T10:00:00.250Z'), 1795341600.25)\n"
        "is(text.parse_time('2024-02-29'), 1709164800) is(text.parse_time('0001-01-01'), "
        "-62135596800)\n"
        "is(text.parse_time('2026-11-22t10:00:00z'), 1795341600)\n"
        "is(text.parse_time('2026-11-22T10:00:00-00:00'), 1795341600)\n"
        "is(text.parse_time('1990-12-31T23:59:60Z'), 662688000)\n"
        "is(text.parse_time('1990-12-31T15:59:60.5-08:00'), 662688000.5)\n"
        "for _, s in ipairs{'', '2026', '20261122', '20261122T100000Z', "
        "'1990-12-31T23:58:60Z', "
        "'1990-12-30T23:59:60Z',\n"
        "'1990-12-31T23:59:61Z', '1990-12-31T23:59:60+01:00', '2026-02-29', "
        "'1900-02-29', '2026-13-01', "
        "'2026-00-01', '2026-01-00',\n"
        "    '2026-11-22T10:00:00', '2026-11-22T24:00:00Z', '2026-11-22T10:60Z', "
        "'2026-11-22T10:00:60Z',\n"
        "    '2026-11-22T10:00:00.Z', '2026-11-22T10:00:00Zx', '2026-11-22x', "
        "'26-11-22', '0000-01-01',\n"
        "    '2026-11-22T10:00:00+25:00', ' 2026-11-22', '2026-11-22T', '2026-11-22Z'} "
        "do\n"
        "  is(fails('cannot read the time', text.parse_time, s), 'invalid') end\n"
        "fails('NUL', text.parse_time, '2026-11-22\\0')\n"
        "is(text.time(0), '1970-01-01T00:00:00Z') is(text.time(1795341600.9), "
        "'2026-11-22T10:00:00Z')\n"
        "is(text.time(-0.5), '1969-12-31T23:59:59Z') is(text.time(-62135596800), "
        "'0001-01-01T00:00:00Z')\n"
        "is(text.time(1795341600, '%a %e %B %Y, %H:%M %% %F %T %j'), 'Sun 22 November "
        "2026, 10:00 % 2026-11-22 10:00:00 326')\n"
        "is(text.time(-62135596800, '%F'), '0001-01-01') is(text.time(0, ''), '')\n"
        "is(fails('the years go from', text.time, 1e14), 'invalid')\n"
        "is(fails('the years go from', text.time, -1e14), 'invalid')\n"
        "for _, f in ipairs{'%', '%s', '%c', '%Ex', '%Z', '%n', '%5Y', '%\\xff'} do\n"
        "  is(fails('cannot format', text.time, 0, f), 'invalid') end\n"
        "is(fails('more than 4096', text.time, 0, ('%A'):rep(1000)), 'limit')\n"
        "fails('a time in seconds', text.time, 0 / 0) fails('a time in seconds', "
        "text.time, math.mininteger)\n"
        "is(text.duration(0), '0 s') is(text.duration(59.9), '59 s') "
        "is(text.duration(60), '1 min')\n"
        "is(text.duration(90), '1 min 30 s') is(text.duration(7500), '2 h 5 min') "
        "is(text.duration(7200), '2 h')\n"
        "is(text.duration(90000), '1 d 1 h') is(text.duration(-7500), '-2 h 5 min') "
        "is(text.duration(-0.2), '0 s')\n"
        "is(text.duration(9e14), '10416666666 d 16 h')\n"
        "fails('a number of seconds', text.duration, 1 / 0) fails('a number of seconds', "
        "text.duration, math.maxinteger)\n"
        "is(text.parse_duration('2d'), 172800) is(text.parse_duration('90'), 90) "
        "is(text.parse_duration('1.5h'), 5400)\n"
        "is(text.parse_duration('1500ms'), 1.5)\n"
        "for _, s in ipairs{'', '2 d', '-1s', 'd', '1y', '1e300', 'inf', 'nan', '2d\\n'} "
        "do\n"
        "  is(fails('cannot read the duration', text.parse_duration, s), 'invalid') "
        "end\n");
}

static void test_csv(void **state)
{
    (void)state;
    run("local rows, problems = text.csv('\\xef\\xbb\\xbfname, mail "
        ",note\\r\\nLeela,l@a.example,\"a \"\"b\"\", c\"\\r\\n\\r\\n'\n"
        "  .. 'Fry,f@a.example,\"two\\nlines\"\\r\\nBender,,')\n"
        "is(#rows, 3) is(#problems, 0) is(rows[1].mail, 'l@a.example') is(rows[1].note, "
        "'a \"b\", c')\n"
        "is(rows[2].note, 'two\\nlines') is(rows[2].line, 4) is(rows[3].line, 6) "
        "is(rows[3].note, '')\n"
        "is(json.is_array(rows) and json.is_array(problems), true)\n"
        "rows = text.csv('a;b,c;d\\n1;2;3\\n') is(rows[1].a, '1') is(rows[1]['b,c'], "
        "'2')\n"
        "rows = text.csv('a\\tb\\n1\\t2,3') is(rows[1].b, '2,3')\n"
        "rows = text.csv('\"a;x\",b\\n1,2') is(rows[1]['a;x'], '1')\n"
        "rows = text.csv('a\\n1\\r\\n\\n2\\n') is(rows[2].a, '2') is(rows[2].line, 4)\n"
        "rows, problems = text.csv('a,b\\n') is(#rows, 0) is(#problems, 0)\n"
        "rows = text.csv('a,line\\n1,x') is(rows[1].line, 'x')\n"
        "rows = text.csv('a,b\\n1,\\r') is(rows[1].a, '1') is(rows[1].b, '')\n"
        "is(fails('CSV:2: it holds a NUL byte', text.csv, 'a,b\\n\\0,\\r'), 'invalid')\n"
        /* what is malformed is named, the rest is there */
        "local bad = 'a,b\\n1,2\\n1\\n1,2,3\\n1,x\"y\\n\"1\"z,2\\n\\xe9,2\\n3,4\\n'\n"
        "rows, problems = text.csv(bad) is(#rows, 2) is(rows[2].line, 8) is(#problems, "
        "5)\n"
        "is(problems[1].line, 3) is(problems[1].message, 'it has 1 fields, the first "
        "line has 2')\n"
        "is(problems[2].line, 4) is(problems[3].line, 5) "
        "is(problems[3].message:match('^a quote inside'), 'a quote inside')\n"
        "is(problems[4].message, 'text after a closing quote') "
        "is(problems[5].message:match('UTF%-8'), 'UTF-8')\n"
        /* an unclosed quote costs its own line only */
        "rows, problems = text.csv('a,b\\n\"1,2\\n3,4\\n5,6\\n')\n"
        "is(#rows, 2) is(#problems, 1) is(problems[1].line, 2) is(rows[1].a, '3')\n"
        "rows, problems = text.csv('a,b\\n\"1,2\\n3,4\\n5,\"x\"\\n7,8\\n')\n"
        "is(#rows, 3) is(#problems, 1) is(problems[1].line, 2) is(rows[2].b, 'x') "
        "is(rows[2].line, 4)\n"
        "rows, problems = text.csv('a,b\\n\"1,2\\n3,4\\n5,\"\\n7,8\\n')\n"
        "is(problems[1].line, 2) is(rows[1].line, 3)\n"
        "rows = text.csv('a,,b\\n1,,3') is(rows[1].b, '3') is(rows[1][''], nil)\n"
        "is(fails('column 2 has no name', text.csv, 'a,,b\\n1,2,3'), 'invalid')\n"
        "is(text.csv(file)[1].mail, 'leela@acme.example')\n"
        "for s, why in pairs{[''] = 'no first line', ['\\n\\n'] = 'no first line', "
        "    ['a, a'] = 'two columns are called \"a\"', ['\\xff\\xfea'] = 'UTF-16', "
        "['\"a'] = 'line 1: a quote',\n"
        "    [('a,'):rep(300) .. 'b'] = 'more than 256'} do\n"
        "  is(fails(why, text.csv, s), 'invalid') end\n"
        "fails('string expected', text.csv, {}) fails('string expected', text.csv, "
        "secret)\n"
        /* malformed files stay linear */
        "for _, s in ipairs{'\"\\n', '\"a\\n', '\"\"\"\\n', 'x,\"\\n', '\",\"\\n', "
        "'\"x\"y\\n', '\\n', ',,,,\\n'} do\n"
        "  rows, problems = text.csv('a,b\\n' .. s:rep((1 << 18) // #s)) end\n");
}

static void test_hmac(void **state)
{
    (void)state;
    /* RFC 4231, case 2, RFC 2202, case 2, and the well-known fox. */
    run("is(hmac.sha256('Jefe', 'what do ya want for nothing?'),\n"
        "   '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')\n"
        "is(hmac.sha1('Jefe', 'what do ya want for nothing?', 'hex'), "
        "'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79')\n"
        "local fox = 'The quick brown fox jumps over the lazy dog'\n"
        "is(hmac.sha256('key', fox, 'base64'), "
        "'97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=')\n"
        "is(hmac.sha256(secret, fox, 'base64'), "
        "'97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=')\n"
        "is(hmac.sha1('key', fox, 'base64'), '3nybhbi3iqa8ino29wqQcBydtNk=')\n"
        "is(hmac.sha256('', ''), "
        "'b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad')\n"
        "is(#hmac.sha256(('k'):rep(1 << 20), ('d'):rep(1 << 22)), 64)\n"
        "is(hmac.equal('a', 'a'), true) is(hmac.equal('a', 'b'), false) "
        "is(hmac.equal('', 'a'), false)\n"
        "is(hmac.equal('a\\0b', 'a\\0c'), false) is(hmac.equal('', ''), true)\n"
        "is(hmac.equal(secret, 'key'), true) is(hmac.equal(secret, secret), true) "
        "is(hmac.equal('kez', secret), false)\n"
        "fails('invalid option', hmac.sha256, 'a', 'b', 'raw') fails('string expected', "
        "hmac.sha256, {}, 'b')\n"
        "fails('string expected', hmac.sha256, file, 'b') fails('string expected', "
        "hmac.equal, 'a')\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_url),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_from_html),
        cmocka_unit_test(test_from_html_markup),
        cmocka_unit_test(test_from_html_references),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_hmac),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
