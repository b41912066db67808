/* hosts.c -- who brings the rows that never pass this host. */
#include "prelude.h"

#include "err.h"
#include "gpfdist_address.h"
#include "hosts.h"
#include "opt.h"
#include "parse.h"
#include "piece.h"
#include "state.h"

#define PIECES_MAX 100000

/* PIECE belongs to HOST. */
static int
add_piece(struct hosts *h, const char *host, uint64_t piece, struct err *e)
{
	size_t i = 0;

	if (*host == '\0' || strcmp(host, PART_EXPORT) == 0) {
		err_set(e, ERR_USAGE, "'%s' cannot be the name of a host's part", host);
		return err_hint(e, "--part NAME=NUMBER,… gives it another one");
	}
	if (numbers_has(&h->pieces, piece))
		return err_set(e, ERR_USAGE, "number %llu is in two --part", (unsigned long long)piece);
	while (i < h->len && strcmp(h->at[i].host, host) != 0)
		i++;
	if (i == h->len) {
		h->at = mem_grow(h->at, ++h->len * sizeof(*h->at));
		h->at[i] = (struct rec_host){ .host = mem_str(host) };
	}
	numbers_add(&h->at[i].pieces, piece);
	numbers_add(&h->pieces, piece);
	return 0;
}

/* "NAME=0,1,5" */
static int
add_part(struct hosts *h, const char *text, struct err *e)
{
	const char *equals = strrchr(text, '='), *at = equals;
	char *name;
	int rc = 0;

	if (equals == NULL || equals == text)
		return err_set(e, ERR_USAGE, "--part is NAME=NUMBER,…, not '%s'", text);
	name = mem_strn(text, (size_t)(equals - text));
	while (rc == 0 && *at != '\0') {
		size_t len = strcspn(++at, ",");
		char *number = mem_strn(at, len);
		uint64_t piece;

		rc = parse_u64(number, 0, PIECES_MAX, &piece, e) < 0 ? err_context(e, "--part %s", text) : add_piece(h, name, piece, e);
		free(number);
		at += len;
	}
	free(name);
	return rc;
}

/* --part in place of what H says: the same pieces, with other names for who has them. */
static int
rename_hosts(const struct opts *opts, struct hosts *h, const char *what, struct err *e)
{
	struct hosts given = { 0 };
	size_t n = opt_list_len(opts, OPT_ID_part);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_part(&given, opt_list_at(opts, OPT_ID_part, i), e);
	for (size_t i = 0; rc == 0 && n > 0 && i < h->pieces.len; i++)
		if (!numbers_has(&given.pieces, h->pieces.at[i]))
			rc = err_set(e, ERR_USAGE, "no --part names %s %llu", what, (unsigned long long)h->pieces.at[i]);
	if (rc == 0 && n > 0 && given.pieces.len != h->pieces.len)
		rc = err_set(e, ERR_USAGE, "--part names a %s that there is not: there are %zu", what, h->pieces.len);
	if (rc < 0 || n == 0) {
		hosts_release(&given);
		return rc;
	}
	hosts_release(h);
	*h = given;
	return 0;
}

int
hosts_of_segments(const struct opts *opts, struct db *db, struct hosts *out, struct err *e)
{
	PGresult *res;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	if (db_query(db, "SELECT content, hostname FROM pg_catalog.gp_segment_configuration WHERE content >= 0 AND role = 'p'"
	    " ORDER BY content", 0, NULL, &res, e) < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(res); i++) {
		uint64_t content;

		rc = parse_u64(PQgetvalue(res, i, 0), 0, PIECES_MAX, &content, e);
		if (rc == 0)
			rc = add_piece(out, PQgetvalue(res, i, 1), content, e);
	}
	PQclear(res);
	if (rc == 0)
		rc = rename_hosts(opts, out, "segment", e);
	if (rc < 0)
		hosts_release(out);
	return rc;
}

/* The host in "gpfdist://host:port/path"; the caller frees.  NULL: it is no such URL. */
static char *
url_host(const char *url)
{
	const char *host = strncmp(url, "gpfdist://", 10) == 0 ? url + 10 : strncmp(url, "gpfdists://", 11) == 0 ? url + 11 : NULL;
	size_t len;

	if (host == NULL)
		return NULL;
	len = *host == '[' ? strcspn(++host, "]") : strcspn(host, ":/");
	return len > 0 ? mem_strn(host, len) : NULL;
}

/* The host of --receiver. */
static int
receiver_host(const char *address, char **host, struct err *e)
{
	unsigned port;

	if (gpfdist_split_address(address, host, &port, e) < 0)
		return -1;
	return port > 0 && **host != '\0' && strpbrk(address, "/#?% ") == NULL ? 0 :
	    err_set(e, ERR_USAGE, "--receiver is HOST:PORT, not '%s'", address);
}

/* The number of primary segments has to do for N of OPTION. */
static int
check_number(struct db *db, size_t n, const char *option, struct err *e)
{
	uint64_t segments;

	if (gpfdist_count_segments(db, &segments, e) < 0)
		return -1;
	return n <= segments ? 0 :
	    err_set(e, ERR_USAGE, "%zu %s are more than the %llu segments, which the server refuses", n, option, (unsigned long long)segments);
}

int
hosts_of_receivers(const struct opts *opts, struct db *db, struct hosts *out, struct err *e)
{
	size_t n = opt_list_len(opts, OPT_ID_receiver);
	int rc;

	memset(out, 0, sizeof(*out));
	rc = check_number(db, n, "--receiver", e);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		char *host = NULL;

		rc = receiver_host(opt_list_at(opts, OPT_ID_receiver, i), &host, e);
		if (rc == 0)
			rc = add_piece(out, host, i, e);
		free(host);
	}
	if (rc == 0)
		rc = rename_hosts(opts, out, "receiver", e);
	if (rc < 0)
		hosts_release(out);
	return rc;
}

int
hosts_of_urls(const struct opts *opts, struct db *db, struct hosts *out, struct err *e)
{
	size_t n = opt_list_len(opts, OPT_ID_gpfdist_url);
	int rc;

	memset(out, 0, sizeof(*out));
	if (n == 0)
		return err_set(e, ERR_USAGE, "--method gpfdist-url needs --gpfdist-url");
	rc = check_number(db, n, "--gpfdist-url", e);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const char *url = opt_list_at(opts, OPT_ID_gpfdist_url, i);
		char *host = url_host(url);

		rc = host == NULL || strpbrk(url, "#?%") != NULL ?
		    err_set(e, ERR_USAGE, "--gpfdist-url is gpfdist://HOST:PORT/FOLDER, not '%s'", url) : add_piece(out, host, i, e);
		free(host);
	}
	if (rc == 0)
		rc = rename_hosts(opts, out, "URL", e);
	if (rc < 0)
		hosts_release(out);
	return rc;
}

void
hosts_release(struct hosts *h)
{
	for (size_t i = 0; i < h->len; i++)
		record_free_fields(REC_HOST, &h->at[i]);
	free(h->at);
	free(h->pieces.at);
	memset(h, 0, sizeof(*h));
}

int
hosts_journal(struct hosts *h, struct state *s, struct err *e)
{
	for (size_t i = 0; i < h->len; i++) {
		h->at[i].moment = s->moments;
		if (journal_append(s->journal, REC_HOST, &h->at[i], NULL, e) < 0)
			return -1;
	}
	return 0;
}
