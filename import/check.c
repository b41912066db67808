/* check.c -- gpm-import check: is what was loaded still as at the source?  Changes nothing. */
#include "prelude.h"

#include "err.h"
#include "find.h"
#include "import.h"
#include "report.h"
#include "verdict.h"

int
import_check(const struct opts *opts, struct store *store, struct err *e)
{
	struct report *report;
	struct run *run;
	int rc;

	if (find_run(store, opts, &run, e) < 0)
		return -1;
	report = report_new();
	rc = verdict(opts, run, report, e);
	report_free(report);
	run_close(run);
	return rc;
}
