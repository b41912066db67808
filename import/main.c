/* main.c -- gpm-import: options, one command, the error printed once. */
#include "prelude.h"

#include "err.h"
#include "import.h"
#include "opt.h"
#include "store.h"
#include "store_opts.h"
#include "tool.h"

static const struct {
	const char *name;
	int (*fn)(const struct opts *, struct store *, struct err *);
} commands[] = {
	{ "list", import_list },
	{ "verify", import_verify },
	{ "load", import_load },
	{ "check", import_check },
	{ "preflight", import_preflight },
};

static const char *const names[] = { "list", "verify", "load", "check", "preflight", NULL };

static const struct opt_tool_info info = {
	.tool = OPT_IMPORT,
	.name = "gpm-import",
	.summary = "load what gpm-push stored, and prove that nothing is missing",
	.usage =
	    "  gpm-import list      --from URL               runs and their state\n"
	    "  gpm-import verify    --from URL [--full]      objects against the manifest\n"
	    "  gpm-import preflight --from URL -d DATABASE   what the destination lacks\n"
	    "  gpm-import load      --from URL -d DATABASE   schema, rows, verdict\n"
	    "  gpm-import check     --from URL -d DATABASE   what was loaded, once more\n",
	.examples =
	    "  gpm-import load --from file:///mnt/disk/shop -h new-coordinator -d warehouse\n",
	.commands = names,
};

/* Values that are one of a few words, and numbers with bounds. */
static int
check_values(const struct opts *opts, struct err *e)
{
	const char *level = opt_string(opts, OPT_ID_verify);
	uint64_t jobs = opt_u64(opts, OPT_ID_jobs);

	if (strcmp(level, "count") != 0 && strcmp(level, "content") != 0)
		return err_set(e, ERR_USAGE, "--verify is count or content, not '%s'", level);
	if (opt_flag(opts, OPT_ID_append) && opt_string(opts, OPT_ID_run) == NULL) {
		err_set(e, ERR_USAGE, "--append needs --run");
		return err_hint(e, "the latest run may be another one at the next start, and its rows would come on top");
	}
	if (jobs < 1 || jobs > 256)
		return err_set(e, ERR_USAGE, "--jobs is from 1 to 256");
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
		err_set(e, ERR_USAGE, "a command is needed: list, verify, load, check or preflight");
		return err_hint(e, "gpm-import --help shows them");
	}
	if (check_values(opts, e) < 0 || opt_require(opts, OPT_ID_from, e) < 0 || store_open(opt_string(opts, OPT_ID_from), false,
	    store_settings_from_opts(opts, &settings), &store, e) < 0)
		return -1;
	for (size_t i = 0; i < GPM_ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, command) == 0)
			rc = commands[i].fn(opts, store, e);
	store_close(store);
	return rc;
}

int
main(int argc, char **argv)
{
	return tool_main(&info, argc, argv, run_command);
}
