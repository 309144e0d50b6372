#include "ops/state_check.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"

enum { NAMED_MAX = 5 }; /* files that are named; the others are counted */

struct state_walk {
    struct diagnosis *found;
    const char *dir, *at; /* state/; the directory that is walked */
    uid_t owner;          /* of state/ */
    int nowned, nfaults;  /* files of other owners; faults of any kind */
};

static const char *name_of(uid_t id, char out[64])
{
    /* cppcheck-suppress getpwuidCalled; doctor has one thread */
    const struct passwd *user = getpwuid(id);
    if (user)
        snprintf(out, 64, "%.60s", user->pw_name);
    else
        snprintf(out, 64, "the user %lu", (unsigned long)id);
    return out;
}

static void add_owner(struct state_walk *walk, const char *path, uid_t owner)
{
    char is[64], should[64];
    walk->nfaults++;
    if (++walk->nowned > NAMED_MAX)
        return;
    diagnosis_add(
        walk->found, DIAGNOSIS_PROBLEM, "files",
        "%s belongs to %s, and %s to %s, whose processes may not be able to use "
        "it: as root, chown --reference=%s %s",
        path, name_of(owner, is), walk->dir, name_of(walk->owner, should), walk->dir,
        path);
}

static void add_mode(struct state_walk *walk, const char *path, mode_t mode)
{
    walk->nfaults++;
    diagnosis_add(
        walk->found, mode & 022 ? DIAGNOSIS_PROBLEM : DIAGNOSIS_WARNING, "files",
        "other users may %s %s (mode %04o), which is for its owner alone: chmod 600 %s",
        mode & 022 ? "write" : "read", path, (unsigned)mode & 07777, path);
}

/* Checks one file below state/ or state/owners. */
static void check_file(struct state_walk *walk, const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return;
    if (st.st_uid != walk->owner)
        add_owner(walk, path, st.st_uid);
    if (S_ISREG(st.st_mode) && st.st_mode & 077)
        add_mode(walk, path, st.st_mode);
}

static int on_entry(void *arg, const char *name)
{
    struct state_walk *walk = arg;
    char *path = path_join(walk->at, name);
    check_file(walk, path);
    free(path);
    return 0;
}

void state_check(const char *workspace_dir, struct diagnosis *found)
{
    char *state = path_join(workspace_dir, "state"), *owners = path_join(state, "owners");
    struct state_walk walk = {.found = found, .dir = state, .at = state};
    struct stat st;
    if (stat(state, &st) == 0) {
        walk.owner = st.st_uid;
        path_each(walk.at, on_entry, &walk);
        walk.at = owners;
        path_each(walk.at, on_entry, &walk);
        if (walk.nowned > NAMED_MAX)
            diagnosis_add(found, DIAGNOSIS_PROBLEM, "files",
                          "%d more files below %s belong to other users",
                          walk.nowned - NAMED_MAX, state);
        if (walk.nfaults == 0)
            diagnosis_add(
                found, DIAGNOSIS_OK, "files",
                "the files below %s belong to its owner, and no other user may read them",
                state);
    }
    free(owners);
    free(state);
}
