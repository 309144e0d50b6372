/* api: the tables that scripts and lua/std see, one api_<table>.c each. The function of
 * <table>.<field> is api_<table>_<field>: it reads arguments, calls C, pushes results. */
#ifndef FOYER_API_H
#define FOYER_API_H

#include <lua.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/journal.h"

/* Each pushes its table. handles_open comes first. */
int api_json_open(lua_State *L);
int api_url_open(lua_State *L);
int api_text_open(lua_State *L);
int api_hmac_open(lua_State *L);
int api_http_open(lua_State *L); /* ctx.http */
int api_http_send(lua_State *L); /* std.send, for actions that declare their request */
int api_ctx_open(lua_State *L);  /* the C parts of ctx */
/* Appends the table at the absolute index TABLE as a query, sorted by key, with SEP ('?',
 * '&', or '\0' for none) before the first pair. -1 past OUT's maximum; raises for what a
 * query cannot hold. */
int api_url_add_query(lua_State *L, int table, struct buf *out, char sep);
/* Returns 1 with the text that ADD makes of the string at index 1, of vm_bytes at most.
 * Raises ERR_LIMIT for a longer one, which is called WHAT. */
int api_text_add_all(lua_State *L, const char *what,
                     int (*add)(struct buf *, const char *, size_t));
/* Of the std table, in api_wait.c. */
int api_std_sleep(lua_State *L);
int api_std_wait(lua_State *L);
int api_std_load_value(lua_State *L);
int api_std_save_value(lua_State *L);
int api_std_dry(lua_State *L);
int api_std_dry_answer(lua_State *L);
int api_std_park(lua_State *L);
int api_std_hours(lua_State *L); /* in api_hours.c */
/* Of the std table, in api_scope.c. */
int api_std_enter(lua_State *L);
int api_std_leave(lua_State *L);
int api_std_enter_each(lua_State *L);
int api_std_page(lua_State *L);
int api_std_leave_each(lua_State *L);
int api_std_copy(lua_State *L);
int api_std_fingerprint(lua_State *L);
int api_std_clone(lua_State *L);
int api_std_finish(lua_State *L);
/* std.refuse(app, what, status, writes, body) raises what an answer of 400 or more means
 */
int api_std_refuse(lua_State *L);
/* Opens all that a run's state has: the sandbox, and the std table of lua/std. It is the
 * function that runs_new takes. */
void api_open(lua_State *L);

/* Begin and end a step of the journal that is no write; they raise what the journal
 * refuses. api_step_begin returns its journal_answer. */
int api_step_begin(lua_State *L, const char *kind, const char *name, const void *input,
                   size_t len, struct journal_step *step);
void api_step_end(lua_State *L, int seq, const char *result, size_t len);
/* The bytes of the run's file ID, until the run ends. Raises when there is none. */
const char *api_file_bytes(lua_State *L, int id, size_t *len);
/* The text of the secret at IDX: its value with the text that stands around it. Valid
 * until the next call. Raises when the secret has no value. */
const char *api_secret_text(lua_State *L, int idx, size_t *len);

#endif
