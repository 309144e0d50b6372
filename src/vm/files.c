#include "vm/files.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/path.h"
#include "base/str.h"

enum {
    FILES_MAX = 16,
    ANSWERS = 1000 /* the id of an answer is its step's number and this */
};

struct file {
    int id;
    char *name; /* NULL: of an answer */
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
    if (files->given >= FILES_MAX)
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
    struct file *file = &files->list[files->n++];
    *file = (struct file){files->given++, xstrdup(slash ? slash + 1 : path), data, len};
    *name = file->name;
    return file->id;
}

/* The bytes of an answer are noted under this name. */
static char *answer_name(int id)
{
    return xasprintf("answer://%d", id - ANSWERS);
}

int files_add_answer(struct files *files, int seq, const char *data, size_t len,
                     struct pins *pins, size_t max, struct err *e)
{
    size_t had;
    int id = ANSWERS + seq;
    if (files_get(files, pins, id, &had))
        return id;
    if (len > max - files->answer_bytes)
        return err_set(e, ERR_LIMIT,
                       "cannot keep the file of an answer: all files that this run got "
                       "would take more than %zu MiB; get them in several runs",
                       max >> 20);
    files->answer_bytes += len;
    if (pins) {
        char *name = answer_name(id);
        pins_note_bytes(pins, name, data, len);
        free(name);
        return id;
    }
    array_grow(files->list, files->n);
    files->list[files->n++] = (struct file){id, NULL, xmemdup0(data, len), len};
    return id;
}

const char *files_get(const struct files *files, struct pins *pins, int id, size_t *len)
{
    for (int i = 0; i < files->n; i++) {
        if (files->list[i].id != id)
            continue;
        *len = files->list[i].len;
        return files->list[i].data;
    }
    if (!pins || id < ANSWERS)
        return NULL;
    char *name = answer_name(id);
    const char *bytes = pins_bytes(pins, name, len);
    free(name);
    return bytes;
}
