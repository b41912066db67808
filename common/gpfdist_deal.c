/* gpfdist_deal.c -- one attempt at some rows: whose they are, and who gets the next ones. */
#include "prelude.h"

#include <errno.h>
#include <poll.h>

#include "clock.h"
#include "gpfdist_deal_internal.h"

#define SILENT_SECONDS 2

int
deal_open(struct dealer *dealer, struct deal **out, struct err *e)
{
	char token[GPFDIST_TOKEN_LEN];
	struct deal *d;

	if (gpfdist_token_make(token, e) < 0)
		return -1;
	d = mem_alloc(sizeof(*d));
	d->dealer = dealer;
	memcpy(d->token, token, sizeof(token));
	d->url = mem_printf("%s/%s/t", dealer->endpoint.base_url, token);
	clock_cond_init(&d->changed);
	d->holders = 1;
	pthread_mutex_lock(&dealer->mutex);
	d->next = dealer->deals;
	dealer->deals = d;
	pthread_mutex_unlock(&dealer->mutex);
	*out = d;
	return 0;
}

const char *
deal_url(const struct deal *d)
{
	return d->url;
}

/* --- what follows is called with the mutex held ---------------------------------------------- */

void
deal_spoil(struct deal *d, const struct err *why)
{
	if (!d->failed)
		d->failure = *why;
	d->failed = true;
	portion_cancel(&d->dealer->memory, d);
	pthread_cond_broadcast(&d->changed);
}

static void
note_refusal(struct deal *d, const char *why)
{
	if (d->totals.refused++ == 0)
		snprintf(d->totals.first_refusal, sizeof(d->totals.first_refusal), "%.255s", why);
}

void
deal_free_spare(struct dealer *dealer)
{
	for (struct deal_piece *p; (p = dealer->spare) != NULL;) {
		dealer->spare = p->next;
		portion_give(&dealer->memory, p->room);
		deal_piece_free(p);
	}
}

void
deal_drop_piece(struct dealer *dealer, struct deal_piece *p)
{
	if (--p->users > 0)
		return;
	p->next = dealer->spare;
	dealer->spare = p;
	/* somebody waits, and it may not be large enough for him */
	if (dealer->memory.first != NULL)
		deal_free_spare(dealer);
}

void
deal_drop_first(struct deal *d)
{
	struct deal_piece *p = d->first;

	d->first = p->next;
	if (d->first == NULL)
		d->last = NULL;
	d->npieces--;
	deal_drop_piece(d->dealer, p);
}

static void
free_seats(struct deal *d)
{
	for (struct deal_seat *next; d->seats != NULL; d->seats = next) {
		next = d->seats->next;
		free(d->seats);
	}
}

bool
deal_let_go(struct deal *d)
{
	return --d->holders == 0;
}

void
deal_free(struct deal *d)
{
	pthread_cond_destroy(&d->changed);
	free_seats(d);
	free(d->url);
	free(d);
}

static struct deal *
find(struct dealer *dealer, const char *path)
{
	struct deal *d = dealer->deals;

	while (d != NULL && !gpfdist_token_leads(d->token, path))
		d = d->next;
	return d;
}

/* --- segments -------------------------------------------------------------------------------- */

bool
deal_refuse(struct dealer *dealer, const char *path, const struct err *why)
{
	struct deal *d;

	pthread_mutex_lock(&dealer->mutex);
	if ((d = find(dealer, path)) != NULL)
		note_refusal(d, why->text);
	pthread_mutex_unlock(&dealer->mutex);
	return d != NULL;
}

static bool
has_seat(const struct deal *d, int segment)
{
	for (const struct deal_seat *s = d->seats; s != NULL; s = s->next)
		if (!s->stranger && s->segment == segment)
			return true;
	return false;
}

/* Whether the request may have rows; E says why not. */
static int
judge(const struct deal *d, const struct gpfdist_get *get, struct err *e)
{
	if (get->unfit != NULL)
		return err_set(e, ERR_FAILED, "%s", get->unfit);
	if (d->statement[0] != '\0' && strcmp(d->statement, get->statement) != 0)
		return err_set(e, ERR_FAILED, "another scan has begun to read this location; it is read once only, by one scan of one statement");
	if (has_seat(d, get->segment))
		return err_set(e, ERR_FAILED, "segment %d has asked for its rows before; what it got is not sent again", get->segment);
	return 0;
}

static struct deal_seat *
sit(struct deal *d, const struct gpfdist_get *get, int fd)
{
	struct deal_seat *s = mem_alloc(sizeof(*s));

	s->deal = d;
	s->segment = get->segment;
	s->fd = fd;
	s->stranger = judge(d, get, &s->why) < 0;
	if (s->stranger) {
		note_refusal(d, s->why.text);
	} else {
		memcpy(d->statement, get->statement, sizeof(d->statement));
		d->cluster = get->segments;
		d->totals.segments++;
	}
	s->next = d->seats;
	d->seats = s;
	d->holders++;
	return s;
}

