/* main.c -- gpm-push: options, push_run(), the error printed once. */
#include "prelude.h"

#include "preflight_push.h"
#include "push.h"
#include "tool.h"

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

/* The push itself, or the look before it. */
static int
run_command(const struct opts *opts, struct err *e)
{
	return opt_command(opts) != NULL ? preflight_push(opts, e) : push_run(opts, e);
}

int
main(int argc, char **argv)
{
	return tool_main(&info, argc, argv, run_command);
}
