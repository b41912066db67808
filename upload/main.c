/* main.c -- gpm-push: options, push_run(), the error printed once. */
#include "prelude.h"

#include "err.h"
#include "opt.h"
#include "preflight_push.h"
#include "push.h"
#include "stop.h"

static const char *const commands[] = { "preflight", NULL };

static const struct opt_tool_info info = {
	.tool = OPT_PUSH,
	.name = "gpm-push",
	.summary = "store what gpm-export took out, for gpm-import on the other side",
	.usage =
	    "  gpm-push --spool DIR --to URL [OPTION]...\n"
	    "  gpm-push preflight --to URL         does the bucket do what is needed?\n",
	.commands = commands,
	.examples =
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
	if ((opt_command(opts) != NULL ? preflight_push(opts, &e) : push_run(opts, &e)) == 0) {
		status = 0;
	} else {
		err_print(&e);
		status = err_exit(e.code);
	}
	opt_free(opts);
	return status;
}
