/* entered.h -- what a load learned of each table as it came to it, kept for the verdict: so that this needs neither
 * the table's manifest nor its line of gpm.tables again. */
#ifndef GPM_ENTERED_H
#define GPM_ENTERED_H

struct entered;

struct entered_table {
	uint64_t number;
	uint64_t before;     /* rows that were there */
	bool settled;        /* its rows stayed as another run had loaded them, and have statistics */
};

struct entered *entered_new(void) GPM_NODISCARD;
void entered_free(struct entered *); /* NULL is fine */

/* entered_add(x, t): a table that is carried with all its rows; numbers come in order, each once. */
void entered_add(struct entered *, struct entered_table);

/* entered_find(x, number): NULL when the load did not come to it, or not for all its rows. */
const struct entered_table *entered_find(const struct entered *, uint64_t number);

#endif
