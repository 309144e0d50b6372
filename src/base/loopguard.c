#include "base/loopguard.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/testhook.h"

static _Thread_local int is_on, lifted;

void loopguard_set(int on)
{
    is_on = on && testhook_guards_loop();
}

void loopguard_lift(const char *why)
{
    (void)why;
    lifted++;
}

void loopguard_restore(void)
{
    lifted--;
}

void loopguard_check(const char *what)
{
    if (!is_on || lifted)
        return;
    fprintf(stderr, "foyer: a statement on the loop's thread: %s\n", what);
    abort();
}
