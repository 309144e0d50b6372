#include "work/mode.h"

#include "base/str.h"
#include "core/jsontree.h"

enum mode work_mode(struct workspace *w, const char *client, const char **why)
{
    static const char *const sentences[] = {
        [MODE_DRY_CLIENT] = "the client is dry: mode = \"dry\" in its client.lua",
        [MODE_DRY_WORKSPACE] =
            "the workspace is dry: mode = \"dry\" in foyer.lua or foyer.local.lua",
        [MODE_DRY_COPY] = "this store is a copy, or was restored; `foyer promote` makes "
                          "it the original"};
    const struct store *store = workspace_dir(w) ? workspace_store(w, NULL) : NULL;
    const json_t *own = client ? workspace_client(w, client, NULL) : NULL;
    enum mode mode = MODE_LIVE;
    if (store && store_is_copy(store))
        mode = MODE_DRY_COPY;
    else if (str_eq(json_text(workspace_settings_for(w, client, NULL), "mode"), "dry"))
        mode = MODE_DRY_WORKSPACE;
    else if (str_eq(json_text(own, "mode"), "dry"))
        mode = MODE_DRY_CLIENT;
    *why = sentences[mode];
    return mode;
}
