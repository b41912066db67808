/* opt_internal.h -- what opt.c, opt_argv.c, opt_conf*.c and opt_help.c share; beside them only their test
 * includes it, to bring a table and a system file of its own. */
#ifndef GPM_OPT_INTERNAL_H
#define GPM_OPT_INTERNAL_H

#include "opt.h"

struct opt_row {
	const char *name;
	char letter;
	enum opt_type type;
	const char *deflt;
	const char *argname;
	unsigned tools;         /* OR of enum opt_tool */
	const char *help;
};

/* Rows named "config" and "dbname" get the treatment that opt.h describes. */
struct opt_table {
	const struct opt_row *rows;
	size_t count;
	const char *system_conf; /* the first of the two default files */
};

/* The table that options.def makes. */
extern const struct opt_table opt_table;

/* A higher source wins, in whatever order they are read. */
enum opt_source {
	OPT_FROM_NOWHERE, OPT_FROM_DEFAULT, OPT_FROM_SYSTEM_FILE, OPT_FROM_FILE,
	OPT_FROM_ENVIRONMENT, OPT_FROM_COMMAND_LINE
};

struct opt_value {
	enum opt_source source;
	char **texts;           /* one, or for LIST as many as were given */
	size_t count;
	uint64_t number;        /* U64, SIZE, SECONDS; FLAG as 0 or 1 */
};

/* The access key of a bucket, out of a gpm.conf.  It has no row in a table: neither the command line,
 * which others can see, nor GPM_* may hold it. */
struct opt_keys {
	char *place;            /* the file, in quotes; NULL without a key */
	struct secret *access_key_id, *secret_access_key;
};
void opt_keys_release(struct opt_keys *);

struct opts {
	const struct opt_table *table;
	enum opt_tool tool;
	const char *command;    /* one of info->commands, or NULL */
	struct opt_value *values; /* one a row */
	struct opt_keys keys;
	char *database;         /* of a copy that opt_in_database made: all the rest is lent */
};

/* opt_parse_table(t, info, argc, argv, out, e): opt_parse with the table T. */
int opt_parse_table(const struct opt_table *, const struct opt_tool_info *, int argc, char **argv,
    struct opts **out, struct err *) GPM_NODISCARD;

/* opt_check(row, text, number, e): is TEXT a value for ROW?  *NUMBER gets what it says, 0 for text. */
int opt_check(const struct opt_row *, const char *text, uint64_t *number, struct err *) GPM_NODISCARD;

/* opt_add(o, i, source, text, e): row I has the value TEXT, says SOURCE.  It is checked, then kept
 * unless a higher source spoke; a value of the same source is replaced, for LIST joined. */
int opt_add(struct opts *, size_t i, enum opt_source, const char *text, struct err *) GPM_NODISCARD;

/* opt_takes(o, i): does this tool have the option of row I? */
bool opt_takes(const struct opts *, size_t i);

/* opt_argv_read(o, info, argc, argv, e): take the command line.  0 and -1; 1 as opt_parse. */
int opt_argv_read(struct opts *, const struct opt_tool_info *, int argc, char **argv,
    struct err *) GPM_NODISCARD;

/* opt_find(t, name): the row with that name; t->count when there is none. */
size_t opt_find(const struct opt_table *, const char *name);

/* opt_long(row, out): the option as typed, "--chunk-size".  Returns OUT. */
#define OPT_LONG_LEN 48
char *opt_long(const struct opt_row *, char out[OPT_LONG_LEN]);

/* opt_refuse_password(conninfo, e): -1 with ERR_USAGE when CONNINFO holds a secret or cannot be
 * read.  E never holds a part of it. */
int opt_refuse_password(const char *conninfo, struct err *) GPM_NODISCARD;

/* opt_conf_read(o, path, source, must_exist, e): take all values of a gpm.conf. */
int opt_conf_read(struct opts *, const char *path, enum opt_source, bool must_exist,
    struct err *) GPM_NODISCARD;

/* opt_conf_clean(o, path, st, text, e): blanks in the place of comments and of an access key, which O
 * gets.  -1 when the file PATH, of owner and mode ST, is not private enough for one. */
struct buf;
struct stat;
int opt_conf_clean(struct opts *, const char *path, const struct stat *, struct buf *text, struct err *) GPM_NODISCARD;

/* opt_help(out, t, info, all): what --help prints, ALL: --help-all; opt_version: what --version prints. */
void opt_help(FILE *out, const struct opt_table *, const struct opt_tool_info *, bool all);
void opt_version(FILE *out, const struct opt_tool_info *);

#endif
