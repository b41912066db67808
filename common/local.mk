# libgpm: what the three tools share. It knows none of them.
noinst_LIBRARIES += %D%/libgpm.a
%C%_libgpm_a_SOURCES = \
	%D%/prelude.h %D%/banned.h %D%/mem.c \
	%D%/err.def %D%/err.h %D%/err.c %D%/stop.h %D%/stop.c \
	%D%/buf.h %D%/buf.c %D%/parse.h %D%/parse.c \
	%D%/options.def %D%/opt.h %D%/opt_internal.h %D%/opt.c %D%/opt_argv.c %D%/opt_conf.c \
	%D%/opt_conf_text.c %D%/opt_help.c \
	%D%/log.h %D%/log.c %D%/progress.h %D%/progress.c %D%/preflight.h %D%/preflight.c %D%/tool.h %D%/tool.c \
	%D%/atomic.h %D%/atomic.c %D%/clock.h %D%/clock.c %D%/ticker.h %D%/ticker.c %D%/pool.h %D%/pool.c \
	%D%/db.h %D%/db.c %D%/db_wait.h %D%/db_wait.c %D%/db_copy.h %D%/db_copy.c %D%/aggregates.h %D%/aggregates.c \
	%D%/business.h %D%/business.c \
	%D%/dialect.h %D%/dialect.c %D%/rows.h %D%/rows_scan.h %D%/rows_scan.c %D%/rows.c \
	%D%/digest.c %D%/floats.h %D%/floats.c %D%/floats_digits.h %D%/floats_exact.h %D%/floats_digits.c \
	%D%/runid.h %D%/runid.c %D%/sealed_run.h %D%/sealed_run.c %D%/record.h %D%/record_fields.h %D%/record.c \
	%D%/record_read.c %D%/record_write.c %D%/name_json.h %D%/name_json.c %D%/batching.h %D%/batching.c %D%/piece.h %D%/piece.c \
	%D%/journal.h %D%/journal.c %D%/keyset.h %D%/keyset.c %D%/spool.h %D%/spool.c \
	%D%/sqllex.h %D%/sqllex.c %D%/quote.h %D%/quote.c %D%/since.h %D%/since.c \
	%D%/manifest.h %D%/manifest_read.c %D%/manifest_write.c \
	%D%/stage.h %D%/stage.c %D%/stage_rows.c %D%/stage_sha256.c %D%/stage_zstd.c \
	%D%/stage_gzip.h %D%/stage_gzip.c %D%/stage_gzip_zlib.c \
	%D%/store.h %D%/store.c %D%/store_body.c %D%/store_file.h %D%/store_file.c %D%/store_file_list.c \
	%D%/store_volume.h %D%/store_volume.c %D%/volume_load.c %D%/volume_write.c %D%/volume_stale.c %D%/volume_end.c %D%/volume_member.c \
	%D%/volume_index.h %D%/volume_index.c %D%/volume_sort.h %D%/volume_sort.c %D%/volume_tar.h %D%/volume_tar.c %D%/volume_hash.c \
	%D%/limit.h %D%/limit.c %D%/timetable.h %D%/timetable.c %D%/throttle.h %D%/throttle.c \
	%D%/keyfile.h %D%/keyfile.c %D%/sign.h %D%/sign.c %D%/crypt.h %D%/crypt.c \
	%D%/ini.h %D%/ini.c %D%/credentials.h %D%/credentials.c %D%/credentials_json.h %D%/credentials_json.c \
	%D%/credentials_process.h %D%/credentials_process.c %D%/credentials_metadata.h %D%/credentials_metadata.c \
	%D%/retry.h %D%/retry.c \
	%D%/trouble.def %D%/trouble.h %D%/trouble.c \
	%D%/crc64.h %D%/crc64.c %D%/s3_sign.h %D%/s3_sign.c %D%/s3_xml.h %D%/s3_xml.c \
	%D%/s3_http.h %D%/s3_http_header.h %D%/s3_http_header.c %D%/s3_http.c \
	%D%/s3_v2.h %D%/store_s3.h %D%/store_s3.c %D%/store_s3_call.c %D%/store_s3_error.c %D%/store_s3_get.c \
	%D%/store_s3_list.c %D%/store_s3_look.c %D%/store_s3_put.c %D%/store_s3_wishes.c %D%/store_opts.h %D%/store_opts.c \
	%D%/portion.h %D%/portion.c %D%/gpfdist_headers.h %D%/gpfdist_headers.c \
	%D%/gpfdist_session.h %D%/gpfdist_session.c %D%/gpfdist_body.h %D%/gpfdist_body.c \
	%D%/gpfdist_receive.h %D%/gpfdist_internal.h %D%/gpfdist_receive.c %D%/gpfdist_reception.c \
	%D%/gpfdist_server.h %D%/gpfdist_server.c %D%/gpfdist_request.h %D%/gpfdist_request.c %D%/gpfdist_listen.h %D%/gpfdist_listen.c \
	%D%/gpfdist_watch.h %D%/gpfdist_watch.c %D%/gpfdist_tls.h %D%/gpfdist_tls.c \
	%D%/gpfdist_token.h %D%/gpfdist_token.c %D%/gpfdist_endpoint.h %D%/gpfdist_endpoint.c \
	%D%/gpfdist_address.h %D%/gpfdist_address.c \
	%D%/gp_table.h %D%/gp_table.c %D%/receivers.h %D%/receivers.c \
	%D%/gpfdist_deal.h %D%/gpfdist_deal_internal.h %D%/gpfdist_dealer.c %D%/gpfdist_deal.c %D%/gpfdist_give.c %D%/gpfdist_cut.c \
	%D%/gpfdist_get.h %D%/gpfdist_get.c

if ISAL
%C%_libgpm_a_SOURCES += %D%/stage_gzip_isal.c
endif

if LIBS3
%C%_libgpm_a_SOURCES += %D%/s3_v2.c
else
%C%_libgpm_a_SOURCES += %D%/s3_v2_none.c
endif

EXTRA_DIST += %D%/FORMAT.md

# Manual pages and completions are made of the option table and of what a tool's main.c says: with these
# files in place of tool.c, the tool becomes gpm-…-doc, which fills in their templates.
doc_sources = %D%/doc.h %D%/doc.c %D%/doc_roff.h %D%/doc_roff.c %D%/doc_usage.c %D%/doc_page.c %D%/doc_completion.c
EXTRA_DIST += %D%/completion.bash.in %D%/gpm.conf.5.in %D%/markdown-page.awk

man_MANS += %D%/gpm.conf.5 %D%/gpm-format.5
%D%/gpm.conf.5: %D%/gpm.conf.5.in export/gpm-export-doc$(EXEEXT)
	$(AM_V_GEN)export/gpm-export-doc$(EXEEXT) $(srcdir)/%D%/gpm.conf.5.in >$@
%D%/gpm-format.5: %D%/FORMAT.md %D%/markdown-page.awk Makefile
	@$(MKDIR_P) %D%
	$(AM_V_GEN)LC_ALL=C $(AWK) -v page=gpm-format -v section=5 -v date='$(GPM_DATE)' \
		-v os='gpm $(PACKAGE_VERSION)' -f $(srcdir)/%D%/markdown-page.awk $(srcdir)/%D%/FORMAT.md >$@
