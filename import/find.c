/* find.c -- which run, and is it whole. */
#include "prelude.h"

#include "crypt.h"
#include "err.h"
#include "find.h"
#include "keyset.h"
#include "log.h"
#include "opt.h"
#include "since.h"
#include "trust.h"

/* --- runs in the bucket ---------------------------------------------------------------------- */

struct finding {
	struct found_run *at;
	size_t len;
};

static int
see_folder(void *ctx, const char *key, bool is_folder, const struct store_object *object, struct err *e)
{
	struct finding *f = ctx;
	size_t len = strlen(key);
	struct found_run run = { .sealed = false };

	(void)e; /* memory cannot fail */
	if (!is_folder || object->strange || len != RUNID_LEN + 1)
		return 0;
	memcpy(run.id, key, RUNID_LEN);
	run.id[RUNID_LEN] = '\0';
	if (!runid_valid(run.id))
		return 0;
	f->at = mem_grow(f->at, (f->len + 1) * sizeof(*f->at));
	f->at[f->len++] = run;
	return 0;
}

int
find_runs(struct store *store, struct found_run **out, size_t *n, struct err *e)
{
	struct finding f = { 0 };
	struct store_object ignored;
	int rc = store_list(store, "", 0, see_folder, &f, e);

	for (size_t i = 0; rc >= 0 && i < f.len; i++) {
		char *key = mem_printf("%s/" MANIFEST_ROOT, f.at[i].id);

		rc = store_head(store, key, &ignored, e);
		f.at[i].sealed = rc > 0;
		free(key);
	}
	if (rc < 0) {
		free(f.at);
		return -1;
	}
	*out = f.at;
	*n = f.len;
	return 0;
}

/* --- the root manifest ----------------------------------------------------------------------- */

char *
run_key(const struct run *run, const char *key)
{
	return mem_printf("%s/%s", run->id, key);
}

char *
run_chunk_key(const struct run *run, const struct rec_chunk *c)
{
	return mem_printf("%s/%s", c->base != NULL ? c->base : run->id, c->key);
}

int
run_chunk_context(const struct run *run, const struct rec_chunk *c, struct err *e)
{
	char *key = run_chunk_key(run, c);

	err_context(e, "'%s'", key);
	free(key);
	return -1;
}

struct sums {
	uint64_t tables, rows, plain_bytes, stored_bytes, failed;
	uint64_t last_table;   /* numbers go up */
	struct keyset *names;  /* no table is there twice: its rows would be loaded twice */
};

/* A manifest line: its number is above the last one's, its name is new. */
static int
look_at_table(struct run *run, const struct rec_manifest *line, struct sums *sums, struct err *e)
{
	char *schema = name_encode(line->schema), *name = name_encode(line->name);
	char *full = mem_printf("%s.%s", schema, name);
	bool twice = keyset_has(sums->names, full) || line->table <= sums->last_table;

	keyset_add(sums->names, full);
	free(schema);
	free(name);
	free(full);
	if (twice)
		return err_set(e, ERR_DIFFERS, "'%s/" MANIFEST_ROOT "' names a table twice or out of order: %s.%s", run->id,
		    line->schema, line->name);
	sums->last_table = line->table;
	sums->tables++;
	sums->rows += line->rows;
	sums->plain_bytes += line->plain_bytes;
	sums->stored_bytes += line->data_bytes;
	return 0;
}

/* Records of a root manifest, seen once at its opening: the first two, and the sums. */
static int
look_at(struct run *run, struct record *r, uint64_t n, struct sums *sums, struct err *e)
{
	if ((n == 0) != (r->type == REC_RUN) || (n == 1) != (r->type == REC_PUSH))
		return err_set(e, ERR_DIFFERS, "'%s/" MANIFEST_ROOT "' does not begin as a root manifest does", run->id);
	if (r->type == REC_RUN)
		record_take(r, &run->header);
	if (r->type == REC_PUSH)
		record_take(r, &run->push);
	if (r->type == REC_FAILED)
		sums->failed++;
	return r->type == REC_MANIFEST ? look_at_table(run, &r->u.manifest, sums, e) : 0;
}

static int
read_root(struct run *run, struct err *e)
{
	const struct rec_end *end = manifest_totals(run->root);
	struct sums sums = { .names = keyset_new() };
	struct record r;
	uint64_t n = 0;
	int rc;

	while ((rc = manifest_next(run->root, &r, e)) > 0) {
		rc = look_at(run, &r, n++, &sums, e);
		record_release(&r);
		if (rc < 0)
			break;
	}
	keyset_free(sums.names);
	if (rc < 0)
		return -1;
	if (n < 2 || sums.tables != end->tables || sums.rows != end->rows || sums.failed != end->failed ||
	    sums.plain_bytes != end->plain_bytes || sums.stored_bytes != end->stored_bytes)
		return err_set(e, ERR_DIFFERS, "'%s/" MANIFEST_ROOT "': its lines do not add up to its last one", run->id);
	if (strcmp(run->header.digest, "gpm-row-1") != 0)
		return err_set(e, ERR_FAILED, "run %s has row digests '%.40s', which this program does not know",
		    run->id, run->header.digest);
	if (run->push.encryption != NULL && strcmp(run->push.encryption, CRYPT_NAME) != 0)
		return err_set(e, ERR_FAILED, "run %s is encrypted (%.40s), which this program cannot read",
		    run->id, run->push.encryption);
	return 0;
}

