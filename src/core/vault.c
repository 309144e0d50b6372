#include "core/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "io/crypto.h"

enum {
    SEALED_VERSION = 1,
    KEY_ID_SIZE = 8,
    PLACE_SIZE = 8,
    PLACE_TEXT_MAX = 1024,
    KEY_FILE_MAX = 256,
    /* version, key id, place, nonce; then the ciphertext and the tag */
    HEADER_SIZE = 1 + KEY_ID_SIZE + PLACE_SIZE + CRYPTO_NONCE_SIZE
};

#define KEY_WORD "foyer-key-1"

struct vault {
    unsigned char key[CRYPTO_KEY_SIZE];
    unsigned char id[KEY_ID_SIZE];
    char id_hex[2 * KEY_ID_SIZE + 1];
};

static const char *set_env(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

char *vault_key_path(struct err *e)
{
    const char *file = set_env("FOYER_KEY_FILE");
    if (file)
        return xstrdup(file);
    const char *config = set_env("XDG_CONFIG_HOME"), *home = set_env("HOME");
    /* The XDG specification: a relative path there is to be ignored. */
    if (config && config[0] == '/')
        return path_join(config, "foyer/key");
    if (home)
        return path_join(home, ".config/foyer/key");
    err_set(e, ERR_SETTINGS,
            "cannot find the sealing key: neither FOYER_KEY_FILE nor HOME is set");
    return NULL;
}

/* The id comes from the key, so that a line with a slip in it is noticed. */
static void key_id(const unsigned char *key, unsigned char *id)
{
    static const char label[] = "foyer key id";
    unsigned char text[sizeof label + CRYPTO_KEY_SIZE], hash[CRYPTO_SHA256_SIZE];
    memcpy(text, label, sizeof label);
    memcpy(text + sizeof label, key, CRYPTO_KEY_SIZE);
    crypto_sha256(text, sizeof text, hash);
    memcpy(id, hash, KEY_ID_SIZE);
    crypto_wipe(text, sizeof text);
}

static int make_parent(const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return 0;
    char *dir = xmemdup0(path, (size_t)(slash - path));
    int rc = path_make_dirs(dir, 0700, e);
    free(dir);
    return rc;
}

int vault_create(struct err *e)
{
    char *path = vault_key_path(e);
    if (!path)
        return -1;
    unsigned char key[CRYPTO_KEY_SIZE], id[KEY_ID_SIZE];
    char id_hex[2 * KEY_ID_SIZE + 1], line[KEY_FILE_MAX];
    crypto_random(key, sizeof key);
    key_id(key, id);
    str_hex(id, sizeof id, id_hex);
    char *text = str_base64(key, sizeof key);
    int n = snprintf(line, sizeof line, KEY_WORD " %s %s\n", id_hex, text);
    int rc = make_parent(path, e);
    if (rc == 0)
        rc = path_create(path, line, (size_t)n, 0600, e);
    if (rc != 0 && e && e->kind != ERR_CONFLICT)
        e->kind = ERR_SETTINGS;
    crypto_wipe(text, strlen(text));
    crypto_wipe(line, sizeof line);
    crypto_wipe(key, sizeof key);
    free(text);
    free(path);
    return rc;
}

static int parse_key(struct vault *v, char *line)
{
    char *save, *word = strtok_r(line, " \t\r\n", &save);
    char *id = strtok_r(NULL, " \t\r\n", &save);
    char *text = strtok_r(NULL, " \t\r\n", &save);
    if (!word || !id || !text || strtok_r(NULL, " \t\r\n", &save) ||
        strcmp(word, KEY_WORD) != 0)
        return -1;
    size_t n = 0;
    unsigned char *key = str_unbase64(text, strlen(text), &n);
    int rc = -1;
    if (key && n == CRYPTO_KEY_SIZE) {
        memcpy(v->key, key, n);
        key_id(v->key, v->id);
        str_hex(v->id, sizeof v->id, v->id_hex);
        rc = strcmp(v->id_hex, id) == 0 ? 0 : -1;
    }
    if (key)
        crypto_wipe(key, n);
    free(key);
    return rc;
}

/* Reads the key line of the open file FD into V. */
static int read_key(struct vault *v, int fd, const char *path, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(e, ERR_SETTINGS, "cannot use the sealing key %s: it is not a file",
                       path);
    if (st.st_mode & 077)
        return err_set(e, ERR_SETTINGS,
                       "cannot use the sealing key %s: others can read it (mode %03o); "
                       "run: chmod 600 %s",
                       path, (unsigned)st.st_mode & 0777, path);
    char line[KEY_FILE_MAX + 1];
    ssize_t n = read(fd, line, KEY_FILE_MAX);
    if (n < 0)
        return err_set(e, ERR_SETTINGS, "cannot read the sealing key %s: %s", path,
                       strerror(errno));
    line[n] = '\0';
    int rc = n < KEY_FILE_MAX ? parse_key(v, line) : -1;
    crypto_wipe(line, sizeof line);
    if (rc != 0)
        return err_set(e, ERR_SETTINGS,
                       "cannot use the sealing key %s: it is malformed; it must hold the "
                       "line \"" KEY_WORD " <key id> <base64>\" that `foyer init` wrote",
                       path);
    return 0;
}

struct vault *vault_open(struct err *e)
{
    char *path = vault_key_path(e);
    if (!path)
        return NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        err_set(e, ERR_SETTINGS,
                "cannot find the sealing key %s: run `foyer init`, or set FOYER_KEY_FILE "
                "to where it is",
                path);
    else if (fd < 0)
        err_set(e, ERR_SETTINGS, "cannot read the sealing key %s: %s", path,
                strerror(errno));
    struct vault *v = NULL;
    if (fd >= 0) {
        v = xcalloc(1, sizeof *v);
        if (read_key(v, fd, path, e) != 0) {
            vault_close(v);
            v = NULL;
        }
        close(fd);
    }
    free(path);
    return v;
}

void vault_close(struct vault *v)
{
    if (!v)
        return;
    crypto_wipe(v, sizeof *v);
    free(v);
}

const char *vault_key_id(const struct vault *v)
{
    return v->id_hex;
}

/* A '|' inside a part would let two places share one text. */
static int format_place(const struct vault_place *p, char *out, unsigned char *hash,
                        struct err *e)
{
    if (strchr(p->kind, '|') || strchr(p->owner, '|') || strchr(p->name, '|'))
        return err_set(e, ERR_INVALID, "cannot seal the %s \"%s\": '|' is not allowed",
                       p->kind, p->name);
    int n = snprintf(out, PLACE_TEXT_MAX, "%s|%s|%s|%lld", p->kind, p->owner, p->name,
                     (long long)p->version);
    if (n >= PLACE_TEXT_MAX)
        return err_set(e, ERR_INVALID, "cannot seal the %s \"%.40s...\": too long a name",
                       p->kind, p->name);
    crypto_sha256(out, (size_t)n, hash);
    return n;
}

int vault_seal(const struct vault *v, const struct vault_place *place, const void *data,
               size_t len, struct buf *out, struct err *e)
{
    char ad[PLACE_TEXT_MAX];
    unsigned char hash[CRYPTO_SHA256_SIZE];
    int ad_len = format_place(place, ad, hash, e);
    if (ad_len < 0)
        return -1;
    size_t total = HEADER_SIZE + len + CRYPTO_TAG_SIZE;
    unsigned char *sealed = xmalloc(total), *p = sealed;
    *p++ = SEALED_VERSION;
    memcpy(p, v->id, KEY_ID_SIZE);
    p += KEY_ID_SIZE;
    memcpy(p, hash, PLACE_SIZE);
    p += PLACE_SIZE;
    unsigned char *nonce = p;
    crypto_random(nonce, CRYPTO_NONCE_SIZE);
    p += CRYPTO_NONCE_SIZE;
    int rc = crypto_seal(v->key, nonce, ad, (size_t)ad_len, data, len, p, p + len, e);
    if (rc == 0 && buf_add(out, sealed, total) != 0)
        rc = err_set(e, ERR_LIMIT, "cannot seal the %s \"%s\": it is too long",
                     place->kind, place->name);
    free(sealed);
    return rc;
}

int vault_unseal(const struct vault *v, const struct vault_place *place,
                 const void *sealed, size_t len, struct buf *out, struct err *e)
{
    char ad[PLACE_TEXT_MAX];
    unsigned char hash[CRYPTO_SHA256_SIZE];
    int ad_len = format_place(place, ad, hash, e);
    if (ad_len < 0)
        return -1;
    const unsigned char *p = sealed;
    const char *kind = place->kind, *name = place->name;
    if (len < HEADER_SIZE + CRYPTO_TAG_SIZE)
        return err_set(e, ERR_STORE, "cannot open the %s \"%s\": its row is damaged",
                       kind, name);
    if (p[0] != SEALED_VERSION)
        return err_set(e, ERR_STORE,
                       "cannot open the %s \"%s\": it is sealed in format %d, which this "
                       "foyer does not know",
                       kind, name, p[0]);
    const unsigned char *id = p + 1;
    if (memcmp(id, v->id, KEY_ID_SIZE) != 0) {
        char other[2 * KEY_ID_SIZE + 1];
        str_hex(id, KEY_ID_SIZE, other);
        return err_set(
            e, ERR_SETTINGS,
            "cannot open the %s \"%s\": it was sealed with the key %s, and the "
            "key in use is %s; set FOYER_KEY_FILE to the right one",
            kind, name, other, v->id_hex);
    }
    if (memcmp(id + KEY_ID_SIZE, hash, PLACE_SIZE) != 0)
        return err_set(e, ERR_STORE,
                       "cannot open the %s \"%s\": it was sealed for another owner, name "
                       "or version; its row was copied here",
                       kind, name);
    const unsigned char *nonce = id + KEY_ID_SIZE + PLACE_SIZE;
    size_t n = len - HEADER_SIZE - CRYPTO_TAG_SIZE;
    unsigned char *plain = xmalloc(n);
    struct err why;
    int rc = crypto_open(v->key, nonce, ad, (size_t)ad_len, p + HEADER_SIZE, n,
                         p + HEADER_SIZE + n, plain, &why);
    if (rc != 0)
        err_set(e, ERR_STORE,
                "cannot open the %s \"%s\": its row was changed after it was sealed",
                kind, name);
    else if (buf_add(out, plain, n) != 0)
        rc = err_set(e, ERR_LIMIT, "cannot open the %s \"%s\": it is too long", kind,
                     name);
    crypto_wipe(plain, n);
    free(plain);
    return rc;
}

void vault_wipe(struct buf *b)
{
    if (b->data)
        crypto_wipe(b->data, b->cap);
    buf_free(b);
}
