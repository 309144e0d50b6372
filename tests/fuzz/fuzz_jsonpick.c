/* What the server reads of a body, against jansson.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -std=c11 -D_GNU_SOURCE -Isrc \
 *     $(pkg-config --cflags jansson) tests/fuzz/fuzz_jsonpick.c \
 *     src/base/{jsonpick,buf,err,log,printable,clock,str}.c \
 *     $(pkg-config --libs jansson) -o fuzz_jsonpick
 *   ./fuzz_jsonpick -max_total_time=60 corpus/
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonpick.h"

enum { PATHS = 6 };
static const char *const paths[PATHS] = {"authorization.id", "type",  "payload.type",
                                         "a.b.c.d.e",        "a.b.c", "a"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void stop(const char *why, const char *what)
{
    fprintf(stderr, "%s: %s\n", why, what);
    abort();
}

static const json_t *at(const json_t *tree, const char *path)
{
    char key[32];
    while (tree && *path) {
        size_t n = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        tree = json_object_get(tree, key);
        path += n + (path[n] == '.');
    }
    return tree;
}

/* What jansson refuses although it is JSON, for this reader: numbers that it cannot hold,
 * NUL in a key, a surrogate alone. */
static int is_janssons_own(const json_error_t *e)
{
    enum json_error_code code = json_error_code(e);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
           code == json_error_null_character || strstr(e->text, "\\u");
}

static void compare(const json_t *tree, const struct jsonpick *pick)
{
    char text[64];
    const json_t *value = at(tree, pick->path);
    const char *want = json_string_value(value);
    int rc = jsonpick_text(pick, text, sizeof text);
    if (!value != !pick->start)
        stop("one finds it, one does not", pick->path);
    int fits = want && json_string_length(value) < sizeof text &&
               !memchr(want, '\0', json_string_length(value));
    if (fits != (rc == 0) || (fits && strcmp(want, text) != 0))
        stop("another text", pick->path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jsonpick picks[PATHS];
    struct err e = {0};
    json_error_t je;
    char *text = malloc(size ? size : 1); /* of the very size: a byte past it is seen */
    memcpy(text, data, size);
    for (int i = 0; i < PATHS; i++)
        picks[i] = (struct jsonpick){paths[i], NULL, 0};
    int rc = jsonpick_find(text, size, picks, PATHS, &e);
    json_t *tree = memchr(text, '\0', size)
                       ? NULL
                       : json_loadb(text, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &je);
    if (rc == 0 && memchr(text, '\0', size))
        stop("a NUL in JSON", "");
    if (rc == 0 && !tree && !is_janssons_own(&je))
        stop("jansson refuses it", je.text);
    if (rc != 0 && e.kind != ERR_INVALID)
        stop("another kind of error", e.text);
    for (int i = 0; rc == 0 && i < PATHS; i++) {
        char out[64];
        if (tree)
            compare(tree, &picks[i]);
        else
            jsonpick_text(&picks[i], out, sizeof out);
    }
    json_decref(tree);
    free(text);
    return 0;
}
