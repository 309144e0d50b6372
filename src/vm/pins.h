/* pins: the code and settings that one run has used, so that its replay uses the same
 * (design 6). Each is noted at its first use, by the name and layer that were asked for;
 * a later attempt gets what is noted, whatever the files say by then. It reads and stores
 * nothing itself. */
#ifndef FOYER_PINS_H
#define FOYER_PINS_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "vm/overlay.h"
#include "base/crypto.h"

struct pins;

/* OVERLAY is borrowed. */
struct pins *pins_new(struct overlay *overlay);
void pins_free(struct pins *p); /* NULL is fine */

/* Notes what LIST, from pins_list, says. TEXT fetches a source that differs from today's:
 * a new block. */
typedef int pins_text_fn(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE],
                         char **text, size_t *len, struct err *e);
int pins_load(struct pins *p, const char *list, pins_text_fn *text, void *arg,
              struct err *e);
/* Calls FN with the path of each script and template of LIST, from pins_list, that is
 * another one today, in today's place. OVERLAY is borrowed. */
void pins_each_changed(struct overlay *overlay, const char *list,
                       void (*fn)(void *arg, const char *path), void *arg);
/* As overlay_find, from the notes first. */
struct overlay_file *pins_find(struct pins *p, const char *client, const char *name,
                               enum overlay_layer from, struct err *e);
/* Settings: notes TODAY under NAME ("client", "workspace", "connector front"), or
 * answers what is noted. Borrowed; it must not change any more. */
const json_t *pins_tree(struct pins *p, const char *name, const json_t *today);

/* The bytes of a file that the run was given: borrowed, NULL when they are not noted; and
 * noting a copy of them. */
const char *pins_bytes(struct pins *p, const char *path, size_t *len);
void pins_note_bytes(struct pins *p, const char *path, const void *data, size_t len);

/* How many are noted: it only grows. */
int pins_count(const struct pins *p);
/* All of them as text, one a line in order of name: a new string, and its hash. */
char *pins_list(const struct pins *p, unsigned char hash[CRYPTO_SHA256_SIZE]);
/* Calls FN for each source: what ledger_code will be asked for. */
void pins_each(const struct pins *p,
               void (*fn)(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE],
                          const char *text, size_t len),
               void *arg);
/* The layer and hash of NAME ("lua/front/actions/x.lua", "recipes/x.lua"), for trace: 0
 * when it is not noted. */
int pins_describe(const struct pins *p, const char *name, enum overlay_layer *layer,
                  char hex[65]);

#endif
