/* report.c -- what went wrong on the way, kept until the verdict. */
#include "prelude.h"

#include <pthread.h>

#include "err.h"
#include "log.h"
#include "report.h"

struct report {
	pthread_mutex_t mutex;
	size_t troubles;
	bool differs;
	struct failed {
		uint64_t number;
		bool refused;
	} *failed;
	size_t nfailed;
};

struct report *
report_new(void)
{
	struct report *r = mem_alloc(sizeof(*r));

	pthread_mutex_init(&r->mutex, NULL);
	return r;
}

void
report_free(struct report *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->mutex);
	free(r->failed);
	free(r);
}

void
report_trouble(struct report *r, const struct err *e, const char *fmt, ...)
{
	struct err told = *e;
	char name[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	err_context(&told, "%s", name);
	err_print(&told);
	report_count(r, e);
}

void
report_count(struct report *r, const struct err *e)
{
	pthread_mutex_lock(&r->mutex);
	r->troubles++;
	r->differs = r->differs || e->code == ERR_DIFFERS;
	pthread_mutex_unlock(&r->mutex);
}

void
report_table_failed(struct report *r, uint64_t number, bool refused)
{
	pthread_mutex_lock(&r->mutex);
	r->failed = mem_grow(r->failed, (r->nfailed + 1) * sizeof(*r->failed));
	r->failed[r->nfailed++] = (struct failed){ number, refused };
	pthread_mutex_unlock(&r->mutex);
}

static bool
find_failed(struct report *r, uint64_t number, bool only_refused)
{
	bool found = false;

	pthread_mutex_lock(&r->mutex);
	for (size_t i = 0; i < r->nfailed; i++)
		found = found || (r->failed[i].number == number && (r->failed[i].refused || !only_refused));
	pthread_mutex_unlock(&r->mutex);
	return found;
}

bool
report_table_has_failed(struct report *r, uint64_t number)
{
	return find_failed(r, number, false);
}

bool
report_table_refused(struct report *r, uint64_t number)
{
	return find_failed(r, number, true);
}

bool
report_any_table_failed(struct report *r)
{
	bool any;

	pthread_mutex_lock(&r->mutex);
	any = r->nfailed > 0;
	pthread_mutex_unlock(&r->mutex);
	return any;
}

int
report_result(struct report *r, const char *what, struct err *e)
{
	if (r->troubles == 0)
		return 0;
	return err_set(e, r->differs ? ERR_DIFFERS : ERR_PARTIAL, "%s: %zu troubles, all named above", what,
	    r->troubles);
}
