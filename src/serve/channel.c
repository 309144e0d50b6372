#include "serve/channel.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

void channel_picks(const struct hook_app *app, struct jsonpick picks[CHANNEL_PICKS])
{
    static const char none[] = "\x01"; /* a name that no body has */
    picks[0] = (struct jsonpick){app->channel_type ? app->channel_type : none, NULL, 0};
    picks[1] = (struct jsonpick){app->channel_about ? app->channel_about : none, NULL, 0};
    for (int i = 0; i < HOOK_PATHS; i++) {
        const char *path = app->channel_conversation[i];
        picks[2 + i] = (struct jsonpick){path ? path : none, NULL, 0};
    }
}

static const json_t *find_answer(const struct hook_app *app, const char *type)
{
    return json_object_get(json_object_get(app->channel, "answers"), type);
}

void channel_read(const struct hook_app *app, const struct jsonpick picks[CHANNEL_PICKS],
                  struct channel_said *out)
{
    memset(out, 0, sizeof *out);
    if (!app->channel)
        return;
    jsonpick_text(&picks[0], out->type, sizeof out->type);
    out->is_one = find_answer(app, out->type) != NULL || picks[1].start != NULL;
    for (int i = 0; out->is_one && !*out->conversation && i < HOOK_PATHS; i++) {
        char text[1024]; /* an id, or the URL that ends in it */
        jsonpick_text(&picks[2 + i], text, sizeof text);
        const char *id = strrchr(text, '/') ? strrchr(text, '/') + 1 : text;
        size_t len = strlen(id);
        if (len < sizeof out->conversation) /* longer: no id */
            memcpy(out->conversation, id, len + 1);
    }
}

void channel_read_deleted(struct channel_said *out)
{
    memset(out, 0, sizeof *out);
    out->is_one = 1;
    snprintf(out->type, sizeof out->type, "delete");
}

json_t *channel_prepare(const struct hook_app *app, const struct channel_said *said,
                        const char *url, struct err *e)
{
    const json_t *wanted = find_answer(app, said->type);
    if (!wanted) {
        err_set(e, ERR_INVALID, "no channel request of the type \"%.60s\" is known here",
                said->type);
        return NULL;
    }
    json_t *answer = json_deep_copy(wanted);
    const char *key;
    json_t *value;
    json_object_foreach(answer, key, value)
    {
        const char *s = json_string_value(value);
        if (str_eq(s, "{url}") && !url) {
            err_set(e, ERR_SETTINGS,
                    "foyer.lua has no public_url, which this request wants to know");
            json_decref(answer);
            return NULL;
        }
        if (str_eq(s, "{url}"))
            json_string_set(value, url);
        else if (str_eq(s, "{conversation}"))
            json_string_set(value, *said->conversation ? said->conversation : "{id}");
    }
    return answer;
}

void channel_complete(json_t *answer, int64_t delivery)
{
    char id[40];
    const char *key;
    json_t *value;
    snprintf(id, sizeof id, "foyer-%lld", (long long)delivery);
    json_object_foreach(answer, key, value)
    {
        if (str_eq(json_string_value(value), "{id}"))
            json_string_set(value, id);
    }
}

json_t *channel_refusal(const struct hook_app *app, const char *why)
{
    const json_t *wanted = json_object_get(app->channel, "refusal");
    json_t *refusal = wanted ? json_deep_copy(wanted) : json_object();
    const char *key;
    json_t *value;
    json_object_foreach(refusal, key, value)
    {
        if (str_eq(json_string_value(value), "{why}"))
            json_string_set(value, why);
    }
    return refusal;
}
