/* Wraps lua_yieldk by the linker (WRAP_test_run), to let a limit strike between the
 * sending and the yield. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <lauxlib.h>
#include <time.h>

#include "vmtest.h"

/* Attempts and the world: where requests go and with what, what effects allow, scopes,
 * limits. In recipes here the connection is server 0 and the client's own host server 1;
 * %0 and %1 in a body stand for their addresses. */

static struct vmtest t;

static int setup(void **state)
{
    (void)state;
    vmtest_init(&t, 1);
    t.limits.resume_cpu_ms = t.limits.attempt_cpu_ms = 15000;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vmtest_fini(&t);
    return 0;
}

static char *fill(const char *body)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    for (; *body; body++) {
        if (body[0] == '%' && (body[1] == '0' || body[1] == '1'))
            buf_addf(&out, "127.0.0.1:%d", vmtest_servers[*++body - '0'].port);
        else
            buf_addc(&out, *body);
    }
    return buf_take(&out, NULL);
}

static void probe(const char *body)
{
    char *filled = fill(body);
    vmtest_forget();
    vmtest_probe(&t, filled);
    free(filled);
}

static void write_script(const char *name, const char *text)
{
    char *filled = fill(text);
    vmtest_write(&t, name, filled, strlen(filled));
    free(filled);
}

static void fails(const char *body, enum err_kind kind, const char *part)
{
    probe(body);
    if (t.outcome != RUN_FAILED)
        fail_msg("did not fail: %s: %s", body, t.json ? t.json : t.err.text);
    if (t.err.kind != kind || !strstr(t.err.text, part))
        fail_msg("%s: %s: %s", body, err_kind_name(t.err.kind), t.err.text);
    if (strstr(t.err.text, vmtest_secret) || strstr(t.err.text, vmtest_token) ||
        strstr(t.err.text, "s3cr3t"))
        fail_msg("%s: shows a secret: %s", body, t.err.text);
}

static void gives(const char *body, const char *want)
{
    probe(body);
    if (t.outcome != RUN_DONE)
        fail_msg("%s: %s: %s", body, err_kind_name(t.err.kind), t.err.text);
    char *result = xasprintf("{\"result\":%s}", want);
    if (strcmp(t.json, result) != 0)
        fail_msg("%s: %s, not %s", body, t.json, result);
    free(result);
}

/* ---- hosts ---- */

