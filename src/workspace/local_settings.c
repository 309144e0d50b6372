#include "workspace/local_settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/path.h"
#include "core/limits.h"
#include "workspace/settings_file.h"

#define KEPT "state/local.lua"

json_t *local_settings_merge(json_t *settings, const json_t *local)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)local, key, value)
    {
        json_t *below = json_object_get(settings, key);
        /* {"$secret": NAME} is a value */
        int is_table = json_is_object(value) && json_is_object(below) &&
                       !json_object_get(value, "$secret") &&
                       !json_object_get(below, "$secret");
        json_object_set_new(settings, key,
                            is_table ? local_settings_merge(json_copy(below), value)
                                     : json_incref(value));
    }
    return settings;
}

static int read_text(const char *dir, const char *name, struct buf *out, struct err *e)
{
    buf_init(out, limits_default.script_bytes);
    return path_read_below(dir, name, name, out, e);
}

/* Where there is no file, an empty text is kept: then that is what was in force. */
static void keep(const char *dir)
{
    struct buf now, kept;
    struct err e = {0}, none = {0};
    char *path = path_join(dir, KEPT);
    int rc = read_text(dir, LOCAL_SETTINGS, &now, &e);
    int had = read_text(dir, KEPT, &kept, &none) == 0;
    if (rc != 0 && e.kind == ERR_NOT_FOUND)
        rc = 0;
    if (rc == 0 && !(had && now.len == kept.len &&
                     memcmp(buf_str(&now), buf_str(&kept), now.len) == 0))
        rc = path_write(path, buf_str(&now), now.len, 0600, &e);
    if (rc != 0)
        log_line(LOG_WARN, "cannot keep " LOCAL_SETTINGS ": %s", e.text);
    buf_free(&now);
    buf_free(&kept);
    free(path);
}

int local_settings_keep(const char *dir, json_t **local, const struct err *why)
{
    struct buf text;
    struct err none = {0};
    if (*local || why->kind == ERR_NOT_FOUND) {
        keep(dir);
        return 0;
    }
    *local = settings_file_read(dir, KEPT, &text, &none);
    int is_kept = *local || (none.kind != ERR_NOT_FOUND && text.len == 0);
    buf_free(&text);
    if (is_kept)
        log_line(LOG_ERROR, "%s; what " LOCAL_SETTINGS " said before stays in force",
                 why->text);
    return is_kept ? 0 : -1;
}
