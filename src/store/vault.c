#include "store/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"
#include "base/testhook.h"
#include "base/crypto.h"

enum {
    SEALED_VERSION = 1,
    KEY_ID_SIZE = 8,
    PLACE_SIZE = 8,
    PLACE_TEXT_MAX = 1024,
    KEY_FILE_MAX = 256,
    KEYS_MAX = 16, /* of one handle */
    /* version, key id, place, nonce; then the ciphertext and the tag */
    HEADER_SIZE = 1 + KEY_ID_SIZE + PLACE_SIZE + CRYPTO_NONCE_SIZE
};

#define KEY_WORD "foyer-key-1"

/* Its arguments are the key file and the id of the missing key: a file that find reads.
 */
#define BRING_KEY                                                                        \
    "set FOYER_KEY_FILE to the right one, or copy it from where the workspace was in "   \
    "use (~/.config/foyer/key there) to %s.%s"

struct key {
    unsigned char key[CRYPTO_KEY_SIZE];
    unsigned char id[KEY_ID_SIZE];
    char id_hex[VAULT_ID_SIZE];
};

struct vault {
    struct key keys[KEYS_MAX];
    size_t n, sealing; /* keys[sealing] seals, all open */
    char *path;
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
    /* the XDG base directory specification: a relative path is ignored */
    if (config && config[0] == '/')
        return path_join(config, "foyer/key");
    if (home)
        return path_join(home, ".config/foyer/key");
    err_set(e, ERR_SETTINGS,
            "cannot find the sealing key: neither FOYER_KEY_FILE nor HOME is set");
    return NULL;
}

/* Derives the id from the key, so that an error in the key file's line is noticed. */
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

static void make_key(struct key *key)
{
    crypto_random(key->key, sizeof key->key);
    key_id(key->key, key->id);
    str_hex(key->id, sizeof key->id, key->id_hex);
}

/* Writes the file's line, which the caller wipes. Returns its length. */
static size_t format_key(const struct key *key, char line[KEY_FILE_MAX])
{
    char *text = str_base64(key->key, sizeof key->key);
    int n = snprintf(line, KEY_FILE_MAX, KEY_WORD " %s %s\n", key->id_hex, text);
    crypto_free_text(text);
    return (size_t)n;
}

int vault_create(struct err *e)
{
    char *path = vault_key_path(e);
    if (!path)
        return -1;
    struct key key;
    char line[KEY_FILE_MAX];
    make_key(&key);
    size_t n = format_key(&key, line);
    int rc = make_parent(path, e);
    if (rc == 0)
        rc = path_create(path, line, n, 0600, e);
    if (rc != 0 && e && e->kind != ERR_CONFLICT)
        e->kind = ERR_SETTINGS;
    crypto_wipe(line, sizeof line);
    crypto_wipe(&key, sizeof key);
    free(path);
    return rc;
}

static int parse_key(struct key *out, char *line)
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
        memcpy(out->key, key, n);
        key_id(out->key, out->id);
        str_hex(out->id, sizeof out->id, out->id_hex);
        rc = strcmp(out->id_hex, id) == 0 ? 0 : -1;
    }
    if (key)
        crypto_wipe(key, n);
    free(key);
    return rc;
}

/* Reads the key line of the open file FD. */
static int read_fd(struct key *out, int fd, const char *path, struct err *e)
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
    int rc = n < KEY_FILE_MAX ? parse_key(out, line) : -1;
    crypto_wipe(line, sizeof line);
    if (rc != 0)
        return err_set(e, ERR_SETTINGS,
                       "cannot use the sealing key %s: it is malformed; it must hold the "
                       "line \"" KEY_WORD " <key id> <base64>\" that `foyer init` wrote",
                       path);
    return 0;
}

static int read_key(struct key *out, const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return err_set(
            e, ERR_SETTINGS,
            "cannot find the sealing key %s: copy it to there from where the workspace "
            "was in use (~/.config/foyer/key there), or set FOYER_KEY_FILE to where it "
            "is; for a new workspace `foyer init` makes one",
            path);
    if (fd < 0)
        return err_set(e, ERR_SETTINGS, "cannot read the sealing key %s: %s", path,
                       strerror(errno));
    int rc = read_fd(out, fd, path, e);
    close(fd);
    return rc;
}

