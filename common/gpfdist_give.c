/* gpfdist_give.c -- a deal's owner: rows into it, and its end. */
#include "prelude.h"

#include <sys/socket.h>

#include "gpfdist_deal_internal.h"
#include "parse.h"
#include "stop.h"

#define PIECES_MAX 3          /* in a deal: one is dealt out, two are filled meanwhile */
#define ROOM_STEP ((uint64_t)1 << 20)
#define TELL_SECONDS 5        /* for segments that have to be told of a failure */
#define FOR_EVER_SECONDS ((time_t)10 * 366 * 86400)

/* The mutex is held. */
static int
look_open(const struct deal *d, struct err *e)
{
	if (!d->shut && !d->failed)
		return 0;
	return err_set(e, ERR_STOPPED, "no rows are taken any more");
}

/* A spare piece that N bytes fit into. */
static struct deal_piece *
take_spare(struct dealer *dealer, uint64_t n)
{
	for (struct deal_piece **at = &dealer->spare; *at != NULL; at = &(*at)->next) {
		struct deal_piece *p = *at;

		if (p->room >= n) {
			*at = p->next;
			return p;
		}
	}
	return NULL;
}

/* Chunks of one run are of nearly the same size: so the memory of one does for another. */
static uint64_t
rounded(const struct dealer *dealer, uint64_t n)
{
	uint64_t up = (n + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;

	return up < dealer->memory_max ? up : dealer->memory_max;
}

/* Room for N bytes out of the dealer's memory. */
static int
wait_for_memory(struct deal *d, uint64_t n, struct err *e)
{
	struct timespec until;
	enum portion_answer a;

	deal_free_spare(d->dealer);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += FOR_EVER_SECONDS;
	a = portion_take(&d->dealer->memory, &d->dealer->mutex, n, d, &until);
	if (a == PORTION_TAKEN && look_open(d, e) == 0)
		return 0;
	if (a == PORTION_TAKEN)
		portion_give(&d->dealer->memory, n);
	return err_set(e, ERR_STOPPED, "no rows are taken any more");
}

/* The mutex is held. */
static struct deal_piece *
wait_for_room(struct deal *d, uint64_t n, struct err *e)
{
	struct deal_piece *p;

	while (!d->shut && !d->failed && d->npieces + d->nfilling >= PIECES_MAX)
		pthread_cond_wait(&d->changed, &d->dealer->mutex);
	if (look_open(d, e) < 0)
		return NULL;
	d->nfilling++; /* before the mutex is let go of */
	if ((p = take_spare(d->dealer, n)) == NULL) {
		n = rounded(d->dealer, n);
		if (wait_for_memory(d, n, e) < 0) {
			d->nfilling--;
			return NULL;
		}
		p = mem_alloc(sizeof(*p));
		p->room = n;
		buf_init(&p->rows, n);
	}
	return p;
}

struct deal_piece *
deal_room(struct deal *d, uint64_t n, struct err *e)
{
	char given[FORMAT_SIZE_LEN], needed[FORMAT_SIZE_LEN];
	struct deal_piece *p;

	if (n > d->dealer->memory_max) {
		err_set(e, ERR_USAGE, "rows of %s do not fit into %s of memory", format_size(n, needed),
		    format_size(d->dealer->memory_max, given));
		err_hint(e, "a larger --memory");
		return NULL;
	}
	pthread_mutex_lock(&d->dealer->mutex);
	p = wait_for_room(d, n, e);
	pthread_mutex_unlock(&d->dealer->mutex);
	if (p == NULL)
		return NULL;
	p->users = 1;
	p->ncuts = p->next_cut = 0;
	buf_reset(&p->rows);
	if (buf_reserve(&p->rows, p->room, e) == 0)
		return p;
	deal_drop(d, p);
	return NULL;
}

struct buf *
deal_piece_rows(struct deal_piece *p)
{
	return &p->rows;
}

/* The mutex is held. */
static void
filled(struct deal *d)
{
	d->nfilling--;
	pthread_cond_broadcast(&d->changed);
}

void
deal_drop(struct deal *d, struct deal_piece *p)
{
	pthread_mutex_lock(&d->dealer->mutex);
	filled(d);
	deal_drop_piece(d->dealer, p);
	pthread_mutex_unlock(&d->dealer->mutex);
}

/* The mutex is held. */
static void
append(struct deal *d, struct deal_piece *p)
{
	if (d->last != NULL)
		d->last->next = p;
	else
		d->first = p;
	p->next = NULL;
	d->last = p;
	d->npieces++;
}

int
deal_give(struct deal *d, const char *name, struct deal_piece *p, struct err *e)
{
	int rc;

	free(p->name);
	p->name = mem_str(name);
	rc = deal_cut(p, e);
	pthread_mutex_lock(&d->dealer->mutex);
	if (rc == 0)
		rc = look_open(d, e);
	if (rc == 0 && p->ncuts > 0)
		append(d, p);
	else
		deal_drop_piece(d->dealer, p);
	filled(d);
	pthread_mutex_unlock(&d->dealer->mutex);
	return rc;
}

void
deal_end(struct deal *d)
{
	pthread_mutex_lock(&d->dealer->mutex);
	/* what was to be given before may have been refused because it is shut */
	d->over = !d->shut;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->dealer->mutex);
}

