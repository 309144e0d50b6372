/* pins: the versions of code and settings that one run has used, so that its replay uses
 * the same ones. Each is noted at its first use, under the name and layer that were asked
 * for, and a later attempt gets the noted version even when the file has changed. The
 * store keeps the list; this file reads and writes nothing itself. */
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
/* What is not noted yet is looked for in RELEASE, with which the run began; 0, which is
 * so until then: in what its client runs now. */
void pins_set_release(struct pins *p, int64_t release);
struct pins *pins_copy(const struct pins *p);
void pins_free(struct pins *p); /* NULL is fine */

/* Notes the versions in LIST, from pins_list. TEXT fetches a source that is not today's,
 * as a new block. */
typedef int pins_text_fn(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE],
                         char **text, size_t *len, struct err *e);
int pins_load(struct pins *p, const char *list, pins_text_fn *text, void *arg,
              struct err *e);
/* Calls FN with the hash of each source that LIST, from pins_list, names, until FN
 * returns non-zero, which it returns. IS_FILE 0: pins_load asks TEXT for it in any case.
 * Safe on any thread. */
int pins_list_each(const char *list,
                   int (*fn)(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE],
                             int is_file),
                   void *arg);
/* Calls FN with the path of each script and template in LIST, from pins_list, that has
 * changed since: today's path, or the noted one of a file that is gone. */
void pins_each_changed(struct overlay *overlay, const char *list,
                       void (*fn)(void *arg, const char *path), void *arg);
/* As overlay_find, but a noted version comes first. */
struct overlay_file *pins_find(struct pins *p, const char *client, const char *name,
                               enum overlay_layer from, struct err *e);
/* Returns the settings noted under NAME ("client", "workspace", "connector front"); when
 * there are none, notes TODAY. Borrowed, as TODAY is, which must not change. */
const json_t *pins_tree(struct pins *p, const char *name, const json_t *today);

/* The noted bytes of a file that the command line gave to the run, borrowed; NULL when
 * there are none. pins_note_bytes notes a copy of DATA. */
const char *pins_bytes(struct pins *p, const char *path, size_t *len);
void pins_note_bytes(struct pins *p, const char *path, const void *data, size_t len);

/* The number of notes, which only grows. */
int pins_count(const struct pins *p);
/* All notes as text, one a line in order of name, as a new string; HASH is the text's. */
char *pins_list(const struct pins *p, unsigned char hash[CRYPTO_SHA256_SIZE]);
/* Calls FN for each noted source: those that pins_load will ask TEXT for. */
void pins_each(const struct pins *p,
               void (*fn)(void *arg, const unsigned char hash[CRYPTO_SHA256_SIZE],
                          const char *text, size_t len),
               void *arg);
/* Sets the layer and hash of the noted NAME ("lua/front/actions/x.lua",
 * "recipes/x.lua") and returns 1; 0 when it is not noted. */
int pins_describe(const struct pins *p, const char *name, enum overlay_layer *layer,
                  char hex[65]);

#endif
