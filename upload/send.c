/* send.c -- one piece into the store: packed, put, checked. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "encryption.h"
#include "err.h"
#include "log.h"
#include "opt.h"
#include "put_once.h"
#include "send.h"
#include "stop.h"

static char crypt_name[] = CRYPT_NAME; /* a record's text is no constant */

int
send_check(struct push *p, const char *key, uint64_t size, struct err *e)
{
	char *full = push_key(p, key);
	struct store_object there;
	int rc = store_head(p->store, full, &there, e);

	if (rc == 0)
		rc = err_set(e, ERR_TEMPORARY, "'%s' was stored but is not there", full);
	else if (rc > 0)
		rc = there.size == size ? 0 : err_set(e, ERR_TEMPORARY,
		    "'%s' was stored with %llu bytes but has %llu", full,
		    (unsigned long long)size, (unsigned long long)there.size);
	free(full);
	return rc;
}

static int
put(struct push *p, const char *key, const struct store_body *body, struct err *e)
{
	char *full = push_key(p, key);
	int rc = p->write_once ? put_once(p->store, full, body, e) : store_put(p->store, full, body, e);

	free(full);
	return rc;
}

/* An acknowledgement alone proves little.  (The drivers check what the answer itself says.) */
int
send_body(struct push *p, const char *key, const struct store_body *body, struct err *e)
{
	if (put(p, key, body, e) < 0)
		return -1;
	return p->trust_response ? 0 : send_check(p, key, body->len, e);
}

static int
put_packed(struct push *p, const char *key, const struct packed *packed, struct err *e)
{
	struct store_body body = { .data = packed->object.data, .fd = -1, .len = packed->object.len };

	if (body.data == NULL)
		body.data = "";
	return send_body(p, key, &body, e);
}

/* Is the file what the exporter wrote?  A disk that lies is found here, not at the destination. */
static int
compare(const struct packed *got, const struct rec_chunk *want, const char *path, struct err *e)
{
	if (got->plain_bytes == want->plain_bytes && got->rows == want->rows &&
	    digest_equal(got->digest, want->digest) &&
	    memcmp(got->plain_xxh3, want->plain_xxh3, sizeof(got->plain_xxh3)) == 0)
		return 0;
	err_set(e, ERR_DIFFERS, "'%s' is not what gpm-export wrote: %llu rows in %llu bytes, journalled %llu in %llu",
	    path, (unsigned long long)got->rows, (unsigned long long)got->plain_bytes,
	    (unsigned long long)want->rows, (unsigned long long)want->plain_bytes);
	return err_hint(e, "the spool's disk may be failing; check it, then export anew with --new-run");
}

const struct crypt_object *
send_crypt(const struct push *p, const char *key, struct crypt_object *room)
{
	*room = (struct crypt_object){ .key = p->master_key, .run = spool_run_id(p->run), .name = key };
	return p->master_key != NULL ? room : NULL;
}

/* Is the object there already, in the folder of an earlier run?  Then REC names it: 1, 0, -1. */
static int
find_in_base(struct push *p, struct rec_chunk *rec, struct err *e)
{
	const char *key, *run;
	struct store_object there;
	char *full;
	int rc;

	if (p->base == NULL || p->view.nhosts > 0 ||
	    (rc = base_find(p->base, run_view_table(&p->view, rec->table)->label, rec->stored_sha256, rec->stored_bytes, &key, &run, e)) == 0)
		return 0;
	if (rc < 0)
		return -1;
	full = mem_printf("%s/%s", run, key);
	rc = store_head(p->store, full, &there, e);
	if (rc > 0 && there.size == rec->stored_bytes) {
		free(rec->key);
		rec->key = mem_str(key);
		rec->base = mem_str(run);
		atomic_fetch_add(&p->based, 1);
		atomic_fetch_add(&p->based_bytes, rec->stored_bytes);
	} else if (rc >= 0) {
		log_warning("'%s' is not as its manifest says; its bytes are stored again", full);
		rc = 0;
	}
	free(full);
	return rc;
}

int
send_packed(struct push *p, const struct packed *packed, const struct rec_chunk *chunk, struct err *e)
{
	struct rec_chunk rec = *chunk;
	int rc;

	rec.key = mem_printf("%s%s", chunk->key, compression_suffix(&p->how));
	rec.compression = p->how.name;
	rec.encryption = p->master_key != NULL ? crypt_name : NULL;
	rec.stored_bytes = packed->object.len;
	memcpy(rec.stored_sha256, packed->stored_sha256, sizeof(rec.stored_sha256));
	rec.base = NULL;
	rc = find_in_base(p, &rec, e);
	if (rc == 0 && (rc = allowance_take(p->allowance, packed->object.len, e)) == 0)
		rc = put_packed(p, rec.key, packed, e);
	if (rc >= 0)
		rc = stored_add(p->stored, &rec, e);
	free(rec.key);
	free(rec.base);
	return rc;
}

