/* names: looks, client by client, whether what settings, recipes and templates name is
 * there at the app and may be used (lua/std/tools/names.lua), and keeps an incident for
 * each client where something is not (store/incident.h). The requests are of the lowest
 * lane. For the loop's thread. */
#ifndef FOYER_NAMES_H
#define FOYER_NAMES_H

#include <jansson.h>

#include "io/writer.h"
#include "work/session.h"

struct names;

/* Gets the answer of the tool for one client and app, or E; both are borrowed. */
typedef void names_seen(void *arg, const char *client, const char *app,
                        const json_t *answer, const struct err *e);
/* All are borrowed. SEEN may be NULL. IDLE is called, from the loop, when a round ends.
 */
struct names *names_new(struct session *s, struct writer *writer, names_seen *seen,
                        void (*idle)(void *arg), void *arg);
/* After writer_close. NULL is fine. */
void names_free(struct names *n);
/* Begins a round of all connected clients when no process of the workspace has for a day.
 * Call it once a minute or so. */
void names_tick(struct names *n);
/* Begins a round now. */
void names_start(struct names *n);
/* Begins nothing more, and ends what is under way. */
void names_stop(struct names *n);
int names_is_idle(const struct names *n);

#endif