static void only_allowed_hosts(void **state)
{
    (void)state;
    static const struct {
        const char *url, *part;
        enum err_kind kind;
    } refused[] = {
        {"https://evil.example/", "neither the connection's nor in `hosts`", 0},
        {"http://evil.example/", "only https is allowed", 0},
        {"https://evil.example:8443/", "neither the connection's", 0},
        {"http://%0.evil.example/", "", ERR_INVALID},
        {"http://127.0.0.1/", "only https", 0},
        {"http://127.0.0.1:1/", "neither", 0},
        {"https://%0/", "neither", 0},
        {"http://allowed.example@127.0.0.1:1/", "malformed", ERR_INVALID},
        {"http://%1@evil.example/", "malformed", ERR_INVALID},
        {"https://evil.example\\\\@allowed.example/", "malformed", ERR_INVALID},
        {"https://evil.example\\\\.wild.example/", "malformed", ERR_INVALID},
        {"https://evil.example%2f.wild.example/", "malformed", ERR_INVALID},
        {"https://evil.example#.wild.example/", "neither", 0},
        {"https://evil.example?.wild.example/", "neither", 0},
        {"https://evil.example/.wild.example", "neither", 0},
        {"https://evil.example .wild.example/", "no spaces", ERR_INVALID},
        {"https://evil.example\\n.wild.example/", "no spaces", ERR_INVALID},
        {"https://evil.example\\0.wild.example/", "", ERR_SCRIPT},
        {"https://wild.example/", "neither", 0},
        {"https://evilwild.example/", "neither", 0},
        {"https://.wild.example.evil.example/", "neither", 0},
        {"https://allowed.example./", "neither", 0},
        {"https://allowed.example:444/", "neither", 0},
        {"http://allowed.example/", "only https", 0},
        {"http://allowed.example:443/", "neither", 0},
        {"https://allowed.example:/", "malformed", ERR_INVALID},
        {"https://allowed.example:0/", "malformed", ERR_INVALID},
        {"https://allowed.example:65536/", "malformed", ERR_INVALID},
        {"https://allowed.example:4x3/", "malformed", ERR_INVALID},
        {"https:///x", "malformed", ERR_INVALID},
        {"https://", "malformed", ERR_INVALID},
        {"https:/allowed.example/", "must begin with https://", ERR_INVALID},
        {"HTTPS://allowed.example/", "must begin with https://", ERR_INVALID},
        {"//allowed.example/", "write a whole URL", ERR_INVALID},
        {"allowed.example/", "must begin with https://", ERR_INVALID},
        {"file:///etc/passwd", "must begin with https://", ERR_INVALID},
        {"gopher://%1/", "must begin with https://", ERR_INVALID},
        {"javascript:x", "must begin with https://", ERR_INVALID},
        {"", "must begin with https://", ERR_INVALID},
        {"http://[::1]:80/", "neither", 0},
        {"https://[::ffff:127.0.0.1]/", "neither", 0},
        {"https://[::1/", "its host is malformed", ERR_INVALID},
        {"http://2130706433:80/", "its host is malformed", ERR_INVALID},
        {"http://0x7f000001:80/", "its host is malformed", ERR_INVALID},
        {"http://0177.0.0.1:80/", "its host is malformed", ERR_INVALID},
        {"http://127.1:80/", "its host is malformed", ERR_INVALID},
        {"http://169.254.169.254/latest/", "only https", 0},
        {"https://169.254.169.254/latest/", "neither", 0},
        {"https://localhost/", "neither", 0},
        {"/path", "write a whole URL, or name connection", ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char *body = xasprintf("return ctx.http.request{ url = \"%s\" }", refused[i].url);
        fails(body, refused[i].kind ? refused[i].kind : ERR_FORBIDDEN, refused[i].part);
        assert_int_equal(vmtest_requests(0), 0);
        assert_int_equal(vmtest_requests(1), 0);
        free(body);
    }
    gives("return ctx.http.get(\"http://%1/x\")", "{\"ok\":true}");
    assert_true(vmtest_got(1, "GET /x HTTP/1.1"));
    gives("return ctx.http.get(\"http://%1\", { query = { a = { 1, 2 } } })",
          "{\"ok\":true}");
    assert_true(vmtest_got(1, "GET /?a=1&a=2 HTTP/1.1"));
}

static void credentials_stay_at_home(void **state)
{
    (void)state;
    gives("return ctx.http.get(\"/me\", { connection = \"front\" })", "{\"ok\":true}");
    assert_true(vmtest_got(0, "Authorization: Bearer tok-"));
    gives("return ctx.http.get(\"http://%0/me\", { connection = \"front\" })",
          "{\"ok\":true}");
    assert_true(vmtest_got(0, "Authorization: Bearer tok-"));
    /* the client's host never gets it, whatever is named */
    gives("return ctx.http.get(\"http://%1/x\", { connection = \"front\" })",
          "{\"ok\":true}");
    assert_false(vmtest_got(1, "Authorization"));
    gives("return ctx.http.get(\"http://%1/x\")", "{\"ok\":true}");
    assert_false(vmtest_got(1, "tok-"));
    fails("ctx.http.get(\"http://%0/me\")", ERR_FORBIDDEN, "neither the connection's");
    fails("ctx.http.get(\"/me\", { connection = \"other\" })", ERR_AUTH,
          "connection of acme to other");
    fails("ctx.http.get(\"/me\", { connection = \"front\", headers = { authorization = "
          "\"x\" } })",
          ERR_FORBIDDEN, "added by foyer");
    static const char *const headers[] = {"Host", "content-length", "Expect",
                                          "Connection", "Transfer-Encoding"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char *body =
            xasprintf("ctx.http.get(\"http://%%1/\", { headers = { [\"%s\"] = \"x\" } })",
                      headers[i]);
        fails(body, ERR_FORBIDDEN, "set by foyer");
        free(body);
    }
    fails("ctx.http.get(\"http://%1/\", { headers = { [\"X-A: b\\r\\nX-C\"] = \"x\" } })",
          ERR_SCRIPT, "not a header name");
    fails("ctx.http.get(\"http://%1/\", { headers = { [\"X-A\"] = \"a\\r\\nX-B: c\" } })",
          ERR_INVALID, "control character");
    fails("ctx.http.get(\"http://%1/\", { headers = { [\"X-A\"] = \"a\\0\" } })",
          ERR_INVALID, "control character");
    assert_int_equal(vmtest_requests(1), 0);
}

static void redirects(void **state)
{
    (void)state;
    static const char *const codes[] = {"301", "307", "308"};
    for (size_t i = 0; i < 3; i++) {
        char *body = xasprintf("return ctx.http.post(\"/to/%s?/landed\", { a = 1 }, { "
                               "connection = \"front\" })",
                               codes[i]);
        gives(body, "{\"ok\":true}");
        assert_true(vmtest_got(0, "POST /landed HTTP/1.1")); /* method and body kept */
        assert_int_equal(vmtest_requests(0), 2);
        free(body);
        body = xasprintf("return ctx.http.post(\"/to/%s?https://evil.example/x\", { a = "
                         "1 }, { connection = \"front\" })",
                         codes[i]);
        fails(body, ERR_FORBIDDEN, "cannot follow the answer");
        assert_int_equal(vmtest_requests(0), 1);
        free(body);
    }
    /* to the client's own host: followed, without the token */
    gives("return ctx.http.get(\"/to/301?http://%1/x\", { connection = \"front\" })",
          "{\"ok\":true}");
    assert_false(vmtest_got(1, "tok-"));
    /* but nothing that writes, nor what has a body; the error says where it led */
    static const struct {
        const char *verb, *body, *more;
    } kept[] = {{"post", "{ a = 1 }, ", ""},
                {"post", "{ a = 1 }, ", ", reads = true"},
                {"delete", "nil, ", ""}};
    for (size_t i = 0; i < 9; i++) {
        char *body =
            xasprintf("ctx.http.%s(\"/to/%s?http://%%1/x?k=v\", %s{ connection = "
                      "\"front\"%s })",
                      kept[i / 3].verb, codes[i % 3], kept[i / 3].body, kept[i / 3].more);
        char *led = fill("it leads to http://%1/x");
        fails(body, ERR_FORBIDDEN, "its host is not the connection's");
        assert_true(str_ends(t.err.text, led)); /* without its query */
        assert_int_equal(vmtest_requests(1), 0);
        assert_int_equal(vmtest_requests(0), 1);
        free(body);
        free(led);
    }
    /* and from there never to the connection */
    fails("return ctx.http.get(\"http://%1/to/301?http://%0/x\")", ERR_FORBIDDEN,
          "cannot follow");
    assert_int_equal(vmtest_requests(0), 0);
    fails("return ctx.http.get(\"/to/302?/x?a=b\", { connection = \"front\" })",
          ERR_INVALID, "answered 302, which is not a result; it leads to /x");
    fails("return ctx.http.get(\"http://%1/to/303?//evil.example/x\")", ERR_INVALID,
          "it leads to //evil.example/x");
    fails("return ctx.http.post(\"/to/302?http://%1/x\", {}, { connection = \"front\" })",
          ERR_UNCERTAIN, "it leads to http://127.0.0.1");
    probe("return ctx.http.get(\"/to/302?/x\", { connection = \"front\" })");
    assert_int_equal(vmtest_requests(0), 1);
    gives("return ctx.http.request{ url = \"http://%1/to/302?/x\" }.status", "302");
    fails("ctx.http.get(\"/loop\", { connection = \"front\" })", ERR_INVALID,
          "redirected more than 3 times");
    assert_int_equal(vmtest_requests(0), 4);
    static const char *const bad[] = {"",
                                      "//evil.example/x",
                                      "http://evil.example/x",
                                      "http://%0@evil.example/",
                                      "https://evil.example\\\\@%0/",
                                      "file:///etc/passwd",
                                      "http://127.0.0.1:1/",
                                      "relative"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *body = xasprintf("ctx.http.post(\"http://%%1/to/301?%s\", \"x\")", bad[i]);
        probe(body);
        assert_int_equal(t.outcome, RUN_FAILED);
        assert_true(t.err.kind == ERR_FORBIDDEN || t.err.kind == ERR_INVALID);
        assert_int_equal(vmtest_requests(1), 1);
        assert_int_equal(vmtest_requests(0), 0);
        free(body);
    }
}

/* What a script adds for one host does not travel to the next one. */
static void redirects_keep_secrets(void **state)
{
    (void)state;
    fails("ctx.http.get(\"/to/301?http://%1/x\", { connection = \"front\", headers = { "
          "[\"X-Key\"] = ctx.options.key } })",
          ERR_FORBIDDEN, "cannot follow the answer 301");
    assert_true(vmtest_got(0, vmtest_secret));
    assert_int_equal(vmtest_requests(1), 0);
    gives("return ctx.http.get(\"/to/301?/x\", { connection = \"front\", headers = { "
          "[\"X-Key\"] = ctx.options.key } })",
          "{\"ok\":true}");
}

/* ---- secrets and handles ---- */

static void secrets_go_where_they_belong(void **state)
{
    (void)state;
    gives("return ctx.http.get(\"http://%1/x\", { headers = { [\"X-Key\"] = "
          "ctx.options.key } })",
          "{\"ok\":true}");
    assert_true(vmtest_got(1, "X-Key: s3cr3t-value"));
    gives("return ctx.http.post(\"http://%1/x\", { key = ctx.options.key })",
          "{\"ok\":true}");
    assert_true(vmtest_got(1, "{\"key\":\"s3cr3t-value\"}"));
    fails("ctx.http.post(\"http://%1/x\", { key = ctx.options.key }, { multipart = true "
          "})",
          ERR_SCRIPT, "field key is a userdata");
    fails("ctx.http.post(\"http://%1/x\", ctx.options.key)", ERR_INVALID, "secret");
    fails("ctx.http.get(\"http://%1/x\", { query = { key = ctx.options.key } })",
          ERR_INVALID, "not text");
    fails("ctx.http.get(ctx.options.key)", ERR_INVALID, "the secret URL");
    assert_int_equal(vmtest_requests(1), 0);
    json_object_set_new(json_object_get(json_object_get(t.client, "recipes"), "probe"),
                        "key", json_pack("{s:s}", "$secret", "acme.url"));
    gives("return ctx.http.post(ctx.options.key, { a = 1 })", "{\"ok\":true}");
    assert_true(vmtest_got(1, "POST /hook/s3cr3t-path"));
    json_object_set_new(json_object_get(json_object_get(t.client, "recipes"), "probe"),
                        "key", json_pack("{s:s}", "$secret", "no.such.secret"));
    fails("ctx.http.post(ctx.options.key, { a = 1 })", ERR_NOT_FOUND, "no.such.secret");
}

/* "Bearer " and the like: the handle says what stands around its value. */
static void secrets_stand_within_text(void **state)
{
    (void)state;
    gives("return ctx.http.get(\"http://%1/x\", { headers = { Authorization = "
          "\"Bearer \" .. ctx.options.key, [\"X-Two\"] = "
          "\"a\" .. \"b\" .. ctx.options.key .. 1 .. \"c\" } })",
          "{\"ok\":true}");
    assert_true(vmtest_got(1, "Authorization: Bearer s3cr3t-value\r\n"));
    assert_true(vmtest_got(1, "X-Two: abs3cr3t-value1c\r\n"));
    gives("return ctx.http.post(\"http://%1/x\", { a = \"<\" .. ctx.options.key .. "
          "\">\", b "
          "= { ctx.options.key .. \"!\" } })",
          "{\"ok\":true}");
    assert_true(vmtest_got(1, "{\"a\":\"<s3cr3t-value>\",\"b\":[\"s3cr3t-value!\"]}"));
    gives("local k = \"x\" .. ctx.options.key .. \"y\" return { tostring(k), type(k), "
          "hmac.equal(k, \"xs3cr3t-valuey\"), (pcall(function() return k.name end)) }",
          "[\"secret acme.key\",\"userdata\",true,false]");
    /* only settings name secrets: a text from elsewhere stays one */
    gives("return ctx.http.post(\"http://%1/x\", { a = \"${secret:acme.key}\" })",
          "{\"ok\":true}");
    assert_true(vmtest_got(1, "{\"a\":\"${secret:acme.key}\"}"));
    fails("return ctx.options.key .. ctx.options.key", ERR_SCRIPT, "two secrets");
    fails("return ctx.options.key .. {}", ERR_SCRIPT, "with a table");
    static const char *const bad[] = {"\"a\\r\\nb\"", "\"a\\0b\"", "(\"x\"):rep(1025)",
                                      "\"\\xff\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *before = xasprintf("return %s .. ctx.options.key", bad[i]);
        char *behind = xasprintf("return ctx.options.key .. %s", bad[i]);
        fails(before, ERR_SCRIPT, strstr(bad[i], "0b") ? "a NUL" : "around a secret");
        fails(behind, ERR_SCRIPT, strstr(bad[i], "0b") ? "a NUL" : "around a secret");
        free(before);
        free(behind);
    }
    fails("return ctx.options.key:after \"x\"", ERR_SCRIPT, "\"Bearer \" .. secret");
    fails("ctx.options.key.name = 1", ERR_SCRIPT, "");
    /* it crosses into a call and back, and comes from settings */
    write_script(
        "lua/front/actions/echo.lua",
        "return { summary = \"x\", effect = \"read\", input = { v = { \"any\" } "
        "}, run = function(ctx, input) return { v = ctx.http.get("
        "\"http://%1/x\", { headers = { [\"X-Key\"] = input.v } }), k = input.v } "
        "end }");
    gives(
        "local r = ctx.call(\"front/echo\", { v = \"K \" .. ctx.options.key .. \"!\" }) "
        "return tostring(r.k)",
        "\"secret acme.key\"");
    assert_true(vmtest_got(1, "X-Key: K s3cr3t-value!\r\n"));
    json_object_set_new(json_object_get(json_object_get(t.client, "recipes"), "probe"),
                        "key", json_pack("{s:[s,s]}", "$secret", "acme.key", "Token "));
    gives("return ctx.http.get(\"http://%1/x\", { headers = { Authorization = "
          "ctx.options.key } })",
          "{\"ok\":true}");
    assert_true(vmtest_got(1, "Authorization: Token s3cr3t-value\r\n"));
}

/* Whatever repeats what was sent: its answer shows none of it. */
static void answers_show_no_secret(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "ctx.http.get(\"http://%1/echo\", { headers = { [\"X-Key\"] = ctx.options.key } "
        "})",
        "ctx.http.post(\"http://%1/echo\", \"x\", { headers = { [\"X-Key\"] = "
        "\"Bearer \" .. ctx.options.key } })",
        "ctx.http.get(\"/echo\", { connection = \"front\", raw = true })",
        "ctx.http.request{ url = \"http://%1/echo-404\", headers = { [\"X-Key\"] = "
        "ctx.options.key } }.body",
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        char *body = xasprintf("return %s", requests[i]);
        probe(body);
        if (t.outcome != RUN_DONE)
            fail_msg("%s: %s", body, t.err.text);
        if (strstr(t.json, vmtest_secret) || strstr(t.json, vmtest_token) ||
            !strstr(t.json, "********"))
            fail_msg("%s: %s", body, t.json);
        free(body);
    }
    json_object_set_new(json_object_get(json_object_get(t.client, "recipes"), "probe"),
                        "key", json_pack("{s:s}", "$secret", "acme.echo"));
    probe("return ctx.http.get(ctx.options.key)");
    assert_int_equal(t.outcome, RUN_DONE);
    assert_null(strstr(t.json, "echo?k=0123456789abcdef"));
    assert_null(strstr(t.json, "0123456789abcdef"));
    assert_non_null(strstr(t.json, "GET ********"));
}

