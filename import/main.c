/* main.c -- gpm-import: options, one command, the error printed once. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "err.h"
#include "import.h"
#include "maps.h"
#include "opt.h"
#include "store.h"
#include "store_opts.h"
#include "tool.h"
#include "verdict.h"

/* name; takes --table; takes --batch and --chunks */
#define COMMANDS(X) \
	X(list, false, false) \
	X(verify, false, false) \
	X(preflight, false, false) \
	X(schema, false, false) \
	X(load, false, false) \
	X(watch, false, false) \
	X(check, false, false) \
	X(diff, true, false) \
	X(report, false, false) \
	X(plan, true, false) \
	X(cat, true, true) \
	X(serve, true, false)

static const struct command {
	const char *name;
	int (*fn)(const struct opts *, struct store *, struct err *);
	bool takes_tables, takes_batches;
} commands[] = {
#define X(name, tables, batches) { #name, import_##name, tables, batches },
	COMMANDS(X)
#undef X
};

#define NAME_IN_LIST(name, tables, batches) " " #name

static const char *const names[] = {
#define X(name, tables, batches) #name,
	COMMANDS(X)
#undef X
	NULL
};

static const struct opt_tool_info info = {
	.tool = OPT_IMPORT,
	.name = "gpm-import",
	.summary = "load what gpm-push stored, and prove that nothing is missing",
	.usage =
	    "  gpm-import list      --from URL               runs and their state\n"
	    "  gpm-import verify    --from URL [--full]      objects against the manifest\n"
	    "  gpm-import preflight --from URL -d DATABASE   what the destination lacks\n"
	    "  gpm-import schema    --from URL -d DATABASE   the schema alone; --rehearse\n"
	    "  gpm-import load      --from URL -d DATABASE   schema, rows, verdict\n"
	    "  gpm-import watch     --from URL -d DATABASE   load, for cron: runs as sealed\n"
	    "  gpm-import check     --from URL -d DATABASE   what was loaded, once more\n"
	    "  gpm-import diff      --from URL -d DATABASE   which rows differ, and where\n"
	    "  gpm-import report    --from URL -d DATABASE   the same as a page: --html FILE\n"
	    "  gpm-import plan      --from URL [-t TABLE]    rows of a load as a psql script\n"
	    "  gpm-import cat       --from URL -t TABLE      checked rows on stdout, as CSV\n"
	    "  gpm-import serve     --from URL -t TABLE      the same at a gpfdist:// URL\n",
	.examples =
	    "  gpm-import load --from file:///mnt/disk/shop -h new-coordinator -d warehouse\n",
	.commands = names,
};

static int
check_jobs(const struct opts *opts, enum opt_id id, const char *name, struct err *e)
{
	uint64_t jobs = opt_u64(opts, id);

	if (opt_is_set(opts, id) && (jobs < 1 || jobs > 256))
		return err_set(e, ERR_USAGE, "%s is from 1 to 256", name);
	return 0;
}

/* Values that are one of a few words, and numbers with bounds. */
static int
check_values(const struct opts *opts, struct err *e)
{
	if (verdict_check_level(opts, e) < 0)
		return -1;
	if (opt_flag(opts, OPT_ID_append) && opt_string(opts, OPT_ID_run) == NULL) {
		err_set(e, ERR_USAGE, "--append needs --run");
		return err_hint(e, "the latest run may be another one at the next start, and its rows would come on top");
	}
	if (opt_flag(opts, OPT_ID_append) && opt_flag(opts, OPT_ID_replace))
		return err_set(e, ERR_USAGE, "--append and --replace exclude each other");
	if (opt_flag(opts, OPT_ID_drop_gone) && !opt_flag(opts, OPT_ID_replace))
		return err_set(e, ERR_USAGE, "--drop-gone needs --replace");
	if (maps_check(opts, e) < 0)
		return -1;
	if (check_jobs(opts, OPT_ID_jobs, "--jobs", e) < 0)
		return -1;
	return check_jobs(opts, OPT_ID_index_jobs, "--index-jobs", e);
}

/* A command that would do more than was asked for does nothing. */
static int
check_selection(const struct opts *opts, const struct command *c, struct err *e)
{
	if (!c->takes_tables && opt_list_len(opts, OPT_ID_table) > 0) {
		err_set(e, ERR_USAGE, "--table is for diff, plan, cat and serve; %s takes all tables of a run", c->name);
		return err_hint(e, "it may come from gpm.conf or GPM_TABLE");
	}
	if (c->fn != import_load && opt_list_len(opts, OPT_ID_reload) > 0)
		return err_set(e, ERR_USAGE, "--reload is for load");
	if (c->fn != import_schema && (opt_flag(opts, OPT_ID_rehearse) || opt_flag(opts, OPT_ID_print)))
		return err_set(e, ERR_USAGE, "--rehearse and --print are for schema");
	if (!c->takes_batches && (opt_is_set(opts, OPT_ID_batch) || opt_is_set(opts, OPT_ID_chunks) ||
	    opt_is_set(opts, OPT_ID_shard)))
		return err_set(e, ERR_USAGE, "--batch, --chunks and --shard are for cat");
	return 0;
}

static int
run_command(const struct opts *opts, struct err *e)
{
	const char *command = opt_command(opts);
	struct store_settings settings;
	struct store *store;
	int rc = -1;

	if (command == NULL) {
		err_set(e, ERR_USAGE, "a command is needed, one of" COMMANDS(NAME_IN_LIST));
		return err_hint(e, "gpm-import --help tells what they do");
	}
	if (check_values(opts, e) < 0 || opt_require(opts, OPT_ID_from, e) < 0 || store_open(opt_string(opts, OPT_ID_from), false,
	    store_settings_from_opts(opts, &settings), &store, e) < 0)
		return -1;
	for (size_t i = 0; i < GPM_ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, command) == 0 && (rc = check_selection(opts, &commands[i], e)) == 0)
			rc = commands[i].fn(opts, store, e);
	store_close(store);
	return rc;
}

/* Where one of the three standard files is closed, the next file that is opened would become it, and rows could go
 * into a manifest's temporary file.  What is put in their place can neither be read nor written. */
static void
fill_standard_files(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			_exit(1);
}

int
main(int argc, char **argv)
{
	fill_standard_files();
	return tool_main(&info, argc, argv, run_command);
}
