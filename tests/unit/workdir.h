/* workdir: a temporary directory for one test, made and removed with what is in it. */
#ifndef FOYER_TEST_WORKDIR_H
#define FOYER_TEST_WORKDIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static inline char *workdir_make(void)
{
    const char *tmp = getenv("TMPDIR");
    char *path = xasprintf("%s/foyer-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(path)) {
        perror(path);
        abort();
    }
    return path;
}

static inline int workdir_remove_entry(const char *path, const struct stat *st, int type,
                                       struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void workdir_remove(char *path)
{
    nftw(path, workdir_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}

#endif
