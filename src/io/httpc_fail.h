/* httpc_fail: translates libcurl's result into an error kind and a sentence. Only for
 * httpc. */
#ifndef FOYER_HTTPC_FAIL_H
#define FOYER_HTTPC_FAIL_H

#include <curl/curl.h>

#include "base/err.h"

struct httpc_fail {
    CURLcode result;
    const char *method, *shown, *host;
    const char *refused; /* the private address that was refused, or "" */
    const char *detail;  /* libcurl's own message */
    const char *coding;  /* the answer's Content-Encoding; NULL: none */
    const char *ca;      /* the source of trusted certificates */
    int os_errno;
    int sent;
    int is_withdrawn;               /* on_sending refused it */
    int body_is_over, head_is_over; /* larger than the maximum below */
    size_t body_max, head_max;
    int64_t connect_ms, total_ms;
};

void httpc_fail_explain(const struct httpc_fail *f, struct err *e);

#endif
