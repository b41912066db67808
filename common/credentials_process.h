/* credentials_process.h -- an access key from a program: credential_process of AWS's configuration. */
#ifndef GPM_CREDENTIALS_PROCESS_H
#define GPM_CREDENTIALS_PROCESS_H

struct credentials;
struct err;

/* credentials_process(command, len, place, out, e): COMMAND is split into words as a shell does it (blanks, quotes,
 * backslashes) and run without one; what it writes is credentials_json's.  It has a minute.  What it says on stderr
 * is thrown away, for it may hold a secret. */
int credentials_process(const char *command, size_t len, const char *place, struct credentials **out, struct err *) GPM_NODISCARD;

/* process_words(command, len): its words, NULL-terminated, in one allocation; NULL when a quote is not closed or there
 * is no word. */
char **process_words(const char *command, size_t len) GPM_NODISCARD;

#endif
