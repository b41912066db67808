/* claim.c -- an object that says which spool pushes a run: "<token> <time> <host> <folder>", and in further lines "base <run>" the earlier
 * runs whose objects it may name.
 *
 * The token is drawn when a run's push begins and lies in the spool beside the journal.  It makes a spool known again that was
 * copied, or mounted on another host, with its journal: that one would store the same bytes. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "claim.h"
#include "clock.h"
#include "context.h"
#include "err.h"
#include "log.h"
#include "manifest.h"
#include "opt.h"
#include "parse.h"
#include "runid.h"
#include "spool.h"

#define TOKEN_BYTES 16
#define TOKEN_LEN (2 * TOKEN_BYTES)
#define LOOK_SECONDS 30 /* between two looks at it while chunks are sent */

/* The spool's own token into OUT: 1, 0 it has none yet, -1. */
static int
read_token(const char *path, char out[TOKEN_LEN + 1], struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return errno == ENOENT ? 0 : file_err_sys(e, "open", path);
	rc = file_read_at(fd, out, TOKEN_LEN, 0, path, e);
	close(fd);
	if (rc < 0)
		return -1;
	out[TOKEN_LEN] = '\0';
	return strspn(out, "0123456789abcdef") == TOKEN_LEN ? 1 : err_set(e, ERR_DIFFERS, "'%s' holds no token of a push", path);
}

