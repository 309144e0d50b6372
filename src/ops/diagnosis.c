#include "ops/diagnosis.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/str.h"
#include "ops/report.h"

static const char *const status_names[] = {"ok", "warning", "problem"};

static json_t *add(struct diagnosis *f, enum diagnosis_status status, const char *check,
                   const char *text)
{
    json_t *finding = json_pack("{s:s, s:s, s:s}", "check", check, "status",
                                status_names[status], "message", text);
    if (!finding)
        finding =
            json_pack("{s:s, s:s, s:s}", "check", check, "status", status_names[status],
                      "message", "(a text that is not UTF-8)");
    json_array_append_new(f->list, finding);
    f->counts[status]++;
    return finding;
}

json_t *diagnosis_add(struct diagnosis *f, enum diagnosis_status status,
                      const char *check, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = xvasprintf(fmt, ap);
    va_end(ap);
    json_t *finding = add(f, status, check, text);
    free(text);
    return finding;
}

json_t *diagnosis_add_connection(struct diagnosis *f, const struct probe_connection *t,
                                 enum diagnosis_status status, const char *check,
                                 const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = xvasprintf(fmt, ap);
    va_end(ap);
    char *whole =
        xasprintf("%s (%s, %s; %s): %s", t->company, t->id, t->app, t->clients, text);
    json_t *finding = add(f, status, check, whole);
    report_set_text(finding, "app", t->app);
    report_set_text(finding, "company", t->id);
    report_set_text(finding, "client", t->client);
    free(whole);
    free(text);
    return finding;
}