int
run_open(struct store *store, const char *id, struct run **out, struct err *e)
{
	struct run *run;
	char *key;
	int rc;

	if (!runid_valid(id))
		return err_set(e, ERR_USAGE, "'%.60s' is no run id", id);
	run = mem_alloc(sizeof(*run));
	memcpy(run->id, id, sizeof(run->id));
	run->store = store;
	key = run_key(run, MANIFEST_ROOT);
	rc = manifest_fetch(store, key, "gpm-run", id, NULL, &run->root, e);
	free(key);
	if (rc == 0) {
		err_set(e, ERR_NO_RUN, "there is no sealed run %s in '%s'", id, store_url(store));
		err_hint(e, "gpm-import list shows what there is; gpm-push seals a run when its export is complete");
	}
	if (rc <= 0 || read_root(run, e) < 0 || trust_check_signature(run, e) < 0) {
		run_close(run);
		return -1;
	}
	*out = run;
	return 0;
}

/* The same, and one of KEYS signed it. */
static int
open_trusted(struct store *store, const char *id, const struct trusted_keys *keys, struct run **out, struct err *e)
{
	if (run_open(store, id, out, e) < 0)
		return -1;
	if (trust_check_key(*out, keys, e) == 0)
		return 0;
	run_close(*out);
	return -1;
}

void
run_close(struct run *run)
{
	if (run == NULL)
		return;
	master_key_free(run->master_key);
	manifest_close(run->root);
	record_free_fields(REC_RUN, &run->header);
	record_free_fields(REC_PUSH, &run->push);
	free(run);
}

int
run_each(struct run *run, enum record_type type, run_each_fn *fn, void *ctx, struct err *e)
{
	struct record r;
	int rc;

	manifest_rewind(run->root);
	while ((rc = manifest_next(run->root, &r, e)) > 0) {
		rc = r.type == type ? fn(ctx, &r, e) : 0;
		record_release(&r);
		if (rc < 0)
			return -1;
	}
	return rc;
}

static int
expect_bytes(void *ctx, struct record *r, struct err *e)
{
	(void)e; /* cannot fail */
	progress_expect(ctx, r->u.manifest.plain_bytes);
	return 0;
}

int
run_expect(struct run *run, struct progress *progress, struct err *e)
{
	return run_each(run, REC_MANIFEST, expect_bytes, progress, e);
}

/* --- choosing -------------------------------------------------------------------------------- */

/* A run older than the one that was found, which cannot be read: is that none of this load's business?  A newest run
 * that is damaged is never passed over, for an older one has older rows. */
static bool
pass_over(const char *id, const struct err *e)
{
	if (e->code != ERR_DIFFERS && e->code != ERR_FAILED && e->code != ERR_NO_RUN)
		return false;
	log_warning("run %s, an older one, is passed over: %s", id, e->text);
	return true;
}

/* The newest sealed run of DATABASE; NULL: of any, and then all sealed runs must be of its database.  Databases of one name on several
 * servers are several. */
static int
find_latest(struct store *store, const char *database, const struct found_run *found, size_t n, const struct trusted_keys *keys,
    struct run **out, struct err *e)
{
	struct run *latest = NULL;

	while (n-- > 0) {
		struct run *run;

		if (!found[n].sealed)
			continue;
		if (open_trusted(store, found[n].id, keys, &run, e) < 0) {
			if (latest != NULL && pass_over(found[n].id, e))
				continue;
			goto err0;
		}
		if (database != NULL && strcmp(run->header.database, database) != 0) {
			run_close(run);
			continue;
		}
		if (latest == NULL) {
			latest = run;
			continue;
		}
		if (strcmp(run->header.database, latest->header.database) != 0 ||
		    strcmp(run->header.source_id, latest->header.source_id) != 0) {
			err_set(e, ERR_USAGE, "'%s' holds runs of several databases: %s (%s) and %s (%s)",
			    store_url(store), latest->header.database, latest->id, run->header.database, run->id);
			err_hint(e, database == NULL ? "name the one that is meant by --database, or a run by --run" :
			    "they are of several servers; name the one that is meant by --run");
			run_close(run);
			goto err0;
		}
		run_close(run);
	}
	if (latest == NULL) {
		err_set(e, ERR_NO_RUN, "there is no sealed run%s%s in '%s'", database != NULL ? " of database " : "",
		    database != NULL ? database : "", store_url(store));
		return err_hint(e, "gpm-push seals a run when its export is complete");
	}
	*out = latest;
	return 0;

err0:
	run_close(latest);
	return -1;
}

