/* opt_argv.c -- options from the command line, by getopt_long. */
#include "prelude.h"

#include <getopt.h>

#include "buf.h"
#include "err.h"
#include "opt_internal.h"

/* What getopt_long returns; a long option is CODE_ROW plus the number of its row. */
enum { CODE_ARGUMENT = 1, CODE_HELP = 2, CODE_HELP_ALL = 3, CODE_VERSION = 'V', CODE_ROW = 256 };

/* Are the N characters at TYPED the beginning of NAME, or a '_' where NAME has a '-'? */
static bool
begins(const char *name, const char *typed, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (name[i] != typed[i] && !(name[i] == '-' && typed[i] == '_'))
			return false;
	return true;
}

/* An option that no row of this tool has: say what may have been meant. */
static int
refuse_unknown(const struct opts *o, const char *typed, size_t n, struct err *e)
{
	struct buf meant;
	char name[OPT_LONG_LEN];

	err_set(e, ERR_USAGE, "unknown option --%.*s", (int)n, typed);
	text_init(&meant);
	for (size_t i = 0; n > 0 && i < o->table->count; i++)
		if (opt_takes(o, i) && begins(opt_long(&o->table->rows[i], name) + 2, typed, n))
			text_printf(&meant, "%s%s", meant.len > 0 ? " or " : "", name);
	if (meant.len > 0)
		err_hint(e, "write %s; names are not abbreviated", text_str(&meant));
	buf_release(&meant);
	return -1;
}

static int
refuse_foreign(const struct opt_row *row, const char *typed, struct err *e)
{
	err_set(e, ERR_USAGE, "%s is not an option of this tool", typed);
	return err_hint(e, "it belongs to%s%s%s",
	    row->tools & OPT_EXPORT ? " gpm-export" : "",
	    row->tools & OPT_PUSH ? " gpm-push" : "",
	    row->tools & OPT_IMPORT ? " gpm-import" : "");
}

/* TYPED follows the two dashes.  getopt_long would take any unambiguous beginning of a name, and
 * such a script would break the day a second option begins so. */
static int
check_long(const struct opts *o, const char *typed, struct err *e)
{
	size_t n = strcspn(typed, "=");
	char name[OPT_LONG_LEN];

	if (strcmp(typed, "help") == 0 || strcmp(typed, "help-all") == 0 || strcmp(typed, "version") == 0)
		return 0;
	for (size_t i = 0; i < o->table->count; i++) {
		opt_long(&o->table->rows[i], name);
		if (strlen(name + 2) == n && memcmp(name + 2, typed, n) == 0)
			return opt_takes(o, i) ? 0 : refuse_foreign(&o->table->rows[i], name, e);
	}
	return refuse_unknown(o, typed, n, e);
}

static int
refuse_letter(const struct opts *o, int letter, struct err *e)
{
	char typed[] = { '-', (char)letter, '\0' };

	for (size_t i = 0; i < o->table->count; i++)
		if (o->table->rows[i].letter == letter)
			return refuse_foreign(&o->table->rows[i], typed, e);
	return err_set(e, ERR_USAGE, "unknown option %s", typed);
}

/* A word that is no option may be a connection string at the wrong place: not echoed. */
static const char *
shown(const char *word)
{
	if (strchr(word, '=') != NULL || strstr(word, "://") != NULL)
		return "(not shown, it may hold a password)";
	return word;
}

static int
take_argument(struct opts *o, const struct opt_tool_info *info, const char *word, struct err *e)
{
	if (info->commands == NULL || o->command != NULL)
		return err_set(e, ERR_USAGE, "unexpected argument: %s", shown(word));
	for (size_t i = 0; info->commands[i] != NULL; i++)
		if (strcmp(info->commands[i], word) == 0)
			o->command = info->commands[i];
	if (o->command == NULL)
		return err_set(e, ERR_USAGE, "unknown command: %s", shown(word));
	return 0;
}

/* The row of an option; the table's count when this tool has no such letter. */
static size_t
row_of(const struct opts *o, int code)
{
	size_t i = 0;

	if (code >= CODE_ROW)
		return (size_t)(code - CODE_ROW);
	while (i < o->table->count && (o->table->rows[i].letter != code || !opt_takes(o, i)))
		i++;
	return i;
}

