#include "vm/files.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/path.h"
#include "base/str.h"

enum { FILES_MAX = 16 };

struct file {
    char *name;
    char *data;
    size_t len;
};

void files_fini(struct files *files)
{
    for (int i = 0; i < files->n; i++) {
        free(files->list[i].name);
        free(files->list[i].data);
    }
    free(files->list);
    *files = (struct files){0};
}

static int read_disk(const char *path, size_t max, char **data, size_t *len,
                     struct err *e)
{
    struct buf bytes;
    buf_init(&bytes, max);
    if (path_read(path, &bytes, e) != 0) {
        buf_free(&bytes);
        return -1;
    }
    *data = buf_take(&bytes, len);
    return 0;
}

int files_add(struct files *files, const char *path, struct pins *pins, int from_disk,
              size_t max, const char **name, struct err *e)
{
    char *data;
    size_t len;
    const char *noted = pins ? pins_bytes(pins, path, &len) : NULL;
    if (!noted && !from_disk)
        return err_set(e, ERR_FORBIDDEN,
                       "cannot read %s: files come from the command line only; a script "
                       "passes on the one that it got",
                       path);
    if (files->n >= FILES_MAX)
        return err_set(e, ERR_LIMIT, "cannot read %s: more than %d files", path,
                       FILES_MAX);
    if (noted)
        data = xmemdup0(noted, len);
    else if (read_disk(path, max, &data, &len, e) != 0)
        return -1;
    if (pins && !noted)
        pins_note_bytes(pins, path, data, len);
    array_grow(files->list, files->n);
    const char *slash = strrchr(path, '/');
    files->list[files->n] = (struct file){xstrdup(slash ? slash + 1 : path), data, len};
    *name = files->list[files->n].name;
    return files->n++;
}

const char *files_get(const struct files *files, int id, size_t *len)
{
    if (id < 0 || id >= files->n)
        return NULL;
    *len = files->list[id].len;
    return files->list[id].data;
}
