/* list.c -- gpm-import list: the runs of the bucket and their state. */
#include "prelude.h"

#include "err.h"
#include "find.h"
#include "import.h"
#include "opt.h"
#include "parse.h"
#include "trust.h"

/* One line a sealed run of DATABASE (NULL: of any); a root manifest that is not what was written is told in its line, and the
 * list goes on. */
static int
print_sealed(struct store *store, const char *id, const char *database, const struct trusted_keys *keys, struct err *worst)
{
	bool in_group;
	char rows[FORMAT_SIZE_LEN], plain[FORMAT_SIZE_LEN], stored[FORMAT_SIZE_LEN];
	const struct rec_end *end;
	struct run *run;
	struct err e;

	if (run_open(store, id, &run, &e) < 0) {
		printf("%-24s damaged   %s\n", id, e.text);
		*worst = e;
		return -1;
	}
	if (trust_check_key(run, keys, &e) < 0) {
		printf("%-24s refused   %s\n", id, e.text);
		*worst = e;
		run_close(run);
		return -1;
	}
	if (database != NULL && strcmp(run->header.database, database) != 0) {
		run_close(run);
		return 0;
	}
	in_group = run->header.group != NULL && runid_valid(run->header.group);
	end = manifest_totals(run->root);
	printf("%-24s sealed    %-16s %8llu %16s %10s %10s  %s%s%s%s%s%s%.64s\n", id, run->header.database,
	    (unsigned long long)end->tables, format_count(end->rows, rows),
	    format_size(end->plain_bytes, plain), format_size(end->stored_bytes, stored),
	    run->header.server_time, in_group ? "  group " : "", in_group ? run->header.group : "",
	    end->failed > 0 ? "  (tables failed)" : "", run->push.encryption != NULL ? "  encrypted" : "",
	    run->push.signed_by != NULL ? "  signed by " : "", run->push.signed_by != NULL ? run->push.signed_by : "");
	run_close(run);
	return 0;
}

int
import_list(const struct opts *opts, struct store *store, struct err *e)
{
	struct trusted_keys *keys;
	struct found_run *found;
	size_t n;
	int rc = 0;

	if (trust_load(opts, &keys, e) < 0)
		return -1;
	if (find_runs(store, &found, &n, e) < 0) {
		trusted_keys_free(keys);
		return -1;
	}
	printf("%-24s %-9s %-16s %8s %16s %10s %10s  %s\n", "run", "state", "database", "tables", "rows",
	    "plain", "stored", "of");
	for (size_t i = 0; i < n; i++) {
		if (!found[i].sealed)
			printf("%-24s open      not sealed yet: gpm-push is not done with it\n", found[i].id);
		else if (print_sealed(store, found[i].id, opt_string(opts, OPT_ID_database), keys, e) < 0)
			rc = -1;
	}
	free(found);
	trusted_keys_free(keys);
	if (fflush(stdout) != 0)
		return err_sys(e, "cannot write the list");
	return rc;
}
