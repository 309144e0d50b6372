/* str: strings, memory that aborts rather than fails, and the small encodings. */
#ifndef FOYER_STR_H
#define FOYER_STR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Memory: never NULL; the process aborts with a line when the machine has none left. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrdup_null(const char *s);            /* of NULL: NULL */
char *xmemdup0(const void *data, size_t len); /* a copy with a NUL behind it */
/* A new string by printf; the caller frees it. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

int str_starts(const char *s, const char *prefix);
int str_ends(const char *s, const char *suffix);
int str_eq(const char *a, const char *b);  /* two NULLs are equal */
int str_ieq(const char *a, const char *b); /* ASCII case folded */

/* Client, recipe, action, template, secret names: letters, digits, '-', '_' and '.', 1 to
 * 64 bytes, beginning with a letter or digit; never "..". */
int str_is_name(const char *s);

/* A decimal number, all of S; 0 or -1. */
int str_parse_int(const char *s, int64_t *out);
/* "90", "90s", "15m", "2h", "3d" to milliseconds; 0 or -1. */
int str_parse_duration(const char *s, int64_t *ms);

enum { STR_MASK_MIN = 8 };
/* Overwrites each SECRET within the LEN bytes; one shorter than STR_MASK_MIN is left. */
void str_mask(char *s, size_t len, const char *secret);

/* Order of bytes, for qsort and bsearch: of an array of strings, or of an array of struct
 * str_key (or of structs that begin with one). */
struct str_key {
    const char *s;
    size_t len;
};
int str_compare(const void *a, const void *b);
int str_compare_keys(const void *a, const void *b);

/* The value of a hexadecimal digit, or -1. */
int str_hex_digit(char c);
/* OUT must hold 2 * LEN + 1. */
void str_hex(const void *data, size_t len, char *out);
int str_unhex(const char *s, size_t len, unsigned char *out);
/* A new string, standard alphabet, padded; the caller frees it. */
char *str_base64(const void *data, size_t len);
/* The bytes, freed by the caller, or NULL when S is not what str_base64 would make of
 * them. */
unsigned char *str_unbase64(const char *s, size_t len, size_t *out_len);
/* Writes the character C as UTF-8; returns its 1 to 4 bytes. */
size_t str_put_utf8(uint32_t c, char out[4]);
/* 1 when the bytes are well-formed UTF-8 (no surrogates, no overlong forms). */
int str_is_utf8(const char *s, size_t len);
/* How many bytes stand before the first one that breaks this; LEN when none does. */
size_t str_utf8_prefix(const char *s, size_t len);

/* The best match for WORD among NAMES by edit distance, or NULL when nothing is near:
 * for "did you mean". */
const char *str_nearest(const char *word, const char *const *names, size_t n);

#endif