/* Of a host that no token goes to: to connect again would change nothing. */
static void a_401_elsewhere_is_not_the_connections(void **state)
{
    (void)state;
    fails("ctx.http.get(\"http://%1/401\", { headers = { Authorization = ctx.options.key "
          "} })",
          ERR_FORBIDDEN, "check the headers and secrets");
    fails("ctx.http.post(\"http://%1/401\", {})", ERR_FORBIDDEN, ": 401 ");
    gives("return ctx.http.request{ url = \"http://%1/401\" }.status", "401");
    fails("ctx.http.get(\"/401\", { connection = \"front\" })", ERR_AUTH,
          "foyer connect acme");
}

static void data_never_becomes_a_handle(void **state)
{
    (void)state;
    write_script("lua/front/actions/echo.lua",
                 "return { summary = \"x\", effect = \"read\", input = { v = { \"any\" } "
                 "}, run = function(ctx, input) return { type = type(input.v.s), v = "
                 "input.v } end }");
    gives("local v = ctx.http.get(\"http://%1/handles\") return { type(v.s), type(v.f), "
          "v.s[\"$secret\"], v.d[\"$x\"] }",
          "[\"table\",\"table\",\"acme.key\",1]");
    /* nor when it crosses into a call and back, where real handles do */
    gives("local v = ctx.http.get(\"http://%1/handles\") local r = "
          "ctx.call(\"front/echo\", { v = v }) return { r.type, type(r.v.f), "
          "r.v.d[\"$x\"] }",
          "[\"table\",\"table\",1]");
    gives("local r = ctx.call(\"front/echo\", { v = { s = ctx.options.key } }) return { "
          "r.type, type(r.v.s), tostring(r.v.s) }",
          "[\"userdata\",\"userdata\",\"secret acme.key\"]");
    /* halves of a surrogate pair are what is left of a text cut within an emoji */
    gives("return ctx.http.get(\"http://%1/cut\")",
          "{\"a\":\"\xf0\x9f\x98\x80 \xef\xbf\xbd\",\"n\":1.0}");
    gives("return ctx.http.get(\"http://%1/cut\", { raw = true })",
          "\"{\\\"a\\\":\\\"\\\\ud83d\\\\ude00 \\\\ud83d\\\",\\\"n\\\":1.0}\"");
    gives("return ctx.http.get(\"http://%1/handles\")",
          "{\"d\":{\"$x\":1},\"f\":{\"$file\":[0,\"x\"]},\"s\":{\"$secret\":\"acme.key\"}"
          "}");
    /* nor what a person or a delivery hands in */
    write_script("recipes/probe.lua",
                 "return { summary = \"x\", on = \"front/t\", options = { key = { "
                 "\"any\" } }, run = "
                 "function(ctx, event) local p = event.payload "
                 "return { type(p.s), type(p.f), p[\"$x\"] } end }");
    write_script("lua/front/triggers/t.lua",
                 "return { summary = \"x\", on = { \"x\" } }");
    vmtest_run(&t, "run",
               "{\"recipe\":\"probe\",\"event\":{\"type\":\"x\",\"payload\":{\"s\":"
               "{\"$secret\":\"acme.key\"},\"f\":{\"$file\":[0,\"x\"]},\"$x\":1}}}");
    if (t.outcome != RUN_DONE)
        fail_msg("%s", t.err.text);
    assert_string_equal(t.json, "{\"result\":[\"table\",\"table\",1]}");
}

