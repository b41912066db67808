/* main.c -- gpm-export: options, export_run(), the error printed once. */
#include "prelude.h"

#include "err.h"
#include "export.h"
#include "opt.h"
#include "preflight_export.h"
#include "stop.h"

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

int
main(int argc, char **argv)
{
	struct opts *opts;
	struct err e;
	int status;

	stop_install();
	if ((status = opt_start(&info, argc, argv, &opts)) >= 0)
		return status;
	if ((opt_command(opts) != NULL ? preflight_export(opts, &e) : export_run(opts, &e)) == 0) {
		status = 0;
	} else {
		err_print(&e);
		status = err_exit(e.code);
	}
	opt_free(opts);
	return status;
}
