#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "vm/lua_lines.h"

static int line(const char *src, const char *path)
{
    return lua_lines_line(src, strlen(src), path);
}

static const char action[] =
    "-- return { summary = 1 }\n"                                            /* 1 */
    "--[==[ return {\n"                                                      /* 2 */
    "]] ]==] local helper = function(x) if x then return { a = 1 } end\n"    /* 3 */
    "  for i = 1, 2 do while x do repeat until y end end return { b = 2 }\n" /* 4 */
    "end\n"                                                                  /* 5 */
    "local s = [[ return { ]] .. 'it\\'s return {' .. \"\\z\n"               /* 6 */
    "   return { \"\n"                                                       /* 7 */
    "return {\n"                                                             /* 8 */
    "  summary = \"x = { y }\", effect == 1,\n"                              /* 9 */
    "  input = {\n"                                                          /* 10 */
    "    conversation_id = { \"conversation\", required = true },\n"         /* 11 */
    "    [\"first-reply\"] = {\n"                                            /* 12 */
    "      author = \"leela\";\n"                                            /* 13 */
    "    },\n"                                                               /* 14 */
    "    [ 'a b' ] = 1, [ [[long]] ] = 2, [1 + f{2}] = 3, [10] = {\n"        /* 15 */
    "      ten = 1 },\n"                                                     /* 16 */
    "  },\n"                                                                 /* 17 */
    "  hosts = { \"a\",\n"                                                   /* 18 */
    "    f(1, 2), \n"                                                        /* 19 */
    "    { \"b\", x = 1 } },\n"                                              /* 20 */
    "  run = function(ctx, input)\n"                                         /* 21 */
    "    local t = { after = 1 }\n"                                          /* 22 */
    "    if a then b() elseif c then return { after = 2 } else d() end\n"    /* 23 */
    "    for _, v in ipairs(t) do print(v) end\n"                            /* 24 */
    "    repeat local z = 1 until z\n"                                       /* 25 */
    "    return t\n"                                                         /* 26 */
    "  end,\n"                                                               /* 27 */
    "  [\"payload.id\"] = { deep =\n"                                        /* 28 */
    "    1 },\n"                                                             /* 29 */
    "  after = 5, list = { 1, 2,\n"                                          /* 30 */
    "    3, -- comment }\n"                                                  /* 31 */
    "    4 }\n"                                                              /* 32 */
    "}\n";

static void test_fields(void **state)
{
    (void)state;
    assert_int_equal(line(action, ""), 8);
    assert_int_equal(line(action, "summary"), 9);
    assert_int_equal(line(action, "input"), 10);
    assert_int_equal(line(action, "input.conversation_id"), 11);
    assert_int_equal(line(action, "input.conversation_id.required"), 11);
    assert_int_equal(line(action, "input.first-reply.author"), 13);
    assert_int_equal(line(action, "input[\"first-reply\"].author"), 13);
    assert_int_equal(line(action, "input.a b"), 15);
    assert_int_equal(line(action, "input.long"), 15);
    assert_int_equal(line(action, "input.10.ten"), 16);
    assert_int_equal(line(action, "hosts"), 18);
    assert_int_equal(line(action, "hosts.1"), 18);
    assert_int_equal(line(action, "hosts.2"), 19);
    assert_int_equal(line(action, "hosts[3]"), 20);
    assert_int_equal(line(action, "hosts[3].x"), 20);
    assert_int_equal(line(action, "run"), 21);
    assert_int_equal(line(action, "payload.id"), 28);
    assert_int_equal(line(action, "payload.id.deep"), 28);
    assert_int_equal(line(action, "after"), 30);
    assert_int_equal(line(action, "list.3"), 31);
    assert_int_equal(line(action, "list[4]"), 32);
    /* the deepest part that is there */
    assert_int_equal(line(action, "nothing"), 8);
    assert_int_equal(line(action, "input.nothing.at.all"), 10);
    assert_int_equal(line(action, "input.first-reply.nothing"), 12);
    assert_int_equal(line(action, "hosts.9"), 18);
    assert_int_equal(line(action, "run.after"), 21);
    assert_int_equal(line(action, "inpu"), 8);
    assert_int_equal(line(action, "inputs"), 8);
    assert_int_equal(line(action, "list[1"), 30);
}

static void test_shapes(void **state)
{
    (void)state;
    assert_int_equal(line("return super {\n a = {\n b = 1 } }", "a.b"), 3);
    assert_int_equal(line("\nreturn super({\n a = 1 })", "a"), 3);
    assert_int_equal(line("#!/usr/bin/foyer {\nreturn {\na = 1}", "a"), 3);
    assert_int_equal(line("local t = {\na = 1 }\nreturn t", "a"), 3);
    assert_int_equal(line("local t = {\na = 1 }", "a"), 1);
    assert_int_equal(line("", "a"), 1);
    assert_int_equal(line("return", "a"), 1);
    assert_int_equal(lua_lines_line("return { a = 1 }", 0, "a"), 1);
    assert_int_equal(line("return {\n a = secret \"x\",\n b = 1 }", "b"), 3);
    assert_int_equal(line("return {\n a = 1 == 2,\n b = 1 }", "b"), 3);
    assert_int_equal(line("return {\n f 'x', g,\n b = 1 }", "2"), 2);
    assert_int_equal(line("return {\r\n a = 1,\r\n b = 1 }", "b"), 3);
}