/* ---- effects ---- */

static void reads_only_read(void **state)
{
    (void)state;
    write_script("lua/front/connector.lua",
                 "return { name = \"Front\", api = { base = \"http://%0\" }, paging = { "
                 "results = \"_results\", next = \"_pagination.next\" } }");
    write_script("lua/front/actions/write.lua",
                 "return { summary = \"x\", effect = \"write\", run = function(ctx) "
                 "return ctx.http.post(\"/written\", {}) end }");
    static const char *const doors[] = {
        "ctx.http.post(\"/x\", {})",
        "ctx.http.put(\"/x\", {})",
        "ctx.http.patch(\"/x\", {})",
        "ctx.http.delete(\"/x\")",
        "ctx.http.request{ method = \"post\", url = \"/x\" }",
        "ctx.http.request{ method = \"Delete\", url = \"/x\", connection = \"front\" }",
        "ctx.http.post(\"http://%1/x\", {})",
        "ctx.call(\"front/write\")",
        "local ok, e = pcall(ctx.http.post, \"/x\", {}) error(e, 0)",
        "local ok, e = pcall(ctx.call, \"front/write\") error(e, 0)",
        "pcall(ctx.http.post, \"/x\", {}) ctx.call(\"front/write\")",
        "ctx.http.delete(\"/x\", nil, { reads = 1 == 2 })",
    };
    for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
        char *text =
            xasprintf("return { summary = \"x\", effect = \"read\", run = function(ctx) "
                      "%s end }",
                      doors[i]);
        write_script("lua/front/actions/door.lua", text);
        fails("ctx.call(\"front/door\")", ERR_FORBIDDEN, "declares effect = \"read\"");
        assert_int_equal(vmtest_requests(0), 0);
        assert_int_equal(vmtest_requests(1), 0);
        free(text);
    }
    static const struct {
        const char *body, *want;
    } open[] = {
        {"return ctx.http.post(\"/search\", {}, { reads = true })", "{\"ok\":true}"},
        {"return ctx.http.request{ method = \"post\", url = \"/x\", reads = true }.body",
         "{\"ok\":true}"},
        {"return ctx.http.page(\"/list\")", "{\"results\":[{\"id\":1},{\"id\":2}]}"},
        {"return { a = ctx.http.head(\"/x\") }", "{}"},
        {"return ctx.http.request{ method = \"hEaD\", url = \"/x\" }.status", "200"},
    };
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        char *text =
            xasprintf("return { summary = \"x\", effect = \"read\", run = function(ctx) "
                      "%s end }",
                      open[i].body);
        write_script("lua/front/actions/door.lua", text);
        gives("return ctx.call(\"front/door\") or {}", open[i].want);
        free(text);
    }
    write_script("lua/front/actions/door.lua",
                 "return { summary = \"x\", effect = \"read\", run = function(ctx) "
                 "ctx.http.delete(\"/x\", nil, { reads = true }) end }");
    fails("ctx.call(\"front/door\")", ERR_SCRIPT, "that is for a POST");
    fails("ctx.http.request{ method = \"TRACE\", url = \"http://%1/\" }", ERR_SCRIPT,
          "the methods are");
    fails("ctx.http.request{ method = \"GET / HTTP/1.1\\r\\nX: \", url = "
          "\"http://%1/\" }",
          ERR_SCRIPT, "the methods are");
    assert_int_equal(vmtest_requests(1), 0);
    /* the caller's own effect is there again after the call, however that ended */
    gives("pcall(ctx.call, \"front/door\") return ctx.http.post(\"http://%1/x\", {})",
          "{\"ok\":true}");
    /* and a caller that only reads makes its callee read only */
    write_script("lua/front/actions/door.lua",
                 "return { summary = \"x\", effect = \"read\", run = function(ctx) "
                 "return ctx.call(\"front/again\") end }");
    write_script("lua/front/actions/again.lua",
                 "return { summary = \"x\", effect = \"write\", run = function(ctx) "
                 "return ctx.call(\"front/write\") end }");
    fails("ctx.call(\"front/door\")", ERR_FORBIDDEN, "declares effect = \"read\"");
}

