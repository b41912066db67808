/* list.c -- gpm-import list: the runs of the bucket and their state. */
#include "prelude.h"

#include "err.h"
#include "find.h"
#include "import.h"
#include "parse.h"

/* One line a sealed run; a root manifest that is not what was written is told in its line, and the
 * list goes on. */
static int
print_sealed(struct store *store, const char *id, struct err *worst)
{
	char rows[FORMAT_SIZE_LEN], plain[FORMAT_SIZE_LEN], stored[FORMAT_SIZE_LEN];
	const struct rec_end *end;
	struct run *run;
	struct err e;

	if (run_open(store, id, &run, &e) < 0) {
		printf("%-24s damaged   %s\n", id, e.text);
		*worst = e;
		return -1;
	}
	end = manifest_totals(run->root);
	printf("%-24s sealed    %-16s %8llu %16s %10s %10s  %s%s\n", id, run->header.database,
	    (unsigned long long)end->tables, format_count(end->rows, rows),
	    format_size(end->plain_bytes, plain), format_size(end->stored_bytes, stored),
	    run->header.server_time, end->failed > 0 ? "  (tables failed)" : "");
	run_close(run);
	return 0;
}

int
import_list(const struct opts *opts, struct store *store, struct err *e)
{
	struct found_run *found;
	size_t n;
	int rc = 0;

	(void)opts; /* --from was all of them */
	if (find_runs(store, &found, &n, e) < 0)
		return -1;
	printf("%-24s %-9s %-16s %8s %16s %10s %10s  %s\n", "run", "state", "database", "tables", "rows",
	    "plain", "stored", "of");
	for (size_t i = 0; i < n; i++) {
		if (!found[i].sealed)
			printf("%-24s open      not sealed yet: gpm-push is not done with it\n", found[i].id);
		else if (print_sealed(store, found[i].id, e) < 0)
			rc = -1;
	}
	free(found);
	if (fflush(stdout) != 0)
		return err_sys(e, "cannot write the list");
	return rc;
}
