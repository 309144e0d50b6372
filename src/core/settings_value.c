#include "core/settings_value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/zone.h"
#include "core/cron.h"
#include "core/jsontree.h"

const char *settings_secret(const json_t *value)
{
    return json_object_size(value) == 1 ? json_text(value, "$secret") : NULL;
}

const char *settings_secret_within(const json_t *value, const char **before,
                                   const char **behind)
{
    const json_t *parts =
        json_object_size(value) == 1 ? json_object_get(value, "$secret") : NULL;
    const char *first = json_string_value(json_array_get(parts, 1));
    const char *last = json_string_value(json_array_get(parts, 2));
    *before = first ? first : "";
    *behind = last ? last : "";
    return first ? json_string_value(json_array_get(parts, 0)) : settings_secret(value);
}

static void format_path(const struct value_at *at, struct buf *out)
{
    if (!at)
        return;
    format_path(at->up, out);
    if (!at->key)
        buf_addf(out, "[%zu]", at->index);
    else if (strpbrk(at->key, ".[]\" ") || !*at->key)
        buf_addf(out, "[\"%s\"]", at->key);
    else
        buf_addf(out, "%s%s", out->len ? "." : "", at->key);
}

/* Replaces control characters by '?', and the bytes of a character that was cut. */
static void make_printable(char *s)
{
    int whole = str_is_utf8(s, strlen(s));
    for (; *s; s++)
        if (iscntrl((unsigned char)*s) || (!whole && (unsigned char)*s >= 0x80))
            *s = '?';
}

void value_report(struct value_walk *c, const struct value_at *at, const char *fmt, ...)
{
    char sentence[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);
    struct buf path;
    buf_init(&path, 4096);
    format_path(at, &path);
    make_printable(sentence);
    if (path.data)
        make_printable(path.data);
    c->problems++;
    if (c->problem)
        c->problem(c->arg, buf_str(&path), sentence);
    buf_free(&path);
}

/* Names a value's type as a Lua programmer does. */
static const char *type_name(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT: {
        const char *before, *behind;
        const char *secret = settings_secret_within(v, &before, &behind);
        return !secret              ? "a table"
               : *before || *behind ? "a secret with text around it"
                                    : "a secret";
    }
    case JSON_ARRAY:
        return json_array_size(v) ? "a list" : "an empty table";
    case JSON_STRING:
        return "text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    default:
        return "null";
    }
}

void value_wrong_type(struct value_walk *c, const struct value_at *at,
                      const char *expected, const json_t *v)
{
    value_report(c, at, "must be %s, not %s", expected, type_name(v));
}

int value_is_table(const json_t *v)
{
    const char *before, *behind;
    return (json_is_object(v) && !settings_secret_within(v, &before, &behind)) ||
           (json_is_array(v) && json_array_size(v) == 0);
}

static int is_list(const json_t *v)
{
    return json_is_array(v) || (json_is_object(v) && json_object_size(v) == 0);
}

const char *value_want_text(struct value_walk *c, const struct value_at *at,
                            const json_t *v)
{
    const char *s = json_string_value(v);
    if (!s)
        value_wrong_type(c, at, "text", v);
    else if (!*s)
        value_report(c, at, "must not be empty");
    return s && *s ? s : NULL;
}

