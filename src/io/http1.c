#include "io/http1.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { EMPTY_LINES_MAX = 8 };

enum step {
    STEP_REQUEST_LINE,
    STEP_FIELD,
    STEP_SIZED_BODY,
    STEP_CHUNK_SIZE,
    STEP_CHUNK,
    STEP_CHUNK_END,
    STEP_TRAILER,
    STEP_WHOLE,
    STEP_REFUSED
};

/* The classes that a byte may belong to. */
enum {
    TEXT = 1,  /* a line: tab, visible characters, blanks and bytes above 0x7f */
    TOKEN = 2, /* a method or a field's name */
    PATH = 4,  /* a target's path */
    QUERY = 8, /* a target's query, also what browsers leave unencoded there */
    HOST = 16, /* a registered name */
    DIGIT = 32,
    HEX = 64
};

/* clang-format off */
#define S TEXT
#define Q (TEXT | QUERY)
#define T (TEXT | TOKEN)
#define V (TEXT | TOKEN | QUERY)
#define P (TEXT | PATH | QUERY)
#define H (TEXT | PATH | QUERY | HOST)
#define A (TEXT | PATH | QUERY | HOST | TOKEN)
#define X (TEXT | PATH | QUERY | HOST | TOKEN | HEX)
#define D (TEXT | PATH | QUERY | HOST | TOKEN | HEX | DIGIT)
static const unsigned char classes[256] = {
    ['\t'] = S,
    /*          !  "  #  $  %  &  '  (  )  *  +  ,  -  .  / */
    [0x20] = S, A, S, T, A, A, A, A, H, H, A, A, H, A, A, P,
    /*       0  1  2  3  4  5  6  7  8  9  :  ;  <  =  >  ? */
    [0x30] = D, D, D, D, D, D, D, D, D, D, P, H, S, H, S, Q,
    /*       @  A  B  C  D  E  F  G  H  I  J  K  L  M  N  O */
    [0x40] = P, X, X, X, X, X, X, A, A, A, A, A, A, A, A, A,
    /*       P  Q  R  S  T  U  V  W  X  Y  Z  [  \  ]  ^  _ */
    [0x50] = A, A, A, A, A, A, A, A, A, A, A, Q, Q, Q, V, A,
    /*       `  a  b  c  d  e  f  g  h  i  j  k  l  m  n  o */
    [0x60] = V, X, X, X, X, X, X, A, A, A, A, A, A, A, A, A,
    /*       p  q  r  s  t  u  v  w  x  y  z  {  |  }  ~ */
    [0x70] = A, A, A, A, A, A, A, A, A, A, A, Q, V, Q, A, 0,
    [0x80] = S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S,
    [0x90] = S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S,
    [0xa0] = S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S,
    [0xb0] = S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S,
    [0xc0] = S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S,
    [0xd0] = S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S,
    [0xe0] = S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S,
    [0xf0] = S, S, S, S, S, S, S, S, S, S, S, S, S, S, S, S,
};
/* clang-format on */

static int is(char c, int class)
{
    return classes[(unsigned char)c] & class;
}

/* Returns how many bytes at the start of S are of CLASS. */
static size_t span(const char *s, int class)
{
    size_t n = 0;
    while (is(s[n], class))
        n++;
    return n;
}

static void refuse(struct http1 *h, int status, const char *why)
{
    if (h->step == STEP_REFUSED)
        return;
    h->step = STEP_REFUSED;
    h->status = status;
    h->why = why;
}

/* ---- the request line ---- */

/* Returns whether each "%" is followed by two hexadecimal digits. */
static int is_encoded_well(const char *s)
{
    while ((s = strchr(s, '%'))) {
        if (!is(s[1], HEX) || !is(s[2], HEX))
            return 0;
        s += 3;
    }
    return 1;
}

