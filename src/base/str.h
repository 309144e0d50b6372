/* str: strings, memory allocation that aborts instead of failing, and small encodings. */
#ifndef FOYER_STR_H
#define FOYER_STR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Allocation never returns NULL. Without memory the process prints a line and aborts. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrdup_null(const char *s);            /* NULL gives NULL */
char *xmemdup0(const void *data, size_t len); /* a copy with a NUL after it */
/* Returns a new string made by printf, which the caller frees. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

int str_starts(const char *s, const char *prefix);
int str_ends(const char *s, const char *suffix);
int str_eq(const char *a, const char *b);  /* two NULLs are equal */
int str_ieq(const char *a, const char *b); /* ASCII case folded */

/* Returns 1 for a valid name of a client, recipe, action, template or secret: 1 to 64
 * letters, digits, '-', '_' and '.', with a letter or digit first, without "..". */
int str_is_name(const char *s);

/* Reads S, a whole decimal number. Returns 0 or -1. */
int str_parse_int(const char *s, int64_t *out);
/* Reads "90", "90s", "15m", "2h" or "3d" as milliseconds. Returns 0 or -1. */
int str_parse_duration(const char *s, int64_t *ms);

enum { STR_MASK_MIN = 8 };
/* Overwrites each SECRET within the LEN bytes by '*'. Does nothing for a SECRET shorter
 * than STR_MASK_MIN. */
void str_mask(char *s, size_t len, const char *secret);

/* Compare bytes, for qsort and bsearch: of an array of strings, and of an array of struct
 * str_key or of structs that begin with one. */
struct str_key {
    const char *s;
    size_t len;
};
int str_compare(const void *a, const void *b);
int str_compare_keys(const void *a, const void *b);

/* Returns the value of a hexadecimal digit, or -1. */
int str_hex_digit(char c);
/* Writes 2 * LEN digits and a NUL to OUT. */
void str_hex(const void *data, size_t len, char *out);
int str_unhex(const char *s, size_t len, unsigned char *out);
/* Returns a new string in the standard alphabet, padded. The caller frees it. */
char *str_base64(const void *data, size_t len);
/* Returns the bytes, which the caller frees, or NULL when str_base64 would not write them
 * as S. */
unsigned char *str_unbase64(const char *s, size_t len, size_t *out_len);
/* Writes the character C as UTF-8 and returns its 1 to 4 bytes. */
size_t str_put_utf8(uint32_t c, char out[4]);
/* Returns the length of the well-formed character at S, and sets C to its code point; 0
 * when it is malformed, or LEN is 0. */
size_t str_get_utf8(const char *s, size_t len, uint32_t *c);
/* Returns 1 for well-formed UTF-8: no surrogates, no overlong forms. */
int str_is_utf8(const char *s, size_t len);
/* Returns how many bytes of S, from its start, are well-formed UTF-8. */
size_t str_utf8_prefix(const char *s, size_t len);

/* Returns the name nearest to WORD by edit distance, for "did you mean", or NULL when
 * none is near. */
const char *str_nearest(const char *word, const char *const *names, size_t n);

#endif
