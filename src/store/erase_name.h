/* erase_name: what the files behind store/erase.h share: whether a text names a client,
 * and whether a run is being worked on. */
#ifndef FOYER_ERASE_NAME_H
#define FOYER_ERASE_NAME_H

#include <stddef.h>
#include <string.h>

static inline int erase_is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_';
}

/* Returns 1 when TEXT has the client's name as a whole word. */
static inline int erase_names_client(const char *text, size_t len, const char *client)
{
    size_t n = strlen(client);
    for (const char *p = text, *end = text + len;
         (p = memmem(p, (size_t)(end - p), client, n)); p++)
        if ((p == text || !erase_is_word(p[-1])) &&
            (p + n == end || !erase_is_word(p[n])))
            return 1;
    return 0;
}

struct db;
struct err;

/* Counts in *N the runs that a living process has claimed, of those that SQL selects the
 * owners of; ?1 is CLIENT. A dead process's claims count for nothing. */
int erase_count_running(struct db *db, const char *workspace_dir, const char *sql,
                        const char *client, int *n, struct err *e);

#endif
