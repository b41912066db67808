/* advice.h -- what to do about a statement that failed. */
#ifndef GPM_ADVICE_H
#define GPM_ADVICE_H

/* advice_for(sqlstate, message, statement): a sentence, or NULL when nothing is known of it.  By the code and by names, because
 * messages come in the server's language. */
const char *advice_for(const char *sqlstate, const char *message, const char *statement);

#endif
