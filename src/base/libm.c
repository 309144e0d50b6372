#include "base/libm.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef void function(void);

static function *find(const char *name)
{
    void *lib = dlopen("libm.so.6", RTLD_LAZY | RTLD_LOCAL); /* the same each time */
    function *f;
    *(void **)&f = lib ? dlsym(lib, name) : NULL;
    if (!f) {
        fprintf(stderr, "foyer: cannot use libm: %s\n", dlerror());
        abort();
    }
    /* cppcheck-suppress resourceLeak; the library stays */
    return f;
}

void libm_load(void)
{
    find("pow");
}

/* Threads that look at the same time find the same. */
#define LAZY(type, name, parameters, ...)                                                \
    type name parameters                                                                 \
    {                                                                                    \
        static function *found;                                                          \
        function *f = __atomic_load_n(&found, __ATOMIC_ACQUIRE);                         \
        if (!f) {                                                                        \
            f = find(#name);                                                             \
            __atomic_store_n(&found, f, __ATOMIC_RELEASE);                               \
        }                                                                                \
        return ((type(*) parameters)f)(__VA_ARGS__);                                     \
    }

#define LAZY1(name) LAZY(double, name, (double x), x)
#define LAZY2(name) LAZY(double, name, (double x, double y), x, y)

LAZY1(acos)
LAZY1(acosh)
LAZY1(asin)
LAZY1(asinh)
LAZY1(atan)
LAZY1(atanh)
LAZY1(ceil)
LAZY1(cos)
LAZY1(cosh)
LAZY1(exp)
LAZY1(floor)
LAZY1(log)
LAZY1(log10)
LAZY1(log2)
LAZY1(sin)
LAZY1(sinh)
LAZY1(sqrt)
LAZY1(tan)
LAZY1(tanh)
LAZY1(trunc)
LAZY2(atan2)
LAZY2(fmod)
LAZY2(pow)
LAZY(long long, llround, (double x), x)
