/* receivers.c -- the gpfdist servers that segments send rows to. */
#include "prelude.h"

#include <inttypes.h>

#include "err.h"
#include "gp_table.h"
#include "gpfdist_address.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "receivers.h"

#define SPARE_CONNECTIONS 16           /* of segments that come back before the old connection is noticed */
#define BUFFER_MIN_KB 64               /* Greenplum's default */
#define BUFFER_MAX_KB (8 << 10)        /* larger ones are not faster */
#define BODY_MAX ((uint64_t)1 << 30)   /* a row; PostgreSQL's own limit */
#define SPILL (4 * BODY_MAX)           /* bytes in temporary files, for rows that memory does not hold */

static int
start_one(struct receivers *r, const struct receiver_settings *common, const char *host, unsigned port, struct err *e)
{
	struct receiver_settings settings = *common;
	struct receiver *one;

	settings.place.host = settings.place.public_host = host;
	settings.place.port = port;
	if (receiver_start(&settings, &one, e) < 0)
		return -1;
	log_debug("segments send their rows to %s, port %u", host, receiver_port(one));
	r->at = mem_grow(r->at, (r->len + 1) * sizeof(struct receiver *));
	r->at[r->len++] = one;
	return 0;
}

uint64_t
receivers_buffer(uint64_t bodies, uint64_t segments, unsigned jobs)
{
	uint64_t kb = bodies / (2 * segments * jobs) >> 10;

	return kb < BUFFER_MIN_KB ? BUFFER_MIN_KB : kb > BUFFER_MAX_KB ? BUFFER_MAX_KB : kb;
}

/* How much of the memory is for connections, and how large a segment's buffer may be. */
static int
share_memory(const struct opts *opts, uint64_t segments, unsigned jobs, size_t servers, struct receiver_settings *s,
    struct receivers *r, struct err *e)
{
	uint64_t memory = opt_u64(opts, OPT_ID_memory) / servers, bodies;

	s->connections = (unsigned)(segments * jobs + SPARE_CONNECTIONS);
	s->memory = memory;
	s->spill = SPILL;
	s->body_max = BODY_MAX;
	s->wait_seconds = RECEIVERS_RETRY_S / 2;
	if (memory < s->connections * RECEIVER_CONNECTION_BYTES + RECEIVER_BODIES_MIN) {
		char need[FORMAT_SIZE_LEN];

		err_set(e, ERR_USAGE, "--memory is too little for %u workers and %" PRIu64 " segments: at least %s", jobs, segments,
		    format_size(servers * (s->connections * RECEIVER_CONNECTION_BYTES + RECEIVER_BODIES_MIN), need));
		return err_hint(e, "give more, or fewer --jobs");
	}
	/* a body of each segment of each table in flight, and another that is being read */
	bodies = memory - s->connections * RECEIVER_CONNECTION_BYTES;
	r->buffer_kb = receivers_buffer(bodies, segments, jobs);
	return 0;
}

int
receivers_start(const struct opts *opts, struct db *db, unsigned jobs, struct receivers *out, struct err *e)
{
	struct receiver_settings settings = { 0 };
	size_t n = opt_list_len(opts, OPT_ID_listen);
	char *host = NULL;
	uint64_t segments;
	unsigned port = 0;
	int rc;

	memset(out, 0, sizeof(*out));
	gpfdist_place_tls(opts, &settings.place);
	if (gpfdist_count_segments(db, &segments, e) < 0)
		return -1;
	/* more URLs than segments are refused by the server */
	if (n > segments)
		n = segments;
	rc = share_memory(opts, segments, jobs, n > 0 ? n : 1, &settings, out, e);
	if (rc == 0 && n == 0) {
		host = gpfdist_own_address(db, e);
		rc = host != NULL ? start_one(out, &settings, host, 0, e) : -1;
		free(host);
		host = NULL;
	}
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = gpfdist_split_address(opt_list_at(opts, OPT_ID_listen, i), &host, &port, e);
		if (rc == 0)
			rc = start_one(out, &settings, host, port, e);
		free(host);
		host = NULL;
	}
	if (rc < 0)
		receivers_stop(out);
	return rc;
}

int
receivers_pin(struct db *db, int retry_seconds, uint64_t buffer_kb, struct err *e)
{
	/* how long a segment waits for us has had two names */
	return db_execf(db, e, "SELECT pg_catalog.set_config(name, '%d', true) FROM pg_catalog.pg_settings"
	    " WHERE name IN ('gpfdist_retry_timeout', 'write_to_gpfdist_timeout'); SET LOCAL writable_external_table_bufsize = %" PRIu64,
	    retry_seconds, buffer_kb);
}

/* reception_sink: rows that only show that they arrive. */
static int
drop_rows(void *ctx, unsigned lane, const char *data, size_t len, struct err *e)
{
	(void)ctx;
	(void)lane;
	(void)data;
	(void)len;
	(void)e;
	return 0;
}

int
receivers_reach(const struct receivers *r, struct db *db, struct err *e)
{
	struct reception **at = mem_array(r->len, sizeof(struct reception *));
	const char **urls = mem_array(r->len, sizeof(char *));
	struct err ignored;
	size_t n = 0;
	int rc = 0;

	while (rc == 0 && n < r->len)
		if ((rc = reception_open(r->at[n], 1, drop_rows, NULL, &at[n], e)) == 0) {
			urls[n] = reception_url(at[n]);
			n++;
		}
	if (rc == 0)
		rc = gp_table_reach(db, urls, n, e);
	while (n > 0)
		if (reception_close(at[--n], NULL, rc < 0 ? &ignored : e) < 0)
			rc = -1;
	free(urls);
	free(at);
	return rc;
}

void
receivers_stop(struct receivers *r)
{
	for (size_t i = 0; i < r->len; i++)
		receiver_stop(r->at[i]);
	free(r->at);
	memset(r, 0, sizeof(*r));
}