/* One answer of getopt_long that is no request for help. */
static int
take_option(struct opts *o, const struct opt_tool_info *info, int code, struct err *e)
{
	bool wrong = code == ':' || code == '?';
	size_t i = row_of(o, wrong ? optopt : code);
	char name[OPT_LONG_LEN];

	if (code == CODE_ARGUMENT)
		return take_argument(o, info, optarg, e);
	if (i == o->table->count)
		return refuse_letter(o, optopt, e);
	opt_long(&o->table->rows[i], name);
	if (wrong)
		return err_set(e, ERR_USAGE, code == ':' ? "%s needs a value" : "%s takes no value",
		    name);
	if (opt_add(o, i, OPT_FROM_COMMAND_LINE, optarg != NULL ? optarg : "true", e) < 0)
		return err_context(e, "%s", name);
	return 0;
}

/* What getopt_long wants to know: the letters, and LONGS with their names in NAMES. */
struct getopt_tables {
	struct buf letters;
	struct option *longs;
	char (*names)[OPT_LONG_LEN];
};

static void
tables_init(struct getopt_tables *g, const struct opts *o)
{
	size_t n = 0;

	text_init(&g->letters);
	/* '-' gives words that are no options in their place, ':' tells a missing value apart. */
	text_puts(&g->letters, "-:V");
	g->longs = mem_array(o->table->count + 4, sizeof(*g->longs));
	g->names = mem_array(o->table->count, sizeof(*g->names));
	for (size_t i = 0; i < o->table->count; i++) {
		const struct opt_row *row = &o->table->rows[i];
		int arg = row->type == OPT_FLAG ? no_argument : required_argument;

		if (!opt_takes(o, i))
			continue;
		if (row->letter != 0)
			text_printf(&g->letters, "%c%s", row->letter, arg == no_argument ? "" : ":");
		g->longs[n++] = (struct option){ opt_long(row, g->names[i]) + 2, arg, NULL,
			CODE_ROW + (int)i };
	}
	g->longs[n++] = (struct option){ "help", no_argument, NULL, CODE_HELP };
	g->longs[n++] = (struct option){ "help-all", no_argument, NULL, CODE_HELP_ALL };
	g->longs[n] = (struct option){ "version", no_argument, NULL, CODE_VERSION };
}

static void
tables_release(struct getopt_tables *g)
{
	buf_release(&g->letters);
	free(g->longs);
	free(g->names);
}

/* Help that cannot be written is an error, so that "--help > file" on a full disk is not silent. */
static int
show(int code, const struct opts *o, const struct opt_tool_info *info, struct err *e)
{
	if (code == CODE_VERSION)
		opt_version(stdout, info);
	else
		opt_help(stdout, o->table, info, code == CODE_HELP_ALL);
	return fflush(stdout) == 0 ? 1 : err_sys(e, "cannot write to the standard output");
}

int
opt_argv_read(struct opts *o, const struct opt_tool_info *info, int argc, char **argv,
    struct err *e)
{
	struct getopt_tables g;
	int code, rc = 0;

	tables_init(&g, o);
	opterr = 0;
	optind = 0; /* glibc: start over */
	while (rc == 0) {
		int at = optind > 0 ? optind : 1;
		const char *word = at < argc ? argv[at] : "";

		if (strncmp(word, "--", 2) == 0 && word[2] != '\0' &&
		    (rc = check_long(o, word + 2, e)) < 0)
			break;
		/* getopt_long's own '?' means an unknown option. */
		code = strcmp(word, "-?") == 0 ? CODE_HELP :
		    getopt_long(argc, argv, text_str(&g.letters), g.longs, NULL);
		if (code == -1)
			break;
		rc = code == CODE_HELP || code == CODE_HELP_ALL || code == CODE_VERSION ?
		    show(code, o, info, e) : take_option(o, info, code, e);
	}
	/* What follows "--". */
	for (; rc == 0 && optind < argc; optind++)
		rc = take_argument(o, info, argv[optind], e);
	tables_release(&g);
	return rc;
}