/* Run ID, which must be of DATABASE where that is given as well. */
static int
open_named(struct store *store, const char *id, const char *database, const struct trusted_keys *keys, struct run **out, struct err *e)
{
	if (open_trusted(store, id, keys, out, e) < 0)
		return -1;
	if (database == NULL || strcmp((*out)->header.database, database) == 0)
		return 0;
	err_set(e, ERR_USAGE, "run %s is of database %s, not of %s", id, (*out)->header.database, database);
	run_close(*out);
	*out = NULL;
	return -1;
}

static int
choose(struct store *store, const char *id, const char *database, const struct trusted_keys *keys, struct run **out, struct err *e)
{
	struct found_run *found;
	size_t n;
	int rc;

	if (id != NULL && strcmp(id, "latest") != 0)
		return open_named(store, id, database, keys, out, e);
	if (find_runs(store, &found, &n, e) < 0)
		return -1;
	rc = find_latest(store, database, found, n, keys, out, e);
	free(found);
	return rc;
}

/* The key of --encrypt-key, if it is the run's. */
static int
take_key(struct run *run, const struct opts *opts, struct err *e)
{
	const char *path = opt_string(opts, OPT_ID_encrypt_key), *id = run->push.key_id;

	if (path == NULL)
		return 0;
	if (master_key_load(path, &run->master_key, e) < 0)
		return -1;
	if (run->push.encryption == NULL) {
		err_set(e, ERR_DIFFERS, "run %s is not encrypted, and there is --encrypt-key", run->id);
		return err_hint(e, "if it really is to be loaded, leave --encrypt-key out");
	}
	if (id != NULL && strcmp(id, master_key_id(run->master_key)) == 0)
		return 0;
	return err_set(e, ERR_CREDENTIALS, "run %s is encrypted by master key %.16s; '%s' holds %s", run->id,
	    id != NULL ? id : "?", path, master_key_id(run->master_key));
}

int
run_need_key(const struct run *run, struct err *e)
{
	if (run->push.encryption == NULL || run->master_key != NULL)
		return 0;
	err_set(e, ERR_CREDENTIALS, "run %s is encrypted by master key %.16s, and there is no --encrypt-key", run->id,
	    run->push.key_id != NULL ? run->push.key_id : "?");
	return err_hint(e, "the file that gpm-push --encrypt-key had at the source is needed here, too");
}

int
find_run(struct store *store, const struct opts *opts, struct run **out, struct err *e)
{
	struct trusted_keys *keys;
	int rc;

	if (trust_load(opts, &keys, e) < 0)
		return -1;
	rc = choose(store, opt_string(opts, OPT_ID_run), opt_string(opts, OPT_ID_database), keys, out, e);
	trusted_keys_free(keys);
	if (rc == 0 && (rc = take_key(*out, opts, e)) < 0)
		run_close(*out);
	return rc;
}

/* --- tables ---------------------------------------------------------------------------------- */

/* The next record, which must be of TYPE, into OUT. */
static int
read_head(struct run_table *t, const struct rec_manifest *line, enum record_type type, void *out, struct err *e)
{
	struct record r;
	int rc = manifest_next(t->manifest, &r, e);

	if (rc > 0 && r.type == type) {
		record_take(&r, out);
		return 0;
	}
	if (rc > 0)
		record_release(&r);
	return rc < 0 ? -1 : err_set(e, ERR_DIFFERS, "'%s' has no %s record in its place", line->key,
	    record_type_name(type));
}

/* The two records before the chunks. */
static int
read_heads(struct run_table *t, const struct rec_manifest *line, struct err *e)
{
	if (read_head(t, line, REC_TABLE, &t->table, e) < 0 || read_head(t, line, REC_DONE, &t->done, e) < 0)
		return -1;
	if (t->table.table != line->table || strcmp(t->table.schema, line->schema) != 0 ||
	    strcmp(t->table.name, line->name) != 0 || t->done.rows != line->rows ||
	    t->done.chunks != line->chunks || t->done.attempt != line->attempt ||
	    !digest_equal(t->done.digest, line->digest) ||
	    (t->table.filter != NULL && strcmp(t->table.kind, "config") != 0 && !since_is(&t->table)) ||
	    (t->table.since_column != NULL && !since_is(&t->table)))
		return err_set(e, ERR_DIFFERS, "'%s' is not what the root manifest says of %s.%s", line->key,
		    line->schema, line->name);
	return 0;
}

