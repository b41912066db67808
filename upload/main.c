/* main.c -- gpm-push: options, push_run(), the error printed once. */
#include "prelude.h"

#include "bucket_runs.h"
#include "keygen.h"
#include "preflight_push.h"
#include "push.h"
#include "relay.h"
#include "status.h"
#include "tool.h"

static const char *const commands[] = { "status", "list", "remove", "expire", "relay", "preflight", "keygen", NULL };

static const struct opt_tool_info info = {
	.tool = OPT_PUSH,
	.name = "gpm-push",
	.summary = "store what gpm-export took out, for gpm-import on the other side",
	.usage =
	    "  gpm-push --spool DIR --to URL [OPTION]...\n"
	    "  gpm-push --host-part NAME --segment-dir DIR --spool DIR --to URL [OPTION]...\n"
	    "  gpm-push --seal --spool DIR --to URL [OPTION]...\n"
	    "  gpm-push status --spool DIR         how far every run of the spool is\n"
	    "  gpm-push list --to URL              runs of the bucket\n"
	    "  gpm-push remove --to URL --run ID   one of them goes\n"
	    "  gpm-push expire --to URL --keep-runs N   of each database all but the newest\n"
	    "  gpm-push relay --from URL --to URL --spool DIR   from place to place\n"
	    "  gpm-push preflight --to URL         does the bucket do what is needed?\n"
	    "  gpm-push keygen --sign-key FILE     new keys, in files that only you can read\n",
	.commands = commands,
	.examples =
	    "  gpm-push --spool /var/spool/gpm --to file:///mnt/disk/shop\n",
};

/* The push itself, the look before it, or keys. */
static int
run_command(const struct opts *opts, struct err *e)
{
	const char *command = opt_command(opts);

	if (command == NULL)
		return push_run(opts, e);
	if (strcmp(command, "status") == 0)
		return status_print(opts, e);
	if (strcmp(command, "list") == 0)
		return bucket_list(opts, e);
	if (strcmp(command, "remove") == 0)
		return bucket_remove(opts, e);
	if (strcmp(command, "expire") == 0)
		return bucket_expire(opts, e);
	if (strcmp(command, "relay") == 0)
		return relay_run(opts, e);
	return strcmp(command, "keygen") == 0 ? keygen(opts, e) : preflight_push(opts, e);
}

int
main(int argc, char **argv)
{
	return tool_main(&info, argc, argv, run_command);
}
