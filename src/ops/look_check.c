#include "ops/look_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/when.h"
#include "ops/report.h"
#include "store/mark.h"
#include "store/store.h"

struct look_check {
    struct diagnosis *found;
    int64_t now_ms;
};

/* "3 min ago"; a time in the future, by a clock that was ahead, is now. */
static void ago(int64_t now_ms, int64_t at_ms, char out[80])
{
    char text[64];
    when_format_duration(at_ms < now_ms ? (double)(now_ms - at_ms) / 1000 : 0, text);
    snprintf(out, 80, "%s ago", text);
}

static int add_mark(void *arg, const struct mark *m)
{
    const struct look_check *c = arg;
    int is_heal = strcmp(m->key.kind, MARK_HEAL) == 0;
    char looked[80] = "not looked at yet", mark[80];
    if (m->looked_ms)
        ago(c->now_ms, m->looked_ms, looked);
    ago(c->now_ms, m->at_ms, mark);
    char *what = is_heal ? xasprintf("the events of %s (%s)", m->key.whose, m->key.app)
                         : xasprintf("client %s, %s", m->key.whose, m->key.name);
    char *more = m->error ? xasprintf("; the last look failed: %s", m->error)
                 : is_heal && m->found
                     ? xasprintf("; %lld webhooks did not come so far, and were taken",
                                 (long long)m->found)
                     : xstrdup("");
    json_t *finding =
        diagnosis_add(c->found, m->error ? DIAGNOSIS_WARNING : DIAGNOSIS_OK, "looks",
                      "%s: %s%s; known up to %s%s", what,
                      m->looked_ms ? "last looked at " : "", looked, mark, more);
    report_set_text(finding, is_heal ? "company" : "client", m->key.whose);
    report_set_text(finding, "app", m->key.app);
    if (!is_heal)
        report_set_text(finding, "trigger", m->key.name);
    report_set_time(finding, "looked_at", m->looked_ms);
    report_set_time(finding, "mark_at", m->at_ms);
    json_object_set_new(finding, is_heal ? "missed" : "fired", json_integer(m->found));
    free(what);
    free(more);
    return 0;
}

void look_check(struct workspace *w, struct diagnosis *found)
{
    struct err e = {0};
    struct look_check c = {.found = found, .now_ms = clock_wall_ms()};
    struct store *store = workspace_store(w, &e);
    if (!store) /* the check "store" says so */
        return;
    if (mark_each(store_db(store), add_mark, &c, &e) != 0)
        diagnosis_add(found, DIAGNOSIS_PROBLEM, "looks", "%s", e.text);
}