struct vault *vault_open(struct err *e)
{
    char *path = vault_key_path(e);
    if (!path)
        return NULL;
    struct vault *v = xcalloc(1, sizeof *v);
    if (read_key(&v->keys[0], path, e) != 0) {
        free(path);
        vault_close(v);
        return NULL;
    }
    v->n = 1;
    /* so that vault_renew replaces the file that a link leads to, not the link */
    v->path = realpath(path, NULL);
    if (v->path)
        free(path);
    else
        v->path = path;
    return v;
}

void vault_close(struct vault *v)
{
    if (!v)
        return;
    free(v->path);
    crypto_wipe(v, sizeof *v);
    free(v);
}

const char *vault_key_id(const struct vault *v)
{
    return v->keys[v->sealing].id_hex;
}

const char *vault_file(const struct vault *v)
{
    return v->path;
}

/* ---- several keys ---- */

static const struct key *known_key(const struct vault *v, const char *id)
{
    for (size_t i = 0; i < v->n; i++)
        if (strcmp(v->keys[i].id_hex, id) == 0)
            return &v->keys[i];
    return NULL;
}

/* Adds KEY unless it is there. In a full table it replaces a key that does not seal. */
static const struct key *add_key(struct vault *v, const struct key *key)
{
    const struct key *known = known_key(v, key->id_hex);
    if (known)
        return known;
    size_t at = v->n < KEYS_MAX ? v->n++ : (v->sealing + 1) % KEYS_MAX;
    v->keys[at] = *key;
    return &v->keys[at];
}

static char *kept_path(const struct vault *v, const char *id)
{
    return xasprintf("%s.%s", v->path, id);
}

/* Returns the key ID, from memory or the files. NULL with ERR_NOT_FOUND when no file has
 * it, NULL with another error when a file is bad. */
static const struct key *find(struct vault *v, const char *id, struct err *e)
{
    const struct key *key = known_key(v, id);
    if (key)
        return key;
    struct key read = {0};
    struct err ignored;
    /* the key file may have been replaced since this process read it */
    if (read_key(&read, v->path, &ignored) == 0)
        add_key(v, &read);
    key = known_key(v, id);
    char *path = kept_path(v, id);
    if (!key && !path_exists(path))
        err_set(e, ERR_NOT_FOUND, "no file holds the sealing key %s", id);
    else if (!key && read_key(&read, path, e) == 0)
        key = strcmp(read.id_hex, id) == 0 ? add_key(v, &read) : NULL;
    if (!key && e && e->kind == ERR_NONE)
        err_set(e, ERR_SETTINGS, "the file %s holds another key than its name says",
                path);
    free(path);
    crypto_wipe(&read, sizeof read);
    return key;
}

int vault_reload(struct vault *v, struct err *e)
{
    struct key read = {0};
    int rc = read_key(&read, v->path, e);
    if (rc == 0)
        v->sealing = (size_t)(add_key(v, &read) - v->keys);
    crypto_wipe(&read, sizeof read);
    return rc;
}

int vault_use(struct vault *v, const char *id, struct err *e)
{
    struct err why = {0};
    const struct key *key = find(v, id, &why);
    if (key) {
        v->sealing = (size_t)(key - v->keys);
        return 0;
    }
    if (why.kind != ERR_NOT_FOUND) {
        if (e)
            *e = why;
        return -1;
    }
    return err_set(e, ERR_SETTINGS,
                   "cannot seal: this workspace is sealed with the key %s, and the key "
                   "in use is %s; " BRING_KEY,
                   id, v->keys[0].id_hex, v->path, id);
}

static char *dir_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return xstrdup(".");
    return slash == path ? xstrdup("/") : xmemdup0(path, (size_t)(slash - path));
}