/* ---- waiting where nothing can wait ---- */

static void nothing_leaves_from_a_callback(void **state)
{
    (void)state;
    static const char *const places[] = {
        "(\"x\"):gsub(\".\", function() %s end)",
        "tostring(setmetatable({}, { __tostring = function() %s end }))",
        "string.format(\"%%s\", setmetatable({}, { __tostring = function() %s end }))",
        "table.concat(setmetatable({}, { __len = function() %s end }))",
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *at = strstr(places[i], "%s end");
        char *body = xasprintf("%.*sctx.http.post(\"http://%%1/x\", {})%s",
                               (int)(at - places[i]), places[i], at + 2);
        char *once = strstr(body, "%%s");
        if (once)
            memmove(once, once + 1, strlen(once));
        fails(body, ERR_SCRIPT, "a request waits");
        assert_int_equal(vmtest_requests(1), 0);
        free(body);
    }
    /* where a comparison is Lua, it may wait; so may an iterator and an __index */
    gives("local t = { 2, 1 } table.sort(t, function(a, b) ctx.http.get(\"http://%1/x\") "
          "return a < b end) return t",
          "[1,2]");
    gives("return setmetatable({}, { __index = function() return "
          "ctx.http.get(\"http://%1/x\").ok end }).x",
          "true");
    gives("local ok, v = pcall(ctx.http.get, \"http://%1/x\") return v.ok", "true");
    probe("do local c <close> = setmetatable({}, { __close = function() "
          "ctx.http.get(\"http://%1/x\") end }) end");
    assert_int_equal(t.outcome, RUN_DONE);
    assert_int_equal(vmtest_requests(1), 1);
}

static void an_end_is_an_end(void **state)
{
    (void)state;
    probe("(\"x\"):gsub(\".\", function() pcall(ctx.skip, \"enough\") "
          "pcall(ctx.http.post, \"http://%1/x\", {}) end) ctx.http.post(\"http://%1/x\", "
          "{})");
    assert_int_equal(t.outcome, RUN_SKIPPED);
    assert_string_equal(t.err.text, "enough");
    assert_int_equal(vmtest_requests(1), 0);
    probe("pcall(ctx.skip, \"first\") ctx.skip(\"second\")");
    assert_int_equal(t.outcome, RUN_SKIPPED);
    assert_string_equal(t.err.text, "first");
    probe("pcall(ctx.http.get, \"http://%1/500\") return 1");
    assert_int_equal(t.outcome, RUN_FAILED);
    assert_int_equal(t.err.kind, ERR_UNAVAILABLE);
    probe("pcall(ctx.http.get, \"http://%1/429\") return 1");
    assert_int_equal(t.err.kind, ERR_RATE_LIMITED);
    assert_int_equal(t.err.retry_after_ms, 7000);
    probe("pcall(ctx.http.post, \"http://%1/500\", {}) return 1");
    assert_int_equal(t.err.kind, ERR_UNCERTAIN);
    static const char *const ends[] = {"ctx.skip(\"x\")",
                                       "ctx.http.get(\"http://%1/500\")",
                                       "(\"x\"):gsub(\".\", function() ctx.skip() end)"};
    for (size_t i = 0; i < 3; i++) { /* nor from what waits to be closed */
        char *body =
            xasprintf("local c <close> = setmetatable({}, { __close = function() "
                      "ctx.http.post(\"http://%%1/closing\", {}) end }) %s",
                      ends[i]);
        probe(body);
        assert_false(vmtest_got(1, "/closing"));
        free(body);
    }
    t.dry = 1;
    probe("pcall(ctx.http.post, \"http://%1/x\", { a = 1 }) return 1");
    assert_int_equal(t.outcome, RUN_DONE);
    assert_string_equal(t.json, "{\"result\":1}");
    assert_int_equal(vmtest_requests(1), 0);
}

