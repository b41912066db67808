/* main.c -- gpm-export: options, export_run(), the error printed once. */
#include "prelude.h"

#include "export.h"
#include "preflight_export.h"
#include "tool.h"

static const char *const commands[] = { "preflight", NULL };

static const struct opt_tool_info info = {
	.tool = OPT_EXPORT,
	.name = "gpm-export",
	.summary = "take a database out into the spool, for gpm-push",
	.usage =
	    "  gpm-export -d DATABASE --spool DIR [OPTION]...\n"
	    "  gpm-export preflight -d DATABASE    can it be exported from here?\n",
	.commands = commands,
	.examples =
	    "  gpm-export -h old-coordinator -d shop --spool /var/spool/gpm\n"
	    "  gpm-push --spool /var/spool/gpm --to file:///mnt/disk/shop\n",
};

/* The export itself, or the look before it. */
static int
run_command(const struct opts *opts, struct err *e)
{
	return opt_command(opts) != NULL ? preflight_export(opts, e) : export_run(opts, e);
}

int
main(int argc, char **argv)
{
	return tool_main(&info, argc, argv, run_command);
}
