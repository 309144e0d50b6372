#include "workspace/file_stamps.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/str.h"

enum { DEPTH_MAX = 10 }; /* the layers are read less deep */

struct stamp {
    const char *dir;
    uint64_t hash;
    int depth;
};

/* FNV-1a. */
static void add(struct stamp *s, const void *data, size_t len)
{
    const unsigned char *p = data;
    while (len--)
        s->hash = (s->hash ^ *p++) * UINT64_C(1099511628211);
}

static int add_entry(void *arg, const char *name);

static void add_path(struct stamp *s, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return;
    const int64_t values[] = {
        (int64_t)st.st_dev, (int64_t)st.st_ino, (int64_t)st.st_mode, (int64_t)st.st_size,
        st.st_mtim.tv_sec,  st.st_mtim.tv_nsec, st.st_ctim.tv_sec,   st.st_ctim.tv_nsec};
    add(s, values, sizeof values);
    if (!S_ISDIR(st.st_mode) || s->depth == DEPTH_MAX)
        return;
    struct stamp below = {path, s->hash, s->depth + 1};
    path_each(path, add_entry, &below);
    s->hash = below.hash;
}

static int add_entry(void *arg, const char *name)
{
    struct stamp *s = arg;
    char *path = path_join(s->dir, name);
    add(s, name, strlen(name) + 1);
    add_path(s, path);
    free(path);
    return 0;
}

/* What else lies in the directory is not foyer's: it may be the log of this process. */
static int add_shared(void *arg, const char *name)
{
    static const char *const read[] = {"foyer.lua", "foyer.local.lua", "lua", "recipes",
                                       "templates"};
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        if (str_eq(name, read[i]))
            return add_entry(arg, name);
    return 0;
}

struct clients {
    const char *dir;
    json_t *stamps;
};

static void set(json_t *stamps, const char *name, const struct stamp *s)
{
    json_object_set_new(stamps, name, json_integer((json_int_t)s->hash));
}

static int set_client(void *arg, const char *name)
{
    struct clients *clients = arg;
    struct stamp s = {.dir = clients->dir};
    char *path = path_join(clients->dir, name);
    add_path(&s, path);
    if (path_is_dir(path))
        set(clients->stamps, name, &s);
    free(path);
    return 0;
}

json_t *file_stamps(const char *dir)
{
    struct stamp shared = {.dir = dir};
    char *below = path_join(dir, "clients");
    struct clients clients = {below, json_object()};
    path_each(dir, add_shared, &shared);
    set(clients.stamps, "", &shared);
    path_each(below, set_client, &clients);
    free(below);
    return clients.stamps;
}
