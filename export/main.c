/* main.c -- gpm-export: options, export_run(), the error printed once. */
#include "prelude.h"

#include "all_databases.h"
#include "assess.h"
#include "err.h"
#include "export.h"
#include "preflight_export.h"
#include "opt.h"
#include "receive.h"
#include "tool.h"

static const char *const commands[] = { "preflight", "assess", "receive", NULL };

static const struct opt_tool_info info = {
	.tool = OPT_EXPORT,
	.name = "gpm-export",
	.summary = "take a database out into the spool, for gpm-push",
	.usage =
	    "  gpm-export -d DATABASE --spool DIR [OPTION]...\n"
	    "  gpm-export preflight -d DATABASE    can it be exported from here?\n"
	    "  gpm-export assess    -d DATABASE --destination KIND    what would break there?\n"
	    "  gpm-export receive   --listen HOST:PORT --segment-dir DIR --receive-key FILE\n",
	.commands = commands,
	.examples =
	    "  gpm-export -h old-coordinator -d shop --spool /var/spool/gpm\n"
	    "  gpm-push --spool /var/spool/gpm --to file:///mnt/disk/shop\n",
};

/* The export itself, or a look before it. */
static int
run_command(const struct opts *opts, struct err *e)
{
	const char *command = opt_command(opts);

	if (opt_flag(opts, OPT_ID_all_databases) && opt_string(opts, OPT_ID_checks) != NULL)
		return err_set(e, ERR_USAGE, "--checks are queries for one database; --all-databases takes them all");
	if (opt_flag(opts, OPT_ID_all_databases) && opt_list_len(opts, OPT_ID_since) > 0)
		return err_set(e, ERR_USAGE, "--since names tables of one database; --all-databases takes them all");
	if (command != NULL && strcmp(command, "receive") == 0)
		return receive_run(opts, e);
	if (command == NULL)
		return opt_flag(opts, OPT_ID_all_databases) ? all_databases_run(opts, e) : export_run(opts, NULL, NULL, e);
	if (opt_flag(opts, OPT_ID_all_databases))
		return err_set(e, ERR_USAGE, "%s looks at one database; --all-databases is for the export", command);
	return strcmp(command, "assess") == 0 ? assess_run(opts, e) : preflight_export(opts, e);
}

int
main(int argc, char **argv)
{
	return tool_main(&info, argc, argv, run_command);
}
