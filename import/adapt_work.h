/* adapt_work.h -- one statement under the hands of the rules: its tokens, what they are changed to, what is told.
 * Shared by adapt*.c only. */
#ifndef GPM_ADAPT_WORK_H
#define GPM_ADAPT_WORK_H

#include "adapt.h"
#include "sqllex.h"

/* Offsets instead of pointers, because a statement may have millions. */
struct token {
	uint32_t at, len;
	uint32_t close;        /* of '(': the token that closes it; of any other: itself */
	uint8_t kind;          /* enum sql_kind */
	bool edited;
};

struct edit {
	size_t from, to;       /* tokens, TO not among them */
	char *text;            /* in their place */
};

struct work {
	struct adapter *adapter;
	const struct sql_statement *s;
	struct token *tokens;
	size_t n;
	struct edit *edits;
	size_t nedits;
	struct buf more;       /* statements behind this one, each with a NUL after it */
	bool too_long;         /* MORE */
	bool passed;
	bool declared;         /* it makes a table with partitions, in PostgreSQL's way */
	struct adapted *out;
};

/* work_read(w, e): the tokens of W's statement. */
int work_read(struct work *, struct err *) GPM_NODISCARD;
void work_release(struct work *);

/* --- tokens; an index that is too large gives one that nothing matches --- */

struct sql_token work_token(const struct work *, size_t i);
bool work_word(const struct work *, size_t i, const char *word);
bool work_char(const struct work *, size_t i, char);
/* work_keyword: the same as work_word, or the same in double quotes, as a dump quotes the names of types and options */
bool work_keyword(const struct work *, size_t i, const char *word);
char *work_name(const struct work *, size_t i) GPM_NODISCARD; /* sqllex_name */
size_t work_after(const struct work *, size_t i); /* behind token I, or behind the parentheses that it opens */

/* work_match(w, i, pattern): where what PATTERN says ends, when it begins at token I; else 0.  Words in lower case
 * between single blanks: a|b one of two, ?a may be missing, @ a name with its schema or without, () parentheses
 * and what is in them. */
size_t work_match(const struct work *, size_t i, const char *pattern);

/* work_find(w, i, to, pattern, end): the first token from I on, before TO and outside parentheses, at which
 * PATTERN matches, and *END; false when there is none. */
bool work_find(const struct work *, size_t i, size_t to, const char *pattern, size_t *at, size_t *end);

/* The text of tokens FROM to TO, that one not among them. */
void work_add_text(const struct work *, size_t from, size_t to, struct buf *);

/* work_spell(w, i, b): the name at token I as it would stand in a message: quotes only where there must be some. */
void work_spell(const struct work *, size_t i, struct buf *);

/* --- changes --- */

/* work_replace(w, from, to, text): TEXT (copied; "" to cut) in the place of tokens.  Where an earlier change touches them
 * the later one is dropped. */
void work_replace(struct work *, size_t from, size_t to, const char *text);
bool work_is_edited(const struct work *, size_t from, size_t to);

/* The statement with its changes; the caller frees.  NULL when it has become too long. */
char *work_text(struct work *, struct err *) GPM_NODISCARD;

/* One more statement, to come after it; too many make adapter_take fail. */
void work_more(struct work *, const char *sql);

void work_note(struct work *, enum adapt_what, const char *rule, const char *fmt, ...) GPM_PRINTF(4, 5);

#endif