/* Locks the directory, because vault_renew replaces the key file by a rename. */
int vault_lock(const struct vault *v, struct err *e)
{
    char *dir = dir_of(v->path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            err_set(e, ERR_CONFLICT,
                    "cannot renew the sealing key %s: another process is doing so",
                    v->path);
        else
            err_set(e, ERR_SETTINGS, "cannot lock %s: %s", dir, strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    free(dir);
    return fd;
}

void vault_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* Writes KEY to PATH, where a rekey that was cut off may have written it before. */
static int write_key(const struct key *key, const char *path, struct err *e)
{
    char line[KEY_FILE_MAX];
    size_t n = format_key(key, line);
    int rc = path_write(path, line, n, 0600, e);
    crypto_wipe(line, sizeof line);
    return rc;
}

int vault_renew(struct vault *v, char **kept, struct err *e)
{
    struct key current, next;
    *kept = NULL;
    if (read_key(&current, v->path, e) != 0)
        return -1;
    add_key(v, &current);
    char *path = kept_path(v, current.id_hex);
    make_key(&next);
    int rc = write_key(&current, path, e);
    testhook_stop("old key kept");
    if (rc == 0)
        rc = write_key(&next, v->path, e);
    testhook_stop("new key written");
    if (rc == 0) {
        v->sealing = (size_t)(add_key(v, &next) - v->keys);
        *kept = path;
    } else {
        free(path);
        if (e)
            e->kind = ERR_SETTINGS;
    }
    crypto_wipe(&current, sizeof current);
    crypto_wipe(&next, sizeof next);
    return rc;
}

/* ---- sealing ---- */

/* Writes the associated data and its hash; returns its length. Refuses a '|' inside a
 * part, with which two places could have one text. */
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
    const struct key *key = &v->keys[v->sealing];
    memcpy(p, key->id, KEY_ID_SIZE);
    p += KEY_ID_SIZE;
    memcpy(p, hash, PLACE_SIZE);
    p += PLACE_SIZE;
    unsigned char *nonce = p;
    crypto_random(nonce, CRYPTO_NONCE_SIZE);
    p += CRYPTO_NONCE_SIZE;
    int rc = crypto_seal(key->key, nonce, ad, (size_t)ad_len, data, len, p, p + len, e);
    if (rc == 0 && buf_add(out, sealed, total) != 0)
        rc = err_set(e, ERR_LIMIT, "cannot seal the %s \"%s\": it is too long",
                     place->kind, place->name);
    free(sealed);
    return rc;
}

void vault_sealed_id(const void *sealed, size_t len, char out[VAULT_ID_SIZE])
{
    const unsigned char *p = sealed;
    out[0] = '\0';
    if (len >= HEADER_SIZE + CRYPTO_TAG_SIZE && p[0] == SEALED_VERSION)
        str_hex(p + 1, KEY_ID_SIZE, out);
}

int vault_unseal(struct vault *v, const struct vault_place *place, const void *sealed,
                 size_t len, struct buf *out, struct err *e)
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
    char id_hex[VAULT_ID_SIZE];
    struct err why = {0};
    str_hex(id, KEY_ID_SIZE, id_hex);
    const struct key *key = find(v, id_hex, &why);
    if (!key && why.kind != ERR_NOT_FOUND)
        return err_set(e, ERR_SETTINGS, "cannot open the %s \"%s\": %s", kind, name,
                       why.text);
    if (!key)
        return err_set(
            e, ERR_SETTINGS,
            "cannot open the %s \"%s\": it was sealed with the key %s, and the "
            "key in use is %s; " BRING_KEY,
            kind, name, id_hex, v->keys[0].id_hex, v->path, id_hex);
    if (memcmp(id + KEY_ID_SIZE, hash, PLACE_SIZE) != 0)
        return err_set(e, ERR_STORE,
                       "cannot open the %s \"%s\": it was sealed for another owner, name "
                       "or version; its row was copied here",
                       kind, name);
    const unsigned char *nonce = id + KEY_ID_SIZE + PLACE_SIZE;
    size_t n = len - HEADER_SIZE - CRYPTO_TAG_SIZE;
    unsigned char *plain = xmalloc(n);
    int rc = crypto_open(key->key, nonce, ad, (size_t)ad_len, p + HEADER_SIZE, n,
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
