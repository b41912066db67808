/* main.c -- gpm-import: options, one command, the error printed once. */
#include "prelude.h"

#include "err.h"
#include "import.h"
#include "opt.h"
#include "stop.h"
#include "store.h"
#include "store_opts.h"

static const struct {
	const char *name;
	int (*fn)(const struct opts *, struct store *, struct err *);
} commands[] = {
	{ "list", import_list },
	{ "verify", import_verify },
	{ "load", import_load },
};

static const char *const names[] = { "list", "verify", "load", NULL };

static const struct opt_tool_info info = {
	.tool = OPT_IMPORT,
	.name = "gpm-import",
	.summary = "load what gpm-push stored, and prove that nothing is missing",
	.usage =
	    "  gpm-import list   --from URL               runs and their state\n"
	    "  gpm-import verify --from URL [--full]      objects against the manifest\n"
	    "  gpm-import load   --from URL -d DATABASE   schema, rows, sequences, verdict\n",
	.examples =
	    "  gpm-import load --from file:///mnt/disk/shop -h new-coordinator -d warehouse\n",
	.commands = names,
};

static int
run_command(const struct opts *opts, struct err *e)
{
	const char *command = opt_command(opts);
	struct store_settings settings;
	struct store *store;
	int rc = -1;

	if (command == NULL) {
		err_set(e, ERR_USAGE, "a command is needed: list, verify or load");
		return err_hint(e, "gpm-import --help shows them");
	}
	if (opt_require(opts, OPT_ID_from, e) < 0 || store_open(opt_string(opts, OPT_ID_from), false,
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
	struct opts *opts;
	struct err e;
	int status;

	stop_install();
	if ((status = opt_start(&info, argc, argv, &opts)) >= 0)
		return status;
	if (run_command(opts, &e) == 0) {
		status = 0;
	} else {
		err_print(&e);
		status = err_exit(e.code);
	}
	opt_free(opts);
	return status;
}