/* A limit that strikes between the sending and the yield. */

static int (*before_yield)(void);

/* the linker's --wrap */
int __wrap_lua_yieldk(lua_State *L, int nresults, lua_KContext ctx, lua_KFunction k);
int __real_lua_yieldk(lua_State *L, int nresults, lua_KContext ctx, lua_KFunction k);

int __wrap_lua_yieldk(lua_State *L, int nresults, lua_KContext ctx, lua_KFunction k)
{
    if (before_yield)
        before_yield();
    return __real_lua_yieldk(L, nresults, ctx, k);
}

static int burn(void)
{
    struct timespec ts;
    do {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    } while (ts.tv_nsec / 100000000 % 4 != 0);
    do {
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    } while (ts.tv_nsec / 100000000 % 4 != 3);
    before_yield = NULL;
    return 0;
}

static void a_limit_on_the_way_into_a_wait(void **state)
{
    (void)state;
    t.limits.resume_cpu_ms = 100;
    before_yield = burn;
    fails("ctx.http.get(\"http://%1/x\")", ERR_LIMIT, "100 ms without waiting");
    assert_null(before_yield);
}

/* ---- scopes ---- */

static void calls_copy(void **state)
{
    (void)state;
    write_script("lua/front/actions/change.lua",
                 "return { summary = \"x\", effect = \"read\", input = { v = { \"any\" } "
                 "}, run = function(ctx, input) input.v.a = 2 input.v.new = true "
                 "ctx.client.name = \"changed\" ctx.vars.phone = \"changed\" return "
                 "input.v end }");
    gives("local v = { a = 1, list = json.array({}) } local r = "
          "ctx.call(\"front/change\", { v = v }) r.list[1] = 1 return { v, r }",
          "[{\"a\":1,\"list\":[]},{\"a\":2,\"list\":[1],\"new\":true}]");
    gives("ctx.call(\"front/change\", { v = {} }) return ctx.client.name .. "
          "ctx.vars.phone",
          "\"Acme+1\"");
    fails("ctx.call(\"front/change\", { v = { f = function() end } })", ERR_SCRIPT,
          "a function");
    write_script(
        "lua/front/actions/bad.lua",
        "return { summary = \"x\", effect = \"read\", run = function(ctx) return "
        "{ f = function() end } end }");
    fails("ctx.call(\"front/bad\")", ERR_SCRIPT, "cannot return from front/bad");
    gives("local ok, e = pcall(ctx.call, \"front/bad\") return { ok, e.kind }",
          "[false,\"script\"]");
    gives("for i = 1, 3 do pcall(ctx.call, \"front/bad\") end return "
          "ctx.call(\"front/change\", { v = {} })",
          "{\"a\":2,\"new\":true}");
}

static void raised(void **state)
{
    (void)state;
    static const struct {
        const char *raise, *want;
    } cases[] = {
        {"error({ kind = \"conflict\", message = \"m\", status = 409, details = { \"a\", "
         "2 "
         "} })",
         "{\"details\":[\"a\",\"2\"],\"kind\":\"conflict\",\"message\":\"m\",\"status\":"
         "409}"},
        {"error(\"text\", 0)", "{\"kind\":\"script\",\"message\":\"text\"}"},
        {"error({ kind = \"bogus\", message = \"m\" })", NULL},
        {"error(setmetatable({ message = \"m\" }, { __index = function() error(\"x\") "
         "end "
         "}))",
         "{\"kind\":\"script\",\"message\":\"m\"}"},
        {"error({ message = \"m\", details = { setmetatable({}, { __tostring = error }) "
         "} "
         "})",
         "{\"details\":[\"table\"],\"kind\":\"script\",\"message\":\"m\"}"},
        {"error({ message = \"m\", status = 0/0, retry_after = 1/0 })",
         "{\"kind\":\"script\",\"message\":\"m\"}"},
        {"error({ message = \"\\xff\" })", "{\"kind\":\"script\",\"message\":\"?\"}"},
        {"error({ message = string.rep(\"\\u{e4}\", 5000) })", NULL},
        {"error(string.rep(\"\\u{20ac}\", 5000), 0)", NULL},
        {"local t = {} for i = 1, 1e7 do t[i] = {} end", NULL},
        {"ctx.http.get(\"/404\")",
         "{\"details\":[\"a\",\"b\"],\"kind\":\"not_found\",\"message\":\"cannot GET "
         "/404: 404 Not found: No such thing. (a)\",\"status\":404,\"title\":\"Not "
         "found\"}"},
    };
    write_script("lua/front/connector.lua",
                 "return { name = \"Front\", api = { base = \"http://%0\" }, errors = { "
                 "title = \"_error.title\", message = \"_error.message\", details = "
                 "\"_error.details\" } }");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text =
            xasprintf("return { summary = \"x\", effect = \"read\", run = function(ctx) "
                      "%s end }",
                      cases[i].raise);
        write_script("lua/front/actions/raise.lua", text);
        /* twice: an error crosses each border as it is */
        write_script("lua/front/actions/outer.lua",
                     "return { summary = \"x\", effect = \"read\", run = function(ctx) "
                     "return ctx.call(\"front/raise\") end }");
        probe("local ok, e = pcall(ctx.call, \"front/outer\") local r = {} for k, v in "
              "pairs(e) do r[k] = v end local _ = tostring(e) == e.message or "
              "error(\"tostring\") ctx.http.post(\"http://%1/after\", {}) return r");
        if (t.outcome != RUN_DONE)
            fail_msg("%s: %s: %s", cases[i].raise, err_kind_name(t.err.kind), t.err.text);
        assert_int_equal(vmtest_requests(1), 1);
        char *want = xasprintf("{\"result\":%s}", cases[i].want ? cases[i].want : "");
        if (cases[i].want && strcmp(t.json, want) != 0)
            fail_msg("%s: %s, not %s", cases[i].raise, t.json, want);
        free(want);
        free(text);
    }
}

