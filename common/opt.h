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
 * argname   what stands for the value, NULL for a FLAG.  With '|' these are all the values there are:
 *           "text|json", and in upper case what the user fills in: "zstd:N|none".  The completions
 *           know DIR, FILE, URL (of a bucket) and ID (of a run)
 * tools     OR of OPT_EXPORT, OPT_PUSH, OPT_IMPORT: who takes it on its command line; and OPT_RARE:
 *           --help leaves it to --help-all
 * help      a few words, without a full stop; manual text: whole sentences
 *
 * The manual pages and completions are made of the table too, by doc.c.
 *
 * A flag is on when it stands on the command line; elsewhere it is on/off, true/false, yes/no, 1/0.
 * Every source's LIST replaces that of the sources below it; in the environment it has one value.
 * An empty variable counts as not set.  Names are never abbreviated.  -? is --help, -V --version.
 * A password in --dbname is refused, whichever source it comes from, and never echoed.
 *
 * Two keys of a gpm.conf are no options: access_key_id and secret_access_key, a bucket's access key.  They
 * are an error, with file and line, in a file that others than its owner (the user or root) can read.
 *
 * All tools know all names, so that they can share a gpm.conf: a key that none of them has is an
 * error with file and line, one of another tool is ignored; so with GPM_*, where unknown names are
 * ignored altogether. */
#ifndef GPM_OPT_H
#define GPM_OPT_H

struct err;

enum opt_type { OPT_FLAG, OPT_STRING, OPT_U64, OPT_SIZE, OPT_SECONDS, OPT_LIST };
enum opt_tool { OPT_EXPORT = 1, OPT_PUSH = 2, OPT_IMPORT = 4, OPT_ALL = 7, OPT_RARE = 8 };

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
	/* lines "  gpm-import list  --from URL   runs and their state", each with a newline; what the
	 * command does stands behind two blanks or more */
	const char *usage;
	const char *examples;       /* command lines for the end of --help, or NULL; a test runs them */
	const char *const *commands; /* NULL-terminated list of commands, or NULL: takes none */
};

/* opt_parse(info, argc, argv, out, e): read all sources.  0: go on, *OUT is the caller's;
 * 1: --help, --help-all or --version was asked for and printed on stdout, the tool ends with 0;
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

/* opt_reread(o, id, text, e): what O's option ID would be if it were read now: its gpm.conf files may have changed.
 * The caller frees *TEXT.  Only for options with a default.  From one thread at a time.
 * opt_files_stamp(o): another number once one of those files was changed. */
int opt_reread(const struct opts *, enum opt_id, char **text, struct err *) GPM_NODISCARD;
uint64_t opt_files_stamp(const struct opts *);

/* opt_in_database(o, database): the same options, but for another database of the same server.  O must outlive it; opt_free frees
 * it.  opt_database: its name, NULL for options that were parsed. */
struct opts *opt_in_database(const struct opts *, const char *database) GPM_NODISCARD;
const char *opt_database(const struct opts *);

/* opt_require(o, id, e): 0, or -1 with ERR_USAGE "--spool is needed" when it has no value. */
int opt_require(const struct opts *, enum opt_id, struct err *) GPM_NODISCARD;

/* opt_credentials(o, out): the access key of a gpm.conf, valid until opt_free; all NULL without one. */
struct credentials_given;
void opt_credentials(const struct opts *, struct credentials_given *out);

/* opt_start(info, argc, argv, out): what every main() does first: opt_parse, then log_setup from
 * -q, -v and --log-format.  Returns -1 to go on, else the exit status to end with (errors printed, *OUT
 * NULL). */
int opt_start(const struct opt_tool_info *, int argc, char **argv, struct opts **out) GPM_NODISCARD;

#endif