int
send_chunk(struct push *p, struct packed *packed, const struct rec_chunk *chunk, struct err *e)
{
	char *path = spool_run_path(p->run, chunk->key), *key = mem_printf("%s%s", chunk->key, compression_suffix(&p->how));
	struct crypt_object crypt;
	const struct view_table *t = run_view_table(&p->view, chunk->table);
	int rc = -1;

	if (access(path, F_OK) != 0 && errno == ENOENT) {
		rc = 0;
		goto done;
	}
	progress_table(p->progress, NULL, t->label);
	if (pack_file(path, &t->columns, &p->how, send_crypt(p, key, &crypt), packed, e) < 0) {
		rc = access(path, F_OK) != 0 && errno == ENOENT ? 0 : -1; /* gone meanwhile */
		goto done;
	}
	if (compare(packed, chunk, path, e) < 0 || send_packed(p, packed, chunk, e) < 0)
		goto done;
	progress_add(p->progress, packed->rows, packed->plain_bytes);
	if (!p->keep && spool_run_remove(p->run, chunk->key, e) < 0)
		goto done;
	rc = 1;
done:
	free(path);
	free(key);
	return rc;
}

int
send_schema(struct push *p, const struct rec_file *file, struct rec_file *out, struct err *e)
{
	char *path = spool_run_path(p->run, file->key), *key = mem_printf("%s%s", file->key, compression_suffix(&p->how));
	struct packed packed = { 0 };
	struct crypt_object crypt;
	/* who seals what others stored needs no key, unless the schema is missing */
	int rc = stop_asked(e) < 0 || encryption_check_pinned(p, e) < 0 ? -1 : pack_file(path, NULL, &p->how, send_crypt(p, key, &crypt), &packed, e);

	if (rc == 0 && (packed.plain_bytes != file->plain_bytes ||
	    memcmp(packed.plain_xxh3, file->plain_xxh3, sizeof(packed.plain_xxh3)) != 0))
		rc = err_set(e, ERR_DIFFERS, "'%s' is not what gpm-export wrote", path);
	free(path);
	memset(out, 0, sizeof(*out));
	if (rc == 0) {
		out->key = mem_str(key);
		out->encryption = p->master_key != NULL ? mem_str(CRYPT_NAME) : NULL;
		out->compression = mem_str(p->how.name);
		out->plain_bytes = packed.plain_bytes;
		out->stored_bytes = packed.object.len;
		memcpy(out->plain_xxh3, packed.plain_xxh3, sizeof(out->plain_xxh3));
		memcpy(out->stored_sha256, packed.stored_sha256, sizeof(out->stored_sha256));
		if ((rc = put_packed(p, out->key, &packed, e)) < 0)
			record_free_fields(REC_FILE, out);
	}
	pack_release(&packed);
	free(key);
	return rc;
}

const struct rec_file *
send_schema_find(struct push *p, const struct rec_file *file)
{
	char *key = mem_printf("%s%s", file->key, compression_suffix(&p->how));
	const struct rec_file *have = stored_file(p->stored, key);

	free(key);
	return have != NULL && memcmp(have->plain_xxh3, file->plain_xxh3, sizeof(file->plain_xxh3)) == 0 ? have : NULL;
}

int
send_bytes(struct push *p, const char *key, const void *data, size_t len, struct err *e)
{
	struct store_body body = { .data = data, .fd = -1, .len = len };

	return send_body(p, key, &body, e);
}

int
send_file(struct push *p, const char *path, const char *key, const struct file_hash *hash, struct err *e)
{
	struct store_body body = { .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), .len = hash->size };
	int rc;

	if (body.fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	rc = stop_asked(e) < 0 ? -1 : send_body(p, key, &body, e);
	close(body.fd);
	return rc;
}

int
send_unchecked(struct push *p, int fd, const char *key, uint64_t size, struct err *e)
{
	struct store_body body = { .fd = fd, .len = size };

	return put(p, key, &body, e);
}

int
send_eject(struct push *p, int rc, struct err *e)
{
	struct err trouble;

	if (!opt_flag(p->opts, OPT_ID_eject) || !store_is_carried(store_url(p->store)) || store_finish(p->store, "", rc == 0 ? e : &trouble) == 0)
		return rc;
	if (rc < 0)
		log_error("%s", trouble.text);
	return -1;
}
