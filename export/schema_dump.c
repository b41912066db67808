/* schema_dump.c -- the schema of the source as SQL, by its own pg_dump. */
#include "prelude.h"

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "atomic.h"
#include "catalog.h"
#include "client_program.h"
#include "err.h"
#include "log.h"
#include "opt.h"
#include "passwords.h"
#include "schema_dump.h"
#include "selection.h"
#include "setting_list.h"

/* pg_dump ends its text with \restrict lines under a random key unless it is given one: equal
 * schemas are to be equal bytes.  The importer drops those lines. */
#define RESTRICT_KEY "--restrict-key"

#define ROLES_LIMIT ((size_t)64 << 20) /* of the SQL of roles, which is held in memory */

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

/* A client program's run: what to call, and what to do with what it prints. */
struct dump {
	struct client_program program;
	char **args;         /* end with NULL */
	size_t nargs;
	bool has_passwords;  /* they are taken out before anything is written */
};

/* What stands in FD into B. */
static int
read_all(int fd, struct buf *b, struct err *e)
{
	char piece[65536];
	ssize_t n;

	while ((n = pread(fd, piece, sizeof(piece), (off_t)b->len)) > 0)
		if (buf_add(b, piece, (size_t)n, e) < 0)
			return -1;
	return n < 0 ? err_sys(e, "cannot read what was dumped") : 0;
}

/* The program's output without passwords: it goes through memory, so that they are in no file. */
static int
dump_cleaned(const struct dump *d, struct db *db, struct atomic_file *file, struct err *e)
{
	int fd = memfd_create("gpm-roles", MFD_CLOEXEC), rc = -1;
	struct buf text, clean;

	if (fd < 0)
		return err_sys(e, "cannot make a file in memory");
	buf_init(&text, ROLES_LIMIT);
	buf_init(&clean, ROLES_LIMIT);
	if (client_program_run(&d->program, db, (const char *const *)d->args, fd, e) == 0 && read_all(fd, &text, e) == 0 &&
	    passwords_remove(text.data, text.len, &clean, e) == 0)
		rc = atomic_write(file, clean.data, clean.len, e);
	buf_release(&clean);
	if (text.data != NULL)
		explicit_bzero(text.data, text.len);
	buf_release(&text);
	close(fd);
	return rc;
}

/* FILE, which was written, or not when RC says so, as the run's file KEY: durable, journalled. */
static int
keep_file(struct atomic_file *file, int rc, struct state *state, const char *key, struct err *e)
{
	struct rec_file rec = { .key = mem_str(key) };

	if (rc == 0)
		rc = hash_file(atomic_fd(file), atomic_path(file), &rec, e);
	if (rc < 0)
		atomic_abort(file);
	else if ((rc = atomic_commit(file, e)) == 0)
		rc = journal_append(state->journal, REC_FILE, &rec, NULL, e);
	free(rec.key);
	return rc;
}

static struct atomic_file *
create_file(struct state *state, const char *key, struct err *e)
{
	char *path = spool_run_path(state->run, key);
	struct atomic_file *file = spool_run_make_dirs(state->run, key, e) < 0 ? NULL : atomic_create(path, e);

	free(path);
	return file;
}

/* One schema file: the program's output, and MORE (NULL: nothing) behind it.  Without a program that alone. */
static int
dump_one(const struct dump *d, struct db *db, struct state *state, const char *key, struct buf *more, struct err *e)
{
	struct atomic_file *file = create_file(state, key, e);
	int rc = 0;

	if (file == NULL)
		return -1;
	if (d != NULL)
		rc = d->has_passwords ? dump_cleaned(d, db, file, e) :
		    client_program_run(&d->program, db, (const char *const *)d->args, atomic_fd(file), e);
	if (rc == 0 && more != NULL)
		rc = atomic_write(file, more->data, more->len, e);
	return keep_file(file, rc, state, key, e);
}

int
schema_write(struct state *state, const char *key, const void *data, size_t len, struct err *e)
{
	struct atomic_file *file = create_file(state, key, e);

	return file == NULL ? -1 : keep_file(file, atomic_write(file, data, len, e), state, key, e);
}

/* --- arguments ------------------------------------------------------------------------------- */

/* ARG is taken. */
static void
add_arg(struct dump *d, char *arg)
{
	d->args = mem_grow(d->args, (d->nargs + 2) * sizeof(*d->args));
	d->args[d->nargs++] = arg;
	d->args[d->nargs] = NULL;
}

