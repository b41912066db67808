/* dialect.h -- how a run writes its rows: the options of COPY that shape bytes. */
#ifndef GPM_DIALECT_H
#define GPM_DIALECT_H

enum dialect_format { DIALECT_CSV, DIALECT_TEXT };

/* Row digest v1 and the scanner know CSV whose escape is its quote, and TEXT; records end with
 * one '\n' in both.  There is never a header line. */
struct dialect {
	enum dialect_format format;
	char delimiter; /* ',' in CSV, '\t' in TEXT */
	char quote;     /* '"'; CSV only, escape is the same */
	char null[8];   /* "" in CSV, "\\N" in TEXT */
};

extern const struct dialect dialect_csv; /* the one that gpm-export writes */
extern const struct dialect dialect_text;

#endif
