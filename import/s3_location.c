/* s3_location.c -- the words of Greenplum's s3:// protocol. */
#include "prelude.h"

#include "err.h"
#include "opt.h"
#include "place.h"
#include "s3_location.h"

/* A blank or a '|' in it would end it: the protocol splits at the one, Greenplum 7's catalog at the other. */
static int
check_config(const char *path, struct err *e)
{
	if (path[0] == '/' && strpbrk(path, " \t\r\n|'\"\\") == NULL)
		return 0;
	return err_set(e, ERR_USAGE, "--s3-config is an absolute path without blanks and quotes, not '%.100s'", path);
}

int
s3_location_check(const struct opts *opts, const struct run *run, struct err *e)
{
	struct place p;

	if (opt_string(opts, OPT_ID_s3_config) == NULL) {
		err_set(e, ERR_USAGE, "--s3-config is needed: where s3.conf lies on each of the destination's hosts");
		return err_hint(e, "gpm-import plan --method s3 --s3-config /path/s3.conf shows what it has to hold");
	}
	if (check_config(opt_string(opts, OPT_ID_s3_config), e) < 0 || place_find(opts, run, &p, e) < 0)
		return -1;
	place_release(&p);
	return 0;
}

char *
s3_location(const struct opts *opts, const struct run *run, const struct rec_chunk *chunk, struct err *e)
{
	struct place p;
	char *folder, *location;

	if (place_find(opts, run, &p, e) < 0)
		return NULL;
	folder = place_folder(&p, run, chunk);
	location = mem_printf("s3://%s/%s/%s config=%s region=%s", p.server, p.bucket, folder,
	    opt_string(opts, OPT_ID_s3_config), p.region);
	free(folder);
	place_release(&p);
	return location;
}

int
s3_location_conf(const struct opts *opts, const struct run *run, const char *lead, struct buf *b, struct err *e)
{
	struct place p;

	if (place_find(opts, run, &p, e) < 0)
		return -1;
	text_printf(b, "%s[default]\n%saccessid = \"…\"\n%ssecret = \"…\"\n%sversion = 2\n%sencryption = %s\n", lead, lead, lead,
	    lead, lead, p.tls ? "true" : "false");
	place_release(&p);
	return 0;
}