static int
own_token(struct push *p, char out[TOKEN_LEN + 1], struct err *e)
{
	char *path = spool_run_path(p->run, MANIFEST_CLAIM);
	unsigned char random[TOKEN_BYTES];
	int rc = read_token(path, out, e);

	if (rc == 0 && getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		rc = err_sys(e, "cannot get a random number");
	if (rc == 0) {
		format_hex(random, sizeof(random), out);
		rc = atomic_write_file(path, out, TOKEN_LEN, e);
	}
	free(path);
	return rc < 0 ? -1 : 0;
}

/* What is claimed already into B: its first line, so that it may be shown, for it comes out of the bucket.  1, 0 nothing, -1. */
static int
read_claim(struct push *p, const char *key, struct buf *b, struct err *e)
{
	int rc;

	buf_init(b, CLAIM_MAX);
	rc = store_get_buf(p->store, key, b, e);
	for (size_t i = 0; i < b->len; i++) {
		if (b->data[i] == '\n')
			b->len = i;
		else if (b->data[i] < ' ' || b->data[i] > '~')
			b->data[i] = '?';
	}
	return rc;
}

static bool
is_ours(const struct buf *b, const char *token)
{
	return b->len > TOKEN_LEN && memcmp(b->data, token, TOKEN_LEN) == 0 && b->data[TOKEN_LEN] == ' ';
}

/* "since TIME by HOST FOLDER", which begins behind the token. */
static int
refuse(struct push *p, const struct buf *b, struct err *e)
{
	size_t skip = b->len > TOKEN_LEN + 1 ? TOKEN_LEN + 1 : 0;

	err_set(e, ERR_LOCKED, "run %s is pushed there from another spool than this: %.*s", spool_run_id(p->run), (int)(b->len - skip), b->data + skip);
	return err_hint(e, "nothing of this spool was removed; when that push will never end the run, gpm-push --take-over ends it from here");
}

static char *
make_claim(struct push *p, const char *token)
{
	const struct rec_push *options = stored_options(p->stored);
	char host[256] = "?", now[TIME_LEN];
	struct buf text;

	if (gethostname(host, sizeof(host) - 1) != 0)
		snprintf(host, sizeof(host), "?");
	text_init(&text);
	text_printf(&text, "%s %s %s %s\n", token, time_now(now), host, spool_dir(p->spool));
	for (size_t i = 0; options != NULL && i < options->bases.len; i++)
		text_printf(&text, CLAIM_BASE "%s\n", options->bases.at[i]);
	return text_take(&text);
}

/* Nothing is claimed: 1 it is ours now, 0 somebody was faster, -1. */
static int
create_claim(struct push *p, const char *key, const char *token, struct err *e)
{
	char *text = make_claim(p, token);
	struct store_body body = { text, -1, strlen(text) };
	int rc = store_create(p->store, key, &body, e);

	/* a store that knows only how to put; whatever else it is, the put fails as well */
	if (rc < 0 && e->code == ERR_FAILED)
		rc = store_put(p->store, key, &body, e) < 0 ? -1 : 1;
	free(text);
	return rc;
}

static int
take_over(struct push *p, const char *key, const char *token, const struct buf *b, struct err *e)
{
	char *text = make_claim(p, token);
	struct store_body body = { text, -1, strlen(text) };
	int rc;

	log_warning("run %s is taken over from %.*s", spool_run_id(p->run), (int)b->len, b->data);
	rc = store_put(p->store, key, &body, e);
	free(text);
	return rc;
}

static int
take(struct push *p, const char *key, const char *token, struct err *e)
{
	struct buf b;
	int rc = read_claim(p, key, &b, e);

	if (rc == 0) {
		buf_release(&b);
		if ((rc = create_claim(p, key, token, e)) != 0)
			return rc < 0 ? -1 : 0;
		if ((rc = read_claim(p, key, &b, e)) == 0)
			rc = err_set(e, ERR_TEMPORARY, "'%s' was there and is gone", key);
	}
	if (rc > 0 && !is_ours(&b, token))
		rc = opt_flag(p->opts, OPT_ID_take_over) ? take_over(p, key, token, &b, e) : refuse(p, &b, e);
	buf_release(&b);
	return rc < 0 ? -1 : 0;
}

/* Is there such a thing?  Volumes are written by one spool, which has their state. */
static bool
is_claimed_at_all(const struct push *p)
{
	return !p->put_only && !p->write_once && p->view.nhosts == 0 && !store_is_carried(store_url(p->store));
}

/* Whoever removes a run puts his mark, and then looks for claims that name it. */
static int
check_bases(struct push *p, struct err *e)
{
	const struct rec_push *options = stored_options(p->stored);
	int rc = 0;

	for (size_t i = 0; rc == 0 && options != NULL && i < options->bases.len; i++) {
		char *mark = mem_printf("%s/" MANIFEST_REMOVING, options->bases.at[i]);
		struct store_object ignored;

		rc = store_head(p->store, mark, &ignored, e);
		if (rc > 0) {
			err_set(e, ERR_TEMPORARY, "run %s, whose objects this one may name, is being removed", options->bases.at[i]);
			rc = err_hint(e, "start gpm-push again when that has ended; what is gone then is stored again");
		}
		free(mark);
	}
	return rc;
}

int
claim_take(struct push *p, struct err *e)
{
	char token[TOKEN_LEN + 1], *key;
	int rc;

	if (p->claimed || !is_claimed_at_all(p))
		return 0;
	if (own_token(p, token, e) < 0)
		return -1;
	key = push_key(p, MANIFEST_CLAIM);
	rc = take(p, key, token, e);
	if (rc == 0)
		rc = check_bases(p, e);
	free(key);
	p->claimed = rc == 0;
	atomic_store(&p->claim_due, clock_s() + LOOK_SECONDS);
	return rc;
}

/* Nothing is there any more: another push has ended the run, or somebody has removed what says that it is ours. */
static int
lost(struct push *p, struct err *e)
{
	err_set(e, ERR_LOCKED, "run %s: what says that it is pushed from this spool is gone: another push has ended it, or somebody removed it",
	    spool_run_id(p->run));
	return err_hint(e, "start gpm-push again: it looks whether the run is sealed; nothing more of this spool was removed");
}

int
claim_check(struct push *p, struct err *e)
{
	char token[TOKEN_LEN + 1], *key;
	struct buf b;
	int rc;

	if (!p->claimed)
		return 0;
	if (own_token(p, token, e) < 0)
		return -1;
	key = push_key(p, MANIFEST_CLAIM);
	rc = read_claim(p, key, &b, e);
	if (rc == 0)
		rc = lost(p, e);
	else if (rc > 0 && !is_ours(&b, token))
		rc = refuse(p, &b, e);
	buf_release(&b);
	free(key);
	return rc < 0 ? -1 : 0;
}

int
claim_look(struct push *p, struct err *e)
{
	time_t due = atomic_load(&p->claim_due), now = clock_s();

	/* one of the workers looks */
	if (!p->claimed || now < due || !atomic_compare_exchange_strong(&p->claim_due, &due, now + LOOK_SECONDS))
		return 0;
	return claim_check(p, e);
}

void
claim_drop(struct push *p)
{
	char *path = spool_run_path(p->run, MANIFEST_CLAIM), *key = push_key(p, MANIFEST_CLAIM), token[TOKEN_LEN + 1];
	struct buf b;
	struct err e;
	int rc = read_token(path, token, &e);

	if (rc > 0) {
		rc = read_claim(p, key, &b, &e);
		if (rc > 0 && is_ours(&b, token))
			rc = store_remove(p->store, key, &e);
		buf_release(&b);
		if (rc >= 0)
			rc = spool_run_remove(p->run, MANIFEST_CLAIM, &e);
	}
	if (rc < 0)
		log_debug("'%s' stays: %s", key, e.text);
	p->claimed = false;
	free(key);
	free(path);
}
