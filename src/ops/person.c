#include "ops/person.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

char *person_name(void)
{
    const char *behind = getenv("SUDO_USER");
    if (behind && *behind && str_is_utf8(behind, strlen(behind)))
        return xstrdup(behind);
    /* cppcheck-suppress getpwuidCalled; the command has one thread */
    const struct passwd *user = getpwuid(getuid());
    return user ? xstrdup(user->pw_name) : xasprintf("uid %lu", (unsigned long)getuid());
}
