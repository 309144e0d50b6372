#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "auth/credentials.h"
#include "base/path.h"
#include "workdir.h"

static char *dir;
static struct workspace *w;
static struct err e;

static void file(const char *name, const char *text)
{
    char *path = path_join(dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    free(path);
}

/* CLIENT's client.lua, with what stands in its table `front`. */
static void client(const char *name, const char *front)
{
    char *below = xasprintf("%s/clients/%s", dir, name);
    char *path = xasprintf("clients/%s/client.lua", name);
    char *text = xasprintf("return { name = \"x\", front = { %s } }\n", front);
    assert_int_equal(path_make_dirs(below, 0755, &e), 0);
    file(path, text);
    free(below);
    free(path);
    free(text);
}

static void agency(const char *front)
{
    char *text = xasprintf("return { apps = { front = { %s } } }\n", front);
    file("foyer.lua", text);
    free(text);
}

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    agency("client_id = \"ours\", client_secret = \"s0\"");
    w = workspace_open(dir, 0, &e);
    return w ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    workspace_close(w);
    workdir_remove(dir);
    return 0;
}

static void link_client(const char *name, const char *made_with)
{
    struct store *s = workspace_store(w, &e);
    struct store_connection c = {.id = (char *)"cmp_1",
                                 .app = (char *)"front",
                                 .company = (char *)"Acme",
                                 .made_with = (char *)made_with,
                                 .token = {0, (unsigned char *)"t", 1},
                                 .refresh = {0, (unsigned char *)"r", 1}};
    c.token.version = store_connection_version(s, "front", "cmp_1", &e) + 1;
    assert_int_equal(store_connection_put(s, name, &c, 1, &e), 0);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" lacks \"%s\"", text, part);
}

/* What NAME connects by has that client_id and secret, and stands in FILE. MARK gets its
 * mark. */
static void opens(const char *name, const char *id, const char *secret, const char *where,
                  char mark[CREDENTIALS_MARK_SIZE])
{
    struct credentials c;
    if (credentials_open(w, "front", name, &c, &e) != 0)
        fail_msg("%s", e.text);
    assert_string_equal(buf_str(&c.id), id);
    assert_string_equal(buf_str(&c.secret), secret);
    assert_has(c.where, where);
    assert_null(strstr(c.mark, id));
    memcpy(mark, c.mark, CREDENTIALS_MARK_SIZE);
    credentials_fini(&c);
}

static void finds(const char *mark, const char *secret, const char *where)
{
    struct credentials c;
    if (credentials_find(w, "front", "cmp_1", mark, &c, &e) != 0)
        fail_msg("%s", e.text);
    assert_string_equal(buf_str(&c.secret), secret);
    assert_has(c.where, where);
    credentials_fini(&c);
}

static void finds_none(const char *mark, const char *part)
{
    struct credentials c;
    assert_int_equal(credentials_find(w, "front", "cmp_1", mark, &c, &e), -1);
    assert_int_equal(e.kind, ERR_SETTINGS);
    assert_has(e.text, part);
    credentials_fini(&c);
}

static void test_whose_they_are(void **state)
{
    (void)state;
    char ours[CREDENTIALS_MARK_SIZE], own[CREDENTIALS_MARK_SIZE],
        bare[CREDENTIALS_MARK_SIZE];
    client("acme", "client_id = \"mine\", client_secret = \"s1\"");
    client("bolt", "redirect_url = \"http://127.0.0.1:1/bolt?x\"");
    opens("acme", "mine", "s1", "front.client_id and front.client_secret in clients/acme",
          own);
    opens("bolt", "ours", "s0", "apps.front.client_id", bare);
    opens(NULL, "ours", "s0", "in foyer.lua", ours);
    assert_string_equal(ours, bare);
    assert_string_not_equal(ours, own);
    assert_true(credentials_are_own(w, "front", "acme"));
    assert_false(credentials_are_own(w, "front", "bolt"));
    assert_false(credentials_are_own(w, "front", "unknown"));
    const char *url = credentials_redirect_url(w, "front", "bolt");
    assert_string_equal(url, "http://127.0.0.1:1/bolt?x");
    assert_false(credentials_is_default(url));
    assert_true(credentials_is_default(credentials_redirect_url(w, "front", "acme")));
    assert_true(credentials_is_default(credentials_redirect_url(w, "front", NULL)));
    char *path = credentials_redirect_path(url);
    assert_string_equal(path, "/bolt");
    free(path);
    path = credentials_redirect_path("https://a.example");
    assert_string_equal(path, "/");
    free(path);
}

