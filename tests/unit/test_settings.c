#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/jsontree.h"
#include "core/settings.h"
#include "core/settings_check.h"
#include "core/settings_value.h"

/* JSON with ' for ", to be readable here. */
static json_t *tree(const char *text)
{
    char *copy = xstrdup(text);
    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    json_error_t why;
    json_t *v = json_loads(copy, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!v)
        fail_msg("%s: %s", copy, why.text);
    free(copy);
    return v;
}

static struct settings_app apps[3];

static int setup(void **state)
{
    (void)state;
    apps[0] = (struct settings_app){
        "front",
        tree("{'conversation': {'prefix': 'cnv_'},"
             " 'inbox': {'prefix': 'inb_', 'names': 'inboxes'},"
             " 'channel': {'prefix': 'cha_', 'names': 'channels'},"
             " 'tag': {'prefix': 'tag_', 'names': 'tags'},"
             " 'signature': {'prefix': 'sig_', 'names': 'signatures'},"
             " 'teammate': {'prefix': 'tea_', 'names': 'teammates',"
             "              'alias': true}}"),
        "cmp_"};
    apps[1] = (struct settings_app){"hub", tree("{}"), "acc-"};
    apps[2] = (struct settings_app){"shop", NULL, NULL};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    json_decref((json_t *)apps[0].ids);
    json_decref((json_t *)apps[1].ids);
    return 0;
}

static void on_problem(void *arg, const char *field, const char *sentence)
{
    buf_addf(arg, "%s: %s\n", field, sentence);
}

/* TEXT has exactly the problems EXPECTED, "field: part of the sentence" on each line. */
static void expect(enum settings_kind kind, const char *text, const char *expected)
{
    json_t *v = tree(text);
    struct buf got;
    buf_init(&got, 100000);
    int problems = settings_check(v, kind, apps, 3, on_problem, &got);
    int lines = 0;
    const char *rest = buf_str(&got);
    char *copy = xstrdup(expected), *save = NULL;
    for (char *want = strtok_r(copy, "\n", &save); want;
         want = strtok_r(NULL, "\n", &save)) {
        lines++;
        const char *colon = strstr(want, ": "), *end = strchr(rest, '\n');
        size_t field = (size_t)(colon - want) + 2;
        char *line = xmemdup0(rest, end ? (size_t)(end - rest) : 0);
        if (strncmp(line, want, field) != 0 || !strstr(line + field, want + field))
            fail_msg("%s\nwanted %s\ngot    %s", text, want, line);
        free(line);
        rest = end ? end + 1 : rest;
    }
    if (*rest || problems != lines)
        fail_msg("%s\n%d problems, more than wanted: %s", text, problems, rest);
    free(copy);
    buf_free(&got);
    json_decref(v);
}

static void workspace(const char *text, const char *expected)
{
    expect(SETTINGS_WORKSPACE, text, expected);
}

static void client(const char *text, const char *expected)
{
    expect(SETTINGS_CLIENT, text, expected);
}

static const char design_workspace[] =
    "{'public_url': 'https://hooks.agency.example', 'listen': '127.0.0.1:8080',"
    " 'timezone': 'Europe/Zurich',"
    " 'apps': {'front': {'client_id': 'a1b2c3',"
    "   'client_secret': {'$secret': 'front.client_secret'},"
    "   'signing_key': {'$secret': 'front.signing_key'},"
    "   'redirect_url': 'http://[::1]:8976/oauth/callback'}},"
    " 'recipes': [], 'keep': {'deliveries': '30d', 'runs': '90d'},"
    " 'proxy': 'http://proxy.example:3128', 'ca_dir': '/etc/ssl/certs',"
    " 'alert': {'$secret': 'agency.slack_url'},"
    " 'tls_certificate': 'tls/chain.pem', 'tls_key': 'tls/key.pem'}";

