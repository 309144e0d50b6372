#include "work/alert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "io/url_parse.h"
#include "core/connection.h"
#include "core/settings_value.h"

enum { QUIET_MS = 60 * 1000, TOPICS_MAX = 256, TOTAL_MS = 10 * 1000 };

struct topic { /* a client's recipe and a kind */
    char *key;
    int64_t sent_ms;
    int left_out;
};

struct sending {
    LIST_ENTRY(sending) entry;
    struct alert *alert;
    struct httpc_call *call;
    char *body;
};

struct alert {
    struct workspace *w;
    struct httpc *httpc;
    void (*idle)(void *arg);
    void *arg;
    LIST_HEAD(, sending) sending;
    struct topic topics[TOPICS_MAX];
    int ntopics;
};

struct alert *alert_new(struct workspace *w, struct httpc *httpc, void (*idle)(void *arg),
                        void *arg)
{
    struct alert *a = xcalloc(1, sizeof *a);
    *a = (struct alert){.w = w, .httpc = httpc, .idle = idle, .arg = arg};
    return a;
}

static void sending_free(struct sending *x)
{
    LIST_REMOVE(x, entry);
    if (x->call)
        httpc_cancel(x->call);
    free(x->body);
    free(x);
}

void alert_free(struct alert *a)
{
    if (!a)
        return;
    while (!LIST_EMPTY(&a->sending))
        sending_free(LIST_FIRST(&a->sending));
    for (int i = 0; i < a->ntopics; i++)
        free(a->topics[i].key);
    free(a);
}

int alert_is_sending(const struct alert *a)
{
    return !LIST_EMPTY(&a->sending);
}

/* Returns the topic KEY; a new one replaces the one that was sent longest ago, when there
 * are too many. */
static struct topic *find_topic(struct alert *a, const char *key)
{
    struct topic *oldest = &a->topics[0];
    for (int i = 0; i < a->ntopics; i++) {
        if (strcmp(a->topics[i].key, key) == 0)
            return &a->topics[i];
        if (a->topics[i].sent_ms < oldest->sent_ms)
            oldest = &a->topics[i];
    }
    if (a->ntopics < TOPICS_MAX)
        oldest = &a->topics[a->ntopics++];
    free(oldest->key);
    *oldest = (struct topic){.key = xstrdup(key), .sent_ms = INT64_MIN / 2};
    return oldest;
}

static void on_answer(void *arg, const struct httpc_answer *answer)
{
    struct sending *x = arg;
    struct alert *a = x->alert;
    x->call = NULL;
    /* the URL is a secret, and the error's text may contain it: neither is shown */
    if (answer->err.kind != ERR_NONE)
        log_line(LOG_WARN, "cannot send an alert: %s", err_kind_name(answer->err.kind));
    else if (answer->status >= 300)
        log_line(LOG_WARN, "cannot send an alert: the chat answers %ld", answer->status);
    sending_free(x);
    if (LIST_EMPTY(&a->sending))
        a->idle(a->arg);
}

static int find_url(struct workspace *w, struct buf *url, struct err *e)
{
    const json_t *value = json_object_get(workspace_settings(w, NULL), "alert");
    const char *secret = settings_secret(value);
    if (secret)
        return workspace_secret(w, secret, url, e);
    if (json_is_string(value))
        buf_adds(url, json_string_value(value));
    return 0;
}

static void post(struct alert *a, const char *url, const char *text)
{
    static const char *const headers[] = {"Content-Type: application/json"};
    struct err e;
    struct url_parts u;
    if (url_parse(url, &u, &e) != 0) {
        log_line(LOG_WARN, "cannot send an alert: foyer.lua's `alert` is not a URL");
        return;
    }
    struct sending *x = xcalloc(1, sizeof *x);
    json_t *body = json_pack("{s:s}", "text", text);
    x->alert = a;
    x->body = body ? json_dumps(body, JSON_COMPACT) : xstrdup("{}");
    LIST_INSERT_HEAD(&a->sending, x, entry);
    struct httpc_request request = {.method = "POST",
                                    .url = url,
                                    .shown = "the alert's URL",
                                    .headers = headers,
                                    .nheaders = 1,
                                    .body = x->body,
                                    .body_len = strlen(x->body),
                                    .total_ms = TOTAL_MS,
                                    .fresh = 1,
                                    .allow_private = host_is_address(u.host)};
    x->call = httpc_start(a->httpc, &request, on_answer, x, &e);
    if (!x->call) {
        log_line(LOG_WARN, "cannot send an alert: %s", e.text);
        sending_free(x);
    }
    json_decref(body);
    url_parts_fini(&u);
}

void alert_send(struct alert *a, const char *client, const char *recipe, const char *kind,
                const char *sentence)
{
    struct buf url;
    struct err e;
    const struct store *store = workspace_store(a->w, NULL);
    if (store && store_is_copy(store)) { /* the original tells the chat */
        log_line(LOG_WARN, "%s%s%s%s%s%s (no alert is sent, as this store is a copy)",
                 client ? "client " : "", client ? client : "", recipe ? ", recipe " : "",
                 recipe ? recipe : "", client || recipe ? ": " : "", sentence);
        return;
    }
    buf_init(&url, 16 * 1024);
    if (find_url(a->w, &url, &e) != 0) {
        log_line(LOG_WARN, "cannot send an alert: %s", e.text);
    } else if (url.len) {
        char *key =
            xasprintf("%s/%s/%s", client ? client : "", recipe ? recipe : "", kind);
        struct topic *topic = find_topic(a, key);
        int64_t now = clock_mono_us() / 1000;
        if (now - topic->sent_ms < QUIET_MS) {
            topic->left_out++;
        } else {
            char more[64] = "";
            if (topic->left_out)
                snprintf(more, sizeof more, " (and %d more like it before)",
                         topic->left_out);
            char *text = xasprintf("foyer: %s%s%s%s%s%s%s", client ? "client " : "",
                                   client ? client : "", recipe ? ", recipe " : "",
                                   recipe ? recipe : "", client || recipe ? ": " : "",
                                   sentence, more);
            post(a, buf_str(&url), text);
            free(text);
            topic->sent_ms = now;
            topic->left_out = 0;
        }
        free(key);
    }
    vault_wipe(&url);
}
