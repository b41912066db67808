/* metrics.c -- how far every run is, in Prometheus' text format. */
#include "prelude.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "atomic.h"
#include "buf.h"
#include "err.h"
#include "status.h"

static const struct {
	const char *name, *help;
	size_t at;
	bool is_flag;
} gauges[] = {
#define NUMBER(name, field, help) { "gpm_run_" name, help, offsetof(struct run_status, field), false }
#define SWITCH(name, field, help) { "gpm_run_" name, help, offsetof(struct run_status, field), true }
	NUMBER("tables", tables, "Tables of the run."),
	NUMBER("tables_done", tables_done, "Tables that gpm-export has finished."),
	NUMBER("tables_failed", tables_failed, "Tables that gpm-export gave up."),
	NUMBER("chunks", chunks, "Chunks that gpm-export has written."),
	NUMBER("chunks_stored", chunks_stored, "Chunks that are stored."),
	NUMBER("plain_bytes", plain, "Bytes of rows that gpm-export has written."),
	NUMBER("plain_bytes_stored", plain_stored, "Bytes of rows that are stored, before compression."),
	NUMBER("stored_bytes", stored, "Bytes of objects that are stored."),
	SWITCH("export_complete", export_complete, "gpm-export is done with the run."),
	SWITCH("export_at_work", export_at_work, "gpm-export works on the run."),
	SWITCH("push_at_work", push_at_work, "gpm-push works on the run."),
	SWITCH("sealed", sealed, "The run is sealed: gpm-import can load it."),
#undef NUMBER
#undef SWITCH
};

/* The value of a label. */
static void
put_quoted(struct buf *out, const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '\n')
			text_puts(out, "\\n");
		else if (*c == '"' || *c == '\\')
			text_printf(out, "\\%c", *c);
		else
			text_add(out, c, 1);
	}
}

static void
put_sample(struct buf *out, const char *name, const struct run_status *s, uint64_t value)
{
	text_printf(out, "%s{run=\"%s\",database=\"", name, s->id);
	put_quoted(out, s->database != NULL ? s->database : "");
	text_printf(out, "\"} %" PRIu64 "\n", value);
}

/* All samples of a name have to stand together. */
static void
put_runs(struct buf *out, const struct run_status *runs, size_t n)
{
	for (size_t g = 0; g < GPM_ARRAY_LEN(gauges); g++) {
		text_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", gauges[g].name, gauges[g].help, gauges[g].name);
		for (size_t i = 0; i < n; i++) {
			const char *at = (const char *)&runs[i] + gauges[g].at;
			uint64_t value = 0;
			bool flag;

			if (gauges[g].is_flag) {
				memcpy(&flag, at, sizeof(flag));
				value = flag;
			} else {
				memcpy(&value, at, sizeof(value));
			}
			put_sample(out, gauges[g].name, &runs[i], value);
		}
	}
	text_puts(out, "# HELP gpm_run_error The newest push of the run ended with an error.\n# TYPE gpm_run_error gauge\n");
	for (size_t i = 0; i < n; i++)
		put_sample(out, "gpm_run_error", &runs[i], runs[i].error != NULL);
}

/* node_exporter is another user. */
static int
write_readable(const char *path, struct buf *text, struct err *e)
{
	struct atomic_file *f = atomic_create(path, e);

	if (f == NULL)
		return -1;
	if (fchmod(atomic_fd(f), 0644) < 0) {
		err_sys(e, "cannot make '%s' readable", path);
		atomic_abort(f);
		return -1;
	}
	if (atomic_write(f, text->data, text->len, e) == 0)
		return atomic_commit(f, e);
	atomic_abort(f);
	return -1;
}

int
metrics_write(struct spool *spool, const char *path, int exit_status, struct err *e)
{
	struct run_status *runs;
	struct buf text;
	spool_id *ids;
	size_t n, read = 0;
	int rc = 0;

	if (spool_runs(spool, &ids, &n, e) < 0)
		return -1;
	runs = mem_array(n, sizeof(*runs));
	while (rc == 0 && read < n) {
		rc = status_gather(spool, ids[read], &runs[read], e);
		read++;
	}
	text_init(&text);
	put_runs(&text, runs, rc == 0 ? n : 0);
	if (exit_status >= 0)
		text_printf(&text, "# HELP gpm_push_exit_status How the newest start of gpm-push ended.\n# TYPE gpm_push_exit_status gauge\n"
		    "gpm_push_exit_status %d\n# HELP gpm_push_end_timestamp_seconds When that was.\n"
		    "# TYPE gpm_push_end_timestamp_seconds gauge\ngpm_push_end_timestamp_seconds %lld\n", exit_status, (long long)time(NULL));
	if (rc == 0)
		rc = write_readable(path, &text, e);
	for (size_t i = 0; i < read; i++)
		status_release(&runs[i]);
	buf_release(&text);
	free(runs);
	free(ids);
	return rc;
}
