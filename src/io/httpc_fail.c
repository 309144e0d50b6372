#include "io/httpc_fail.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static int too_large(size_t n, const char *what, struct err *e)
{
    if (n >> 20 && n % (1 << 20) == 0)
        return err_set(e, ERR_LIMIT, "it answers more than %zu MiB%s", n >> 20, what);
    if (n >> 10 && n % (1 << 10) == 0)
        return err_set(e, ERR_LIMIT, "it answers more than %zu KiB%s", n >> 10, what);
    return err_set(e, ERR_LIMIT, "it answers more than %zu bytes%s", n, what);
}

static int timed_out(const struct httpc_fail *f, struct err *e)
{
    int64_t ms = f->total_ms;
    if (!f->sent && f->connect_ms < ms)
        ms = f->connect_ms;
    return err_set(e, ERR_TIMEOUT, "no %s within %g s",
                   f->sent ? "complete answer" : "connection", (double)ms / 1000);
}

/* Reports an answer that cannot be decoded. CODING comes from the API: characters that a
 * coding's name cannot have are shown as '?'. */
static int undecodable(const char *coding, struct err *e)
{
    char name[41];
    snprintf(name, sizeof name, "%s", coding);
    for (char *p = name; *p; p++)
        if (*p <= ' ' || *p == 0x7f || *p == '"')
            *p = '?';
    return err_set(
        e, ERR_UNAVAILABLE,
        "the answer's content coding \"%s\" cannot be decoded: the coding is unknown "
        "to foyer, or the data is damaged",
        name);
}

static int explain(const struct httpc_fail *f, struct err *e)
{
    const char *detail = f->detail;
    switch (f->result) {
    case CURLE_FILESIZE_EXCEEDED:
        return too_large(f->body_max, "", e);
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE: /* a header line longer than libcurl's own 100 KiB */
#endif
    case CURLE_OUT_OF_MEMORY: /* libcurl 7.88's code for the same */
        return too_large(f->head_max, " of headers", e);
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR: /* from a decoder: there is data after its end */
        if (f->coding)
            return undecodable(f->coding, e);
        break;
    case CURLE_URL_MALFORMAT:
        return err_set(e, ERR_INVALID, "this is not a URL");
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_set(e, ERR_NETWORK, "the name %s cannot be resolved", f->host);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return err_set(e, ERR_NETWORK, "the proxy's name cannot be resolved");
    case CURLE_COULDNT_CONNECT:
        return err_set(e, ERR_NETWORK, "no connection to %s: %s", f->host,
                       f->os_errno ? strerror(f->os_errno)
                                   : "the address cannot be reached");
    case CURLE_OPERATION_TIMEDOUT:
        return timed_out(f, e);
    case CURLE_PEER_FAILED_VERIFICATION:
        if (str_starts(detail, "SSL certificate problem: "))
            detail += strlen("SSL certificate problem: ");
        return err_set(e, ERR_NETWORK, "its certificate is not trusted: %s", detail);
    case CURLE_SSL_CONNECT_ERROR:
        return err_set(e, ERR_NETWORK, "no TLS connection: %s", detail);
    case CURLE_SSL_CACERT_BADFILE:
        return err_set(e, ERR_SETTINGS, "the trusted certificates in %s cannot be read",
                       f->ca);
    case CURLE_GOT_NOTHING:
        return err_set(e, ERR_NETWORK, "the connection was closed without an answer");
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return err_set(e, ERR_NETWORK, "the connection broke");
    case CURLE_UNSUPPORTED_PROTOCOL: /* of the answer; the URL's was checked */
    case CURLE_WEIRD_SERVER_REPLY:
        return err_set(e, ERR_NETWORK, "the server does not speak HTTP/1.1");
    default:
        break;
    }
    return err_set(e, ERR_NETWORK, "%s", curl_easy_strerror(f->result));
}

void httpc_fail_explain(const struct httpc_fail *f, struct err *e)
{
    if (f->refused[0] &&
        (f->result == CURLE_COULDNT_CONNECT || f->result == CURLE_ABORTED_BY_CALLBACK)) {
        err_set(e, ERR_FORBIDDEN,
                "cannot connect to %s: %s is a private address; it is reached only where "
                "the settings name the address itself, with its port",
                f->host, f->refused);
        return;
    }
    if (f->is_withdrawn)
        err_set(e, ERR_CONFLICT, "it was withdrawn before it was sent");
    else if (f->body_is_over)
        too_large(f->body_max, "", e);
    else if (f->head_is_over)
        too_large(f->head_max, " of headers", e);
    else
        explain(f, e);
    err_prefix(e, "cannot %s %s", f->method, f->shown);
}