static const char design_client[] =
    "{'name': 'Acme Dry Goods', 'timezone': 'America/New_York',"
    " 'front': {'company': 'cmp_4thp0', 'inboxes': {'support': 'inb_1ix6'},"
    "   'channels': {'support': 'cha_1gv4'},"
    "   'teammates': {'leela': 'alt:email:leela@acme.example', 'fry': 'tea_1'},"
    "   'signatures': {'support': 'sig_6rrv'}, 'tags': {'VIP customers': 'tag_9'},"
    "   'rule_key': {'$secret': 'acme.rule_key'}, 'client_id': 'x',"
    "   'signing_key': [{'$secret': 'new'}, {'$secret': 'old'}]},"
    " 'recipes': {'first-reply': {'author': 'leela'}, 'off': false, 'on': true,"
    "   'digest': {'cron': '30 7 * * 1-5', 'post_to': {'$secret': 'acme.slack_url'},"
    "              'retry': {'attempts': 8, 'give_up': '2h'}, 'catch_up': true,"
    "              'uncertain': 'resend'}},"
    " 'vars': {'phone': '+1 555 0100'}, 'hosts': ['hooks.slack.com', '127.0.0.1:8099',"
    " '[::1]:80'], 'uncertain': 'park'}";

static void test_how_often(void **state)
{
    (void)state;
    workspace("{'poll': '10m', 'heal': false}", "");
    client("{'poll': false, 'heal': '1m'}", "");
    workspace("{'poll': '30s', 'heal': true}",
              "poll: must be at least 1m\nheal: must be\n");
    client("{'poll': 5}", "poll: must be\n");
    json_t *w = tree("{'poll': '10m', 'heal': '2h'}");
    json_t *c = tree("{'poll': false, 'heal': '3h'}");
    assert_int_equal(settings_poll_ms(NULL, NULL), 5 * 60 * 1000);
    assert_int_equal(settings_heal_ms(NULL, NULL), 60 * 60 * 1000);
    assert_int_equal(settings_poll_ms(w, NULL), 10 * 60 * 1000);
    assert_int_equal(settings_poll_ms(w, c), 0);
    assert_int_equal(settings_heal_ms(w, c), 3 * 60 * 60 * 1000);
    json_decref(w);
    json_decref(c);
}

static void test_alerts(void **state)
{
    (void)state;
    int64_t every_ms;
    int is_own;
    workspace("{'alert': 'https://chat.example/x', 'heartbeat': 'https://up.example/x'}",
              "");
    workspace("{'alert': {'to': {'$secret': 'x'}, 'quiet': '20:00-08:00', 'silence': 5},"
              " 'heartbeat': {'to': {'$secret': 'x'}, 'every': '5m'}}",
              "");
    workspace("{'alert': 'x', 'heartbeat': {'every': '5s'}}",
              "alert: must be a URL\nheartbeat.to: is missing\n"
              "heartbeat.every: must be at least 1m\n");
    client("{'alert': false}", "");
    client("{'alert': {'quiet': '20-8', 'silence': 1, 'hush': 1}}",
           "alert.quiet: must be hours such as\nalert.silence: must be from 2\n"
           "alert.hush: unknown key\n");
    json_t *w = tree("{'alert': {'to': 'https://a.example', 'quiet': '20:00-08:00'},"
                     " 'heartbeat': {'to': 'https://b.example', 'every': '5m'}}");
    json_t *c = tree("{'alert': {'to': {'$secret': 'x'}, 'silence': false}}");
    json_t *none = tree("{'alert': false}"), *more = tree("{'alert': {'silence': 3}}");
    assert_string_equal(json_string_value(settings_alert_to(w, NULL, &is_own)),
                        "https://a.example");
    assert_int_equal(is_own, 0);
    assert_true(json_is_object(settings_alert_to(w, c, &is_own)));
    assert_int_equal(is_own, 1);
    assert_null(settings_alert_to(w, none, &is_own));
    assert_non_null(settings_alert_to(w, more, &is_own));
    assert_int_equal(is_own, 0);
    assert_string_equal(settings_alert_quiet(w, c), "20:00-08:00");
    assert_int_equal(settings_alert_silence(w, c), 0);
    assert_int_equal(settings_alert_silence(w, more), 3);
    assert_int_equal(settings_alert_silence(w, NULL), SETTINGS_SILENCE);
    assert_non_null(settings_heartbeat(w, &every_ms));
    assert_int_equal(every_ms, 5 * 60 * 1000);
    assert_null(settings_heartbeat(c, &every_ms));
    json_decref(w);
    json_decref(c);
    json_decref(none);
    json_decref(more);
}

