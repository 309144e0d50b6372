#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/path.h"
#include "store/presence.h"
#include "store/schema.h"
#include "store/store.h"
#include "store/store_consent.h"
#include "store/store_secret.h"
#include "io/db.h"
#include "workdir.h"

static char *dir;

#define NOW 1700000000123 /* setup's */

static int setup(void **state)
{
    (void)state;
    setenv("FOYER_TEST_CLOCK", "1700000000123", 1);
    dir = workdir_make();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    workdir_remove(dir);
    return 0;
}

static struct store *open_ok(void)
{
    struct err e = {0};
    struct store *s = store_open(dir, &e);
    if (!s)
        fail_msg("%s", e.text);
    return s;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static int put(struct store *s, const char *client, const char *id, int64_t version,
               const char *token, struct err *e)
{
    struct store_connection c = {
        .id = (char *)id,
        .app = (char *)"front",
        .company = (char *)"Planet Express",
        .token = {version, (unsigned char *)token, strlen(token)},
    };
    return store_connection_put(s, client, &c, 0, e);
}

static void put_ok(struct store *s, const char *client, const char *id, int64_t version,
                   const char *token)
{
    struct err e = {0};
    if (put(s, client, id, version, token, &e) != 0)
        fail_msg("%s", e.text);
}

/* A grant of the app MADE_WITH (NULL: one from before that was kept); "" is a static
 * token. */
static int put_grant(struct store *s, const char *client, const char *id, int64_t version,
                     const char *made_with, int replace, struct err *e)
{
    int is_static = made_with && !*made_with;
    struct store_connection c = {
        .id = (char *)id,
        .app = (char *)"front",
        .company = (char *)"Planet Express",
        .made_with = is_static ? NULL : (char *)made_with,
        .base_url = (char *)"https://planet.api.example",
        .token = {version, (unsigned char *)"token", 5},
        .refresh = {version, is_static ? NULL : (unsigned char *)"again",
                    is_static ? 0 : 5},
    };
    return store_connection_put(s, client, &c, replace, e);
}

static int describe(void *arg, const char *client, const struct store_connection *c)
{
    buf_addf(arg, "%s:%s/%s=%.*s@%d ", client, c->app, c->id, (int)c->token.len,
             (const char *)c->token.data, (int)c->token.version);
    return 0;
}

static void assert_connections(struct store *s, const char *expected)
{
    struct buf b;
    buf_init(&b, 10000);
    assert_int_equal(store_connection_each(s, describe, &b, NULL), 0);
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}

static void test_opening_makes_a_private_state(void **state)
{
    (void)state;
    umask(0);
    store_close(open_ok());
    umask(022);
    struct stat st;
    char *path = path_join(dir, "state");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    free(path);
    path = path_join(dir, "state/foyer.db");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free(path);
    store_close(open_ok());
}

static void test_a_workspace_that_is_not_there(void **state)
{
    (void)state;
    struct err e;
    char *missing = path_join(dir, "nowhere");
    assert_null(store_open(missing, &e));
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    assert_has(e.text, missing);
    assert_false(path_exists(missing));
    free(missing);
}

static void test_a_newer_store_is_refused(void **state)
{
    (void)state;
    store_close(open_ok());
    char *path = path_join(dir, "state/foyer.db");
    struct db *db = db_open(path, NULL);
    assert_int_equal(db_exec(db, "PRAGMA user_version=99", NULL), 0);
    db_close(db);
    struct err e;
    assert_null(store_open(dir, &e));
    assert_int_equal(e.kind, ERR_STORE);
    assert_has(e.text, "newer foyer");
    assert_has(e.text, path);
    free(path);
}

static int probe(struct db *db, void *arg, struct err *e)
{
    (void)arg;
    return store_probe(db, e);
}

static void test_a_probe_writes_and_changes_nothing(void **state)
{
    (void)state;
    struct store *s = open_ok();
    struct stat st;
    char *log = path_join(dir, "state/foyer.db-wal");
    for (int i = 0; i < 3; i++) {
        off_t before = stat(log, &st) == 0 ? st.st_size : 0;
        assert_int_equal(db_transaction(store_db(s), probe, NULL, NULL), 0);
        assert_int_equal(stat(log, &st), 0);
        assert_true(st.st_size > before);
    }
    store_close(s);
    store_close(open_ok());
    free(log);
}

static void test_a_connection_is_kept(void **state)
{
    (void)state;
    struct store *s = open_ok();
    struct err e;
    struct store_connection c = {
        .id = (char *)"cmp_1",
        .app = (char *)"front",
        .company = (char *)"Acme",
        .api_url = (char *)"http://127.0.0.1:9",
        .token = {1, (unsigned char *)"\0\1\2", 3},
        .created_ms = 42,
    };
    assert_int_equal(store_connection_put(s, "acme", &c, 0, &e), 0);
    store_close(s);

    s = open_ok();
    struct store_connection out;
    assert_int_equal(store_connection_find(s, "acme", "front", &out, &e), 0);
    assert_string_equal(out.id, "cmp_1");
    assert_string_equal(out.app, "front");
    assert_string_equal(out.company, "Acme");
    assert_string_equal(out.api_url, "http://127.0.0.1:9");
    assert_int_equal(out.token.version, 1);
    assert_int_equal(out.token.len, 3);
    assert_memory_equal(out.token.data, "\0\1\2", 3);
    assert_int_equal(out.created_ms, 42);
    store_connection_fini(&out);

    /* Connecting again replaces all but the day it was made. */
    put_ok(s, "acme", "cmp_1", 2, "new");
    assert_int_equal(store_connection_find(s, "acme", "front", &out, &e), 0);
    assert_string_equal(out.company, "Planet Express");
    assert_null(out.api_url);
    assert_int_equal(out.token.version, 2);
    assert_int_equal(out.created_ms, 42);
    store_connection_fini(&out);
    store_close(s);
}

static void test_created_defaults_to_now(void **state)
{
    (void)state;
    struct store *s = open_ok();
    struct store_connection out;
    put_ok(s, "acme", "cmp_1", 1, "t");
    assert_int_equal(store_connection_find(s, "acme", "front", &out, NULL), 0);
    assert_int_equal(out.created_ms, NOW);
    store_connection_fini(&out);
    store_close(s);
}

static void test_a_client_without_connection(void **state)
{
    (void)state;
    struct store *s = open_ok();
    struct store_connection out;
    struct err e;
    put_ok(s, "acme", "cmp_1", 1, "t");
    assert_int_equal(store_connection_find(s, "bolt", "front", &out, &e), -1);
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    assert_has(e.text, "\"bolt\"");
    assert_has(e.text, "foyer connect bolt");
    assert_null(out.id);
    assert_int_equal(store_connection_find(s, "acme", "hub", &out, &e), -1);
    assert_int_equal(store_connection_delete(s, "bolt", "front", &e), -1);
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    assert_connections(s, "acme:front/cmp_1=t@1 ");
    store_close(s);
}

static void test_clients_share_a_connection(void **state)
{
    (void)state;
    struct store *s = open_ok();
    put_ok(s, "bolt", "cmp_1", 1, "old");
    put_ok(s, "acme", "cmp_1", 2, "new");
    assert_connections(s, "acme:front/cmp_1=new@2 bolt:front/cmp_1=new@2 ");
    assert_int_equal(store_connection_delete(s, "acme", "front", NULL), 0);
    assert_connections(s, "bolt:front/cmp_1=new@2 ");
    assert_int_equal(store_connection_version(s, "front", "cmp_1", NULL), 2);
    assert_int_equal(store_connection_delete(s, "bolt", "front", NULL), 0);
    assert_connections(s, "");
    assert_int_equal(store_connection_version(s, "front", "cmp_1", NULL), 0);
    store_close(s);
}

static void test_a_client_moves_to_another_company(void **state)
{
    (void)state;
    struct store *s = open_ok();
    struct err e = {0};
    put_ok(s, "acme", "cmp_1", 1, "one");
    assert_int_equal(put(s, "acme", "cmp_2", 1, "two", &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_has(e.text, "cmp_1 (Planet Express)");
    assert_has(e.text, "cmp_2; --replace");
    assert_connections(s, "acme:front/cmp_1=one@1 ");
    assert_int_equal(put_grant(s, "acme", "cmp_2", 1, NULL, 1, &e), 0);
    assert_connections(s, "acme:front/cmp_2=token@1 ");
    assert_int_equal(store_connection_version(s, "front", "cmp_1", NULL), 0);
    store_close(s);
}

static void test_a_token_is_not_overwritten_unseen(void **state)
{
    (void)state;
    struct store *a = open_ok(), *b = open_ok();
    struct err e;
    put_ok(a, "acme", "cmp_1", 1, "one");
    put_ok(b, "acme", "cmp_1", 2, "two");
    assert_int_equal(put(a, "acme", "cmp_1", 2, "late", &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_connections(a, "acme:front/cmp_1=two@2 ");
    store_close(a);
    store_close(b);
}

static void conflicts(struct store *s, const char *client, int64_t version,
                      const char *made_with, const char *part)
{
    struct err e = {0};
    assert_int_equal(put_grant(s, client, "cmp_1", version, made_with, 0, &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_has(e.text, part);
    assert_has(e.text, "--replace");
    assert_int_equal(store_connection_version(s, "front", "cmp_1", NULL), version - 1);
}

static void test_a_grant_that_others_use_is_asked_for(void **state)
{
    (void)state;
    struct store *s = open_ok();
    struct err e = {0};
    struct store_connection c;
    assert_int_equal(put_grant(s, "acme", "cmp_1", 1, "A", 0, &e), 0);
    conflicts(s, "bolt", 2, "", "is shared with acme; an API token");
    conflicts(s, "bolt", 2, "B",
              "cmp_1 (Planet Express) is shared with acme; one of another app");
    /* a grant of the same app may replace it */
    assert_int_equal(put_grant(s, "bolt", "cmp_1", 2, "A", 0, &e), 0);
    conflicts(s, "coil", 3, "", "acme, bolt;");
    /* nor does it matter that the client itself uses it */
    conflicts(s, "acme", 3, "B", "shared with bolt;");
    assert_int_equal(store_connection_delete(s, "bolt", "front", &e), 0);
    assert_int_equal(put_grant(s, "acme", "cmp_1", 3, "B", 0, &e), 0);
    assert_int_equal(put_grant(s, "bolt", "cmp_1", 4, "A", 1, &e), 0);
    assert_int_equal(store_connection_find(s, "acme", "front", &c, &e), 0);
    assert_string_equal(c.made_with, "A");
    assert_string_equal(c.base_url, "https://planet.api.example");
    store_connection_fini(&c);
    /* a grant that is gone may be replaced */
    assert_int_equal(store_connection_failed(s, "front", "cmp_1", NOW, 4, "gone", 1, &e),
                     0);
    assert_int_equal(put_grant(s, "bolt", "cmp_1", 5, "", 0, &e), 0);
    /* a static token can be given again, but a grant in its place is asked for */
    assert_int_equal(put_grant(s, "acme", "cmp_1", 6, "", 0, &e), 0);
    conflicts(s, "acme", 7, "B",
              "the API token of cmp_1 (Planet Express) is shared with bolt; a grant");
    assert_int_equal(put_grant(s, "acme", "cmp_1", 7, "B", 1, &e), 0);
    store_close(s);
}

static void test_the_app_of_an_older_grant_becomes_known(void **state)
{
    (void)state;
    struct store *s = open_ok();
    struct err e = {0};
    struct store_connection c;
    assert_int_equal(put_grant(s, "acme", "cmp_1", 1, NULL, 0, &e), 0);
    assert_int_equal(put_grant(s, "bolt", "cmp_1", 2, NULL, 0, &e), 0);
    struct store_connection fresh = {.id = (char *)"cmp_1",
                                     .app = (char *)"front",
                                     .created_ms = NOW,
                                     .token = {3, (unsigned char *)"new", 3},
                                     .refresh = {3, (unsigned char *)"again", 5}};
    assert_int_equal(store_token_put(s, &fresh, &e), 0);
    assert_int_equal(store_connection_read(s, "front", "cmp_1", &c, &e), 0);
    assert_null(c.made_with);
    store_connection_fini(&c);
    fresh.token.version = fresh.refresh.version = 4;
    fresh.made_with = (char *)"A";
    assert_int_equal(store_token_put(s, &fresh, &e), 0);
    conflicts(s, "bolt", 5, "B", "another app");
    fresh.token.version = fresh.refresh.version = 5;
    fresh.made_with = NULL;
    assert_int_equal(store_token_put(s, &fresh, &e), 0);
    conflicts(s, "bolt", 6, "B", "another app");
    store_close(s);
}

static int64_t number(const char *path, const char *sql)
{
    int64_t n = -1;
    struct err e = {0};
    struct db *db = db_open(path, &e);
    assert_non_null(db);
    assert_int_equal(db_select_int(db, sql, DB_NONE, &n, &e), 0);
    db_close(db);
    return n;
}

/* Puts a file with the tables of VERSION in the place of PATH, and opens it. */
static struct db *older_file(const char *path, int version)
{
    struct err e = {0};
    assert_int_equal(unlink(path), 0);
    struct db *db = db_open(path, &e);
    assert_non_null(db);
    assert_int_equal(db_migrate(db, schema_steps, version, &e), 0);
    return db;
}

static void test_an_older_store_is_kept(void **state)
{
    (void)state;
    struct err e = {0};
    struct stat st;
    store_close(open_ok());
    char *path = store_path(dir), *copy = xasprintf("%s.version-4", path);
    assert_int_equal(access(copy, F_OK), -1); /* a new one is no older one */
    struct db *db = older_file(path, 4);
    assert_int_equal(db_exec(db, "INSERT INTO sealing VALUES (1, 'k')", &e), 0);
    db_close(db);
    store_close(open_ok());
    assert_int_equal(number(path, "PRAGMA user_version"), schema_version);
    assert_int_equal(number(copy, "PRAGMA user_version"), 4);
    assert_int_equal(number(copy, "SELECT count(*) FROM sealing"), 1);
    assert_int_equal(stat(copy, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    free(copy);
    /* without the copy nothing changes */
    db = older_file(path, 5);
    db_close(db);
    copy = xasprintf("%s.version-5", path);
    assert_int_equal(mkdir(copy, 0700), 0);
    assert_null(store_open(dir, &e));
    assert_has(e.text, "cannot keep a copy of");
    assert_int_equal(number(path, "PRAGMA user_version"), 5);
    free(copy);
    free(path);
}

static void test_an_older_store_is_in_use(void **state)
{
    (void)state;
    struct err e = {0};
    char *path = store_path(dir);
    store_close(open_ok());
    struct db *db = older_file(path, 6);
    db_close(db);
    struct presence *older = presence_open(dir, &e);
    assert_non_null(older);
    assert_null(store_open(dir, &e));
    assert_int_equal(e.kind, ERR_UNAVAILABLE);
    char *said = xasprintf("process %d of an older foyer works with it", (int)getpid());
    assert_has(e.text, said);
    free(said);
    assert_int_equal(number(path, "PRAGMA user_version"), 6);
    presence_close(older);
    store_close(open_ok());
    assert_int_equal(number(path, "PRAGMA user_version"), schema_version);
    free(path);
}

static void test_steps_and_history_of_an_older_store(void **state)
{
    (void)state;
    struct err e = {0};
    char *path = store_path(dir);
    store_close(open_ok());
    struct db *db = older_file(path, 9);
    assert_int_equal(
        db_exec(
            db,
            "INSERT INTO step (run, seq, kind, name, hash, flags, at_ms, epoch, input,"
            " result) VALUES (7, 0, 'now', 'n', x'00', 1, 5, 2, NULL, x'31'),"
            " (7, 3, 'http', 'POST', x'01', 4, 6, 2, x'7b7d', NULL),"
            " (9, 0, 'http', 'GET', x'02', 1, 7, 1, NULL, x'32');"
            "INSERT INTO history VALUES (7, 1, 4, 'attempt', '1'), (7, 2, 6,"
            " 'intent', 'POST'), (8, 1, 9, 'attempt', '1');"
            "INSERT INTO reply VALUES ('acme', 'cnv_1', 6, 7, 3)",
            &e),
        0);
    db_close(db);
    store_close(open_ok());
    assert_int_equal(number(path, "SELECT count(*) FROM entry"), 6);
    assert_int_equal(
        number(path, "SELECT count(*) FROM step WHERE run = 7 AND seq = 3 AND kind = "
                     "'http' AND name = 'POST' AND hash = x'01' AND flags = 4 AND at_ms "
                     "= 6 AND epoch = 2 AND input = x'7b7d' AND result IS NULL"),
        1);
    assert_int_equal(number(path, "SELECT count(*) FROM history WHERE run = 7"), 2);
    assert_int_equal(number(path, "SELECT at_ms FROM history WHERE run = 7 AND n = 2 AND"
                                  " what = 'intent' AND text = 'POST'"),
                     6);
    assert_int_equal(number(path, "SELECT at_ms FROM history WHERE run = 8"), 9);
    assert_int_equal(number(path, "SELECT at_ms FROM reply WHERE client = 'acme' AND"
                                  " conversation = 'cnv_1' AND run = 7 AND seq = 3"),
                     6);
    free(path);
}

static int put_secret(struct store *s, const char *name, int64_t version,
                      const char *value, struct err *e)
{
    struct store_secret secret = {
        .name = (char *)name,
        .value = {version, (unsigned char *)value, strlen(value)},
    };
    return store_secret_put(s, &secret, 0, e);
}

static int describe_secret(void *arg, const struct store_secret *secret)
{
    buf_addf(arg, "%s=%.*s@%d ", secret->name, (int)secret->value.len,
             (const char *)secret->value.data, (int)secret->value.version);
    return strcmp(secret->name, "stop") == 0;
}

static void assert_secrets(struct store *s, const char *expected)
{
    struct buf b;
    buf_init(&b, 10000);
    assert_int_equal(store_secret_each(s, describe_secret, &b, NULL), 0);
    assert_string_equal(buf_str(&b), expected);
    buf_free(&b);
}

static void test_secrets(void **state)
{
    (void)state;
    struct store *s = open_ok();
    struct err e;
    assert_secrets(s, "");
    assert_int_equal(store_secret_version(s, "b", NULL), 0);
    assert_int_equal(put_secret(s, "b", 1, "bee", &e), 0);
    assert_int_equal(put_secret(s, "a", 1, "ay", &e), 0);
    assert_secrets(s, "a=ay@1 b=bee@1 ");
    assert_int_equal(store_secret_version(s, "b", NULL), 1);
    assert_int_equal(put_secret(s, "b", 2, "bumble", &e), 0);
    assert_int_equal(put_secret(s, "b", 2, "late", &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_has(e.text, "\"b\"");
    store_close(s);

    s = open_ok();
    struct store_secret out;
    assert_int_equal(store_secret_get(s, "b", &out, &e), 0);
    assert_string_equal(out.name, "b");
    assert_int_equal(out.value.version, 2);
    assert_int_equal(out.value.len, 6);
    assert_memory_equal(out.value.data, "bumble", 6);
    assert_int_equal(out.created_ms, NOW);
    store_secret_fini(&out);

    assert_int_equal(put_secret(s, "stop", 1, "x", &e), 0);
    assert_int_equal(put_secret(s, "z", 1, "x", &e), 0);
    assert_secrets(s, "a=ay@1 b=bumble@2 stop=x@1 ");

    assert_int_equal(store_secret_remove(s, "b", 0, &e), 0);
    assert_int_equal(store_secret_get(s, "b", &out, &e), -1);
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    assert_has(e.text, "foyer secret set b");
    assert_null(out.name);
    assert_int_equal(store_secret_remove(s, "b", 0, &e), -1);
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    store_close(s);
}

static void test_a_failed_refresh_is_noted_on_its_own_token(void **state)
{
    (void)state;
    struct store *s = open_ok();
    struct err e = {0};
    struct store_connection c;
    put_ok(s, "acme", "cmp_1", 1, "one");
    assert_int_equal(store_connection_failed(s, "front", "cmp_1", NOW, 1, "gone", 1, &e),
                     0);
    assert_int_equal(store_connection_read(s, "front", "cmp_1", &c, &e), 0);
    assert_int_equal(c.reconnect, 1);
    assert_string_equal(c.last_error, "gone");
    store_connection_fini(&c);
    put_ok(s, "acme", "cmp_1", 2, "two"); /* connected again meanwhile */
    assert_int_equal(store_connection_failed(s, "front", "cmp_1", NOW, 1, "gone", 1, &e),
                     0);
    assert_int_equal(store_connection_read(s, "front", "cmp_1", &c, &e), 0);
    assert_int_equal(c.reconnect, 0);
    assert_null(c.last_error);
    store_connection_fini(&c);
    store_close(s);
}

static void test_a_refresh_is_of_the_connection_that_it_began_with(void **state)
{
    (void)state;
    struct store *s = open_ok();
    struct err e = {0};
    struct store_connection c;
    put_ok(s, "acme", "cmp_1", 1, "one");
    assert_int_equal(store_connection_delete(s, "acme", "front", &e), 0);
    struct store_connection anew = {.id = (char *)"cmp_1",
                                    .app = (char *)"front",
                                    .company = (char *)"Planet Express",
                                    .created_ms = NOW + 1,
                                    .token = {1, (unsigned char *)"anew", 4}};
    assert_int_equal(store_connection_put(s, "acme", &anew, 0, &e), 0);
    struct store_connection late = {.id = (char *)"cmp_1",
                                    .app = (char *)"front",
                                    .created_ms = NOW,
                                    .token = {2, (unsigned char *)"late", 4}};
    assert_int_equal(store_token_put(s, &late, &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_int_equal(store_connection_failed(s, "front", "cmp_1", NOW, 1, "gone", 1, &e),
                     0);
    assert_int_equal(store_connection_read(s, "front", "cmp_1", &c, &e), 0);
    assert_int_equal(c.reconnect, 0);
    assert_memory_equal(c.token.data, "anew", 4);
    store_connection_fini(&c);
    store_close(s);
}

static void test_a_consent_is_used_once(void **state)
{
    (void)state;
    struct store *s = open_ok();
    struct err e = {0};
    int64_t now = 1700000000123, day = 24 * 3600 * 1000;
    struct store_consent asked = {.client = (char *)"acme",
                                  .app = (char *)"front",
                                  .made_with = (char *)"A",
                                  .expires_ms = now + 7 * day},
                         c;
    assert_int_equal(store_consent_put(s, "word", &asked, &e), 0);
    assert_int_equal(store_consent_find(s, "word", now, &c, &e), 0);
    store_consent_fini(&c);
    assert_int_equal(store_consent_take(s, "word", now, &c, &e), 0);
    assert_string_equal(c.client, "acme");
    assert_string_equal(c.made_with, "A");
    store_consent_fini(&c);
    assert_int_equal(store_consent_take(s, "word", now, &c, &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_string_equal(e.text,
                        "this link was used already: ask for a new one with `foyer "
                        "connect acme --link`");
    assert_int_equal(store_consent_find(s, "word", now, &c, &e), -1);
    assert_int_equal(store_consent_take(s, "other", now, &c, &e), -1);
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    asked.expires_ms = now + 7 * day + 1; /* made while the clock was ahead */
    assert_int_equal(store_consent_put(s, "ahead", &asked, &e), 0);
    assert_int_equal(store_consent_find(s, "ahead", now, &c, &e), -1);
    assert_int_equal(e.kind, ERR_INVALID);
    asked.app = (char *)"shop";
    asked.expires_ms = now - 31 * day;
    assert_int_equal(store_consent_put(s, "old", &asked, &e), 0);
    assert_int_equal(store_consent_take(s, "old", now, &c, &e), -1);
    assert_int_equal(e.kind, ERR_INVALID);
    assert_string_equal(e.text, "this link has expired: ask for a new one with `foyer "
                                "connect acme --app shop --link`");
    asked.expires_ms = now + day;
    assert_int_equal(store_consent_put(s, "new", &asked, &e), 0);
    assert_int_equal(store_consent_take(s, "old", now, &c, &e), -1);
    assert_int_equal(e.kind, ERR_NOT_FOUND); /* removed */
    store_close(s);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_opening_makes_a_private_state),
        T(test_a_workspace_that_is_not_there),
        T(test_a_newer_store_is_refused),
        T(test_a_probe_writes_and_changes_nothing),
        T(test_a_connection_is_kept),
        T(test_created_defaults_to_now),
        T(test_a_client_without_connection),
        T(test_clients_share_a_connection),
        T(test_a_client_moves_to_another_company),
        T(test_a_token_is_not_overwritten_unseen),
        T(test_a_grant_that_others_use_is_asked_for),
        T(test_the_app_of_an_older_grant_becomes_known),
        T(test_an_older_store_is_kept),
        T(test_an_older_store_is_in_use),
        T(test_steps_and_history_of_an_older_store),
        T(test_secrets),
        T(test_a_failed_refresh_is_noted_on_its_own_token),
        T(test_a_refresh_is_of_the_connection_that_it_began_with),
        T(test_a_consent_is_used_once),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
