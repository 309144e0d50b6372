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

int settings_file_check(const struct settings_app *apps, size_t napps, const json_t *tree,
                        enum settings_kind kind, settings_problem_fn *problem, void *arg)
{
    static int (*const check[])(const json_t *, const struct settings_app *, size_t,
                                settings_problem_fn *, void *) = {
        [SETTINGS_WORKSPACE] = settings_check_workspace,
        [SETTINGS_CLIENT] = settings_check_client,
        [SETTINGS_IDS] = settings_check_ids};
    return check[kind](tree, apps, napps, problem, arg);
}
