/* receive.c -- gpm-export receive: rows of another host's export, from the segments into files on this host.
 *
 * What a path names is opened when its first request comes.  A file that is there, without this process having it open, was begun by
 * one that is dead: how far each segment was nobody knows, so it is refused, and the export tries again under another name. */
#include "prelude.h"

#include <pthread.h>

#include "clock.h"
#include "err.h"
#include "gpfdist_address.h"
#include "gpfdist_receive.h"
#include "incoming.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "receive.h"
#include "receive_url.h"
#include "stop.h"

#define BODY_MAX ((uint64_t)1 << 30)   /* a row; PostgreSQL's own limit */
#define SPILL (4 * BODY_MAX)           /* bytes in temporary files, for rows that memory does not hold */
#define FORGET_SECONDS 86400           /* nobody comes back to an attempt after so long */

/* One piece of one attempt. */
struct arrival {
	struct arrival *next;
	struct receive *to;
	struct reception *reception;
	char *name;
	struct incoming_name piece; /* what the name says */
	bool reach;              /* its rows are not kept, and it is no piece */
	time_t touched;          /* by a request, roughly: only days are compared */
};

struct receive {
	struct incoming *folder;
	struct secret *key;
	struct receiver *receiver;
	pthread_mutex_t mutex;   /* over the list */
	struct arrival *arrivals;
	bool ends;               /* nothing is opened any more */
};

/* --- rows ------------------------------------------------------------------------------------ */

static int
take_body(void *ctx, unsigned lane, const char *data, size_t len, struct err *e)
{
	struct arrival *a = ctx;

	(void)lane; /* there is one */
	__atomic_store_n(&a->touched, clock_s(), __ATOMIC_RELAXED);
	if (a->reach)
		return 0;
	if (incoming_append(a->to->folder, a->name, data, len, e) == 0)
		return 0;
	log_error("%s: %s", a->name, e->text);
	return -1;
}

/* A segment's rows are safe before it hears that they were taken: gpm-export counts on them from then on. */
static int
segment_ended(void *ctx, struct err *e)
{
	struct arrival *a = ctx;

	return a->reach ? 0 : incoming_sync(a->to->folder, a->name, e);
}

/* --- attempts -------------------------------------------------------------------------------- */

static void
end_arrival(struct arrival *a)
{
	struct reception_totals totals;
	struct err e;

	if (reception_close(a->reception, &totals, &e) < 0)
		log_debug("%s: %s", a->name, e.text);
	else
		log_debug("%s: %llu bytes of %u segments", a->name, (unsigned long long)totals.bytes, totals.segments);
	free(a->name);
	free(a);
}

/* Is NEW a later try than OLD at the same piece of a table?  Of what is no piece all is empty. */
static bool
is_superseded(const struct incoming_name *old, const struct incoming_name *new)
{
	return old->table == new->table && old->piece == new->piece && old->attempt < new->attempt && strcmp(old->run, new->run) == 0;
}

/* Out of the list what is over now that PIECE comes; the caller ends them, without the mutex, which requests of theirs may want. */
static struct arrival *
take_over(struct receive *r, const struct incoming_name *piece)
{
	struct arrival *over = NULL, **p = &r->arrivals;
	time_t now = clock_s();

	while (*p != NULL) {
		struct arrival *a = *p;

		if (is_superseded(&a->piece, piece) || now - __atomic_load_n(&a->touched, __ATOMIC_RELAXED) > FORGET_SECONDS) {
			*p = a->next;
			a->next = over;
			over = a;
		} else {
			p = &a->next;
		}
	}
	return over;
}

static bool
make_file(struct receive *r, const char *name)
{
	struct err e;
	int rc = incoming_create(r->folder, name, &e);

	if (rc < 0)
		log_error("%s: %s", name, e.text);
	if (rc == 0)
		log_warning("%s: refused, it was begun before this receiver was started; gpm-export tries again", name);
	return rc > 0;
}

