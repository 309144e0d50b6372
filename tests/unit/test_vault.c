#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "store/vault.h"
#include "workdir.h"

static char *dir, *path;

static int setup(void **state)
{
    (void)state;
    dir = workdir_make();
    path = path_join(dir, "config/foyer/key");
    setenv("FOYER_KEY_FILE", path, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(path);
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

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static void test_where_the_key_is(void **state)
{
    (void)state;
    char *home = getenv("HOME") ? xstrdup(getenv("HOME")) : NULL;
    char *p = vault_key_path(NULL);
    assert_string_equal(p, path);
    free(p);
    setenv("FOYER_KEY_FILE", "", 1);
    setenv("XDG_CONFIG_HOME", "/xdg", 1);
    setenv("HOME", "/home/a", 1);
    p = vault_key_path(NULL);
    assert_string_equal(p, "/xdg/foyer/key");
    free(p);
    setenv("XDG_CONFIG_HOME", "relative", 1);
    p = vault_key_path(NULL);
    assert_string_equal(p, "/home/a/.config/foyer/key");
    free(p);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("HOME");
    struct err e;
    assert_null(vault_key_path(&e));
    assert_int_equal(e.kind, ERR_SETTINGS);
    assert_null(vault_open(&e));
    if (home)
        setenv("HOME", home, 1);
    free(home);
}

static void test_create_makes_a_private_file_once(void **state)
{
    (void)state;
    struct err e;
    umask(0);
    assert_int_equal(vault_create(&e), 0);
    umask(022);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    char *parent = path_join(dir, "config/foyer");
    assert_int_equal(stat(parent, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    free(parent);

    struct buf before, after;
    buf_init(&before, 1000);
    buf_init(&after, 1000);
    assert_int_equal(path_read(path, &before, NULL), 0);
    assert_int_equal(vault_create(&e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    assert_int_equal(path_read(path, &after, NULL), 0);
    assert_string_equal(buf_str(&before), buf_str(&after));
    assert_true(str_starts(buf_str(&before), "foyer-key-1 "));
    assert_int_equal(strlen(buf_str(&before)), 12 + 16 + 1 + 44 + 1);
    struct vault *v = open_ok();
    assert_has(buf_str(&before), vault_key_id(v));
    vault_close(v);
    buf_free(&before);
    buf_free(&after);
}

static void test_a_missing_key_says_what_to_do(void **state)
{
    (void)state;
    struct err e;
    assert_null(vault_open(&e));
    assert_int_equal(e.kind, ERR_SETTINGS);
    assert_has(e.text, path);
    assert_has(e.text, "foyer init");
    assert_has(e.text, "FOYER_KEY_FILE");
}

static void test_a_key_that_others_read_is_refused(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(vault_create(&e), 0);
    static const mode_t modes[] = {0640, 0604, 0620};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_null(vault_open(&e));
        assert_int_equal(e.kind, ERR_SETTINGS);
        assert_has(e.text, "chmod 600");
    }
    assert_int_equal(chmod(path, 0400), 0);
    vault_close(open_ok());
}

static void assert_malformed(const char *text)
{
    struct err e = {0};
    assert_int_equal(path_write(path, text, strlen(text), 0600, &e), 0);
    struct vault *v = vault_open(&e);
    if (v)
        fail_msg("accepted \"%s\"", text);
    assert_int_equal(e.kind, ERR_SETTINGS);
    assert_has(e.text, "malformed");
    assert_has(e.text, path);
}

static void test_a_malformed_key_is_refused(void **state)
{
    (void)state;
    assert_int_equal(vault_create(NULL), 0);
    struct buf b;
    buf_init(&b, 1000);
    assert_int_equal(path_read(path, &b, NULL), 0);
    char line[200];
    snprintf(line, sizeof line, "%s", buf_str(&b));
    assert_malformed("");
    assert_malformed("foyer-key-1\n");
    assert_malformed("foyer-key-1 0011223344556677 AAAA\n");
    char big[2000];
    memset(big, 'A', sizeof big);
    big[sizeof big - 1] = '\0';
    assert_malformed(big);
    line[10] = '2'; /* foyer-key-2 */
    assert_malformed(line);
    line[10] = '1';
    line[40] =
        line[40] == 'A' ? 'B' : 'A'; /* an error in the key: the id does not match */
    assert_malformed(line);
    snprintf(line, sizeof line, "%s x\n", buf_str(&b));
    assert_malformed(line);
    buf_free(&b);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    struct err e;
    assert_null(vault_open(&e));
    assert_int_equal(e.kind, ERR_SETTINGS);
}

static const struct vault_place place = {"token", "front/cmp_1", "token", 3};

static void seal(const struct vault *v, const char *text, struct buf *sealed)
{
    struct err e = {0};
    buf_init(sealed, 10000);
    if (vault_seal(v, &place, text, strlen(text), sealed, &e) != 0)
        fail_msg("%s", e.text);
}

static void assert_unseals(struct vault *v, const struct buf *sealed, const char *text)
{
    struct err e = {0};
    struct buf plain;
    buf_init(&plain, 10000);
    if (vault_unseal(v, &place, sealed->data, sealed->len, &plain, &e) != 0)
        fail_msg("%s", e.text);
    assert_string_equal(buf_str(&plain), text);
    assert_int_equal(plain.len, strlen(text));
    vault_wipe(&plain);
    assert_null(plain.data);
}

static void assert_refused(struct vault *v, const struct vault_place *where,
                           const void *sealed, size_t len, enum err_kind kind,
                           const char *part)
{
    struct err e = {0};
    struct buf plain;
    buf_init(&plain, 10000);
    assert_int_equal(vault_unseal(v, where, sealed, len, &plain, &e), -1);
    assert_int_equal(plain.len, 0);
    assert_int_equal(e.kind, kind);
    assert_has(e.text, part);
    assert_has(e.text, where->name);
    buf_free(&plain);
}

static void test_seal_and_unseal(void **state)
{
    (void)state;
    assert_int_equal(vault_create(NULL), 0);
    struct vault *v = open_ok();
    struct buf a, b;
    seal(v, "very secret", &a);
    seal(v, "very secret", &b);
    assert_int_equal(a.len, 1 + 8 + 8 + 12 + 11 + 16);
    assert_int_equal(a.data[0], 1);
    assert_null(memmem(a.data, a.len, "very", 4));
    assert_int_not_equal(memcmp(a.data + 17, b.data + 17, 12), 0); /* a fresh nonce */
    vault_close(v);
    v = open_ok(); /* another process */
    assert_unseals(v, &a, "very secret");
    buf_free(&a);
    seal(v, "", &a);
    assert_unseals(v, &a, "");
    buf_free(&a);
    buf_free(&b);
    vault_close(v);
}

static void test_every_changed_byte_is_noticed(void **state)
{
    (void)state;
    assert_int_equal(vault_create(NULL), 0);
    struct vault *v = open_ok();
    struct buf a, plain;
    seal(v, "very secret", &a);
    buf_init(&plain, 10000);
    for (size_t i = 0; i < a.len; i++) {
        a.data[i] ^= 1;
        assert_int_equal(vault_unseal(v, &place, a.data, a.len, &plain, NULL), -1);
        a.data[i] ^= 1;
    }
    for (size_t n = 0; n < a.len; n++)
        assert_int_equal(vault_unseal(v, &place, a.data, n, &plain, NULL), -1);
    a.data[a.len - 1] ^= 1;
    assert_refused(v, &place, a.data, a.len, ERR_STORE, "changed after it was sealed");
    assert_refused(v, &place, a.data, 20, ERR_STORE, "damaged");
    a.data[0] = 9;
    assert_refused(v, &place, a.data, a.len, ERR_STORE, "format 9");
    buf_free(&a);
    vault_close(v);
}

static void test_a_row_copied_elsewhere_does_not_open(void **state)
{
    (void)state;
    assert_int_equal(vault_create(NULL), 0);
    struct vault *v = open_ok();
    struct buf a;
    seal(v, "very secret", &a);
    const struct vault_place others[] = {
        {"secret", "front/cmp_1", "token", 3},
        {"token", "front/cmp_2", "token", 3},
        {"token", "front/cmp_1", "other", 3},
        {"token", "front/cmp_1", "token", 2},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_refused(v, &others[i], a.data, a.len, ERR_STORE, "copied");
    /* The hash only chooses the sentence: if it is forged, the tag still refuses. */
    struct buf b;
    buf_init(&b, 10000);
    assert_int_equal(vault_seal(v, &others[1], "x", 1, &b, NULL), 0);
    memcpy(a.data + 9, b.data + 9, 8);
    assert_refused(v, &others[1], a.data, a.len, ERR_STORE, "changed");
    buf_free(&a);
    buf_free(&b);
    vault_close(v);
}

static void test_another_key(void **state)
{
    (void)state;
    assert_int_equal(vault_create(NULL), 0);
    struct vault *v = open_ok();
    struct buf a;
    seal(v, "very secret", &a);
    char old_id[17];
    snprintf(old_id, sizeof old_id, "%s", vault_key_id(v));
    vault_close(v);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(vault_create(NULL), 0);
    v = open_ok();
    assert_string_not_equal(vault_key_id(v), old_id);
    assert_refused(v, &place, a.data, a.len, ERR_SETTINGS, old_id);
    buf_free(&a);
    vault_close(v);
}

static void renew_ok(struct vault *v, char **kept)
{
    struct err e = {0};
    if (vault_renew(v, kept, &e) != 0)
        fail_msg("%s", e.text);
}

static void test_a_new_key_leaves_the_old_one_aside(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(vault_create(NULL), 0);
    struct vault *v = open_ok(), *before = open_ok(); /* a process that started before */
    char old_id[VAULT_ID_SIZE], id[VAULT_ID_SIZE], *kept;
    snprintf(old_id, sizeof old_id, "%s", vault_key_id(v));
    struct buf a, b, c;
    seal(v, "old", &a);
    renew_ok(v, &kept);
    assert_string_not_equal(vault_key_id(v), old_id);
    char *wanted = xasprintf("%s.%s", path, old_id);
    assert_string_equal(kept, wanted);
    free(wanted);
    struct stat st;
    assert_int_equal(stat(kept, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    seal(v, "new", &b);
    vault_sealed_id(b.data, b.len, id);
    assert_string_equal(id, vault_key_id(v));
    vault_sealed_id(b.data, 20, id);
    assert_string_equal(id, "");

    struct vault *after = open_ok();
    assert_string_equal(vault_key_id(after), vault_key_id(v));
    struct vault *all[] = {v, before, after};
    for (size_t i = 0; i < 3; i++) {
        assert_unseals(all[i], &a, "old");
        assert_unseals(all[i], &b, "new");
    }
    /* a process with the old key seals with it until vault_use */
    assert_string_equal(vault_key_id(before), old_id);
    assert_int_equal(vault_use(before, vault_key_id(v), &e), 0);
    seal(before, "late", &c);
    vault_sealed_id(c.data, c.len, id);
    assert_string_equal(id, vault_key_id(v));
    assert_int_equal(vault_use(after, old_id, &e), 0); /* and back */
    assert_string_equal(vault_key_id(after), old_id);
    assert_int_equal(vault_reload(after, &e), 0);
    assert_string_equal(vault_key_id(after), vault_key_id(v));
    vault_close(after);

    /* the old key's file must obey the same rules */
    assert_int_equal(chmod(kept, 0644), 0);
    after = open_ok();
    assert_refused(after, &place, a.data, a.len, ERR_SETTINGS, "chmod 600");
    assert_int_equal(rename(path, kept), 0);
    assert_int_equal(chmod(kept, 0600), 0);
    assert_refused(after, &place, a.data, a.len, ERR_SETTINGS, "another key");
    assert_int_equal(unlink(kept), 0);
    assert_refused(after, &place, a.data, a.len, ERR_SETTINGS, old_id);
    assert_int_equal(vault_use(after, old_id, &e), -1);
    assert_int_equal(e.kind, ERR_SETTINGS);
    assert_has(e.text, "FOYER_KEY_FILE");
    assert_int_equal(vault_reload(after, &e), -1);
    assert_int_equal(e.kind, ERR_SETTINGS);
    free(kept);
    buf_free(&a);
    buf_free(&b);
    buf_free(&c);
    for (size_t i = 0; i < 3; i++)
        vault_close(i == 2 ? after : all[i]);
}

static void test_many_new_keys(void **state)
{
    (void)state;
    struct err e = {0};
    struct buf sealed[40];
    assert_int_equal(vault_create(NULL), 0);
    struct vault *v = open_ok();
    for (int i = 0; i < 40; i++) {
        char *kept;
        seal(v, "one of many", &sealed[i]);
        renew_ok(v, &kept);
        free(kept);
    }
    char id[VAULT_ID_SIZE], sealing[VAULT_ID_SIZE];
    snprintf(sealing, sizeof sealing, "%s", vault_key_id(v));
    for (int i = 0; i < 40; i++) {
        assert_unseals(v, &sealed[i], "one of many");
        assert_string_equal(vault_key_id(v), sealing);
    }
    vault_sealed_id(sealed[0].data, sealed[0].len, id);
    assert_int_equal(vault_use(v, id, &e), 0);
    for (int i = 0; i < 40; i++) {
        assert_unseals(v, &sealed[i], "one of many");
        buf_free(&sealed[i]);
    }
    assert_string_equal(vault_key_id(v), id);
    vault_close(v);
}

static void test_one_renews_at_a_time(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(vault_create(NULL), 0);
    struct vault *v = open_ok();
    int lock = vault_lock(v, &e);
    assert_true(lock >= 0);
    assert_int_equal(vault_lock(v, &e), -1);
    assert_int_equal(e.kind, ERR_CONFLICT);
    vault_unlock(lock);
    lock = vault_lock(v, &e);
    assert_true(lock >= 0);
    vault_unlock(lock);
    vault_close(v);
}

static void test_a_link_to_the_key_stays_one(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(vault_create(NULL), 0);
    char *link = path_join(dir, "link"), *kept;
    assert_int_equal(symlink(path, link), 0);
    setenv("FOYER_KEY_FILE", link, 1);
    struct vault *v = open_ok();
    renew_ok(v, &kept);
    struct stat st;
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_true(str_starts(kept, path));
    struct vault *again = vault_open(&e);
    assert_non_null(again);
    assert_string_equal(vault_key_id(again), vault_key_id(v));
    vault_close(again);
    vault_close(v);
    setenv("FOYER_KEY_FILE", path, 1);
    free(link);
    free(kept);
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(vault_create(NULL), 0);
    struct vault *v = open_ok();
    struct buf small, a;
    struct err e;
    buf_init(&small, 10);
    assert_int_equal(vault_seal(v, &place, "x", 1, &small, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    seal(v, "longer than ten", &a);
    assert_int_equal(vault_unseal(v, &place, a.data, a.len, &small, &e), -1);
    assert_int_equal(e.kind, ERR_LIMIT);
    buf_reset(&a);
    struct vault_place odd = {"secret", "", "a|b", 1};
    assert_int_equal(vault_seal(v, &odd, "x", 1, &a, &e), -1);
    assert_int_equal(e.kind, ERR_INVALID);
    char name[3000];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    odd.name = name;
    assert_int_equal(vault_seal(v, &odd, "x", 1, &a, &e), -1);
    assert_int_equal(e.kind, ERR_INVALID);
    buf_free(&a);
    buf_free(&small);
    vault_close(v);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_where_the_key_is),
        T(test_create_makes_a_private_file_once),
        T(test_a_missing_key_says_what_to_do),
        T(test_a_key_that_others_read_is_refused),
        T(test_a_malformed_key_is_refused),
        T(test_seal_and_unseal),
        T(test_every_changed_byte_is_noticed),
        T(test_a_row_copied_elsewhere_does_not_open),
        T(test_another_key),
        T(test_a_new_key_leaves_the_old_one_aside),
        T(test_many_new_keys),
        T(test_one_renews_at_a_time),
        T(test_a_link_to_the_key_stays_one),
        T(test_limits),
    };
    return cmocka_run_group_tests_name("vault", tests, NULL, NULL);
}
