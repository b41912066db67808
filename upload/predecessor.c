/* predecessor.c -- which run of the same source a run follows. */
#include "prelude.h"

#include "err.h"
#include "predecessor.h"
#include "sealed_run.h"

int
predecessor_find(struct push *p, struct err *e)
{
	struct rec_run *header = &p->view.header;
	struct sealed_run found;
	int rc;

	if (header->predecessor != NULL)
		return 0;
	if ((rc = sealed_run_find(p->spool, header, spool_run_id(p->run), &found, e)) <= 0)
		return rc;
	header->predecessor = mem_str(found.id);
	free(header->predecessor_sha256);
	header->predecessor_sha256 = mem_str(found.sha256);
	sealed_run_release(&found);
	return 0;
}