struct deal_seat *
deal_sit(struct dealer *dealer, const char *path, const struct gpfdist_get *get, int fd)
{
	struct deal_seat *s = NULL;
	struct deal *d;

	pthread_mutex_lock(&dealer->mutex);
	if ((d = find(dealer, path)) != NULL)
		s = sit(d, get, fd);
	pthread_mutex_unlock(&dealer->mutex);
	return s;
}

/* The next frame of the first piece. */
static void
deal_out(struct deal_seat *s, struct deal_frame *out)
{
	struct deal *d = s->deal;
	struct deal_piece *p = d->first;
	size_t begin = p->next_cut > 0 ? p->cuts[p->next_cut - 1].end : 0;

	out->piece = p;
	out->rows = p->rows.data + begin;
	out->len = p->cuts[p->next_cut].end - begin;
	out->first_row = p->cuts[p->next_cut].first_row;
	p->users++;
	d->totals.frames++;
	d->totals.bytes += out->len;
	if (++p->next_cut == p->ncuts) {
		deal_drop_first(d);
		pthread_cond_broadcast(&d->changed);
	}
}

/* Who goes away has mostly met an error in his rows.  His statement is to fail with that, not with what the others are told
 * because of it. */
static void
wait_silently(struct deal *d)
{
	while (d->failed && !d->shut && d->silent_until.tv_sec != 0)
		if (pthread_cond_timedwait(&d->changed, &d->dealer->mutex, &d->silent_until) == ETIMEDOUT)
			return;
}

/* Has the segment gone?  What is written to it would be accepted all the same, the end as well. */
static bool
has_gone(const struct deal_seat *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* A segment that did not come to its end has lost its rows, and with it the statement of all. */
static void
lose(struct deal *d, const struct deal_seat *s)
{
	struct err why;

	err_set(&why, ERR_TEMPORARY, "segment %d went away before it had all of its rows", s->segment);
	if (!d->failed) {
		clock_gettime(CLOCK_MONOTONIC, &d->silent_until);
		d->silent_until.tv_sec += SILENT_SECONDS;
	}
	deal_spoil(d, &why);
}

/* Before S is told the end: the thread of a segment that has gone may not have run yet to say so, and S, once told, is told
 * nothing else. */
static void
look_for_gone(struct deal *d, const struct deal_seat *s)
{
	for (const struct deal_seat *other = d->seats; other != NULL; other = other->next) {
		if (other == s || other->stranger || other->ended || other->fd < 0 || !has_gone(other))
			continue;
		lose(d, other);
		return;
	}
}

/* All rows are in somebody's hands: who holds some and does not come to his end fails his statement, so those who get no
 * more need not wait for him. */
static int
next(struct deal_seat *s, struct deal_frame *out, struct err *e)
{
	struct deal *d = s->deal;

	while (!s->stranger && !d->shut && !d->failed && d->first == NULL && !d->over)
		pthread_cond_wait(&d->changed, &d->dealer->mutex);
	if (!s->stranger && !d->shut && !d->failed && d->first == NULL)
		look_for_gone(d, s);
	if (!s->stranger)
		wait_silently(d);
	if (d->shut || has_gone(s))
		return -2;
	if (s->stranger || d->failed) {
		*e = s->stranger ? s->why : d->failure;
		s->ended = true;
		return -1;
	}
	if (d->first != NULL) {
		deal_out(s, out);
		return 1;
	}
	s->ended = true;
	return 0;
}

int
deal_next(struct deal_seat *s, struct deal_frame *out, struct err *e)
{
	struct dealer *dealer = s->deal->dealer;
	int rc;

	memset(out, 0, sizeof(*out));
	pthread_mutex_lock(&dealer->mutex);
	rc = next(s, out, e);
	pthread_mutex_unlock(&dealer->mutex);
	return rc;
}

void
deal_frame_done(struct deal_seat *s, struct deal_frame *frame)
{
	struct dealer *dealer = s->deal->dealer;

	pthread_mutex_lock(&dealer->mutex);
	deal_drop_piece(dealer, frame->piece);
	pthread_mutex_unlock(&dealer->mutex);
	memset(frame, 0, sizeof(*frame));
}

static void
remove_seat(struct deal *d, struct deal_seat *s)
{
	struct deal_seat **p = &d->seats;

	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	free(s);
}

/* A segment's seat stays, without a connection: it does not get another one, so without its end its statement has failed. */
void
deal_leave(struct deal_seat *s)
{
	struct deal *d = s->deal;
	struct dealer *dealer = d->dealer;
	bool mine;

	pthread_mutex_lock(&dealer->mutex);
	s->fd = -1;
	if (!s->stranger && !s->ended && !d->shut)
		lose(d, s);
	if (s->stranger)
		remove_seat(d, s);
	pthread_cond_broadcast(&d->changed);
	mine = deal_let_go(d);
	pthread_mutex_unlock(&dealer->mutex);
	if (mine)
		deal_free(d);
}
