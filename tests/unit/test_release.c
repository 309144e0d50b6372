/* release: snapshots are numbered; what is live moves, and each move is noted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/str.h"
#include "io/db.h"
#include "store/ledger.h"
#include "store/release.h"
#include "store/schema.h"
#include "workdir.h"

#define OK(call) assert_int_equal((call), 0)

static char *dir;
static struct db *db;
static struct err e;

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    char *path = path_join(dir, "foyer.db");
    db = db_open(path, &e);
    free(path);
    return !db || db_migrate(db, schema_steps, schema_version, &e) != 0;
}

static int teardown(void **state)
{
    (void)state;
    db_close(db);
    workdir_remove(dir);
    return 0;
}

static char seen[400];

static int see(void *arg, const struct release *r)
{
    size_t n = strlen(seen);
    (void)arg;
    snprintf(seen + n, sizeof seen - n, "%d:%s:%s:%s ", (int)r->id, r->by,
             r->revision ? r->revision : "-", r->note ? r->note : "-");
    return 0;
}

static int see_live(void *arg, const char *client, int64_t id)
{
    size_t n = strlen(seen);
    (void)arg;
    snprintf(seen + n, sizeof seen - n, "%s=%d ", client, (int)id);
    return 0;
}

static int see_move(void *arg, const struct release_move *m)
{
    size_t n = strlen(seen);
    (void)arg;
    snprintf(seen + n, sizeof seen - n, "%s:%s:%d-%d:%s ", m->by, m->client, (int)m->old,
             (int)m->new, m->why ? m->why : "-");
    return 0;
}

static void see_refused(void *arg, int64_t at_ms, const char *by, const char *text)
{
    (void)arg;
    assert_true(at_ms > 0);
    snprintf(seen, sizeof seen, "%s:%s", by, text);
}

static void numbered(void **state)
{
    (void)state;
    const struct release one = {.by = "ana", .revision = "abc", .note = "the first"},
                         two = {.by = "bo"};
    assert_int_equal(release_newest(db, &e), 0);
    assert_int_equal(release_add(db, &one, "m1", &e), 1);
    assert_int_equal(release_add(db, &two, "m2", &e), 2);
    assert_int_equal(release_newest(db, &e), 2);
    seen[0] = '\0';
    OK(release_each(db, see, NULL, &e));
    assert_string_equal(seen, "2:bo:-:- 1:ana:abc:the first ");
    seen[0] = '\0';
    OK(release_get(db, 1, see, NULL, &e));
    OK(release_get(db, 9, see, NULL, &e));
    assert_string_equal(seen, "1:ana:abc:the first ");
    char *manifest = release_manifest(db, 2, &e);
    assert_string_equal(manifest, "m2");
    free(manifest);
    assert_null(release_manifest(db, 9, &e));
    assert_int_equal(e.kind, ERR_NOT_FOUND);
}

static void live_moves(void **state)
{
    (void)state;
    const struct release r = {.by = "ana"};
    int64_t id, generation;
    OK(release_generation(db, &generation, &e));
    assert_int_equal(generation, 0);
    release_add(db, &r, "m1", &e);
    release_add(db, &r, "m2", &e);
    OK(release_set_live(db, "", 1, "ana", NULL, &e));
    OK(release_set_live(db, "acme", 1, "ana", NULL, &e));
    OK(release_set_live(db, "acme", 2, "ana", "deploy", &e));
    OK(release_set_live(db, "acme", 2, "ana", "again", &e));
    assert_int_equal(release_set_live(db, "acme", 3, "ana", NULL, &e), -1);
    assert_int_equal(e.kind, ERR_NOT_FOUND);
    OK(release_live(db, "acme", &id, &e));
    assert_int_equal(id, 2);
    OK(release_live(db, "none", &id, &e));
    assert_int_equal(id, 0);
    OK(release_generation(db, &generation, &e));
    assert_int_equal(generation, 3);
    seen[0] = '\0';
    OK(release_each_live(db, see_live, NULL, &e));
    assert_string_equal(seen, "=1 acme=2 ");
    OK(release_set_live(db, "acme", 0, "bo", "left", &e));
    seen[0] = '\0';
    OK(release_each_move(db, "acme", see_move, NULL, &e));
    assert_string_equal(seen, "bo:acme:2-0:left ana:acme:1-2:deploy ana:acme:0-1:- ");
    seen[0] = '\0';
    OK(release_each_move(db, NULL, see_move, NULL, &e));
    assert_non_null(strstr(seen, "ana::0-1:- "));
}

static void the_last_refusal(void **state)
{
    (void)state;
    seen[0] = '\0';
    OK(release_refused_get(db, see_refused, NULL, &e));
    assert_string_equal(seen, "");
    OK(release_refused_set(db, "ana", "a", &e));
    OK(release_refused_set(db, "bo", "b", &e));
    OK(release_refused_get(db, see_refused, NULL, &e));
    assert_string_equal(seen, "bo:b");
    OK(release_refused_forget(db, &e));
    seen[0] = '\0';
    OK(release_refused_get(db, see_refused, NULL, &e));
    assert_string_equal(seen, "");
}

/* Retention removes the texts that no run has pinned, but for those of releases. */
static void texts_are_kept(void **state)
{
    (void)state;
    unsigned char hash[CRYPTO_SHA256_SIZE], other[CRYPTO_SHA256_SIZE];
    char hex[2 * sizeof hash + 1], *text;
    size_t len;
    int removed;
    crypto_sha256("return 1", 8, hash);
    crypto_sha256("return 2", 8, other);
    OK(release_keep_text(db, hash, "return 1", 8, &e));
    OK(release_keep_text(db, hash, "return 1", 8, &e));
    OK(release_keep_text(db, other, "return 2", 8, &e));
    str_hex(hash, sizeof hash, hex);
    char *manifest = xasprintf("recipes/x.lua\t%s\n", hex);
    release_add(db, &(struct release){.by = "ana"}, manifest, &e);
    free(manifest);
    OK(db_exec(db, "INSERT INTO pins (hash, list) VALUES (x'00', '')", &e));
    OK(ledger_prune(db, 0, 0, 1, 100, &removed, &e));
    assert_int_equal(removed, 1);
    OK(release_text(db, hex, &text, &len, &e));
    assert_int_equal(len, 8);
    assert_string_equal(text, "return 1");
    free(text);
    str_hex(other, sizeof other, hex);
    assert_int_equal(release_text(db, hex, &text, &len, &e), -1);
    assert_int_equal(e.kind, ERR_STORE);
    assert_int_equal(release_text(db, "zz", &text, &len, &e), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(numbered), TEST(live_moves),
                                       TEST(the_last_refusal), TEST(texts_are_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
