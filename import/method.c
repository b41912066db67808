/* method.c -- how rows get into a table: which of the methods. */
#include "prelude.h"

#include "err.h"
#include "log.h"
#include "method.h"
#include "opt.h"
#include "rights.h"

static int
check_listed(const struct method *m, const struct run *run, struct err *e)
{
	const char *name = m->listed != NULL ? m->listed : m->name;
	struct buf listed;

	text_init(&listed);
	for (size_t i = 0; i < run->push.methods.len; i++) {
		if (strcmp(run->push.methods.at[i], name) == 0) {
			buf_release(&listed);
			return 0;
		}
		text_printf(&listed, "%s%s", i > 0 ? ", " : "", run->push.methods.at[i]);
	}
	err_set(e, ERR_USAGE, "run %s cannot be loaded by %s: it was pushed for %.100s", run->id, m->name,
	    text_str(&listed));
	buf_release(&listed);
	return -1;
}

/* The first thing that keeps M from loading RUN. */
static int
check_method(const struct method *m, const struct opts *opts, const struct run *run, struct err *e)
{
	if (check_listed(m, run, e) < 0)
		return -1;
	return m->begin != NULL ? m->begin(opts, run, e) : 0;
}

const struct method *
method_find(const struct opts *opts, const struct run *run, struct err *e)
{
	static const struct method *const methods[] = { &method_copy, &method_file_fdw, &method_gpfdist, &method_web, &method_s3,
		&method_oss_fdw, &method_oss_ext, &method_oss_copy, &method_pxf };
	const char *name = opt_string(opts, OPT_ID_method);

	if (name == NULL)
		name = methods[0]->name;
	for (size_t i = 0; i < GPM_ARRAY_LEN(methods); i++)
		if (strcmp(methods[i]->name, name) == 0)
			return check_method(methods[i], opts, run, e) < 0 ? NULL : methods[i];
	err_set(e, ERR_USAGE, "--method is copy, gpfdist, file_fdw, web, s3 or oss_fdw, for plan also oss_ext, oss_copy or pxf, not '%s'", name);
	return NULL;
}

const struct method *
method_choose(const struct opts *opts, const struct run *run, struct db *db, struct err *e)
{
	static const struct right greenplum[] = { RIGHT_GREENPLUM };
	const struct method *method = method_find(opts, run, e), *best = &method_gpfdist;
	struct err why;

	if (method == NULL || opt_string(opts, OPT_ID_method) != NULL || rights_check(db, best->name, greenplum, 1, &why) < 0)
		return method;
	if (check_listed(best, run, &why) == 0 && best->check(db, &why) == 0)
		return best;
	log_info("rows go through the coordinator: %s", why.text);
	return method;
}
