#include "workspace/settings_file.h"

#include "base/textfile.h"
#include "core/limits.h"
#include "vm/data.h"

json_t *settings_file_read(const char *dir, const char *name, struct buf *text,
                           struct err *e)
{
    buf_init(text, limits_default.script_bytes);
    if (!dir) {
        err_set(e, ERR_USAGE, "cannot read %s: no workspace", name);
        return NULL;
    }
    if (textfile_read_below(dir, name, name, text, e) != 0) {
        if (e && e->kind != ERR_NOT_FOUND)
            e->kind = ERR_SETTINGS;
        return NULL;
    }
    return data_load(text->data ? text->data : "", text->len, name, e);
}