/* ---- limits, one by one ---- */

static void limits_are_named(void **state)
{
    (void)state;
    write_script("lua/front/actions/nest.lua",
                 "return { summary = \"x\", effect = \"read\", run = function(ctx) "
                 "return ctx.call(\"front/nest\") end }");
    fails("ctx.call(\"front/nest\")", ERR_LIMIT, "cannot call deeper than 16 scripts");
    gives("local ok, e = pcall(ctx.call, \"front/nest\") return e.kind", "\"limit\"");

    t.limits.steps = 50;
    fails("for i = 1, 60 do ctx.now() end", ERR_LIMIT, "a run may take 50");
    t.limits.steps = 10000;

    write_script("lua/front/actions/list.lua",
                 "return { summary = \"x\", effect = \"read\", input = { next = { "
                 "\"integer\" } }, run = function(ctx, input) local n = input.next or 0 "
                 "return { results = { { id = n }, { id = 1 } }, next = n + 1 } end }");
    t.limits.each_pages = 20;
    fails("ctx.each(\"front/list\", {}, {}, function() end)", ERR_LIMIT,
          "more than 20 pages");
    t.limits.each_pages = 10000;
    t.limits.each_items = 31;
    fails("ctx.each(\"front/list\", {}, {}, function() end)", ERR_LIMIT, "31 items");
    t.limits.each_items = 1000000;
    fails("ctx.each(\"front/list\", {}, {}, function(item, state) state.s = "
          "string.rep(\"x\", 70000) end)",
          ERR_LIMIT, "more than 65536");
    fails("ctx.each(\"front/list\", {}, {}, function(item, state) state.f = error end)",
          ERR_INVALID, "a function");
    gives(
        "return ctx.each(\"front/list\", {}, { n = 0 }, function(item, state) state.n = "
        "state.n + 1 return state.n < 5 end)",
        "{\"n\":5}");
    gives(
        "return ctx.each(\"front/list\", {}, { n = 0 }, function(item, state) state.n = "
        "state.n + 1 return item.id < 5 end, { unique = \"id\" })",
        "{\"n\":6}");

    struct buf text;
    buf_init(&text, 1 << 20);
    buf_adds(&text, "return { summary = \"x\", run = function() end } --");
    while (text.len <= limits_default.script_bytes)
        buf_addc(&text, 'x');
    vmtest_write(&t, "recipes/long.lua", text.data, text.len);
    buf_free(&text);
    vmtest_run(&t, "run", "{\"recipe\":\"long\"}");
    assert_int_equal(t.err.kind, ERR_LIMIT);
    assert_non_null(strstr(t.err.text, "recipes/long.lua"));

    t.limits.vm_bytes = 4 << 20;
    fails("local t = {} for i = 1, 1e7 do t[i] = i end", ERR_LIMIT, "4 MiB of memory");
    t.limits.vm_bytes = limits_default.vm_bytes;

    t.limits.resume_cpu_ms = 50;
    fails("while true do end", ERR_LIMIT, "50 ms without waiting");
    t.limits.attempt_cpu_ms = 200;
    t.limits.resume_cpu_ms = 15000; /* a machine that is held up counts as CPU time */
    fails("while true do local x = 0 for i = 1, 1e6 do x = x + i end "
          "ctx.http.get(\"http://%1/x\") end",
          ERR_LIMIT, "200 ms of CPU time in all");
    t.limits.resume_cpu_ms = t.limits.attempt_cpu_ms = 15000;

    vmtest_big = limits_default.answer_bytes + 1;
    fails("ctx.http.get(\"http://%1/big\")", ERR_LIMIT, "");
    vmtest_big = 15 << 20;
    gives("return #ctx.http.get(\"http://%1/big\")", "15728640");
    t.limits.step_bytes = 1 << 20;
    vmtest_big = 2 << 20;
    fails("ctx.http.get(\"http://%1/big\")", ERR_LIMIT, "a step may have 1048576");
    gives("local ok, e = pcall(ctx.http.get, \"http://%1/big\") return { e.kind, "
          "ctx.http.get(\"http://%1/x\").ok }",
          "[\"limit\",true]");
    t.limits.step_bytes = limits_default.step_bytes;
    vmtest_big = 1 << 20;
    fails("ctx.http.get(\"http://%1/deep\", { raw = true }) return "
          "json.decode(ctx.http.get(\"http://%1/deep\", { raw = true }))",
          ERR_LIMIT, "64");

    t.limits.file_bytes = 90;
    write_script("big.csv", "a,b\n1111111111,2222222222\n1111111111,2222222222\n"
                            "1111111111,2222222222\n1111111111,2222222222\n1,2\n");
    write_script("recipes/file.lua",
                 "return { summary = \"x\", options = { file = { \"file\" } }, run = "
                 "function(ctx) return #text.csv(ctx.options.file) end }");
    char *args = xasprintf(
        "{\"recipe\":\"file\",\"words\":[{\"key\":\"file\",\"op\":\"=@\",\"value\":"
        "\"%s/big.csv\"}]}",
        t.dir);
    vmtest_run(&t, "run", args);
    assert_int_equal(t.err.kind, ERR_LIMIT);
    assert_non_null(strstr(t.err.text, "big.csv"));
    t.limits.file_bytes = 200;
    vmtest_run(&t, "run", args);
    assert_string_equal(t.outcome == RUN_DONE ? t.json : t.err.text, "{\"result\":5}");
    /* what a script, or an API's answer, calls a path is none */
    char *names = xasprintf("return { summary = \"x\", run = function(ctx) return "
                            "ctx.call(\"front/lines\", { file = \"%s/big.csv\" }) end }",
                            t.dir);
    write_script("lua/front/actions/lines.lua",
                 "return { summary = \"x\", effect = \"read\", input = { file = { "
                 "\"file\" } }, run = function(ctx, input) return #text.csv(input.file) "
                 "end }");
    write_script("recipes/names.lua", names);
    vmtest_run(&t, "run", "{\"recipe\":\"names\"}");
    assert_int_equal(t.err.kind, ERR_FORBIDDEN);
    assert_non_null(strstr(t.err.text, "the command line only"));
    free(names);
    t.files = 0;
    vmtest_run(&t, "run", args);
    assert_int_equal(t.err.kind, ERR_FORBIDDEN);
    free(args);
}