static void test_the_design_is_valid(void **state)
{
    (void)state;
    workspace(design_workspace, "");
    client(design_client, "");
    workspace("{}", "");
    client("{}", "");
    /* Lua's empty table has no sort. */
    workspace("[]", "");
    client("{'front': [], 'recipes': [], 'vars': [], 'hosts': {}}", "");
}

static void test_the_file_is_a_table(void **state)
{
    (void)state;
    workspace("'x'", ": must be a table, not text");
    client("[1]", ": must be a table, not a list");
    client("{'$secret': 'x'}", ": must be a table, not a secret");
    client("null", ": must be a table, not null");
}

static void test_unknown_keys_are_named(void **state)
{
    (void)state;
    workspace("{'recipe': {}}",
              "recipe: unknown key \"recipe\"; did you mean \"recipes\"?");
    workspace("{'zzzzzzzz': 1}", "zzzzzzzz: unknown key \"zzzzzzzz\"");
    workspace("{'apps': {'fornt': {}}}",
              "apps.fornt: unknown app \"fornt\"; did you mean \"front\"?");
    workspace("{'apps': {'front': {'rule_key': 'x', 'clientid': 'x'}}}",
              "apps.front.rule_key: unknown key\n"
              "apps.front.clientid: did you mean \"client_id\"");
    workspace("{'keep': {'run': '1d'}}", "keep.run: did you mean \"runs\"");
    client("{'frnt': {}, 'timezon': 'UTC'}", "frnt: did you mean \"front\"\n"
                                             "timezon: did you mean \"timezone\"");
    client("{'front': {'inboxs': {}, 'compny': 'x'}}",
           "front.inboxs: did you mean \"inboxes\"\n"
           "front.compny: did you mean \"company\"");
    client("{'recipes': {'digest': {'retry': {'atempts': 1}}}}",
           "recipes.digest.retry.atempts: did you mean \"attempts\"");
    /* The other app has no such tables. */
    client("{'hub': {'inboxes': {}}}", "hub.inboxes: unknown key \"inboxes\"");
}

static void test_a_key_needs_its_certificate(void **state)
{
    (void)state;
    workspace("{'tls_key': 'a'}", "tls_key: only with tls_certificate");
    workspace("{'tls_certificate': 'a'}", "tls_certificate: only with tls_key");
    workspace("{'tls_certificate': 'a', 'tls_key': 1}", "tls_key: must be text");
}

static void test_limits(void **state)
{
    (void)state;
    workspace("{'limits': {'record_mib': 128, 'store_mib': 1}}", "");
    workspace("{'limits': {'record_mib': 0, 'store_mib': 1025}}",
              "limits.record_mib: must be from 1 to 1024\n"
              "limits.store_mib: must be from 1 to 1024");
    workspace("{'limits': {'record_mib': '64'}}",
              "limits.record_mib: must be a whole number, not text");
    workspace("{'limits': {'record': 64}}", "limits.record: unknown key");
    workspace("{'limits': 64}", "limits: must be a table such as { record_mib = 64 }");
    json_t *tree = json_pack("{s:{s:i}}", "limits", "store_mib", 2);
    assert_int_equal(settings_limit_bytes(tree, "store_mib", 7), 2 << 20);
    assert_int_equal(settings_limit_bytes(tree, "record_mib", 7), 7);
    assert_int_equal(settings_limit_bytes(NULL, "record_mib", 7), 7);
    json_decref(tree);
}