/* The chunk that comes after (BATCH, SEQ): I2 of FORMAT.md. */
static bool
follows(const struct rec_chunk *c, uint64_t batch, uint64_t seq)
{
	if (c->batch == batch)
		return c->seq == seq + 1;
	/* another host's batches begin at a multiple of 10000 */
	return c->seq == 1 && (c->batch == batch + 1 || (c->batch > batch && c->batch % 10000 == 1));
}

/* All chunk lines once, before any is used: in order, none twice, and adding up to the table. */
static int
check_chunks(struct run_table *t, const struct rec_manifest *line, struct err *e)
{
	struct rec_end sum = { 0 };
	struct digest digest = { 0 };
	uint64_t batch = 0, seq = 0;
	struct record skipped;
	struct rec_chunk c;
	int rc;

	while ((rc = run_table_chunk(t, &c, e)) > 0) {
		bool good = follows(&c, batch, seq) && c.rows > 0;

		batch = c.batch;
		seq = c.seq;
		sum.chunks++;
		sum.rows += c.rows;
		sum.plain_bytes += c.plain_bytes;
		sum.stored_bytes += c.stored_bytes;
		digest = digest_add(digest, c.digest);
		record_free_fields(REC_CHUNK, &c);
		if (!good)
			return err_set(e, ERR_DIFFERS, "'%s': its chunks are not in order", line->key);
	}
	if (rc < 0)
		return -1;
	if (sum.chunks != t->done.chunks || sum.rows != t->done.rows || sum.plain_bytes != t->done.plain_bytes ||
	    sum.plain_bytes != line->plain_bytes || sum.stored_bytes != line->data_bytes ||
	    !digest_equal(digest, t->done.digest))
		return err_set(e, ERR_DIFFERS, "'%s': its chunks do not add up to the table", line->key);
	manifest_rewind(t->manifest);
	for (int i = 0; i < 2; i++) {
		if (manifest_next(t->manifest, &skipped, e) <= 0)
			return err_set(e, ERR_DIFFERS, "'%s' is cut", line->key);
		record_release(&skipped);
	}
	return 0;
}

int
run_table_open(struct run *run, const struct rec_manifest *line, struct run_table **out, struct err *e)
{
	struct run_table *t = mem_alloc(sizeof(*t));
	struct file_hash hash = { .size = line->stored_bytes };
	char *key = run_key(run, line->key);
	int rc;

	t->run = run;
	t->users = 1;
	memcpy(hash.sha256, line->stored_sha256, sizeof(hash.sha256));
	rc = manifest_fetch(run->store, key, "gpm-table", run->id, &hash, &t->manifest, e);
	if (rc == 0)
		err_set(e, ERR_DIFFERS, "'%s' is missing", key);
	if (rc > 0 && manifest_totals(t->manifest)->rows != line->rows)
		rc = err_set(e, ERR_DIFFERS, "'%s': its sums are not those of the root manifest", key);
	free(key);
	if (rc <= 0 || read_heads(t, line, e) < 0 || check_chunks(t, line, e) < 0) {
		run_table_close(t);
		return -1;
	}
	*out = t;
	return 0;
}

struct run_table *
run_table_share(struct run_table *t)
{
	__atomic_add_fetch(&t->users, 1, __ATOMIC_ACQ_REL);
	return t;
}

void
run_table_close(struct run_table *t)
{
	if (t == NULL || __atomic_sub_fetch(&t->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	manifest_close(t->manifest);
	record_free_fields(REC_TABLE, &t->table);
	record_free_fields(REC_DONE, &t->done);
	free(t);
}

/* An object elsewhere: only where the root manifest says so, and never one that is bound to its own run. */
static int
check_base(const struct run *run, const struct rec_chunk *c, struct err *e)
{
	if (c->base == NULL)
		return 0;
	for (size_t i = 0; i < run->push.bases.len; i++)
		if (strcmp(run->push.bases.at[i], c->base) == 0 && runid_valid(c->base) && c->encryption == NULL)
			return 0;
	return err_set(e, ERR_DIFFERS, "'%s' is said to be in run '%.60s', which run %s does not refer to", c->key, c->base, run->id);
}

int
run_table_chunk(struct run_table *t, struct rec_chunk *out, struct err *e)
{
	struct record r;
	int rc = manifest_next(t->manifest, &r, e);

	if (rc <= 0)
		return rc;
	if (r.type != REC_CHUNK || r.u.chunk.stored_bytes == 0) {
		record_release(&r);
		return err_set(e, ERR_DIFFERS, "the manifest of %s.%s holds a line that is no stored chunk",
		    t->table.schema, t->table.name);
	}
	if (store_key_check(r.u.chunk.key, e) < 0 || check_base(t->run, &r.u.chunk, e) < 0) {
		record_release(&r);
		return -1;
	}
	record_take(&r, out);
	return 1;
}