/* Returns the length of host and port at the start of S (RFC 3986, 3.2.2), or -1. */
static int authority_length(const char *s)
{
    size_t n;
    if (*s == '[') {
        n = 1;
        while (is(s[n], HEX) || s[n] == ':' || s[n] == '.')
            n++;
        if (n < 3 || s[n++] != ']')
            return -1;
    } else {
        n = span(s, HOST);
        for (size_t i = 0; i < n; i++)
            if (s[i] == '%' && (!is(s[i + 1], HEX) || !is(s[i + 2], HEX)))
                return -1;
    }
    if (s[n] == ':')
        n += 1 + span(s + n + 1, DIGIT);
    return (int)n;
}

/* Returns the start of the target's path, or NULL. Skips the scheme and authority of an
 * absolute target, which a client sends to a proxy. */
static char *find_path(char *target)
{
    size_t scheme = strncasecmp(target, "http://", 7) == 0    ? 7
                    : strncasecmp(target, "https://", 8) == 0 ? 8
                                                              : 0;
    if (scheme == 0)
        return *target == '/' ? target : NULL;
    char *authority = target + scheme;
    int n = authority_length(authority);
    if (n <= 0 || *authority == ':')
        return NULL;
    char *path = authority + n;
    if (*path == '/')
        return path;
    if (*path != '\0' && *path != '?')
        return NULL;
    path[-1] = '/'; /* an empty path means "/" */
    return path - 1;
}

/* Sets the offsets of path and query. Returns 0 or -1. */
static int parse_target(struct http1 *h, char *target, const char *method)
{
    char *path = strcmp(target, "*") == 0 && strcmp(method, "OPTIONS") == 0
                     ? target
                     : find_path(target);
    if (!path)
        return -1;
    char *end = path + span(path, PATH), *query = end;
    if (*end == '?')
        query = end + 1;
    if (query[span(query, QUERY)] != '\0' || (query == end && *end != '\0'))
        return -1;
    *end = '\0';
    h->path = (size_t)(path - h->head.data);
    h->query = (size_t)(query - h->head.data);
    return is_encoded_well(path) ? 0 : -1;
}

