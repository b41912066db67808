/* doc_roff.h -- text of the tables as text of a manual page. */
#ifndef GPM_DOC_ROFF_H
#define GPM_DOC_ROFF_H

/* roff_chars(out, text, n): N characters as they are, in a line or at its beginning. */
void roff_chars(FILE *out, const char *text, size_t n);

/* roff_text(out, text): whole sentences, each in a line of its own; options are bold, names of other things
 * not hyphenated. */
void roff_text(FILE *out, const char *text);

/* roff_sentence(out, text): the same of a few words that begin in lower case and end without a full stop. */
void roff_sentence(FILE *out, const char *text);

#endif
