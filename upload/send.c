/* send.c -- one piece into the store: packed, put, checked. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "send.h"

/* Put BODY and see that the store has as many bytes under KEY: an acknowledgement alone proves little.
 * (The drivers check what the answer itself says.) */
static int
put_and_check(struct push *p, const char *key, const struct store_body *body, struct err *e)
{
	char *full = push_key(p, key);
	struct store_object there;
	int rc = store_put(p->store, full, body, e);

	if (rc < 0 || p->trust_response) {
		free(full);
		return rc;
	}
	if ((rc = store_head(p->store, full, &there, e)) == 0)
		rc = err_set(e, ERR_TEMPORARY, "'%s' was stored but is not there", full);
	else if (rc > 0)
		rc = there.size == body->len ? 0 : err_set(e, ERR_TEMPORARY,
		    "'%s' was stored with %llu bytes but has %llu", full,
		    (unsigned long long)body->len, (unsigned long long)there.size);
	free(full);
	return rc;
}

static int
put_packed(struct push *p, const char *key, const struct packed *packed, struct err *e)
{
	struct store_body body = { .data = packed->object.data, .fd = -1, .len = packed->object.len };

	if (body.data == NULL)
		body.data = "";
	return put_and_check(p, key, &body, e);
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

static int
store_chunk(struct push *p, const struct packed *packed, const struct rec_chunk *chunk, struct err *e)
{
	struct rec_chunk rec = *chunk;
	int rc;

	rec.key = mem_printf("%s%s", chunk->key, compression_suffix(&p->how));
	rec.compression = p->how.name;
	rec.stored_bytes = packed->object.len;
	memcpy(rec.stored_sha256, packed->stored_sha256, sizeof(rec.stored_sha256));
	rc = put_packed(p, rec.key, packed, e);
	if (rc == 0)
		rc = stored_add(p->stored, &rec, e);
	free(rec.key);
	return rc;
}

int
send_chunk(struct push *p, struct packed *packed, const struct rec_chunk *chunk, struct err *e)
{
	char *path = spool_run_path(p->run, chunk->key);
	const struct view_table *t = run_view_table(&p->view, chunk->table);
	int rc = -1;

	if (access(path, F_OK) != 0 && errno == ENOENT) {
		free(path);
		return 0;
	}
	progress_table(p->progress, NULL, t->label);
	if (pack_file(path, &t->columns, &p->how, packed, e) < 0) {
		rc = access(path, F_OK) != 0 && errno == ENOENT ? 0 : -1; /* gone meanwhile */
		goto done;
	}
	if (compare(packed, chunk, path, e) < 0 || store_chunk(p, packed, chunk, e) < 0)
		goto done;
	progress_add(p->progress, packed->rows, packed->plain_bytes);
	if (!p->keep && spool_run_remove(p->run, chunk->key, e) < 0)
		goto done;
	rc = 1;
done:
	free(path);
	return rc;
}

int
send_schema(struct push *p, const struct rec_file *file, struct rec_file *out, struct err *e)
{
	char *path = spool_run_path(p->run, file->key);
	struct packed packed = { 0 };
	int rc = pack_file(path, NULL, &p->how, &packed, e);

	if (rc == 0 && (packed.plain_bytes != file->plain_bytes ||
	    memcmp(packed.plain_xxh3, file->plain_xxh3, sizeof(packed.plain_xxh3)) != 0))
		rc = err_set(e, ERR_DIFFERS, "'%s' is not what gpm-export wrote", path);
	free(path);
	memset(out, 0, sizeof(*out));
	if (rc == 0) {
		out->key = mem_printf("%s%s", file->key, compression_suffix(&p->how));
		out->compression = mem_str(p->how.name);
		out->plain_bytes = packed.plain_bytes;
		out->stored_bytes = packed.object.len;
		memcpy(out->plain_xxh3, packed.plain_xxh3, sizeof(out->plain_xxh3));
		memcpy(out->stored_sha256, packed.stored_sha256, sizeof(out->stored_sha256));
		if ((rc = put_packed(p, out->key, &packed, e)) < 0)
			record_free_fields(REC_FILE, out);
	}
	pack_release(&packed);
	return rc;
}

int
send_file(struct push *p, const char *path, const char *key, const struct file_hash *hash, struct err *e)
{
	struct store_body body = { .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), .len = hash->size };
	int rc;

	if (body.fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	rc = put_and_check(p, key, &body, e);
	close(body.fd);
	return rc;
}