/* An option that old programs do not have, and can do without. */
static void
add_known(struct dump *d, const char *option, const char *value)
{
	if (client_program_knows(&d->program, option))
		add_arg(d, mem_printf("%s%s", option, value));
}

static void
free_args(struct dump *d)
{
	while (d->nargs > 0)
		free(d->args[--d->nargs]);
	free(d->args);
	d->args = NULL;
}

static int
find_program(const struct opts *opts, const struct catalog *catalog, struct db *db, const char *name, struct dump *d,
    struct err *e)
{
	memset(d, 0, sizeof(*d));
	if (client_program_find(name, opt_string(opts, OPT_ID_client_bin), db_version(db), catalog_is_greenplum(catalog),
	    &d->program, e) < 0)
		return -1;
	if (client_program_knows(&d->program, "--dbname"))
		return 0;
	err_set(e, ERR_FAILED, "'%s' is too old: it has no --dbname", d->program.path);
	client_program_release(&d->program);
	return err_hint(e, "leave the schema behind by --data-only, and dump it by hand");
}

/* --- the files ------------------------------------------------------------------------------- */

/* 1, 0, -1. */
static int
is_superuser(struct db *db, struct err *e)
{
	char *super = db_value(db, "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user", 0, NULL, e);
	int rc = super == NULL ? -1 : super[0] == 't';

	free(super);
	return rc;
}

/* 1; 0: it is to be left behind; -1. */
static int
add_value(struct db *db, const char *name, const char *value, struct buf *out, struct err *e)
{
	if (setting_is_list(name))
		return setting_add_list(db, name, value, out, e);
	return db_add_literal(db, out, value, e) < 0 ? -1 : 1;
}

/* ALTER DATABASE … SET …, or ALTER ROLE … IN DATABASE … SET …, of row I, up to its name. */
static int
add_target(struct db *db, const PGresult *res, int i, struct buf *out, struct err *e)
{
	bool of_role = !PQgetisnull(res, i, 3);

	text_puts(out, of_role ? "\nALTER ROLE " : "\nALTER DATABASE ");
	if (of_role && db_add_ident(db, out, PQgetvalue(res, i, 3), e) < 0)
		return -1;
	text_puts(out, of_role ? " IN DATABASE " : "");
	if (db_add_ident(db, out, PQgetvalue(res, i, 0), e) < 0)
		return -1;
	text_puts(out, " SET ");
	return db_add_ident(db, out, PQgetvalue(res, i, 1), e);
}

static int
add_setting(struct db *db, const PGresult *res, int i, struct buf *out, struct err *e)
{
	const char *name = PQgetvalue(res, i, 1);
	struct buf value;
	int rc;

	text_init(&value);
	rc = add_value(db, name, PQgetvalue(res, i, 2), &value, e);
	if (rc == 0)
		log_warning("%s of the database, or of a role in it, is left behind: it is no list", name);
	if (rc > 0 && (rc = add_target(db, res, i, out, e)) == 0)
		text_printf(out, " TO %s;\n", text_str(&value));
	buf_release(&value);
	return rc;
}

/* What is set for this database, which pg_dumpall writes with all databases only, and pg_dump with CREATE DATABASE. */
static int
add_database_settings(struct db *db, struct buf *out, struct err *e)
{
	PGresult *res;
	int rc = 0;

	if (db_version(db) < 90000) /* kept elsewhere, and gone to Greenplum 5 and older */
		return 0;
	if (db_query(db, "SELECT d.datname, pg_catalog.split_part(c, '=', 1), pg_catalog.substr(c, pg_catalog.strpos(c, '=') + 1), r.rolname"
	    " FROM (SELECT setdatabase, setrole, pg_catalog.unnest(setconfig) AS c FROM pg_catalog.pg_db_role_setting) s"
	    " JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole"
	    " WHERE d.datname = pg_catalog.current_database() AND (s.setrole = 0 OR r.oid IS NOT NULL)", 0, NULL, &res, e) < 0)
		return -1;
	for (int i = 0; rc == 0 && i < PQntuples(res); i++)
		rc = add_setting(db, res, i, out, e);
	PQclear(res);
	return rc;
}

