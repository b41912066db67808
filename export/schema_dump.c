/* schema_dump.c -- the schema of the source as SQL, by its own pg_dump. */
#include "prelude.h"

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <inttypes.h>
#include <unistd.h>

#include "atomic.h"
#include "catalog.h"
#include "client_program.h"
#include "err.h"
#include "opt.h"
#include "schema_dump.h"
#include "selection.h"

/* pg_dump ends its text with \restrict lines under a random key unless it is given one: equal
 * schemas are to be equal bytes.  The importer drops those lines. */
#define RESTRICT_KEY "--restrict-key=gpm"

/* Size and hash of a file that was just written through FD. */
static int
hash_file(int fd, const char *name, struct rec_file *out, struct err *e)
{
	char piece[65536];
	XXH3_state_t *hash = XXH3_createState();
	XXH128_canonical_t canonical;
	ssize_t n = 0;

	if (hash == NULL || XXH3_128bits_reset(hash) != XXH_OK) {
		XXH3_freeState(hash);
		return err_set(e, ERR_SYSTEM, "out of memory");
	}
	while ((n = pread(fd, piece, sizeof(piece), (off_t)out->plain_bytes)) > 0) {
		XXH3_128bits_update(hash, piece, (size_t)n);
		out->plain_bytes += (uint64_t)n;
	}
	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(hash));
	memcpy(out->plain_xxh3, canonical.digest, sizeof(out->plain_xxh3));
	XXH3_freeState(hash);
	return n < 0 ? err_sys(e, "cannot read '%s'", name) : 0;
}

/* One schema file: the program's output, durable, journalled. */
static int
dump_one(const struct client_program *p, struct db *db, struct state *state, const char *key,
    const char *const *args, struct err *e)
{
	struct rec_file rec = { .key = mem_str(key) };
	char *path = spool_run_path(state->run, key);
	struct atomic_file *file = NULL;
	int rc = -1;

	if (spool_run_make_dirs(state->run, key, e) < 0 || (file = atomic_create(path, e)) == NULL)
		goto done;
	if (client_program_run(p, db, args, atomic_fd(file), e) < 0 ||
	    hash_file(atomic_fd(file), path, &rec, e) < 0) {
		atomic_abort(file);
		goto done;
	}
	if (atomic_commit(file, e) == 0)
		rc = journal_append(state->journal, REC_FILE, &rec, NULL, e);
done:
	free(path);
	free(rec.key);
	return rc;
}

static int
dump_globals(const struct opts *opts, struct db *db, struct state *state, struct err *e)
{
	const char *args[] = { "--globals-only", "--no-role-passwords", "--quote-all-identifiers", NULL, NULL };
	struct client_program p;
	int rc;

	if (client_program_find("pg_dumpall", opt_string(opts, OPT_ID_client_bin), db_version(db), &p, e) < 0)
		return -1;
	if (p.has_restrict_key)
		args[3] = RESTRICT_KEY;
	rc = dump_one(&p, db, state, "schema/globals.sql", args, e);
	client_program_release(&p);
	return rc;
}

static int
dump_section(const struct client_program *p, struct db *db, const char *snapshot, const char *section,
    uint64_t lock_wait_ms, const struct strings *selection, struct state *state, struct err *e)
{
	char **args = mem_array(selection->len + 9, sizeof(char *));
	char *key = mem_printf("schema/%s.sql", section);
	size_t n = 0;
	int rc;

	args[n++] = mem_str("--schema-only");
	args[n++] = mem_str("--quote-all-identifiers");
	args[n++] = mem_printf("--section=%s", section);
	args[n++] = mem_str("--exclude-schema=" LEDGER_SCHEMA);
	args[n++] = mem_printf("--lock-wait-timeout=%" PRIu64, lock_wait_ms);
	if (p->version >= 90500)
		args[n++] = mem_printf("--snapshot=%s", snapshot);
	if (p->has_restrict_key)
		args[n++] = mem_str(RESTRICT_KEY);
	for (size_t i = 0; i < selection->len; i++)
		args[n++] = mem_str(selection->at[i]);
	rc = dump_one(p, db, state, key, (const char *const *)args, e);
	for (size_t i = 0; i < n; i++)
		free(args[i]);
	free(args);
	free(key);
	return rc;
}

int
schema_dump(const struct opts *opts, struct db *db, const char *snapshot, const char *condition,
    struct state *state, struct err *e)
{
	uint64_t lock_wait_ms = opt_u64(opts, OPT_ID_lock_wait_timeout) * 1000;
	struct strings selection = { 0 };
	struct client_program p;
	int rc;

	if (client_program_find("pg_dump", opt_string(opts, OPT_ID_client_bin), db_version(db), &p, e) < 0)
		return -1;
	rc = selection_dump_args(db, opts, condition, &selection, e);
	if (rc == 0)
		rc = dump_section(&p, db, snapshot, "pre-data", lock_wait_ms, &selection, state, e);
	if (rc == 0)
		rc = dump_section(&p, db, snapshot, "post-data", lock_wait_ms, &selection, state, e);
	for (size_t i = 0; i < selection.len; i++)
		free(selection.at[i]);
	free(selection.at);
	client_program_release(&p);
	return rc == 0 ? dump_globals(opts, db, state, e) : -1;
}