static void forms(void **state)
{
    (void)state;
    fails("local a = {} a[1] = a ctx.http.post(\"http://%1/x\", { x = a }, { multipart = "
          "true })",
          ERR_LIMIT, "nested too deeply");
    fails("local a = {} a.a = a ctx.http.post(\"http://%1/x\", { x = a }, { multipart = "
          "true })",
          ERR_LIMIT, "nested too deeply");
    fails(
        "local a = {} for i = 1, 600 do a[i] = 1 end ctx.http.post(\"http://%1/x\", { x "
        "= a }, { multipart = true })",
        ERR_LIMIT, "more than 500 fields");
    fails("ctx.http.post(\"http://%1/x\", { x = { 1, nil, 3 } }, { multipart = true })",
          ERR_SCRIPT, "a key is not a string");
    fails("ctx.http.post(\"http://%1/x\", \"x\", { multipart = true })", ERR_SCRIPT,
          "not a table");
    gives("return ctx.http.post(\"http://%1/x\", { to = { \"a\", \"b\" }, options = { "
          "archive = false }, [\"q\\\"\\r\\nX: 1\"] = 1 }, { multipart = true })",
          "{\"ok\":true}");
    assert_true(vmtest_got(1, "name=\"to[]\""));
    assert_true(vmtest_got(1, "name=\"options[archive]\""));
    assert_false(vmtest_got(1, "\r\nX: 1"));
}

static void answers(void **state)
{
    (void)state;
    gives("return ctx.http.get(\"http://%1/text\")", "\"plain\"");
    gives("return { ctx.http.request{ url = \"http://%1/404\" }.status, "
          "ctx.http.request{ url = \"http://%1/404\" }.headers[\"content-type\"] }",
          "[404,\"application/json\"]");
    gives("return { none = ctx.http.get(\"http://%1/empty\") }", "{}");
    fails("ctx.http.get(\"http://%1/bad-json\")", ERR_UNAVAILABLE, "line 1");
    fails("ctx.http.post(\"http://%1/bad-json\", {})", ERR_UNCERTAIN, "cannot tell");
    gives("local page = ctx.http.page(\"/foreign-page\", { connection = \"front\" }) "
          "return "
          "page.results",
          "[]");
    fails("ctx.http.page(ctx.http.page(\"/foreign-page\", { connection = \"front\" "
          "}).next, "
          "{ connection = \"front\" })",
          ERR_FORBIDDEN, "cannot GET");
    fails("ctx.http.get(\"http://%1/x\", { qeury = {} })", ERR_SCRIPT,
          "did you mean \"query\"?");
    fails("ctx.http.get(\"http://%1/x\", \"y\")", ERR_SCRIPT, "not a table");
    fails("ctx.http.get()", ERR_SCRIPT, "the address is");
    fails("ctx.http.get({})", ERR_SCRIPT, "the address is a table");
    fails("ctx.http:patch(\"/x\", { status = 1 })", ERR_SCRIPT, "is it ctx.http:…");
    fails("ctx.http.request(\"http://%1/x\")", ERR_SCRIPT, "takes one table");
    fails("ctx.http.post(\"http://%1/x\", { f = error })", ERR_INVALID, "a function");
}

static char lanes[8]; /* of the requests so far */

static struct {
    const struct connection *connection;
    run_admitted *done;
    void *arg;
} asked; /* the request that waits to be granted */

static void grant(void *arg)
{
    (void)arg;
    asked.done(asked.arg, asked.connection, NULL);
}

static void note_lane(void *access, const struct run_ask *ask, run_admitted *done,
                      void *done_arg, void **pending)
{
    struct vmtest *test = access;
    size_t n = strlen(lanes);
    lanes[n] = "rab"[ask->lane];
    lanes[n + 1] = '\0';
    asked.connection = ask->connection;
    asked.done = done;
    asked.arg = done_arg;
    *pending = &asked;
    loop_defer(test->loop, grant, NULL);
}

static enum window_lane lane;

static void set_lane(struct vmtest *test, struct run_spec *spec, struct overlay *overlay)
{
    (void)test, (void)overlay;
    lanes[0] = '\0';
    spec->lane = lane;
}

/* Writes go with the replies, except in a run that is bulk. */
static void writes_have_a_lane(void **state)
{
    (void)state;
    static const char body[] =
        "ctx.http.request({ url = \"/x\", connection = \"front\" }) "
        "ctx.http.request({ method = \"POST\", url = \"/x\", connection = \"front\" })";
    write_script("lua/front/connector.lua",
                 "return { name = \"Front\", api = { base = \"http://%0\" } }");
    t.admit = note_lane;
    t.prepare = set_lane;
    lane = WINDOW_LANE_ACTIVATION;
    probe(body);
    assert_string_equal(lanes, "ar");
    lane = WINDOW_LANE_BULK;
    probe(body);
    assert_string_equal(lanes, "bb");
}

/* Each twice, in fresh states of one process: nothing is left behind. */
#define TWICE(f)                                                                         \
    cmocka_unit_test_setup_teardown(f, setup, teardown),                                 \
    {                                                                                    \
#f " again", f, setup, teardown, NULL                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(only_allowed_hosts),
        TWICE(credentials_stay_at_home),
        TWICE(redirects),
        TWICE(redirects_keep_secrets),
        TWICE(secrets_go_where_they_belong),
        TWICE(secrets_stand_within_text),
        TWICE(answers_show_no_secret),
        TWICE(a_401_elsewhere_is_not_the_connections),
        TWICE(data_never_becomes_a_handle),
        TWICE(reads_only_read),
        TWICE(nothing_leaves_from_a_callback),
        TWICE(an_end_is_an_end),
        TWICE(a_limit_on_the_way_into_a_wait),
        TWICE(calls_copy),
        TWICE(raised),
        TWICE(limits_are_named),
        TWICE(forms),
        TWICE(answers),
        TWICE(writes_have_a_lane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
