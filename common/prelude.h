/* prelude.h -- the first include of every .c file: configuration, the headers that everything
 * needs, memory that cannot be NULL, and the functions that nobody may call. */
#ifndef GPM_PRELUDE_H
#define GPM_PRELUDE_H

#include "config.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GPM_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define GPM_NODISCARD __attribute__((warn_unused_result))
#define GPM_NORETURN __attribute__((noreturn))
#define GPM_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Small allocations: they end the program (exit status 1, one line on stderr) instead of
 * returning NULL.  Memory whose size follows the data goes through buf.h, which reports. */
void *mem_alloc(size_t n) GPM_NODISCARD;            /* zeroed */
void *mem_array(size_t n, size_t size) GPM_NODISCARD; /* zeroed, n * size checked for overflow */
void *mem_grow(void *p, size_t n) GPM_NODISCARD;    /* realloc */
char *mem_str(const char *s) GPM_NODISCARD;         /* strdup; NULL gives NULL */
char *mem_strn(const char *s, size_t n) GPM_NODISCARD; /* N bytes and a NUL */
char *mem_printf(const char *fmt, ...) GPM_PRINTF(1, 2) GPM_NODISCARD;

#include "banned.h"

#endif
