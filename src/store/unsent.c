#include "store/unsent.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

static const char layout[8] = "unsent2";

/* Reads the kernel's id of this boot, 36 characters such as "cd6e8fc1-…". Returns 1, or 0
 * when it cannot be read. */
static int read_boot(char id[UNSENT_BOOT_SIZE])
{
    memset(id, 0, UNSENT_BOOT_SIZE);
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, id, UNSENT_BOOT_SIZE - 1);
    close(fd);
    return n > 0;
}

static uint64_t mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t check_of(const struct unsent *write)
{
    uint64_t z = mix((uint64_t)write->run);
    z = mix(z ^ (uint64_t)write->epoch);
    z = mix(z ^ (uint64_t)write->seq);
    return mix(z ^ (uint64_t)write->at_ms);
}

void unsent_init(struct unsent_table *t, int fd)
{
    struct stat st;
    memset(t, 0, sizeof *t);
    if (!read_boot(t->boot) || fstat(fd, &st) != 0) {
        log_line(LOG_WARN,
                 "cannot record which writes were not sent: /proc/sys/kernel/random/"
                 "boot_id cannot be read; after a crash more of them are uncertain");
        return;
    }
    t->device = st.st_dev;
    t->inode = st.st_ino;
    memcpy(t->layout, layout, sizeof layout);
}

/* The process may end between any two stores to memory. One thread writes, and another
 * process changes nothing but a slot from HERE to TAKEN. */

static uint32_t state_of(const struct unsent_slot *slot)
{
    return __atomic_load_n(&slot->state, __ATOMIC_SEQ_CST);
}

/* Returns 1 when the slot was in state FROM. */
static int change(struct unsent_slot *slot, uint32_t from, uint32_t to)
{
    return __atomic_compare_exchange_n(&slot->state, &from, to, 0, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static struct unsent_slot *slot_of(struct unsent_table *t, int64_t run)
{
    for (int i = 0; i < UNSENT_MAX; i++)
        if (state_of(&t->slots[i]) != UNSENT_FREE && t->slots[i].is.run == run)
            return &t->slots[i];
    return NULL;
}

void unsent_remove(struct unsent_table *t, int64_t run)
{
    struct unsent_slot *slot = slot_of(t, run);
    if (slot && !change(slot, UNSENT_HERE, UNSENT_FREE))
        change(slot, UNSENT_LEAVING, UNSENT_FREE);
}

void unsent_add(struct unsent_table *t, const struct unsent *write)
{
    unsent_remove(t, write->run);
    if (memcmp(t->layout, layout, sizeof layout) != 0)
        return;
    for (int i = 0; i < UNSENT_MAX; i++) {
        struct unsent_slot *slot = &t->slots[i];
        if (state_of(slot) != UNSENT_FREE)
            continue;
        slot->is = *write;
        slot->check = check_of(write);
        change(slot, UNSENT_FREE, UNSENT_HERE);
        return;
    }
}

int unsent_leave(struct unsent_table *t, int64_t run)
{
    struct unsent_slot *slot = slot_of(t, run);
    return !slot || change(slot, UNSENT_HERE, UNSENT_LEAVING) ||
           state_of(slot) == UNSENT_LEAVING;
}

void unsent_stay(struct unsent_table *t, int64_t run)
{
    struct unsent_slot *slot = slot_of(t, run);
    if (slot)
        change(slot, UNSENT_LEAVING, UNSENT_HERE);
}

void unsent_left(struct unsent_table *t, int64_t run)
{
    struct unsent_slot *slot = slot_of(t, run);
    if (slot)
        change(slot, UNSENT_LEAVING, UNSENT_FREE);
}

int unsent_is_of(const struct unsent_table *t, int fd)
{
    char boot[UNSENT_BOOT_SIZE];
    struct stat st;
    return memcmp(t->layout, layout, sizeof layout) == 0 && read_boot(boot) &&
           memcmp(t->boot, boot, sizeof boot) == 0 && fstat(fd, &st) == 0 &&
           t->device == st.st_dev && t->inode == st.st_ino;
}

/* A write that was taken was not sent: the process that took it may have died before it
 * stored that. */
static int is_unsent(const struct unsent_slot *slot)
{
    uint32_t state = state_of(slot);
    return (state == UNSENT_HERE || state == UNSENT_TAKEN) &&
           slot->check == check_of(&slot->is);
}

int unsent_read(const struct unsent_table *t, int fd, struct unsent out[UNSENT_MAX])
{
    int n = 0;
    if (!unsent_is_of(t, fd))
        return 0;
    for (int i = 0; i < UNSENT_MAX; i++)
        if (is_unsent(&t->slots[i]))
            out[n++] = t->slots[i].is;
    return n;
}

int unsent_take(struct unsent_table *t, int fd, struct unsent out[UNSENT_MAX],
                int64_t leaving[UNSENT_MAX], int *nleaving)
{
    int n = 0;
    *nleaving = 0;
    if (!unsent_is_of(t, fd))
        return 0;
    for (int i = 0; i < UNSENT_MAX; i++) {
        struct unsent_slot *slot = &t->slots[i];
        change(slot, UNSENT_HERE, UNSENT_TAKEN);
        uint32_t state = state_of(slot);
        if (state == UNSENT_TAKEN && slot->check == check_of(&slot->is))
            out[n++] = slot->is;
        else if (state == UNSENT_LEAVING)
            leaving[(*nleaving)++] = slot->is.run;
    }
    return n;
}