static void report_unknown(struct value_walk *c, const struct value_at *at,
                           const struct field *fields, const char *what)
{
    const char *names[64];
    size_t n = 0;
    for (; fields->key && n < sizeof names / sizeof *names; fields++)
        names[n++] = fields->key;
    const char *near = str_nearest(at->key, names, n);
    value_report(c, at, "unknown %s \"%.80s\"%s%s%s", what, at->key,
                 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

void value_fields(struct value_walk *c, const struct value_at *at, const json_t *v,
                  const struct field *fields, const char *what)
{
    const char *key, *expected = at ? at->field->expected : NULL;
    const struct field *f;
    json_t *value;
    if (!value_is_table(v)) {
        value_wrong_type(c, at, expected ? expected : "a table", v);
        return;
    }
    for (f = fields; f->key; f++) {
        struct value_at here = {at, f->key, 0, f};
        if (f->required && !json_object_get(v, f->key))
            value_report(c, &here, "is missing");
    }
    json_object_foreach((json_t *)v, key, value)
    {
        f = fields;
        while (f->key && strcmp(f->key, key) != 0)
            f++;
        struct value_at here = {at, key, 0, f};
        if (f->check)
            f->check(c, &here, value);
        else if (f->fields)
            value_fields(c, &here, value, f->fields, "key");
        else
            report_unknown(c, &here, fields, what);
    }
}

void value_items(struct value_walk *c, const struct value_at *at, const json_t *v,
                 value_fn *check)
{
    for (size_t i = 0; i < json_array_size(v); i++) {
        struct value_at item = {at, NULL, i + 1, at->field};
        check(c, &item, json_array_get(v, i));
    }
}

void value_any(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    (void)c;
    (void)at;
    (void)v;
}

void value_text(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    value_want_text(c, at, v);
}

void value_word(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const char *s = json_string_value(v);
    const char *const *words = at->field->words;
    for (size_t i = 0; words[i]; i++)
        if (str_eq(words[i], s))
            return;
    struct buf wanted;
    buf_init(&wanted, 1024);
    for (size_t i = 0; words[i]; i++)
        buf_addf(&wanted, "%s\"%s\"",
                 i == 0         ? ""
                 : words[i + 1] ? ", "
                                : " or ",
                 words[i]);
    if (s)
        value_report(c, at, "must be %s, not \"%.80s\"", buf_str(&wanted), s);
    else
        value_wrong_type(c, at, buf_str(&wanted), v);
    buf_free(&wanted);
}

void value_whole(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const struct field *f = at->field;
    if (!json_is_integer(v))
        value_wrong_type(c, at, "a whole number", v);
    else if (json_integer_value(v) < f->min || json_integer_value(v) > f->max)
        value_report(c, at, "must be from %" PRId64 " to %" PRId64 "%s", f->min, f->max,
                     f->unit ? f->unit : "");
}

void value_secret_or_text(struct value_walk *c, const struct value_at *at,
                          const json_t *v)
{
    const char *s = json_string_value(v);
    if (s && !*s)
        value_report(c, at, "must not be empty");
    else if (!s && !settings_secret(v))
        value_wrong_type(c, at, "secret \"NAME\"", v);
}

/* Several keys are valid while one of them is being replaced. */
void value_keys(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (!json_is_array(v)) {
        value_secret_or_text(c, at, v);
        return;
    }
    if (json_array_size(v) == 0)
        value_report(c, at, "must contain a key");
    value_items(c, at, v, value_secret_or_text);
}

void value_url(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const char *s = value_want_text(c, at, v);
    if (!s)
        return;
    const char *host = str_starts(s, "https://")  ? s + 8
                       : str_starts(s, "http://") ? s + 7
                                                  : NULL;
    int starts =
        host && (isalnum((unsigned char)*host) ||
                 (*host == '[' && (host[1] == ':' || isxdigit((unsigned char)host[1]))));
    if (!starts || strpbrk(s, " \t\r\n\"<>"))
        value_report(c, at,
                     "must be a URL such as \"https://hooks.example.com\", not \"%.80s\"",
                     s);
}

void value_proxy(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const char *s = json_string_value(v);
    if (s && !str_starts(s, "http://") && !str_starts(s, "https://") &&
        !str_starts(s, "socks5://") && !str_starts(s, "socks5h://"))
        value_report(c, at, "must be a URL such as \"http://proxy.example.com:3128\"");
    else
        value_secret_or_text(c, at, v);
}

/* Returns NULL when S is a literal "host", "host:port" or "[address]:port", else what is
 * wrong. */
static const char *host_fault(const char *s, int need_port, int port_min)
{
    if (strstr(s, "://") || strchr(s, '/'))
        return "leave out the scheme and the path";
    if (strchr(s, '*'))
        return "\"*\" is not allowed: name each host";
    const char *end;
    if (*s == '[') {
        end = s + 1 + strspn(s + 1, "0123456789abcdefABCDEF:.");
        if (*end != ']' || end == s + 1)
            return "an IPv6 address stands in brackets: \"[::1]:8080\"";
        end++;
    } else {
        end = s + strcspn(s, ":");
        if (end == s || end - s > 253 || *s == '.' || *s == '-')
            return "it has no host name";
        for (const char *p = s; p < end; p++)
            if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_' &&
                (*p != '.' || p[1] == '.'))
                return "the host name has a character that is not allowed";
    }
    int64_t port;
    if (*end == '\0')
        return need_port ? "the port is missing" : NULL;
    if (*end != ':' || !isdigit((unsigned char)end[1]) ||
        str_parse_int(end + 1, &port) != 0 || port < port_min || port > 65535)
        return "the port must be a number up to 65535";
    return NULL;
}

void value_listen(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const char *s = value_want_text(c, at, v), *fault = s ? host_fault(s, 1, 0) : NULL;
    if (fault)
        value_report(c, at,
                     "must be an address such as \"127.0.0.1:8080\", not \"%.80s\": %s",
                     s, fault);
}

static void check_host(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const char *s = value_want_text(c, at, v), *fault = s ? host_fault(s, 0, 1) : NULL;
    if (fault)
        value_report(
            c, at,
            "must be a host such as \"hooks.slack.com\" or \"127.0.0.1:8099\", not "
            "\"%.80s\": %s",
            s, fault);
}

void value_hosts(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    if (is_list(v))
        value_items(c, at, v, check_host);
    else
        value_wrong_type(c, at, "a list of hosts such as { \"hooks.slack.com\" }", v);
}

void value_timezone(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    const char *s = value_want_text(c, at, v);
    struct err e;
    if (!s || zone_find(s, &e))
        return;
    if (!zone_is_installed())
        value_report(c, at, "cannot be looked up: install the package tzdata");
    else
        value_report(
            c, at,
            "there is no time zone \"%.80s\"; a name is like \"Europe/Zurich\" (see "
            "timedatectl list-timezones)",
            s);
}

void value_duration(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    int64_t ms;
    const char *s = value_want_text(c, at, v);
    if (s && (str_parse_duration(s, &ms) != 0 || ms <= 0))
        value_report(
            c, at,
            "must be a duration such as \"90s\", \"12h\" or \"30d\", not \"%.80s\"", s);
}

void value_cron(struct value_walk *c, const struct value_at *at, const json_t *v)
{
    struct err e;
    const char *s = value_want_text(c, at, v);
    if (s && cron_check(s, &e) != 0)
        value_report(c, at, "%s", e.text);
}
