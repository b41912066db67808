/* parse.h -- numbers out of text, whole text or nothing. */
#ifndef GPM_PARSE_H
#define GPM_PARSE_H

struct err;

/* parse_u64(text, min, max, out, e): decimal digits only, MIN <= value <= MAX. */
int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out, struct err *) GPM_NODISCARD;

/* parse_size(text, out, e): bytes: "64MB", "16 GB", "500", "20MiB"; powers of 1024 for B KB MB
 * GB TB PB (with or without the i, any case; the B may be left out), as PostgreSQL reads them. */
int parse_size(const char *text, uint64_t *out, struct err *) GPM_NODISCARD;

/* parse_duration(text, out, e): seconds: "90", "30s", "15min", "6h", "2d". */
int parse_duration(const char *text, uint64_t *out, struct err *) GPM_NODISCARD;

/* parse_bool(text, out, e): true/on/yes/1, false/off/no/0. */
int parse_bool(const char *text, bool *out, struct err *) GPM_NODISCARD;

/* parse_hex(text, out, n, e): exactly 2 * N lower-case hex digits into N bytes. */
int parse_hex(const char *text, void *out, size_t n, struct err *) GPM_NODISCARD;

/* format_size(bytes, out): "1.5 GB" for people, in powers of 1024.  Returns OUT. */
#define FORMAT_SIZE_LEN 32
char *format_size(uint64_t bytes, char out[FORMAT_SIZE_LEN]);

/* format_count(n, out): "6,001,215".  Returns OUT. */
char *format_count(uint64_t n, char out[FORMAT_SIZE_LEN]);

/* format_hex(bytes, n, out): lower-case hex, 2 * N digits and a NUL.  Returns OUT. */
char *format_hex(const void *bytes, size_t n, char *out);

#endif
