/* choice: which clients a command is about: the ones that it names, those of a group, or
 * all, without some. Prints nothing. */
#ifndef FOYER_CHOICE_H
#define FOYER_CHOICE_H

#include <jansson.h>
#include <stddef.h>

#include "workspace/workspace.h"
#include "base/err.h"

struct choice_words { /* each word may have several names, with commas between them */
    const char *const *items;
    size_t n;
};

struct choice {
    /* the caller's, borrowed */
    struct choice_words named, groups, except;
    int all;     /* 1: all clients of the workspace */
    int unknown; /* 1: `named` may name clients whose directory is gone */
    int live;    /* 1: a client that runs a release is in the groups that it has there */
    /* filled in by choice_read, freed by choice_fini */
    char **clients; /* in the order of bytes, each once */
    size_t n;
    json_t *left_out; /* {client: why its groups cannot be read}; NULL: none */
};

/* Returns 1 when anything was asked for. Otherwise the command is about everything: also
 * about what no client's directory is there for. */
int choice_is_given(const struct choice *c);
/* Finds the clients: those of `named` and those of `groups`, or with `all`, or with
 * neither, all; without those of `except`. A client whose settings cannot be read is in
 * no group; with `live` these are the settings that it runs, where it runs a release.
 * Does nothing when nothing was asked for.
 *
 * ERR_USAGE, or ERR_NOT_FOUND with the nearest name, also when no client is left. Call
 * choice_fini in any case. */
int choice_read(struct choice *c, struct workspace *w, struct err *e);
void choice_fini(struct choice *c);
/* Returns 1 when the command is about CLIENT, which may be NULL or "": of no client. C
 * may be NULL: about everything. */
int choice_has(const struct choice *c, const char *client);
/* Returns the only client, or NULL when there are several, or nothing was asked for. */
const char *choice_only(const struct choice *c);

#endif