static void test_types(void **state)
{
    (void)state;
    client("{'name': 5, 'vars': 'x', 'hosts': 'a', 'recipes': true, 'front': 1}",
           "name: must be text, not a number\n"
           "vars: must be a table, not text\n"
           "hosts: must be a list of hosts such as { \"hooks.slack.com\" }, not text\n"
           "recipes: must be a table such as\n"
           "front: must be a table, not a number");
    client("{'name': '', 'timezone': {'$secret': 'x'}, 'uncertain': 1}",
           "name: must not be empty\n"
           "timezone: must be text, not a secret\n"
           "uncertain: must be \"park\" or \"resend\", not a number");
    client("{'front': {'inboxes': 'inb_1', 'company': ['cmp_1']}}",
           "front.inboxes: must be a table of names and ids, not text\n"
           "front.company: must be text, not a list");
    client("{'front': {'rule_key': 5, 'signing_key': [], 'client_secret': ''}}",
           "front.rule_key: must be secret \"NAME\", not a number\n"
           "front.signing_key: must contain a key\n"
           "front.client_secret: must not be empty");
    client("{'front': {'signing_key': ['a', 2]}}",
           "front.signing_key[2]: must be secret \"NAME\", not a number");
    client("{'hosts': {'a': 'b'}}", "hosts: must be a list");
}

static void test_ids(void **state)
{
    (void)state;
    client("{'front': {'company': 'com_1', 'inboxes': {'a': 'cha_1', 'b': 'inb_',"
           " 'c': 'alt:address:x', 'd': 'inb_1 2'}}}",
           "front.company: begins with \"cmp_\", not \"com_1\"\n"
           "front.inboxes.a: must be an id that begins with \"inb_\", not \"cha_1\"\n"
           "front.inboxes.b: must be an id\n"
           "front.inboxes.c: must be an id\n"
           "front.inboxes.d: must be an id");
    client(
        "{'front': {'teammates': {'a': 'alt:email', 'b': 'alt:email:', 'c': 'alt::x',"
        " 'd': 'leela'}}}",
        "front.teammates.a: begins with \"tea_\", or an alias such as \"alt:email:...\"\n"
        "front.teammates.b: or an alias\n"
        "front.teammates.c: or an alias\n"
        "front.teammates.d: or an alias");
    client("{'front': {'inboxes': {'inb_9': 'inb_1', '': 'inb_1', 'a\\nb': 'inb_1'}}}",
           "front.inboxes.inb_9: cannot be a name\n"
           "front.inboxes[\"\"]: cannot be a name\n"
           "front.inboxes.a?b: \"a?b\" cannot be a name");
}

static void test_another_app_has_other_ids(void **state)
{
    (void)state;
    client("{'hub': {'company': 'acc-7'}}", "");
    client("{'shop': {'company': 'ana@shop.example'}}", "");
    client("{'hub': {'company': 'cmp_7'}}", "hub.company: begins with \"acc-\"");
}

static void test_recipes(void **state)
{
    (void)state;
    client("{'recipes': {'digest': 'yes', 'x': 1, '../x': true}}",
           "recipes.digest: must be true, false or a table of options, not text\n"
           "recipes.x: not a number\n"
           "recipes[\"../x\"]: cannot be the name of a recipe");
    client("{'recipes': ['first-reply']}", "recipes: must be a table such as");
    client("{'recipes': {'a': ['x']}}", "recipes.a: not a list");
    client("{'recipes': {'a': {'cron': '61 * * * *', 'catch_up': 5, 'uncertain': 'maybe',"
           " 'retry': {'attempts': 0, 'give_up': 'soon'}}}}",
           "recipes.a.cron: the minute \"61\" is out of range\n"
           "recipes.a.catch_up: must be \"latest\", \"all\" or \"none\", not a number\n"
           "recipes.a.uncertain: must be \"park\" or \"resend\", not \"maybe\"\n"
           "recipes.a.retry.attempts: must be from 1 to 100\n"
           "recipes.a.retry.give_up: must be a duration such as");
    client("{'recipes': {'a': {'catch_up': 'later'}, 'b': {'catch_up': 'all'},"
           " 'c': {'catch_up': false}}}",
           "recipes.a.catch_up: must be \"latest\", \"all\" or \"none\", not \"later\"");
    client("{'recipes': {'a': {'cron': true, 'retry': 5, 'anything': [1, {'b': null}]},"
           " 'b': {'retry': {'attempts': 1.5}}}}",
           "recipes.a.cron: must be text, not true\n"
           "recipes.a.retry: must be a table, not a number\n"
           "recipes.b.retry.attempts: must be a whole number");
    workspace("{'recipes': {'a.b': {'cron': ''}}}",
              "recipes[\"a.b\"].cron: must not be empty");
}