static void test_half_an_app(void **state)
{
    (void)state;
    struct credentials c;
    client("acme", "client_secret = \"s1\"");
    client("bolt", "client_id = \"mine\"");
    assert_int_equal(credentials_open(w, "front", "acme", &c, &e), -1);
    assert_int_equal(e.kind, ERR_SETTINGS);
    assert_has(e.text, "clients/acme/client.lua has no front.client_id;");
    credentials_fini(&c);
    assert_int_equal(credentials_open(w, "front", "bolt", &c, &e), -1);
    assert_has(e.text, "clients/bolt/client.lua has no front.client_secret;");
    credentials_fini(&c);
    char *front = xasprintf("client_id = \"%020000d\", client_secret = \"s1\"", 1);
    client("coil", front);
    free(front);
    assert_int_equal(credentials_open(w, "front", "coil", &c, &e), -1);
    assert_int_equal(e.kind, ERR_SETTINGS);
    assert_has(e.text, "front.client_id in clients/coil/client.lua has more than 16 KiB");
    credentials_fini(&c);
}

static void test_found_wherever_they_stand(void **state)
{
    (void)state;
    char ours[CREDENTIALS_MARK_SIZE], own[CREDENTIALS_MARK_SIZE];
    struct credentials c;
    client("acme", "client_id = \"mine\", client_secret = \"s1\"");
    client("bolt", "");
    client("zed", "client_id = \"mine\", client_secret = \"s2\"");
    opens("acme", "mine", "s1", "acme", own);
    opens(NULL, "ours", "s0", "foyer.lua", ours);
    link_client("acme", own);
    link_client("bolt", own);
    finds(NULL, "s0", "foyer.lua");
    finds(ours, "s0", "foyer.lua");
    finds(own, "s1", "acme");
    /* acme is disconnected: its file still has them */
    assert_int_equal(store_connection_delete(workspace_store(w, &e), "acme", "front", &e),
                     0);
    finds(own, "s1", "acme");
    link_client("zed", own); /* one of the company's own clients goes first */
    finds(own, "s2", "zed");
    /* half of it there is no reason to miss the whole elsewhere */
    client("zed", "client_id = \"mine\", client_secret = secret \"not.set\"");
    workspace_close(w);
    w = workspace_open(dir, 0, &e);
    finds(own, "s1", "acme");
    client("acme", "");
    workspace_close(w);
    w = workspace_open(dir, 0, &e);
    assert_int_equal(credentials_find(w, "front", "cmp_1", own, &c, &e), -1);
    assert_has(e.text, "front.client_secret in clients/zed/client.lua: ");
    credentials_fini(&c);
    finds_none("0123456789abcdef0123456789abcdef",
               "neither apps.front.client_id in foyer.lua nor front.client_id");
}

static void test_files_that_changed_since_they_were_read(void **state)
{
    (void)state;
    struct credentials c;
    char own[CREDENTIALS_MARK_SIZE], ours[CREDENTIALS_MARK_SIZE];
    client("acme", "");
    client("bolt", "client_id = \"mine\", client_secret = \"s1\"");
    link_client("acme", NULL);
    opens("acme", "ours", "s0", "foyer.lua", ours);
    opens("bolt", "mine", "s1", "bolt", own);
    workspace_close(w);
    client("bolt", "");
    w = workspace_open(dir, 0, &e);
    opens("acme", "ours", "s0", "foyer.lua", ours);
    opens("bolt", "ours", "s0", "foyer.lua", ours);
    finds_none(own, "cmp_1");
    /* this process has read both files, and now acme's says otherwise */
    client("acme", "client_id = \"mine\", client_secret = \"s3\"");
    opens("acme", "ours", "s0", "foyer.lua", ours);
    finds(own, "s3", "acme");
    assert_int_equal(credentials_open_as(w, "front", "acme", own, &c, &e), 0);
    assert_string_equal(buf_str(&c.secret), "s3");
    credentials_fini(&c);
    assert_int_equal(credentials_open_as(w, "front", "bolt", own, &c, &e), -1);
    assert_int_equal(e.kind, ERR_SETTINGS);
    assert_has(e.text, "another app");
    credentials_fini(&c);
    assert_int_equal(credentials_open_as(w, "front", "bolt", NULL, &c, &e), 0);
    credentials_fini(&c);
    /* a file that cannot be read may be where they are: that is said */
    file("clients/acme/client.lua", "return {");
    finds_none(own, "clients/acme/client.lua");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_whose_they_are),
        T(test_half_an_app),
        T(test_found_wherever_they_stand),
        T(test_files_that_changed_since_they_were_read),
    };
    return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