static int
dump_roles(const struct opts *opts, const struct catalog *catalog, struct db *db, struct state *state, struct buf *more, struct err *e)
{
	struct dump d;
	int super, rc;

	if (find_program(opts, catalog, db, "pg_dumpall", &d, e) < 0)
		return -1;
	d.has_passwords = !client_program_knows(&d.program, "--no-role-passwords");
	if (d.has_passwords && (super = is_superuser(db, e)) <= 0) {
		if (super == 0)
			log_warning("the roles are named in the run, but not dumped: this pg_dumpall reads their passwords, which only a superuser may");
		rc = super < 0 ? -1 : dump_one(NULL, db, state, "schema/globals.sql", more, e);
		client_program_release(&d.program);
		return rc;
	}
	add_arg(&d, mem_str("--globals-only"));
	add_known(&d, "--no-role-passwords", "");
	/* Greenplum's: else a role would lose its queue */
	add_known(&d, "--resource-queues", "");
	add_known(&d, "--resource-groups", "");
	add_known(&d, "--quote-all-identifiers", "");
	add_known(&d, RESTRICT_KEY, "=gpm");
	rc = dump_one(&d, db, state, "schema/globals.sql", more, e);
	free_args(&d);
	client_program_release(&d.program);
	return rc;
}

static int
dump_globals(const struct opts *opts, const struct catalog *catalog, struct db *db, struct state *state, struct err *e)
{
	struct buf more;
	int rc;

	text_init(&more);
	rc = add_database_settings(db, &more, e);
	if (rc == 0)
		rc = dump_roles(opts, catalog, db, state, &more, e);
	buf_release(&more);
	return rc;
}

/* SECTION NULL: all in one, for a program that knows no sections. */
static int
dump_section(struct dump *d, struct db *db, const char *snapshot, const char *section, uint64_t lock_wait_ms,
    const struct strings *selection, struct state *state, struct err *e)
{
	char *key = mem_printf("schema/%s.sql", section != NULL ? section : "pre-data");
	char *lock_wait = mem_printf("=%" PRIu64, lock_wait_ms);
	int rc;

	add_arg(d, mem_str("--schema-only"));
	add_known(d, "--gp-syntax", "");
	add_known(d, "--quote-all-identifiers", "");
	if (section != NULL)
		add_arg(d, mem_printf("--section=%s", section));
	/* UTF-8, or the bytes of SQL_ASCII: in other encodings a byte of a character may look like a quote */
	add_arg(d, mem_printf("--encoding=%s", pg_encoding_to_char(PQclientEncoding(db_conn(db)))));
	add_arg(d, mem_str("--exclude-schema=" LEDGER_SCHEMA));
	add_known(d, "--lock-wait-timeout", lock_wait);
	if (snapshot != NULL && client_program_knows(&d->program, "--snapshot="))
		add_arg(d, mem_printf("--snapshot=%s", snapshot));
	add_known(d, RESTRICT_KEY, "=gpm");
	for (size_t i = 0; i < selection->len; i++)
		add_arg(d, mem_str(selection->at[i]));
	rc = dump_one(d, db, state, key, NULL, e);
	free_args(d);
	free(lock_wait);
	free(key);
	return rc;
}

int
schema_dump(const struct opts *opts, const struct catalog *catalog, struct db *db, const char *snapshot,
    const char *condition, struct state *state, struct err *e)
{
	uint64_t lock_wait_ms = opt_u64(opts, OPT_ID_lock_wait_timeout) * 1000;
	struct strings selection = { 0 };
	struct dump d;
	bool sections;
	int rc;

	if (find_program(opts, catalog, db, "pg_dump", &d, e) < 0)
		return -1;
	sections = client_program_knows(&d.program, "--section");
	rc = selection_dump_args(db, opts, condition, &selection, e);
	if (rc == 0)
		rc = dump_section(&d, db, snapshot, sections ? "pre-data" : NULL, lock_wait_ms, &selection, state, e);
	if (rc == 0)
		rc = sections ? dump_section(&d, db, snapshot, "post-data", lock_wait_ms, &selection, state, e) :
		    dump_one(NULL, db, state, "schema/post-data.sql", NULL, e);
	for (size_t i = 0; i < selection.len; i++)
		free(selection.at[i]);
	free(selection.at);
	client_program_release(&d.program);
	return rc == 0 ? dump_globals(opts, catalog, db, state, e) : -1;
}
