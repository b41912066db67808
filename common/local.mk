# libgpm: what the three tools share. It knows none of them.
noinst_LIBRARIES += %D%/libgpm.a
%C%_libgpm_a_SOURCES = \
	%D%/prelude.h %D%/banned.h %D%/mem.c \
	%D%/err.def %D%/err.h %D%/err.c %D%/stop.h %D%/stop.c \
	%D%/buf.h %D%/buf.c %D%/parse.h %D%/parse.c \
	%D%/options.def %D%/opt.h %D%/opt_internal.h %D%/opt.c %D%/opt_argv.c %D%/opt_conf.c \
	%D%/opt_help.c \
	%D%/log.h %D%/log.c %D%/progress.h %D%/progress.c %D%/preflight.h %D%/preflight.c %D%/tool.h %D%/tool.c \
	%D%/atomic.h %D%/atomic.c %D%/pool.h %D%/pool.c \
	%D%/db.h %D%/db.c %D%/db_copy.h %D%/db_copy.c \
	%D%/dialect.h %D%/dialect.c %D%/rows.h %D%/rows_scan.h %D%/rows_scan.c %D%/rows.c \
	%D%/digest.c %D%/floats.h %D%/floats.c %D%/floats_digits.h %D%/floats_digits.c \
	%D%/runid.h %D%/runid.c %D%/record.h %D%/record_fields.h %D%/record.c \
	%D%/record_read.c %D%/record_write.c \
	%D%/journal.h %D%/journal.c %D%/spool.h %D%/spool.c \
	%D%/manifest.h %D%/manifest_read.c %D%/manifest_write.c \
	%D%/stage.h %D%/stage.c %D%/stage_rows.c %D%/stage_sha256.c %D%/stage_zstd.c %D%/stage_gzip.c \
	%D%/store.h %D%/store.c %D%/store_file.h %D%/store_file.c %D%/store_file_list.c \
	%D%/credentials.h %D%/credentials.c %D%/retry.h %D%/retry.c \
	%D%/s3_sign.h %D%/s3_sign.c %D%/s3_xml.h %D%/s3_xml.c \
	%D%/s3_http.h %D%/s3_http_header.h %D%/s3_http_header.c %D%/s3_http.c \
	%D%/store_s3.h %D%/store_s3.c %D%/store_s3_call.c %D%/store_s3_error.c %D%/store_s3_get.c \
	%D%/store_s3_list.c %D%/store_s3_put.c %D%/store_opts.h %D%/store_opts.c

EXTRA_DIST += %D%/FORMAT.md