static void test_hosts_and_addresses(void **state)
{
    (void)state;
    client("{'hosts': ['https://hooks.slack.com', 'hooks.slack.com/x', '*.slack.com',"
           " 'a b', 'h:0', 'h:65536', 'h:x', ':80', '[::1', 'a..b', '.a', 5]}",
           "hosts[1]: leave out the scheme\n"
           "hosts[2]: leave out the scheme and the path\n"
           "hosts[3]: \"*\" is not allowed\n"
           "hosts[4]: character that is not allowed\n"
           "hosts[5]: the port\n"
           "hosts[6]: the port\n"
           "hosts[7]: the port\n"
           "hosts[8]: no host name\n"
           "hosts[9]: brackets\n"
           "hosts[10]: character that is not allowed\n"
           "hosts[11]: no host name\n"
           "hosts[12]: must be text");
    workspace("{'listen': '[::1]:0'}", "");
    workspace("{'listen': 'localhost'}", "listen: the port is missing");
    workspace("{'listen': '8080'}", "listen: must be an address such as");
    workspace("{'listen': 'http://x:1'}", "listen: leave out the scheme");
    workspace("{'public_url': 'hooks.example'}", "public_url: must be a URL such as");
    workspace("{'public_url': 'https:///x'}", "public_url: must be a URL such as");
    workspace("{'public_url': 'http://a b'}", "public_url: must be a URL such as");
    workspace("{'proxy': 'proxy:3128'}", "proxy: must be a URL such as");
    workspace("{'proxy': {'$secret': 'x'}}", "");
}

static void test_times(void **state)
{
    (void)state;
    workspace("{'keep': {'runs': 90, 'deliveries': '30 days'}}",
              "keep.runs: must be text, not a number\n"
              "keep.deliveries: must be a duration such as");
    workspace("{'keep': {'runs': '0d'}}", "keep.runs: must be a duration");
    workspace("{'timezone': 'UTC'}", "");
    workspace("{'timezone': 'Europe/Zurch'}", "timezone: no time zone \"Europe/Zurch\"");
    workspace("{'timezone': 'Europe'}", "timezone: no time zone");
    workspace("{'timezone': '../../../etc/passwd'}", "timezone: no time zone");
    workspace("{'timezone': '/etc/localtime'}", "timezone: no time zone");
    workspace("{'timezone': 'zone.tab'}", "timezone: no time zone");
}

static void test_ids_file(void **state)
{
    (void)state;
    expect(SETTINGS_IDS, "{'front': {'inboxes': {'a': 'inb_1'}}, 'hub': {}}", "");
    expect(SETTINGS_IDS,
           "{'front': {'company': 'cmp_1', 'tags': {'a': 'inb_1'}}, 'name': 'x'}",
           "front.company: unknown key\n"
           "front.tags.a: begins with \"tag_\"\n"
           "name: unknown app \"name\"");
}

static void test_merging_ids(void **state)
{
    (void)state;
    json_t *c =
        tree("{'name': 'A', 'front': {'inboxes': {'support': 'inb_1'}, 'tags': []}}");
    json_t *ids = tree("{'front': {'inboxes': {'support': 'inb_9', 'sales': 'inb_2'},"
                       " 'tags': {'vip': 'tag_1'}, 'channels': {'x': 'cha_1'}},"
                       " 'hub': {'things': {'a': 'b'}}}");
    json_t *expected =
        tree("{'name': 'A', 'front': {'inboxes': {'support': 'inb_1', 'sales': 'inb_2'},"
             " 'tags': {'vip': 'tag_1'}, 'channels': {'x': 'cha_1'}},"
             " 'hub': {'things': {'a': 'b'}}}");
    json_t *before = json_deep_copy(c);
    json_t *merged = settings_merge_ids(c, ids);
    assert_true(json_equal(merged, expected));
    assert_true(json_equal(c, before));
    json_decref(merged);
    merged = settings_merge_ids(c, NULL);
    assert_true(json_equal(merged, c));
    json_decref(merged);
    json_t *empty = tree("[]");
    merged = settings_merge_ids(empty, ids);
    assert_true(json_equal(merged, ids));
    json_decref(merged);
    json_decref(empty);
    json_decref(c);
    json_decref(ids);
    json_decref(expected);
    json_decref(before);
}

