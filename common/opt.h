/* opt.h -- options of the three tools: one table (options.def), four sources.
 *
 * A later source wins: the table's default, /etc/gpm/gpm.conf, ~/.config/gpm/gpm.conf (or, instead
 * of both files, the -c FILE), GPM_<NAME> in the environment, the command line.
 * A row of options.def:
 *
 *   OPT(name, letter, TYPE, default, argname, tools, "help", "manual text")
 *
 * name      C identifier; the option is --na-me with '_' turned to '-', the config key and
 *           GPM_NAME follow from it
 * letter    short option or 0
 * TYPE      FLAG, STRING, U64, SIZE (bytes), SECONDS, LIST (may be repeated; every value is kept)
 * default   text as a user would write it, or NULL
 * tools     OR of OPT_EXPORT, OPT_PUSH, OPT_IMPORT: who takes it on its command line
 *
 * A flag is on when it stands on the command line; elsewhere it is on/off, true/false, yes/no, 1/0.
 * Every source's LIST replaces that of the sources below it; in the environment it has one value.
 * An empty variable counts as not set.  Names are never abbreviated.  -? is --help, -V --version.
 * A password in --dbname is refused, whichever source it comes from, and never echoed.
 *
 * All tools know all names, so that they can share a gpm.conf: a key that none of them has is an
 * error with file and line, one of another tool is ignored; so with GPM_*, where unknown names are
 * ignored altogether. */
#ifndef GPM_OPT_H
#define GPM_OPT_H

struct err;

enum opt_type { OPT_FLAG, OPT_STRING, OPT_U64, OPT_SIZE, OPT_SECONDS, OPT_LIST };
enum opt_tool { OPT_EXPORT = 1, OPT_PUSH = 2, OPT_IMPORT = 4, OPT_ALL = 7 };

enum opt_id {
#define OPT(name, letter, type, deflt, argname, tools, help, man) OPT_ID_##name,
#include "options.def"
#undef OPT
	OPT_COUNT
};

struct opts; /* opaque: the values */

/* What a tool says of itself; everything is kept by pointer. */
struct opt_tool_info {
	enum opt_tool tool;
	const char *name;           /* "gpm-import" */
	const char *summary;        /* one line for --help */
	const char *usage;          /* lines "  gpm-import list --from URL" … each with a newline */
	const char *examples;       /* lines for the end of --help */
	const char *const *commands; /* NULL-terminated list of commands, or NULL: takes none */
};

/* opt_parse(info, argc, argv, out, e): read all sources.  0: go on, *OUT is the caller's;
 * 1: --help or --version was asked for and printed on stdout, the tool ends with 0;
 * -1: ERR_USAGE, or ERR_SYSTEM when help cannot be written.  getopt's own messages are never
 * printed.  An argument that is no option must be the command (info->commands) and stand once. */
int opt_parse(const struct opt_tool_info *, int argc, char **argv, struct opts **out,
    struct err *) GPM_NODISCARD;
void opt_free(struct opts *);

const char *opt_command(const struct opts *);               /* or NULL */
bool opt_is_set(const struct opts *, enum opt_id);          /* by any source but the default */
bool opt_flag(const struct opts *, enum opt_id);
const char *opt_string(const struct opts *, enum opt_id);   /* or NULL; valid until opt_free */
uint64_t opt_u64(const struct opts *, enum opt_id);         /* U64, SIZE, SECONDS */
size_t opt_list_len(const struct opts *, enum opt_id);
const char *opt_list_at(const struct opts *, enum opt_id, size_t);

/* opt_require(o, id, e): 0, or -1 with ERR_USAGE "--spool is needed" when it has no value. */
int opt_require(const struct opts *, enum opt_id, struct err *) GPM_NODISCARD;

/* opt_start(info, argc, argv, out): what every main() does first: opt_parse, then log_setup from
 * -q, -v and --log-format.  Returns -1 to go on, else the exit status to end with (errors printed, *OUT
 * NULL). */
int opt_start(const struct opt_tool_info *, int argc, char **argv, struct opts **out) GPM_NODISCARD;

#endif
