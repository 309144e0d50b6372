#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "store/sealing.h"
#include "store/store_secret.h"
#include "workdir.h"

static char *dir, *key_path;
static struct store *store;

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    key_path = path_join(dir, "key");
    setenv("FOYER_KEY_FILE", key_path, 1);
    store = store_open(dir, NULL);
    return store && vault_create(NULL) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    store_close(store);
    free(key_path);
    workdir_remove(dir);
    return 0;
}

static struct vault *open_ok(void)
{
    struct err e = {0};
    struct vault *v = vault_open(&e);
    if (!v)
        fail_msg("%s", e.text);
    return v;
}

static struct store_sealed seal(const struct vault *v, const char *kind,
                                const char *owner, const char *name, int64_t version,
                                const char *text)
{
    struct vault_place place = {kind, owner, name, version};
    struct buf b;
    buf_init(&b, 10000);
    assert_int_equal(vault_seal(v, &place, text, strlen(text), &b, NULL), 0);
    struct store_sealed sealed = {.version = version};
    sealed.data = (unsigned char *)buf_take(&b, &sealed.len);
    return sealed;
}

static int put_secret(const struct vault *v, const char *name, int64_t version,
                      struct err *e)
{
    struct store_secret row = {.name = (char *)name,
                               .value = seal(v, "secret", "", name, version, "s3cret")};
    int rc = store_secret_put(store, &row, 1, e);
    free(row.value.data);
    return rc;
}

/* A grant (FIRST), or a refreshed token of it. */
static int put_token(const struct vault *v, int first, int64_t version, struct err *e)
{
    struct store_connection c = {
        .id = (char *)"cmp_1",
        .app = (char *)"front",
        .company = (char *)"Planet Express",
        .created_ms = 42,
        .token = seal(v, "token", "front/cmp_1", "access", version, "access"),
        .refresh = seal(v, "token", "front/cmp_1", "refresh", version, "refresh")};
    int rc = first ? store_connection_put(store, "acme", &c, 0, e)
                   : store_token_put(store, &c, e);
    free(c.token.data);
    free(c.refresh.data);
    return rc;
}

static void fill(const struct vault *v)
{
    struct err e = {0};
    if (put_token(v, 1, 1, &e) != 0 || put_secret(v, "a", 1, &e) != 0 ||
        put_secret(v, "a", 2, &e) != 0 || put_secret(v, "b", 1, &e) != 0)
        fail_msg("%s", e.text);
}

static void renew(struct vault *v, int values, int other)
{
    struct err e = {0};
    struct sealing_count count;
    if (sealing_renew(store, vault_key_id(v), sealing_by_vault, v, &count, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(count.values, values);
    assert_int_equal(count.other, other);
}

static void assert_recorded(const char *wanted)
{
    char id[VAULT_ID_SIZE];
    assert_int_equal(sealing_key(store, id, NULL), 0);
    assert_string_equal(id, wanted);
}

static void assert_opens(struct vault *v, int other)
{
    struct err e = {0};
    struct sealing_count count;
    if (sealing_each(store, vault_key_id(v), sealing_by_vault, v, &count, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(count.other, other);
}

static void test_all_are_sealed_again(void **state)
{
    (void)state;
    struct vault *v = open_ok();
    char *kept;
    fill(v);
    assert_recorded("");
    assert_int_equal(vault_renew(v, &kept, NULL), 0);
    assert_opens(v, 5);
    renew(v, 5, 5);
    assert_recorded(vault_key_id(v));
    assert_opens(v, 0);
    renew(v, 5, 0);
    vault_close(v);
    /* the old key is refused from now on */
    assert_int_equal(unlink(kept), 0);
    v = open_ok();
    assert_opens(v, 0);
    vault_close(v);
    free(kept);
}

static void assert_late(int rc, const struct err *e)
{
    assert_int_equal(rc, -1);
    assert_int_equal(e->kind, ERR_CONFLICT);
    assert_non_null(strstr(e->text, "sealing key was renewed"));
}

static void test_a_process_from_before_seals_again(void **state)
{
    (void)state;
    struct err e = {0};
    struct vault *v = open_ok(), *before = open_ok();
    char *kept;
    fill(v);
    assert_int_equal(vault_renew(v, &kept, NULL), 0);
    /* until the commit the old key is accepted: its values are sealed again */
    assert_int_equal(put_secret(before, "c", 1, &e), 0);
    renew(v, 6, 6);
    assert_late(put_secret(before, "c", 2, &e), &e);
    assert_late(put_token(before, 0, 2, &e), &e);
    assert_late(put_token(before, 1, 2, &e), &e);
    assert_int_equal(store_secret_version(store, "c", NULL), 1);
    assert_int_equal(store_connection_version(store, "front", "cmp_1", NULL), 1);
    char id[VAULT_ID_SIZE];
    assert_int_equal(sealing_key(store, id, NULL), 0);
    assert_int_equal(vault_use(before, id, &e), 0);
    assert_int_equal(put_secret(before, "c", 2, &e), 0);
    assert_int_equal(put_token(before, 0, 2, &e), 0);
    assert_int_equal(put_token(before, 1, 3, &e), 0);
    assert_opens(v, 0);
    vault_close(v);
    vault_close(before);
    free(kept);
}

static void test_a_process_from_between_asks_for_the_old_key(void **state)
{
    (void)state;
    struct err e = {0};
    struct vault *v = open_ok();
    char *kept;
    fill(v);
    assert_int_equal(vault_renew(v, &kept, NULL), 0);
    free(kept);
    renew(v, 5, 5);
    char recorded[VAULT_ID_SIZE];
    assert_int_equal(sealing_key(store, recorded, NULL), 0);
    /* a second rekey has written its key, and was cut off */
    assert_int_equal(vault_renew(v, &kept, NULL), 0);
    free(kept);
    struct vault *between = open_ok();
    assert_late(put_secret(between, "a", 3, &e), &e);
    assert_int_equal(vault_use(between, recorded, &e), 0);
    assert_int_equal(put_secret(between, "a", 3, &e), 0);
    renew(v, 6, 6);
    assert_opens(between, 6);
    assert_opens(v, 0);
    vault_close(v);
    vault_close(between);
}

static void test_a_row_that_does_not_open_changes_nothing(void **state)
{
    (void)state;
    struct err e = {0};
    struct vault *v = open_ok();
    char *kept;
    fill(v);
    struct store_secret broken = {.name = (char *)"zz",
                                  .value = seal(v, "secret", "", "zz", 1, "x")};
    broken.value.data[broken.value.len - 1] ^= 1;
    assert_int_equal(store_secret_put(store, &broken, 0, &e), 0);
    free(broken.value.data);
    assert_int_equal(vault_renew(v, &kept, NULL), 0);
    free(kept);
    struct sealing_count count;
    assert_int_equal(
        sealing_renew(store, vault_key_id(v), sealing_by_vault, v, &count, &e), -1);
    assert_int_equal(e.kind, ERR_STORE);
    assert_non_null(strstr(e.text, "zz"));
    assert_recorded("");
    assert_int_equal(store_secret_remove(store, "zz", 0, &e), 0);
    assert_opens(v, 5);
    vault_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_are_sealed_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_process_from_before_seals_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_process_from_between_asks_for_the_old_key,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_row_that_does_not_open_changes_nothing,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
