/* mount: what kind of file system a file lies on. */
#ifndef FOYER_MOUNT_H
#define FOYER_MOUNT_H

#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"

/* Returns 0 when PATH, or its directory while PATH does not exist, lies on a file system
 * of this machine, or when that cannot be told. Returns -1 with ERR_STORE on a network
 * file system: a database's log in shared memory is seen by one machine only, and a lock
 * may be. */
int mount_check_local(const char *path, struct err *e);

/* Returns the name of the network file system that MOUNTS, as /proc/self/mountinfo, has
 * for DEVICE by FUSE, such as "sshfs"; NULL when it has none. */
const char *mount_fuse_of(FILE *mounts, dev_t device);

#endif
