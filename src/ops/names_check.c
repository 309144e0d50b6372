#include "ops/names_check.h"

#include "core/jsontree.h"
#include "ops/report.h"
#include "work/alert.h"
#include "work/names.h"

struct check {
    struct session *s;
    struct diagnosis *found;
};

static void stop(void *arg)
{
    struct check *c = arg;
    loop_stop(session_loop(c->s));
}

static json_t *add(struct check *c, enum diagnosis_status status, const char *client,
                   const char *app, const char *text)
{
    json_t *finding =
        diagnosis_add(c->found, status, "names", "client %s: %s", client, text);
    report_set_text(finding, "client", client);
    report_set_text(finding, "app", app);
    return finding;
}

static void on_seen(void *arg, const char *client, const char *app, const json_t *answer,
                    const struct err *e)
{
    struct check *c = arg;
    size_t i;
    json_t *one;
    json_int_t asked = json_int(answer, "asked");
    const json_t *lost = json_object_get(answer, "lost");
    const json_t *failed = json_object_get(answer, "failed");
    if (!answer) {
        add(c, DIAGNOSIS_WARNING, client, app, e->text);
        return;
    }
    json_array_foreach(lost, i, one)
    {
        json_t *finding =
            add(c, DIAGNOSIS_PROBLEM, client, app, json_text_or(one, "sentence", "?"));
        report_set_text(finding, "id", json_text(one, "id"));
    }
    json_array_foreach(failed, i, one)
    {
        add(c, DIAGNOSIS_WARNING, client, app, json_text_or(one, "message", "?"));
    }
    if (json_array_size(lost) == 0 && json_array_size(failed) == 0)
        diagnosis_add(c->found, DIAGNOSIS_OK, "names",
                      "client %s: all %lld things that it names are there at %s", client,
                      (long long)asked, app);
}

void names_check(struct session *s, struct diagnosis *found)
{
    struct check c = {s, found};
    struct err e = {0};
    struct store *store = workspace_store(session_workspace(s), &e);
    if (!store) /* another check has said so */
        return;
    struct writer *writer = writer_open_here(store_db(store), session_loop(s));
    struct names *n = names_new(s, writer, on_seen, stop, &c);
    names_start(n);
    while (!session_interrupted(s) && !(names_is_idle(n) && writer_queued(writer) == 0))
        loop_run(session_loop(s));
    struct alert *a = alert_new(session_workspace(s), session_httpc(s), writer, stop, &c);
    if (!session_interrupted(s))
        alert_flush(a);
    while (!session_interrupted(s) && alert_is_sending(a))
        loop_run(session_loop(s));
    writer_close(writer);
    alert_free(a);
    names_free(n);
}
