#include "store/claims.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/str.h"

/* A slot is the delivery's id << 24 | its holder's mark; 0: free. */
enum { MARK_BITS = 24, MARK_MAX = (1 << MARK_BITS) - 1, HOLDERS_MAX = 256 };

struct claims {
    uint64_t *slots; /* mapped */
    uint32_t mark;   /* 0: it only asks */
};

/* An id is "4711-9f86d081884c7d65": its random digits differ between processes, also
 * where these count their pids apart. */
uint32_t claims_mark(const char *owner)
{
    char digits[7];
    const char *random = strchr(owner, '-');
    snprintf(digits, sizeof digits, "%s", random ? random + 1 : owner);
    uint32_t mark = (uint32_t)strtoul(digits, NULL, 16) & MARK_MAX;
    return mark ? mark : 1;
}

static uint64_t value_of(int64_t id, uint32_t mark)
{
    return (uint64_t)id << MARK_BITS | mark;
}

static uint64_t *slot_of(const struct claims *c, int64_t id)
{
    return &c->slots[(uint64_t)id % CLAIMS_SLOTS];
}

static int replace(uint64_t *slot, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(slot, &from, to, 0, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

struct claims *claims_open(const char *workspace_dir, const char *owner, struct err *e)
{
    size_t size = CLAIMS_SLOTS * sizeof(uint64_t);
    char *path = path_join(workspace_dir, "state/claims");
    void *slots = MAP_FAILED;
    /* blocks are reserved: a write into a mapped hole of a full disk is a SIGBUS */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        path_give(path, fd);
    if (fd >= 0 && (errno = posix_fallocate(fd, 0, (off_t)size)) == 0)
        slots = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    struct claims *c = NULL;
    if (slots == MAP_FAILED && err_is_full(errno)) /* then two may do the same work */
        slots =
            mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (slots == MAP_FAILED) {
        err_set(e, ERR_STORE, "cannot use %s: %s", path, strerror(errno));
    } else {
        c = xcalloc(1, sizeof *c);
        c->slots = slots;
        c->mark = owner ? claims_mark(owner) : 0;
    }
    if (fd >= 0)
        close(fd);
    free(path);
    return c;
}

void claims_close(struct claims *c)
{
    if (!c)
        return;
    munmap(c->slots, CLAIMS_SLOTS * sizeof(uint64_t));
    free(c);
}

int claims_take(struct claims *c, int64_t id)
{
    return replace(slot_of(c, id), 0, value_of(id, c->mark));
}

void claims_drop(struct claims *c, int64_t id)
{
    replace(slot_of(c, id), value_of(id, c->mark), 0);
}

int claims_is_taken(const struct claims *c, int64_t id)
{
    return __atomic_load_n(slot_of(c, id), __ATOMIC_SEQ_CST) != 0;
}

int claims_take_from(struct claims *c, int64_t id, const char *owner)
{
    return replace(slot_of(c, id), value_of(id, claims_mark(owner)), 0);
}

/* Frees what MARK holds. Returns how many claims these were. */
static int free_mark(struct claims *c, uint32_t mark)
{
    int n = 0;
    for (int i = 0; i < CLAIMS_SLOTS; i++) {
        uint64_t is = __atomic_load_n(&c->slots[i], __ATOMIC_SEQ_CST);
        if ((is & MARK_MAX) == mark)
            n += replace(&c->slots[i], is, 0);
    }
    return n;
}

void claims_free_owner(struct claims *c, const char *owner)
{
    free_mark(c, claims_mark(owner));
}

int claims_each_holder(struct claims *c, int (*is_known)(void *arg, uint32_t mark),
                       void *arg)
{
    uint32_t known[HOLDERS_MAX] = {0};
    int nknown = 0, freed = 0;
    for (int i = 0; i < CLAIMS_SLOTS && nknown < HOLDERS_MAX; i++) {
        uint64_t is = __atomic_load_n(&c->slots[i], __ATOMIC_SEQ_CST);
        uint32_t mark = is & MARK_MAX;
        if (is && !mark) /* no process wrote that */
            freed += replace(&c->slots[i], is, 0);
        int is_new = mark && mark != c->mark;
        for (int k = 0; k < nknown; k++)
            is_new = is_new && known[k] != mark;
        if (!is_new)
            continue;
        known[nknown++] = mark;
        if (!is_known(arg, mark))
            freed += free_mark(c, mark);
    }
    return freed;
}