void
deal_fail(struct deal *d, const struct err *why)
{
	pthread_mutex_lock(&d->dealer->mutex);
	deal_spoil(d, why);
	pthread_mutex_unlock(&d->dealer->mutex);
}

/* --- its end --------------------------------------------------------------------------------- */

/* Segments that were not told the end; *CONNECTED: of all seats, those whose connection is still there.  The mutex is
 * held. */
static unsigned
count_unfinished(const struct deal *d, unsigned *connected)
{
	unsigned n = 0;

	*connected = 0;
	for (const struct deal_seat *s = d->seats; s != NULL; s = s->next) {
		n += !s->stranger && !s->ended;
		*connected += s->fd >= 0;
	}
	return n;
}

/* Whether all is dealt out and nobody is busy with it.  The mutex is held. */
static bool
is_taken(const struct deal *d)
{
	unsigned connected;

	return d->over && d->first == NULL && d->totals.segments > 0 && count_unfinished(d, &connected) == 0 && connected == 0;
}

/* Whether there is nothing more to wait for since SINCE.  A deal that failed waits for those who have to be told so, one
 * that is taken for segments that did not come yet.  The mutex is held. */
static bool
is_over(const struct deal *d, const struct timespec *since, const struct timespec *now, unsigned seconds)
{
	unsigned connected;
	bool late = now->tv_sec - since->tv_sec >= (time_t)seconds;

	count_unfinished(d, &connected);
	if (d->failed)
		return (connected == 0 && d->totals.segments >= d->cluster) || late ||
		    now->tv_sec - since->tv_sec >= TELL_SECONDS;
	return is_taken(d) && (d->totals.segments == d->cluster || late);
}

int
deal_wait(struct deal *d, unsigned seconds, struct err *e)
{
	struct timespec now, since;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &since);
	pthread_mutex_lock(&d->dealer->mutex);
	while ((rc = stop_check(e)) == 0) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (!d->failed && !is_taken(d))
			since = now;
		if (is_over(d, &since, &now, seconds))
			break;
		now.tv_sec++; /* signals wake nobody */
		pthread_cond_timedwait(&d->changed, &d->dealer->mutex, &now);
	}
	if (rc == 0 && d->failed) {
		*e = d->failure;
		rc = -1;
	}
	pthread_mutex_unlock(&d->dealer->mutex);
	return rc;
}

static void
leave_list(struct deal *d)
{
	struct deal **p = &d->dealer->deals;

	while (*p != d)
		p = &(*p)->next;
	*p = d->next;
}

void
deal_shut(struct deal *d)
{
	pthread_mutex_lock(&d->dealer->mutex);
	leave_list(d);
	d->shut = true;
	portion_cancel(&d->dealer->memory, d);
	/* who was told his end may still be reading it */
	for (struct deal_seat *s = d->seats; s != NULL; s = s->next)
		if (s->fd >= 0 && !s->ended)
			shutdown(s->fd, SHUT_RDWR);
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->dealer->mutex);
}

/* The mutex is held. */
static int
tell(const struct deal *d, struct err *e)
{
	if (d->failed) {
		*e = d->failure;
		return -1;
	}
	if (!d->over || d->first != NULL)
		return err_set(e, ERR_FAILED, "not all rows were asked for");
	if (d->totals.unfinished > 0)
		return err_set(e, ERR_FAILED, "%u of %u segments did not take all of their rows", d->totals.unfinished,
		    d->totals.segments);
	return 0;
}

int
deal_close(struct deal *d, struct deal_totals *totals, struct err *e)
{
	struct dealer *dealer = d->dealer;
	unsigned connected;
	bool mine;
	int rc;

	pthread_mutex_lock(&dealer->mutex);
	d->totals.unfinished = count_unfinished(d, &connected);
	rc = tell(d, e);
	if (totals != NULL)
		*totals = d->totals;
	while (d->first != NULL)
		deal_drop_first(d);
	mine = deal_let_go(d);
	pthread_mutex_unlock(&dealer->mutex);
	if (mine)
		deal_free(d);
	return rc;
}