static int is_known_method(const char *method)
{
    static const char *const known[] = {"GET",   "HEAD",   "POST",   "PUT",
                                        "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(method, known[i]) == 0)
            return 1;
    return 0;
}

static void parse_version(struct http1 *h, const char *version)
{
    if (strncmp(version, "HTTP/", 5) != 0 || !is(version[5], DIGIT) ||
        version[6] != '.' || !is(version[7], DIGIT) || version[8] != '\0')
        refuse(h, 400, "its first line is not METHOD TARGET HTTP/1.1");
    else if (version[5] != '1' || version[7] > '1')
        refuse(h, 505, "it is neither HTTP/1.1 nor HTTP/1.0");
    else
        h->is_old = version[7] == '0';
}

static void parse_request_line(struct http1 *h)
{
    char *method = h->head.data, *target = strchr(method, ' ');
    char *version = target ? strchr(target + 1, ' ') : NULL;
    if (!version || method + span(method, TOKEN) != target || target == method) {
        refuse(h, 400, "its first line is not METHOD TARGET HTTP/1.1");
        return;
    }
    *target++ = '\0';
    *version++ = '\0';
    parse_version(h, version);
    if (h->step == STEP_REFUSED)
        return;
    if (!is_known_method(method)) {
        refuse(h, 501,
               "its method is not one of GET, HEAD, POST, PUT, PATCH, DELETE "
               "and OPTIONS");
    } else if (parse_target(h, target, method) != 0) {
        refuse(h, 400, "its target is not a path with an optional query");
    } else {
        h->head.len = h->fields = h->line = (size_t)(version - h->head.data);
        h->step = STEP_FIELD;
    }
}

/* ---- fields ---- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Finds the next member of a comma-separated list and moves *P after it. Returns its
 * length, or 0 at the end. Skips empty members. */
static size_t next_member(const char **p, const char **member)
{
    while (is_blank(**p) || **p == ',')
        (*p)++;
    *member = *p;
    size_t n = strcspn(*p, ",");
    *p += n;
    while (n > 0 && is_blank((*member)[n - 1]))
        n--;
    return n;
}

static int is_word(const char *member, size_t n, const char *word)
{
    return n == strlen(word) && strncasecmp(member, word, n) == 0;
}

static void read_host(struct http1 *h, const char *value)
{
    int n = authority_length(value);
    if (h->has_host)
        refuse(h, 400, "it has two Host fields");
    else if (n < 0 || value[n] != '\0')
        refuse(h, 400, "its Host is not a name or an address with an optional port");
    h->has_host = 1;
}

/* Reads a length. A number that is too large to store exceeds any limit. */
static void read_length(struct http1 *h, const char *value)
{
    size_t n = span(value, DIGIT);
    if (h->has_length)
        refuse(h, 400, "it has two Content-Length fields");
    else if (n == 0 || value[n] != '\0')
        refuse(h, 400, "its Content-Length is not a decimal number");
    h->has_length = 1;
    h->left = 0;
    for (size_t i = 0; i < n; i++) {
        size_t digit = (size_t)(value[i] - '0');
        h->left = h->left > (SIZE_MAX - digit) / 10 ? SIZE_MAX : h->left * 10 + digit;
    }
}

static void read_coding(struct http1 *h, const char *value)
{
    if (h->is_chunked || strcasecmp(value, "chunked") != 0)
        refuse(h, 400, "its Transfer-Encoding is not the one word \"chunked\"");
    h->is_chunked = 1;
}

static void read_connection(struct http1 *h, const char *value)
{
    const char *member;
    for (size_t n; (n = next_member(&value, &member)) > 0;) {
        h->says_close |= is_word(member, n, "close");
        h->says_keep |= is_word(member, n, "keep-alive");
    }
}

static void read_expect(struct http1 *h, const char *value)
{
    const char *member;
    for (size_t n; (n = next_member(&value, &member)) > 0;) {
        if (is_word(member, n, "100-continue"))
            h->expects = 1;
        else
            h->is_unmet = 1;
    }
}

static const struct {
    const char *name;
    void (*read)(struct http1 *h, const char *value);
} framing[] = {{"Host", read_host},
               {"Content-Length", read_length},
               {"Transfer-Encoding", read_coding},
               {"Connection", read_connection},
               {"Expect", read_expect}};

/* Splits LINE into name and value. Returns the value, or NULL when LINE is malformed. */
static char *cut_field(char *line)
{
    size_t n = span(line, TOKEN);
    if (n == 0 || line[n] != ':')
        return NULL;
    line[n] = '\0';
    char *value = line + n + 1;
    while (is_blank(*value))
        value++;
    size_t len = strlen(value);
    while (len > 0 && is_blank(value[len - 1]))
        len--;
    value[len] = '\0';
    return value;
}

static void parse_field(struct http1 *h)
{
    char *name = h->head.data + h->line;
    char *value = cut_field(name);
    if (!value) {
        refuse(h, 400, "it has a line that is not a field (NAME: VALUE)");
        return;
    }
    char *to = name + strlen(name) + 1;
    size_t size = strlen(value) + 1;
    memmove(to, value, size);
    h->head.len = h->line = (size_t)(to + size - h->head.data);
    for (size_t i = 0; i < sizeof framing / sizeof *framing; i++)
        if (strcasecmp(name, framing[i].name) == 0)
            framing[i].read(h, to);
}

/* ---- the body ---- */

static void end_head(struct http1 *h)
{
    h->fields_end = h->line;
    h->spent = 0;
    if (!h->has_host && !h->is_old)
        refuse(h, 400, "it has no Host field");
    else if (h->is_chunked && h->is_old)
        refuse(h, 400, "it is HTTP/1.0 and has a Transfer-Encoding");
    else if (h->is_chunked && h->has_length)
        refuse(h, 400, "it has both Content-Length and Transfer-Encoding");
    else if (h->is_unmet && !h->is_old)
        refuse(h, 417, "it expects something else than 100-continue");
    else if (!h->is_chunked && h->left > h->limits.body_max)
        refuse(h, 413, "its body is too large");
    else
        h->step = h->is_chunked ? STEP_CHUNK_SIZE
                  : h->left > 0 ? STEP_SIZED_BODY
                                : STEP_WHOLE;
}

/* Reads "1a", "1a;name=value" or "1a ; name". Bytes that do not make the number larger
 * count against the head's limit: else a body could be sent for ever without growing. */
static void parse_chunk_size(struct http1 *h)
{
    const char *line = h->head.data + h->line, *p = line;
    size_t size = 0, digits = 0, room = h->limits.body_max - h->body.len;
    for (; is(*p, HEX); p++) {
        size = size * 16 + (size_t)str_hex_digit(*p);
        digits += size > 0;
        if (size > room) {
            refuse(h, 413, "its body is too large");
            return;
        }
    }
    const char *behind = p;
    while (is_blank(*behind))
        behind++;
    if (p == line || (*p != '\0' && *behind != ';')) {
        refuse(h, 400, "it has a chunk whose size is not a hexadecimal number");
        return;
    }
    h->spent += strlen(line) - digits;
    h->head.len = h->line;
    h->left = size;
    h->step = size > 0 ? STEP_CHUNK : STEP_TRAILER;
}

static void parse_trailer(struct http1 *h)
{
    int is_good = cut_field(h->head.data + h->line) != NULL;
    h->head.len = h->line;
    if (!is_good)
        refuse(h, 400, "it has a trailer line that is not a field (NAME: VALUE)");
}

static size_t take_data(struct http1 *h, const char *data, size_t len)
{
    size_t n = len < h->left ? len : h->left;
    if (buf_add(&h->body, data, n) != 0)
        refuse(h, 413, "its body is too large");
    h->left -= n;
    if (h->left == 0 && h->step != STEP_REFUSED)
        h->step = h->step == STEP_CHUNK ? STEP_CHUNK_END : STEP_WHOLE;
    return n;
}

/* ---- lines ---- */

static void end_empty_line(struct http1 *h)
{
    switch ((enum step)h->step) {
    case STEP_REQUEST_LINE:
        if (++h->empty_lines > EMPTY_LINES_MAX)
            refuse(h, 400, "it begins with too many empty lines");
        break;
    case STEP_FIELD:
        end_head(h);
        break;
    case STEP_CHUNK_END:
        h->step = STEP_CHUNK_SIZE;
        break;
    case STEP_TRAILER:
        h->step = STEP_WHOLE;
        break;
    default:
        refuse(h, 400, "it has a chunk without a size");
    }
}

/* Handles a complete line, a C string at h->line without its line end. */
static void end_line(struct http1 *h)
{
    if (h->step == STEP_FIELD || h->step == STEP_REQUEST_LINE || h->step == STEP_TRAILER)
        h->spent += h->head.len - h->line + 2;
    if (h->head.len == h->line) {
        end_empty_line(h);
        return;
    }
    switch ((enum step)h->step) {
    case STEP_REQUEST_LINE:
        parse_request_line(h);
        break;
    case STEP_FIELD:
        parse_field(h);
        break;
    case STEP_CHUNK_SIZE:
        parse_chunk_size(h);
        break;
    case STEP_TRAILER:
        parse_trailer(h);
        break;
    default:
        break;
    }
}

static void refuse_long_line(struct http1 *h)
{
    if (h->step != STEP_REQUEST_LINE)
        refuse(h, 431, "its head is too large");
    else if (h->head.len > 0 && strchr(h->head.data, ' '))
        refuse(h, 414, "its target is too long");
    else
        refuse(h, 501, "its method is too long");
}

/* Appends to the current line, up to its end. */
static size_t take_line(struct http1 *h, const char *data, size_t len)
{
    size_t n = 0;
    if (!h->has_cr) {
        while (n < len && is(data[n], TEXT))
            n++;
        if (n > 0 && h->step == STEP_CHUNK_END) {
            refuse(h, 400, "it has a chunk that is longer than its size says");
            return 0;
        }
        size_t used = h->spent + (h->head.len - h->line) + 2, max = h->limits.head_max;
        size_t room = used < max ? max - used : 0;
        if (buf_add(&h->head, data, n < room ? n : room) != 0 || n > room || used > max) {
            refuse_long_line(h);
            return n;
        }
        if (n == len)
            return n;
        if (data[n] != '\r') {
            refuse(h, 400,
                   data[n] == '\n' ? "it has a line feed without a carriage return"
                                   : "it has a control character");
            return n;
        }
        h->has_cr = 1;
        if (++n == len)
            return n;
    }
    if (data[n] != '\n') {
        refuse(h, 400, "it has a carriage return without a line feed");
        return n;
    }
    h->has_cr = 0;
    end_line(h);
    return n + 1;
}

/* ---- the reader ---- */

void http1_init(struct http1 *h, const struct http1_limits *limits)
{
    *h = (struct http1){.limits = *limits};
    buf_init(&h->head,
             2 * limits->head_max); /* a head, then the lines of the body's chunks */
    buf_init(&h->body, limits->body_max);
}

void http1_free(struct http1 *h)
{
    buf_free(&h->head);
    buf_free(&h->body);
}

size_t http1_read(struct http1 *h, const char *data, size_t len)
{
    size_t used = 0;
    while (used < len && h->step < STEP_WHOLE) {
        if (h->step > STEP_FIELD)
            h->expects = 0; /* the body that the client held back has come */
        if (h->step == STEP_SIZED_BODY || h->step == STEP_CHUNK)
            used += take_data(h, data + used, len - used);
        else
            used += take_line(h, data + used, len - used);
    }
    return used;
}

enum http1_state http1_state(const struct http1 *h)
{
    switch ((enum step)h->step) {
    case STEP_REQUEST_LINE:
        return h->spent > 0 || h->head.len > 0 || h->has_cr ? HTTP1_HEAD : HTTP1_START;
    case STEP_FIELD:
        return HTTP1_HEAD;
    case STEP_WHOLE:
        return HTTP1_WHOLE;
    case STEP_REFUSED:
        return HTTP1_REFUSED;
    default:
        return HTTP1_BODY;
    }
}

int http1_has_begun(const struct http1 *h)
{
    return h->step != STEP_REQUEST_LINE || h->head.len > 0;
}

int http1_take_continue(struct http1 *h)
{
    int waits = h->expects && !h->is_old && http1_state(h) == HTTP1_BODY;
    if (waits)
        h->expects = 0;
    return waits;
}

int http1_status(const struct http1 *h)
{
    return h->status;
}

const char *http1_why(const struct http1 *h)
{
    return h->why;
}

const char *http1_method(const struct http1 *h)
{
    return h->head.data;
}

const char *http1_path(const struct http1 *h)
{
    return h->head.data + h->path;
}

const char *http1_query(const struct http1 *h)
{
    return h->head.data + h->query;
}

const char *http1_next_field(const struct http1 *h, const char *previous,
                             const char **value)
{
    const char *name = h->head.data + h->fields;
    if (previous) {
        name = previous + strlen(previous) + 1;
        name += strlen(name) + 1;
    }
    if (name >= h->head.data + h->fields_end)
        return NULL;
    *value = name + strlen(name) + 1;
    return name;
}

const char *http1_field(const struct http1 *h, const char *name)
{
    const char *value;
    for (const char *at = NULL; (at = http1_next_field(h, at, &value));)
        if (str_ieq(at, name))
            return value;
    return NULL;
}

int http1_keeps_alive(const struct http1 *h)
{
    return h->is_old ? h->says_keep && !h->says_close : !h->says_close;
}

int http1_is_old(const struct http1 *h)
{
    return h->is_old;
}

int http1_is_head(const struct http1 *h)
{
    const char *line = buf_str(&h->head);
    return strncmp(line, "HEAD", 4) == 0 && (line[4] == '\0' || line[4] == ' ');
}

int http1_is_field(const char *name, const char *value)
{
    size_t n = span(name, TOKEN);
    return n > 0 && name[n] == '\0' && value[span(value, TEXT)] == '\0';
}