static void test_getters(void **state)
{
    (void)state;
    json_t *w = tree(design_workspace), *c = tree(design_client);
    assert_string_equal(json_text(w, "listen"), "127.0.0.1:8080");
    assert_null(json_text(w, "apps"));
    assert_string_equal(settings_timezone(w, c), "America/New_York");
    assert_string_equal(settings_timezone(w, NULL), "Europe/Zurich");
    assert_string_equal(settings_timezone(NULL, NULL), "UTC");
    struct settings_keep keep = settings_keep(w);
    assert_int_equal(keep.runs_ms, 90LL * 86400 * 1000);
    assert_int_equal(keep.exchanges_ms, 14LL * 86400 * 1000);
    assert_int_equal(keep.bodies_ms, keep.deliveries_ms);
    json_t *other = json_pack("{s:{s:s, s:s, s:s}}", "keep", "deliveries", "2d", "bodies",
                              "3d", "runs", "1d");
    keep = settings_keep(other);
    assert_int_equal(keep.bodies_ms, 2LL * 86400 * 1000);
    assert_int_equal(keep.exchanges_ms, 1LL * 86400 * 1000);
    json_decref(other);
    assert_int_equal(json_array_size(settings_hosts(c)), 3);
    assert_null(settings_hosts(NULL));
    assert_string_equal(json_text(json_object_get(c, "vars"), "phone"), "+1 555 0100");
    assert_string_equal(settings_company(c, "front"), "cmp_4thp0");
    assert_null(settings_company(c, "hub"));
    assert_string_equal(json_text(settings_workspace_app(w, "front"), "client_id"),
                        "a1b2c3");
    assert_string_equal(
        settings_secret(json_object_get(settings_client_app(c, "front"), "rule_key")),
        "acme.rule_key");
    assert_null(settings_secret(settings_client_app(c, "front")));
    assert_string_equal(settings_uncertain(w, c, NULL), "park");
    assert_string_equal(settings_uncertain(w, c, "digest"), "resend");
    assert_string_equal(settings_uncertain(w, c, "on"), "park");
    assert_string_equal(settings_uncertain(NULL, NULL, "on"), "park");
    json_decref(w);
    json_decref(c);
}

static void test_recipes_of_groups(void **state)
{
    (void)state;
    workspace("{'groups': {'retail': {'recipes': {'hello': true}}, 'german': {}}}", "");
    workspace("{'groups': {'a b': {'recipe': {}}, 'c': true}}",
              "groups[\"a b\"]: \"a b\" cannot be the name of a group\n"
              "groups[\"a b\"].recipe: unknown key\ngroups.c: must be a table\n");
    client("{'groups': ['retail']}", "");
    client("{'groups': {}}", "");
    client("{'groups': ['a b', 5]}", "groups[1]: must be a group's name\n"
                                     "groups[2]: must be\n");
    json_t *w = tree("{'recipes': {'all': {'a': 1, 'b': 1, 'c': 1, 'd': 1},"
                     " 'stopped': true},"
                     " 'groups': {'one': {'recipes': {'all': {'b': 2, 'c': 2, 'd': 2},"
                     " 'stopped': false, 'mine': true, 'on': {'uncertain': 'resend'}}},"
                     " 'two': {'recipes': {'all': {'c': 3, 'd': 3}}}, 'three': {}}}");
    json_t *c = tree("{'groups': ['one', 'two', 'three', 'unknown'],"
                     " 'recipes': {'all': {'d': 4}, 'mine': false}}");
    json_t *other = tree("{'groups': ['three']}");
    json_t *expected = tree("{'a': 1, 'b': 2, 'c': 3, 'd': 4}");
    json_t *got = settings_options(w, c, "all");
    assert_true(json_equal(got, expected));
    assert_int_equal(settings_is_on(w, c, "stopped"), 0);
    assert_int_equal(settings_is_on(w, other, "stopped"), 1);
    assert_int_equal(settings_is_on(w, c, "mine"), 0);
    assert_int_equal(settings_is_on(w, c, "on"), 1);
    assert_int_equal(settings_is_on(w, other, "on"), 0);
    assert_string_equal(settings_uncertain(w, c, "on"), "resend");
    assert_string_equal(settings_uncertain(w, other, "on"), "park");
    json_decref(got);
    json_object_del(w, "recipes");
    assert_int_equal(settings_has_recipes(w, c), 1);
    json_object_del(c, "recipes");
    assert_int_equal(settings_has_recipes(w, c), 1);
    assert_int_equal(settings_has_recipes(w, other), 0);
    json_decref(w);
    json_decref(c);
    json_decref(other);
    json_decref(expected);
}

