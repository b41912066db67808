/* tool.c -- what the main() of every tool does. */
#include "prelude.h"

#include "err.h"
#include "keyfile.h"
#include "stop.h"
#include "tool.h"

int
tool_main(const struct opt_tool_info *info, int argc, char **argv, tool_fn *run)
{
	struct opts *opts;
	struct err e;
	int status;

	/* Passwords and keys come from everywhere: libpq's files, the environment, the bucket's key.  The limit goes on to
	 * pg_dump and its like. */
	if (keyfile_leave_no_core(&e) < 0) {
		err_print(&e);
		return err_exit(e.code);
	}
	stop_install();
	if ((status = opt_start(info, argc, argv, &opts)) >= 0)
		return status;
	if (run(opts, &e) == 0) {
		status = 0;
	} else {
		err_print(&e);
		status = err_exit(e.code);
	}
	opt_free(opts);
	return status;
}
