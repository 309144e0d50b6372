/* plain_multi URL CLIENTS GETS: CLIENTS independent sequences of GETS requests each, over
 * curl multi with at most 64 live easy handles, which are used again; the bodies are read
 * and not decoded. No Lua, no foyer: what attempts.c is compared with. Prints
 * "requests-per-second". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "samples.h"

enum { LIVE_MAX = 64, BODY_MAX = 64 * 1024 };

struct handle {
    CURL *easy;
    int client; /* whose request it carries */
    size_t len;
    char body[BODY_MAX];
};

static CURLM *multi;
static int *left;  /* requests that each client has still to make */
static int *queue; /* clients that wait for a handle, a ring */
static int first, waiting, nclients;
static long done;

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
    struct handle *h = arg;
    if (size * n > BODY_MAX - h->len)
        return 0;
    memcpy(h->body + h->len, data, size * n);
    h->len += size * n;
    return size * n;
}

static void enqueue(int client)
{
    queue[(first + waiting++) % nclients] = client;
}

static int start_next(struct handle *h)
{
    if (waiting == 0)
        return 0;
    h->client = queue[first];
    first = (first + 1) % nclients;
    waiting--;
    h->len = 0;
    return curl_multi_add_handle(multi, h->easy) == CURLM_OK;
}

/* Collects what has ended and starts as many; the number of live handles. */
static int collect(int live)
{
    CURLMsg *msg;
    int more;
    while ((msg = curl_multi_info_read(multi, &more))) {
        struct handle *h;
        long status = 0;
        CURL *easy = msg->easy_handle;
        CURLcode rc = msg->data.result;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&h);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (rc != CURLE_OK || status != 200) {
            fprintf(stderr, "plain_multi: %s, status %ld\n", curl_easy_strerror(rc),
                    status);
            exit(1);
        }
        curl_multi_remove_handle(multi, easy);
        done++;
        if (--left[h->client] > 0)
            enqueue(h->client);
        live -= !start_next(h);
    }
    return live;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: plain_multi URL CLIENTS GETS\n");
        return 64;
    }
    nclients = atoi(argv[2]);
    left = calloc((size_t)nclients, sizeof *left);
    queue = calloc((size_t)nclients, sizeof *queue);
    struct handle *handles = calloc(LIVE_MAX, sizeof *handles);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi = curl_multi_init();
    if (nclients < 1 || !left || !queue || !handles || !multi)
        return 1;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)LIVE_MAX);

    double start = now_us();
    for (int i = 0; i < nclients; i++) {
        left[i] = atoi(argv[3]);
        enqueue(i);
    }
    int live = 0, running;
    for (int i = 0; i < LIVE_MAX; i++) {
        struct handle *h = &handles[i];
        h->easy = curl_easy_init();
        curl_easy_setopt(h->easy, CURLOPT_URL, argv[1]);
        curl_easy_setopt(h->easy, CURLOPT_PRIVATE, h);
        curl_easy_setopt(h->easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, 30000L);
        curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(h->easy, CURLOPT_WRITEDATA, h);
        live += start_next(h);
    }
    while (live > 0) {
        curl_multi_perform(multi, &running);
        live = collect(live);
        if (live > 0)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    printf("%.0f\n", (double)done / ((now_us() - start) / 1e6));
    for (int i = 0; i < LIVE_MAX; i++)
        curl_easy_cleanup(handles[i].easy);
    curl_multi_cleanup(multi);
    curl_global_cleanup();
    free(handles);
    free(queue);
    free(left);
    return 0;
}
