/* pieces_probe.c -- what gpm-export and segments would leave: a run of COPY turned into one of --method on-segment or
 * gpfdist-url, for system tests without a Greenplum.
 *
 *   pieces-probe FROM TO DIR METHOD TABLES NAME=N,N …
 *
 * FROM is a run's folder in a spool, with all of its chunk files; TO, which is made, is the same run: tables of more than
 * one chunk have no chunks there, but their rows, chunk by chunk in turn, are in DIR in files of pieces.  The NAMEs are the
 * hosts that bring the pieces.  After TABLES finished tables (0: all) the journal breaks off, as one under way. */
#include "prelude.h"

#include <inttypes.h>

#include "atomic.h"
#include "err.h"
#include "journal.h"
#include "parse.h"
#include "piece.h"

#define MAX_TABLES 1000
#define MAX_PIECES 100

struct table {
	char *label;
	uint64_t chunks;             /* of its finished attempt */
	uint64_t at;                 /* the next chunk's */
};

struct work {
	const char *from, *to, *dir, *method, *run;
	char **hosts;
	int nhosts;
	uint64_t npieces, limit, done;
	uint64_t moved;              /* plain bytes of what is in pieces */
	struct table tables[MAX_TABLES];
	struct journal *out;
};

static void
die(const struct err *e)
{
	fprintf(stderr, "pieces-probe: %s\n", e->text);
	exit(1);
}

static bool
in_pieces(const struct work *w, uint64_t table)
{
	return w->tables[table].chunks > 1;
}

static char *
slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *data = mem_alloc((size_t)64 << 20);

	if (f == NULL || (*len = fread(data, 1, (size_t)64 << 20, f)) == (size_t)64 << 20) {
		fprintf(stderr, "pieces-probe: cannot read %s\n", path);
		exit(1);
	}
	fclose(f);
	return data;
}

static void
append(const char *path, const char *data, size_t len)
{
	FILE *f = fopen(path, "ab");

	if (f == NULL || fwrite(data, 1, len, f) != len || fclose(f) != 0) {
		fprintf(stderr, "pieces-probe: cannot write %s\n", path);
		exit(1);
	}
}

static void
add_to_piece(struct work *w, uint64_t table, uint64_t attempt, uint64_t piece, const char *data, size_t len)
{
	char *number = mem_printf("%" PRIu64, piece), *name = piece_file(w->run, w->tables[table].label, attempt, number);
	char *path = mem_printf("%s/%s", w->dir, name);

	append(path, data, len);
	free(path);
	free(name);
	free(number);
}

/* A chunk: into a piece, or into the other spool. */
static void
move_chunk(struct work *w, struct rec_chunk *c)
{
	char *path = mem_printf("%s/%s", w->from, c->key), *to, *slash;
	struct err e;
	size_t len;
	char *data = slurp(path, &len);

	if (in_pieces(w, c->table)) {
		add_to_piece(w, c->table, c->attempt, w->tables[c->table].at++ % w->npieces, data, len);
	} else {
		to = mem_printf("%s/%s", w->to, c->key);
		slash = strrchr(to, '/');
		*slash = '\0';
		if (file_mkdirs(to, &e) < 0)
			die(&e);
		*slash = '/';
		append(to, data, len);
		free(to);
	}
	free(data);
	free(path);
}

/* Lines of hosts follow that of the moment and its tables; here they come with the moment. */
static void
write_hosts(struct work *w)
{
	struct err e;

	for (int i = 0; i < w->nhosts; i++) {
		struct rec_host h = { .moment = 1 };
		char *name = mem_str(w->hosts[i]), *number = strchr(name, '=');

		*number++ = '\0';
		h.host = name;
		for (char *next; number != NULL; number = next) {
			uint64_t piece;

			if ((next = strchr(number, ',')) != NULL)
				*next++ = '\0';
			if (parse_u64(number, 0, MAX_PIECES, &piece, &e) < 0)
				die(&e);
			numbers_add(&h.pieces, piece);
		}
		if (journal_note(w->out, REC_HOST, &h, &e) < 0)
			die(&e);
		free(h.pieces.at);
		free(name);
	}
}

static void
change_done(struct work *w, struct rec_done *d)
{
	w->moved += d->plain_bytes;
	d->chunks = d->batches = d->plain_bytes = 0;
	memset(&d->digest, 0, sizeof(d->digest));
	free(d->method);
	d->method = mem_str(w->method);
	for (uint64_t i = 0; i < w->npieces; i++) {
		numbers_add(&d->pieces, i);
		/* a segment without rows makes an empty file, a gpfdist none */
		if (strcmp(w->method, "on-segment") == 0)
			add_to_piece(w, d->table, d->attempt, i, "", 0);
	}
}

static int
look(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct work *w = ctx;

	(void)place;
	(void)e;
	if (r->type == REC_TABLE)
		w->tables[r->u.table.table].label = table_label(r->u.table.table, r->u.table.schema, r->u.table.name);
	if (r->type == REC_DONE)
		w->tables[r->u.done.table].chunks = r->u.done.chunks;
	return 0;
}

static int
rewrite(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	struct work *w = ctx;

	(void)place;
	if (w->limit > 0 && w->done >= w->limit)
		return 0;
	if (r->type == REC_CHUNK) {
		move_chunk(w, &r->u.chunk);
		if (in_pieces(w, r->u.chunk.table))
			return 0;
	}
	if (r->type == REC_DONE) {
		w->done++;
		if (in_pieces(w, r->u.done.table))
			change_done(w, &r->u.done);
	}
	if (r->type == REC_ATTEMPT && in_pieces(w, r->u.attempt.table)) {
		free(r->u.attempt.method);
		r->u.attempt.method = mem_str(w->method);
	}
	if (r->type == REC_END)
		r->u.end.plain_bytes -= w->moved;
	if (journal_note(w->out, r->type, &r->u, e) < 0)
		return -1;
	if (r->type == REC_MOMENT)
		write_hosts(w);
	return 0;
}

static void
read_journal(struct work *w, journal_fn *fn)
{
	char *path = mem_printf("%s/export.jsonl", w->from);
	uint64_t offset = 0;
	struct err e;

	if (journal_read(path, "gpm-export-journal", w->run, &offset, fn, w, &e) < 0)
		die(&e);
	free(path);
}

static int
no_line(void *ctx, struct record *r, struct journal_place place, struct err *e)
{
	(void)ctx;
	(void)r;
	(void)place;
	return err_set(e, ERR_FAILED, "the journal is there already");
}

int
main(int argc, char **argv)
{
	static struct work w;
	struct err e;
	char *path;

	if (argc < 7)
		return 2;
	w.from = argv[1];
	w.to = argv[2];
	w.dir = argv[3];
	w.method = argv[4];
	w.run = strrchr(w.to, '/') + 1;
	w.hosts = argv + 6;
	w.nhosts = argc - 6;
	for (int i = 6; i < argc; i++)
		for (const char *c = strchr(argv[i], '='); c != NULL; c = strchr(c + 1, ','))
			w.npieces++;
	if (parse_u64(argv[5], 0, MAX_TABLES, &w.limit, &e) < 0 || file_mkdirs(w.to, &e) < 0)
		die(&e);
	path = mem_printf("%s/export.jsonl", w.to);
	if (journal_open(path, "gpm-export-journal", w.run, no_line, NULL, &w.out, &e) < 0)
		die(&e);
	read_journal(&w, look);
	read_journal(&w, rewrite);
	journal_close(w.out);
	for (int i = 0; i < MAX_TABLES; i++)
		free(w.tables[i].label);
	free(path);
	return 0;
}