static bool
open_arrival(struct receive *r, struct receiver *receiver, const char *name, const struct incoming_name *piece, bool reach,
    const char token[GPFDIST_TOKEN_LEN])
{
	struct arrival *a;

	/* two segments may open it at once; one that is over is not in the list */
	for (a = r->arrivals; a != NULL; a = a->next)
		if (strcmp(a->name, name) == 0 || is_superseded(piece, &a->piece))
			return strcmp(a->name, name) == 0;
	if (!reach && !make_file(r, name))
		return false;
	a = mem_alloc(sizeof(*a));
	a->to = r;
	a->name = mem_str(name);
	a->piece = *piece;
	a->reach = reach;
	a->touched = clock_s();
	reception_open_as(receiver, token, take_body, segment_ended, a, &a->reception);
	a->next = r->arrivals;
	r->arrivals = a;
	return true;
}

/* receiver_unknown */
static bool
open_unknown(void *ctx, struct receiver *receiver, const char *path)
{
	struct receive *r = ctx;
	char token[GPFDIST_TOKEN_LEN];
	const char *name = receive_url_read(r->key, path, token);
	bool reach = name != NULL && strncmp(name, RECEIVE_REACH, strlen(RECEIVE_REACH)) == 0, opened;
	struct incoming_name piece = { .table = 0 };
	struct arrival *over, *next;

	if (name == NULL)
		return false;
	if (!reach && !incoming_parse(name, &piece)) {
		log_error("%s is no name of a piece; is gpm-export of another version?", name);
		return false;
	}
	pthread_mutex_lock(&r->mutex);
	opened = !r->ends && open_arrival(r, receiver, name, &piece, reach, token);
	over = opened ? take_over(r, &piece) : NULL;
	pthread_mutex_unlock(&r->mutex);
	/* what is waiting for room in an older one finds its file gone */
	if (opened && !reach)
		incoming_remove_older(r->folder, name);
	for (; over != NULL; over = next) {
		next = over->next;
		end_arrival(over);
	}
	return opened;
}

/* --- the whole ------------------------------------------------------------------------------- */

static int
start(const struct opts *opts, struct receive *r, struct err *e)
{
	struct receiver_settings s = {
		.memory = opt_u64(opts, OPT_ID_memory), .spill = SPILL, .body_max = BODY_MAX, .wait_seconds = RECEIVE_RETRY_S / 2,
		.unknown = open_unknown, .unknown_ctx = r,
	};
	char *host = NULL;
	unsigned port = 0;
	int rc;

	/* how many segments will come is not known here */
	s.connections = (unsigned)(s.memory / 2 / RECEIVER_CONNECTION_BYTES);
	gpfdist_place_tls(opts, &s.place);
	if (opt_list_len(opts, OPT_ID_listen) != 1)
		return err_set(e, ERR_USAGE, "receive takes one --listen HOST:PORT");
	rc = gpfdist_split_address(opt_list_at(opts, OPT_ID_listen, 0), &host, &port, e);
	if (rc == 0 && port == 0)
		rc = err_set(e, ERR_USAGE, "receive needs the port in --listen HOST:PORT: gpm-export --receiver names it");
	s.place.host = s.place.public_host = host;
	s.place.port = port;
	if (rc == 0)
		rc = receiver_start(&s, &r->receiver, e);
	if (rc == 0)
		log_info("rows of segments are received at %s, port %u, into '%s'", host, port, opt_list_at(opts, OPT_ID_segment_dir, 0));
	free(host);
	return rc;
}

/* Requests that are under way find nothing to open any more, and then there are none. */
static void
finish(struct receive *r)
{
	struct arrival *next;

	pthread_mutex_lock(&r->mutex);
	r->ends = true;
	next = r->arrivals;
	pthread_mutex_unlock(&r->mutex);
	for (struct arrival *a = next; a != NULL; a = next) {
		next = a->next;
		end_arrival(a);
	}
	receiver_stop(r->receiver);
	incoming_close(r->folder);
	secret_free(r->key);
	pthread_mutex_destroy(&r->mutex);
}

int
receive_run(const struct opts *opts, struct err *e)
{
	const struct timespec second = { 1, 0 };
	struct receive r = { 0 };
	int rc;

	if (gpfdist_check_tls(opts, e) < 0)
		return -1;
	pthread_mutex_init(&r.mutex, NULL);
	rc = receive_key_load(opts, &r.key, e);
	if (rc == 0)
		rc = incoming_open(opts, RECEIVE_RETRY_S / 2, &r.folder, e);
	if (rc == 0)
		rc = start(opts, &r, e);
	while (rc == 0 && (rc = stop_check(e)) == 0)
		nanosleep(&second, NULL);
	finish(&r);
	return rc;
}
