/* check.c -- gpm-import check: is what was loaded still as at the source?  Changes nothing. */
#include "prelude.h"

#include "business_check.h"
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
	rc = verdict_check_run(opts, run, e);
	if (rc == 0 && business_wanted(opts))
		rc = business_check(opts, run, report, business_print, NULL, e);
	if (rc == 0)
		rc = verdict(opts, run, NULL, report, NULL, NULL, e);
	report_free(report);
	run_close(run);
	return rc;
}
