#include "core/cron.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                     "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

static const struct field {
    const char *what;
    int min, max;
    const char *const *names; /* of MIN and up; NULL: none */
} fields[] = {
    {"minute", 0, 59, NULL},           {"hour", 0, 23, NULL},
    {"day of the month", 1, 31, NULL}, {"month", 1, 12, months},
    {"day of the week", 0, 7, days}, /* 0 and 7 are Sunday */
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

/* Reads a number or a name at *P; -1 when there is none. */
static int parse_value(const char **p, const struct field *f)
{
    if (isdigit((unsigned char)**p)) {
        int v = 0;
        for (; isdigit((unsigned char)**p); ++*p)
            v = v < 10000 ? 10 * v + (**p - '0') : v;
        return v;
    }
    for (int i = 0; f->names && f->names[i]; i++)
        if (strncasecmp(*p, f->names[i], 3) == 0 && !isalnum((unsigned char)(*p)[3])) {
            *p += 3;
            return f->min + i;
        }
    return -1;
}

/* One item of a list: "*", "5", "1-5", either of the ranges with "/2". NULL or a fault.
 */
static const char *parse_item(const char **p, const struct field *f)
{
    int is_range = 1;
    if (**p == '*') {
        ++*p;
    } else {
        int first = parse_value(p, f), last = first;
        is_range = **p == '-';
        if (is_range) {
            ++*p;
            last = parse_value(p, f);
        }
        if (first < 0 || last < 0)
            return "is not a number, a range or \"*\"";
        if (first < f->min || first > f->max || last < f->min || last > f->max)
            return "is out of range";
        if (last < first)
            return "is a range that runs backwards";
    }
    if (**p != '/')
        return NULL;
    ++*p;
    if (!is_range)
        return "has a step without a range: write \"*/5\" or \"0-30/5\"";
    int step = isdigit((unsigned char)**p) ? parse_value(p, f) : 0;
    return step >= 1 && step <= f->max ? NULL : "has a step that is out of range";
}

static const char *parse_field(const char *p, const char *end, const struct field *f)
{
    for (;;) {
        const char *fault = parse_item(&p, f);
        if (fault)
            return fault;
        if (p >= end)
            return NULL;
        if (*p != ',')
            return "has a character that does not belong there";
        p++;
    }
}

int cron_check(const char *s, struct err *e)
{
    static const char blanks[] = " \t";
    const char *p = s + strspn(s, blanks);
    int n = 0;
    for (; *p; n++) {
        const char *end = p + strcspn(p, blanks);
        const char *fault = n < FIELDS ? parse_field(p, end, &fields[n]) : NULL;
        if (fault)
            return err_set(e, ERR_INVALID,
                           "cannot read the cron times \"%.80s\": the %s \"%.*s\" %s", s,
                           fields[n].what, (int)(end - p), p, fault);
        p = end + strspn(end, blanks);
    }
    if (n != FIELDS)
        return err_set(e, ERR_INVALID,
                       "cannot read the cron times \"%.80s\": there must be five fields "
                       "(minute, hour, day of the month, month, day of the week), not %d",
                       s, n);
    return 0;
}