static void test_recipes_are_switched(void **state)
{
    (void)state;
    json_t *w = tree("{'recipes': {'all': {'a': 1, 'b': [1], 'cron': '0 0 * * *'},"
                     " 'never': false, 'plain': true, 'stopped': true}}");
    json_t *c = tree("{'recipes': {'all': {'b': [2], 'c': 3}, 'never': true,"
                     " 'stopped': false, 'mine': {'x': 1, 'uncertain': 'resend'}}}");
    json_t *none = tree("{}");
    assert_int_equal(settings_is_on(w, c, "all"), 1);
    assert_int_equal(settings_is_on(w, none, "all"), 1);
    assert_int_equal(settings_is_on(w, none, "never"), 0);
    assert_int_equal(settings_is_on(w, c, "never"), 1);
    assert_int_equal(settings_is_on(w, c, "plain"), 1);
    assert_int_equal(settings_is_on(w, c, "stopped"), 0);
    assert_int_equal(settings_is_on(w, c, "mine"), 1);
    assert_int_equal(settings_is_on(w, none, "mine"), 0);
    assert_int_equal(settings_is_on(NULL, NULL, "mine"), 0);

    json_t *got = settings_recipe(w, c, "all");
    json_t *expected = tree("{'a': 1, 'b': [2], 'c': 3, 'cron': '0 0 * * *'}");
    assert_true(json_equal(got, expected));
    json_decref(got);
    json_object_del(expected, "cron");
    got = settings_options(w, c, "all");
    assert_true(json_equal(got, expected));
    json_decref(got);
    json_decref(expected);

    expected = tree("{'x': 1}");
    got = settings_options(w, c, "mine");
    assert_true(json_equal(got, expected));
    json_decref(got);
    json_decref(expected);
    static const char *const bare[] = {"plain", "stopped", "unknown"};
    for (int i = 0; i < 3; i++) {
        got = settings_recipe(w, c, bare[i]);
        assert_true(json_is_object(got) && json_object_size(got) == 0);
        json_decref(got);
    }
    assert_true(settings_is_reserved("catch_up"));
    assert_false(settings_is_reserved("author"));
    json_decref(w);
    json_decref(c);
    json_decref(none);
}

static void test_without_a_callback_it_counts(void **state)
{
    (void)state;
    json_t *v = tree("{'a': 1, 'b': 2}");
    assert_int_equal(settings_check(v, SETTINGS_WORKSPACE, apps, 3, NULL, NULL), 2);
    assert_int_equal(settings_check(v, SETTINGS_CLIENT, NULL, 0, NULL, NULL), 2);
    json_decref(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_design_is_valid),
        cmocka_unit_test(test_how_often),
        cmocka_unit_test(test_alerts),
        cmocka_unit_test(test_the_file_is_a_table),
        cmocka_unit_test(test_unknown_keys_are_named),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_a_key_needs_its_certificate),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_another_app_has_other_ids),
        cmocka_unit_test(test_recipes),
        cmocka_unit_test(test_hosts_and_addresses),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_ids_file),
        cmocka_unit_test(test_merging_ids),
        cmocka_unit_test(test_getters),
        cmocka_unit_test(test_recipes_of_groups),
        cmocka_unit_test(test_recipes_are_switched),
        cmocka_unit_test(test_without_a_callback_it_counts),
    };
    return cmocka_run_group_tests_name("settings", tests, setup, teardown);
}
