/* dialect.c -- the two dialects that there are. */
#include "prelude.h"

#include "dialect.h"

const struct dialect dialect_csv = {
	.format = DIALECT_CSV, .delimiter = ',', .quote = '"', .null = "",
};

const struct dialect dialect_text = {
	.format = DIALECT_TEXT, .delimiter = '\t', .quote = '"', .null = "\\N",
};