/* Whatever is cut off or broken gives some line of the source. */
static void test_broken(void **state)
{
    (void)state;
    const char *const paths[] = {"input.first-reply.author", "list[4]", "hosts[", "[\"",
                                 "."};
    for (size_t n = 0; n <= sizeof action - 1; n++) {
        char *cut = xmemdup0(action, n);
        char *exact = malloc(n ? n : 1); /* for ASan: not one byte further */
        memcpy(exact, action, n);
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
            int got = lua_lines_line(exact, n, paths[i]);
            assert_in_range(got, 1, 33);
            lua_lines_line(exact + n / 2, n - n / 2, paths[i]);
        }
        free(exact);
        free(cut);
    }
    const char *const odd[] = {"return {]",    "return {)",   "return { end }",
                               "return {=}",   "return {[",   "return {[[",
                               "return {['a'", "return {a =", "return { a = ) }",
                               "return {,,;}", "return \"",   "--[[",
                               "end return {", "return {\\",  "return { [\"a\"] }"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        assert_int_equal(line(odd[i], "a.b"), 1);
    /* and is linear */
    char *many = xmalloc(1 << 18);
    memset(many, '[', 1 << 18);
    memcpy(many, "return {", 8);
    lua_lines_line(many, 1 << 18, "a");
    free(many);
}

static char seen[1024];

static void on_token(void *arg, enum lua_lines_kind kind, const char *s, size_t len,
                     int at)
{
    static const char letters[] = "nsdm";
    assert_ptr_equal(arg, seen);
    size_t n = strlen(seen);
    snprintf(seen + n, sizeof seen - n, "%d%c%.*s ", at, letters[kind], (int)len, s);
}

static const char *tokens(const char *src)
{
    seen[0] = '\0';
    lua_lines_tokens(src, strlen(src), on_token, seen);
    return seen;
}

static void test_tokens(void **state)
{
    (void)state;
    assert_string_equal(
        tokens("local a = ctx.call(\"f/a\", 12)\n--[[ x\n]] b == [==[\nc]==]"),
        "1nlocal 1na 1m= 1nctx 1m. 1ncall 1m( 1sf/a 1m, 1d12 1m) "
        "3nb 3m== 3s\nc ");
    assert_string_equal(tokens("#!x\n'a\\'b' .. y -- z"), "2sa\\'b 2m. 2m. 2ny ");
    assert_string_equal(tokens(""), "");
    assert_string_equal(tokens("f(\"a"), "1nf 1m( 1sa ");
}

/* ---- editing ---- */

static const char *leave_out(void *arg, const char *path, const char *value, size_t len)
{
    struct buf *asked = arg;
    buf_addf(asked, "%s=%.*s;", path, (int)(len < 8 ? len : 8), value);
    if (strcmp(path, "name") == 0)
        return "\"New\"";
    return strstr(path, "company") || strstr(path, "inboxes") || strstr(path, "2") ? ""
                                                                                   : NULL;
}

static void edits(const char *src, const char *want, const char *paths)
{
    struct buf out, asked;
    buf_init(&out, 4096);
    buf_init(&asked, 4096);
    assert_int_equal(lua_lines_edit(src, strlen(src), leave_out, &asked, &out), 0);
    assert_string_equal(buf_str(&out), want);
    if (paths)
        assert_string_equal(buf_str(&asked), paths);
    buf_free(&out);
    buf_free(&asked);
}

static void test_editing(void **state)
{
    (void)state;
    edits(
        "-- Acme { company = 1 }\n"
        "return {\n"
        "  name = 'Acme', -- its name\n"
        "  front = {\n"
        "    company = \"cmp_1\", -- of Acme\n"
        "    inboxes = {\n"
        "      support = \"inb_1\",\n"
        "    },\n"
        "    keep = 1, company2 = 2, also = 3 },\n"
        "  list = { \"a\", \"b\", \"c\" },\n"
        "  [\"company-x\"] = f({ company = 3 }) -- no comma\n"
        "} -- the end\n",
        "-- Acme { company = 1 }\n"
        "return {\n"
        "  name = \"New\", -- its name\n"
        "  front = {\n"
        "    keep = 1, also = 3 },\n"
        "  list = { \"a\", \"c\" },\n"
        "} -- the end\n",
        "name='Acme';front={\n    co;front.company=\"cmp_1\";front.inboxes={\n      "
        ";front.keep=1;front.company2=2;front.also=3;list={ \"a\", \";list.1=\"a\";list."
        "2=\"b\";list.3=\"c\";company-x=f({ comp;");
    edits("return { company = 1 }", "return { }", "company=1;");
    edits("return {\n  company = 1, inboxes = {\n  }, -- both\n  a = 1,\n}",
          "return {\n  a = 1,\n}", NULL);
    edits("return {\n  company = 1, a = 1,\n}", "return {\n a = 1,\n}", NULL);
    edits("x = 1", "x = 1", "");
    edits("return { a = { company = 1 ", "return { a = {", NULL);
    edits("return {{{ company = ", "return {{{", NULL);
    edits("return { a = function() return { company = 1 } end, company = 2 }",
          "return { a = function() return { company = 1 } end, }", NULL);
}

/* Each beginning of a source is edited to its end, and nothing behind it is read. */
static void test_editing_broken(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof action; n++) {
        struct buf out, asked;
        char *part = xmalloc(n ? n : 1);
        memcpy(part, action, n);
        buf_init(&out, 1 << 16);
        buf_init(&asked, 1 << 16);
        assert_int_equal(lua_lines_edit(part, n, leave_out, &asked, &out), 0);
        assert_true(out.len <= n + 200);
        buf_free(&out);
        buf_free(&asked);
        free(part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),         cmocka_unit_test(test_editing),
        cmocka_unit_test(test_editing_broken), cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_broken),         cmocka_unit_test(test_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
