#include "io/httpd_answer.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "io/http1.h"

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } known[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            return known[i].reason;
    return "";
}

/* Appends the date in English, in any locale (RFC 9110, 5.6.7). */
static void add_date(struct buf *out)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm t = {0};
    gmtime_r(&now, &t);
    buf_addf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[t.tm_wday],
             t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min,
             t.tm_sec);
}

/* Returns 1 for a header that the server adds itself. */
static int is_ours(const char *name)
{
    return str_ieq(name, "Content-Length") || str_ieq(name, "Transfer-Encoding") ||
           str_ieq(name, "Connection");
}

static void add_header(struct buf *out, const struct httpd_header *h)
{
    if (http1_is_field(h->name, h->value) && !is_ours(h->name))
        buf_addf(out, "%s: %s\r\n", h->name, h->value);
    else
        log_line(LOG_ERROR, "httpd: the answer's header %s is malformed, left out",
                 h->name);
}

int httpd_answer_has_body(int status)
{
    return status != 204 && status != 304;
}

void httpd_answer_head(const struct httpd_answer *a, struct buf *out)
{
    buf_addf(out, "HTTP/1.1 %d %s\r\n", a->status, reason(a->status));
    int has_date = 0;
    for (size_t i = 0; i < a->nheaders; i++) {
        add_header(out, &a->headers[i]);
        has_date |= str_ieq(a->headers[i].name, "Date");
    }
    if (!has_date)
        add_date(out);
    if (httpd_answer_has_body(a->status))
        buf_addf(out, "Content-Length: %zu\r\n", a->body_len);
    if (a->is_last)
        buf_adds(out, "Connection: close\r\n");
    else if (a->is_to_old)
        buf_adds(out, "Connection: keep-alive\r\n");
    buf_adds(out, "\r\n");
}
