#include "io/mount.h"

#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/path.h"
#include "base/str.h"

static const struct kind {
    unsigned number;
    const char *name;
} network[] = {
    {NFS_SUPER_MAGIC, "NFS"},   {SMB_SUPER_MAGIC, "SMB"},   {CIFS_SUPER_MAGIC, "SMB"},
    {SMB2_SUPER_MAGIC, "SMB"},  {AFS_SUPER_MAGIC, "AFS"},   {AFS_FS_MAGIC, "AFS"},
    {CEPH_SUPER_MAGIC, "Ceph"}, {CODA_SUPER_MAGIC, "Coda"}, {OCFS2_SUPER_MAGIC, "OCFS2"},
};

/* Of FUSE, which disks of this machine use as well. */
static const char *const network_fuse[] = {
    "sshfs", "rclone", "s3fs", "gcsfuse", "glusterfs", "ceph-fuse", "davfs", "juicefs",
};

/* Returns the name of the network file system that TYPE of mountinfo, such as
 * "fuse.sshfs", is; NULL when it is none of these. */
static const char *fuse_name(const char *type)
{
    if (!str_starts(type, "fuse."))
        return NULL;
    for (size_t i = 0; i < sizeof network_fuse / sizeof *network_fuse; i++)
        if (str_eq(type + strlen("fuse."), network_fuse[i]))
            return network_fuse[i];
    return NULL;
}

/* The lines' form: proc_pid_mountinfo(5). */
const char *mount_fuse_of(FILE *mounts, dev_t device)
{
    const char *found = NULL;
    char *line = NULL;
    size_t size = 0;
    while (!found && getline(&line, &size, mounts) > 0) {
        unsigned at_major, at_minor;
        char type[64];
        const char *tail = strstr(line, " - ");
        if (sscanf(line, "%*d %*d %u:%u", &at_major, &at_minor) == 2 && tail &&
            at_major == major(device) && at_minor == minor(device) &&
            sscanf(tail, " - %63s", type) == 1)
            found = fuse_name(type);
    }
    free(line);
    return found;
}

static const char *fuse_at(const char *path)
{
    struct stat st;
    FILE *f = stat(path, &st) == 0 ? fopen("/proc/self/mountinfo", "re") : NULL;
    if (!f)
        return NULL;
    const char *name = mount_fuse_of(f, st.st_dev);
    fclose(f);
    return name;
}

/* Returns the name of the network file system that PATH lies on; NULL: on none. */
static const char *name_at(const char *path)
{
    struct statfs fs;
    if (statfs(path, &fs) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof network / sizeof *network; i++)
        if ((unsigned)fs.f_type == network[i].number)
            return network[i].name;
    return (unsigned)fs.f_type == FUSE_SUPER_MAGIC ? fuse_at(path) : NULL;
}

int mount_check_local(const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash > path ? xmemdup0(path, (size_t)(slash - path)) : xstrdup("/");
    const char *name = name_at(path_exists(path) || !slash ? path : dir);
    free(dir);
    if (!name)
        return 0;
    return err_set(e, ERR_STORE,
                   "cannot use %s: it lies on a network file system (%s), which does not "
                   "keep what processes write to it at the same time; move the workspace "
                   "to a disk of this machine",
                   path, name);
}
