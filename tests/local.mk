# Every test speaks TAP; C and shell run under one driver.
TEST_EXTENSIONS = .t
T_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/scripts/aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = top_builddir='$(abs_top_builddir)' top_srcdir='$(abs_top_srcdir)'; export top_builddir top_srcdir;

unit_tests = \
	%D%/unit/adapt.t \
	%D%/unit/ahead.t \
	%D%/unit/allowance.t \
	%D%/unit/atomic.t \
	%D%/unit/base.t \
	%D%/unit/batch.t \
	%D%/unit/builds.t \
	%D%/unit/crc64.t \
	%D%/unit/credentials.t \
	%D%/unit/floats.t \
	%D%/unit/golden.t \
	%D%/unit/gpfdist.t \
	%D%/unit/incoming.t \
	%D%/unit/journal.t \
	%D%/unit/limit.t \
	%D%/unit/log.t \
	%D%/unit/made.t \
	%D%/unit/manifest.t \
	%D%/unit/opt.t \
	%D%/unit/passwords.t \
	%D%/unit/pool.t \
	%D%/unit/progress.t \
	%D%/unit/quote.t \
	%D%/unit/record.t \
	%D%/unit/repeat.t \
	%D%/unit/retry.t \
	%D%/unit/rows.t \
	%D%/unit/rowset.t \
	%D%/unit/runid.t \
	%D%/unit/s3_sign.t \
	%D%/unit/s3_xml.t \
	%D%/unit/sign.t %D%/unit/crypt.t \
	%D%/unit/spool.t \
	%D%/unit/sqlsplit.t \
	%D%/unit/stage.t \
	%D%/unit/state.t \
	%D%/unit/store.t \
	%D%/unit/unchanged.t \
	%D%/unit/store_s3.t \
	%D%/unit/store_volume.t \
	%D%/unit/volume_harm.t \
	%D%/unit/volume_parts.t

lint_tests = %D%/lint/options.t %D%/lint/man.t %D%/lint/completion.t %D%/lint/source.t

system_tests = \
	%D%/system/aggregates.t \
	%D%/system/all-databases.t \
	%D%/system/altered.t \
	%D%/system/assess.t \
	%D%/system/base.t \
	%D%/system/batches.t \
	%D%/system/bad-line.t \
	%D%/system/bench.t \
	%D%/system/business.t \
	%D%/system/cat.t \
	%D%/system/choose.t \
	%D%/system/corruption.t \
	%D%/system/cron.t \
	%D%/system/death.t \
	%D%/system/diff.t \
	%D%/system/encryption.t \
	%D%/system/errors.t \
	%D%/system/everything.t \
	%D%/system/examples.t \
	%D%/system/expire.t \
	%D%/system/faults.t \
	%D%/system/file-fdw.t \
	%D%/system/freeze.t \
	%D%/system/gpfdist-greenplum.t \
	%D%/system/gpfdist-receive.t \
	%D%/system/gpfdist-serve.t \
	%D%/system/gpfdists.t \
	%D%/system/greenplum-tls.t \
	%D%/system/greenplum-assess.t \
	%D%/system/greenplum-schema.t \
	%D%/system/greenplum.t \
	%D%/system/greenplum-encryption.t \
	%D%/system/greenplum-base.t \
	%D%/system/greenplum-content.t \
	%D%/system/greenplum-load.t \
	%D%/system/greenplum-receive.t \
	%D%/system/greenplum-s3.t \
	%D%/system/greenplum7.t \
	%D%/system/greenplum-web.t \
	%D%/system/index-jobs.t \
	%D%/system/large.t \
	%D%/system/latest.t \
	%D%/system/locks.t \
	%D%/system/parallel-load.t \
	%D%/system/parts.t \
	%D%/system/path.t \
	%D%/system/plan.t \
	%D%/system/plan-readers.t \
	%D%/system/preflight.t \
	%D%/system/replay.t \
	%D%/system/replace.t \
	%D%/system/rate.t \
	%D%/system/receive.t \
	%D%/system/relay.t \
	%D%/system/report.t \
	%D%/system/scale.t \
	%D%/system/schema.t \
	%D%/system/roles.t \
	%D%/system/s3-file-fdw.t \
	%D%/system/s3-keys.t \
	%D%/system/s3-parts.t \
	%D%/system/s3-path.t \
	%D%/system/s3-put.t \
	%D%/system/s3-readers.t \
	%D%/system/s3-rights.t \
	%D%/system/s3-store.t \
	%D%/system/s3-swift.t \
	%D%/system/s3-v2.t \
	%D%/system/secrets.t \
	%D%/system/signature.t \
	%D%/system/serve.t \
	%D%/system/since.t \
	%D%/system/slices.t \
	%D%/system/spool-limit.t \
	%D%/system/status.t \
	%D%/system/target.t \
	%D%/system/through-root.t \
	%D%/system/two-pushers.t \
	%D%/system/volume.t \
	%D%/system/watch.t

golden_files = \
	%D%/golden/export.jsonl %D%/golden/push.jsonl %D%/golden/table.jsonl %D%/golden/run.jsonl \
	%D%/golden/part.jsonl %D%/golden/export-part.jsonl %D%/golden/host-part.jsonl %D%/golden/rows.csv %D%/golden/rows.expected %D%/golden/rows.csv.crypt \
	%D%/golden/volume.jsonl %D%/golden/volume-journal.jsonl %D%/golden/relay-journal.jsonl

fuzz_targets = \
	%D%/fuzz/fuzz-rows %D%/fuzz/fuzz-floats %D%/fuzz/fuzz-decompress %D%/fuzz/fuzz-sqlsplit \
	%D%/fuzz/fuzz-record %D%/fuzz/fuzz-journal %D%/fuzz/fuzz-s3xml %D%/fuzz/fuzz-conf %D%/fuzz/fuzz-gpfdist %D%/fuzz/fuzz-adapt \
	%D%/fuzz/fuzz-crypt %D%/fuzz/fuzz-business %D%/fuzz/fuzz-volume

check_PROGRAMS += $(unit_tests) $(fuzz_targets) %D%/unit/store-probe %D%/unit/receive-probe %D%/unit/deal-probe %D%/unit/pieces-probe %D%/unit/left-probe \
	%D%/unit/scale-probe
TESTS += $(unit_tests)

TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/%D% -I$(top_srcdir)/export -I$(top_srcdir)/import

%C%_unit_base_t_SOURCES = %D%/unit/base.c %D%/tap.h
%C%_unit_base_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_base_t_LDADD = $(GPM_LIBS)
%C%_unit_opt_t_SOURCES = %D%/unit/opt.c
%C%_unit_opt_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_opt_t_LDADD = $(GPM_LIBS)
%C%_unit_log_t_SOURCES = %D%/unit/log.c
%C%_unit_log_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_log_t_LDADD = $(GPM_LIBS)
%C%_unit_progress_t_SOURCES = %D%/unit/progress.c
%C%_unit_progress_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_progress_t_LDADD = $(GPM_LIBS) -lutil
%C%_unit_atomic_t_SOURCES = %D%/unit/atomic.c %D%/tmpdir.h
%C%_unit_atomic_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_atomic_t_LDADD = $(GPM_LIBS)
%C%_unit_rows_t_SOURCES = %D%/unit/rows.c %D%/naive_rows.h %D%/naive_floats.h
%C%_unit_rows_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_rows_t_LDADD = $(GPM_LIBS)
%C%_unit_floats_t_SOURCES = %D%/unit/floats.c
%C%_unit_floats_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_floats_t_LDADD = $(GPM_LIBS)
%C%_unit_stage_t_SOURCES = %D%/unit/stage.c
%C%_unit_stage_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_stage_t_LDADD = $(GPM_LIBS)
%C%_unit_store_t_SOURCES = %D%/unit/store.c %D%/store_contract.h
%C%_unit_store_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_store_t_LDADD = $(GPM_LIBS)
%C%_unit_sqlsplit_t_SOURCES = %D%/unit/sqlsplit.c %D%/unit/sqlsplit-dump.h import/sqlsplit.c
%C%_unit_sqlsplit_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_sqlsplit_t_LDADD = $(GPM_LIBS)
%C%_unit_s3_sign_t_SOURCES = %D%/unit/s3_sign.c
%C%_unit_s3_sign_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_s3_sign_t_LDADD = $(GPM_LIBS)
%C%_unit_s3_xml_t_SOURCES = %D%/unit/s3_xml.c
%C%_unit_s3_xml_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_s3_xml_t_LDADD = $(GPM_LIBS)
%C%_unit_crc64_t_SOURCES = %D%/unit/crc64.c
%C%_unit_crc64_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_crc64_t_LDADD = $(GPM_LIBS)
%C%_unit_credentials_t_SOURCES = %D%/unit/credentials.c
%C%_unit_credentials_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_credentials_t_LDADD = $(GPM_LIBS)
%C%_unit_retry_t_SOURCES = %D%/unit/retry.c
%C%_unit_retry_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_retry_t_LDADD = $(GPM_LIBS)
%C%_unit_store_s3_t_SOURCES = %D%/unit/store_s3.c
%C%_unit_store_s3_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_store_s3_t_LDADD = $(GPM_LIBS)
%C%_unit_store_volume_t_SOURCES = %D%/unit/store_volume.c %D%/store_contract.h %D%/volumes.h %D%/store_words.h %D%/tmpdir.h
%C%_unit_store_volume_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_store_volume_t_LDADD = $(GPM_LIBS)
%C%_unit_volume_harm_t_SOURCES = %D%/unit/volume_harm.c %D%/volumes.h
%C%_unit_volume_harm_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_volume_harm_t_LDADD = $(GPM_LIBS)
%C%_unit_volume_parts_t_SOURCES = %D%/unit/volume_parts.c
%C%_unit_volume_parts_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_volume_parts_t_LDADD = $(GPM_LIBS)
%C%_unit_record_t_SOURCES = %D%/unit/record.c
%C%_unit_record_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_record_t_LDADD = $(GPM_LIBS)
%C%_unit_journal_t_SOURCES = %D%/unit/journal.c
%C%_unit_journal_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_journal_t_LDADD = $(GPM_LIBS)
%C%_unit_manifest_t_SOURCES = %D%/unit/manifest.c
%C%_unit_manifest_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_manifest_t_LDADD = $(GPM_LIBS)
%C%_unit_runid_t_SOURCES = %D%/unit/runid.c
%C%_unit_runid_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_runid_t_LDADD = $(GPM_LIBS)
%C%_unit_spool_t_SOURCES = %D%/unit/spool.c
%C%_unit_spool_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_spool_t_LDADD = $(GPM_LIBS)
%C%_unit_pool_t_SOURCES = %D%/unit/pool.c
%C%_unit_pool_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_pool_t_LDADD = $(GPM_LIBS)
%C%_unit_golden_t_SOURCES = %D%/unit/golden.c
%C%_unit_golden_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_golden_t_LDADD = $(GPM_LIBS)
%C%_unit_ahead_t_SOURCES = %D%/unit/ahead.c import/ahead.c import/unpack.c import/find.c import/trust.c
%C%_unit_ahead_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_ahead_t_LDADD = $(GPM_LIBS)
%C%_unit_repeat_t_SOURCES = %D%/unit/repeat.c import/repeat.c
%C%_unit_repeat_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_repeat_t_LDADD = $(GPM_LIBS)
%C%_unit_rowset_t_SOURCES = %D%/unit/rowset.c import/rowset.c
%C%_unit_rowset_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_rowset_t_LDADD = $(GPM_LIBS)
%C%_unit_quote_t_SOURCES = %D%/unit/quote.c
%C%_unit_quote_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_quote_t_LDADD = $(GPM_LIBS)
%C%_unit_builds_t_SOURCES = %D%/unit/builds.c import/builds.c import/sqlsplit.c
%C%_unit_builds_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_builds_t_LDADD = $(GPM_LIBS)
%C%_unit_batch_t_SOURCES = %D%/unit/batch.c import/batch.c
%C%_unit_batch_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_batch_t_LDADD = $(GPM_LIBS)
%C%_unit_state_t_SOURCES = %D%/unit/state.c export/state.c
%C%_unit_state_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_state_t_LDADD = $(GPM_LIBS)
%C%_unit_unchanged_t_SOURCES = %D%/unit/unchanged.c export/unchanged.c export/state.c %D%/tmpdir.h
%C%_unit_unchanged_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_unchanged_t_LDADD = $(GPM_LIBS)
%C%_unit_incoming_t_SOURCES = %D%/unit/incoming.c export/incoming.c
%C%_unit_incoming_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_incoming_t_LDADD = $(GPM_LIBS)
%C%_unit_passwords_t_SOURCES = %D%/unit/passwords.c export/passwords.c
%C%_unit_passwords_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_passwords_t_LDADD = $(GPM_LIBS)
%C%_unit_gpfdist_t_SOURCES = %D%/unit/gpfdist.c
%C%_unit_gpfdist_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_gpfdist_t_LDADD = $(GPM_LIBS)
%C%_unit_allowance_t_SOURCES = %D%/unit/allowance.c upload/allowance.c
%C%_unit_allowance_t_CPPFLAGS = $(TEST_CPPFLAGS) -I$(top_srcdir)/upload
%C%_unit_allowance_t_LDADD = $(GPM_LIBS)
%C%_unit_sign_t_SOURCES = %D%/unit/sign.c %D%/tmpdir.h
%C%_unit_sign_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_sign_t_LDADD = $(GPM_LIBS)
%C%_unit_limit_t_SOURCES = %D%/unit/limit.c
%C%_unit_limit_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_limit_t_LDADD = $(GPM_LIBS)
# adapt_sources: import/local.mk
adapt_needs = $(adapt_sources) import/sqlsplit.c
%C%_unit_made_t_SOURCES = %D%/unit/made.c import/made.h import/made.c $(adapt_needs)
%C%_unit_made_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_made_t_LDADD = $(GPM_LIBS)
%C%_unit_adapt_t_SOURCES = %D%/unit/adapt.c import/destination.c $(adapt_needs)
%C%_unit_adapt_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_adapt_t_LDADD = $(GPM_LIBS)
%C%_unit_crypt_t_SOURCES = %D%/unit/crypt.c %D%/tmpdir.h
%C%_unit_crypt_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_crypt_t_LDADD = $(GPM_LIBS)
# no test: one call of the store for system tests
%C%_unit_store_probe_SOURCES = %D%/unit/store_s3_probe.c
%C%_unit_store_probe_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_store_probe_LDADD = $(GPM_LIBS)
# neither: both ends of the gpfdist protocol for them
%C%_unit_receive_probe_SOURCES = %D%/unit/receive_probe.c
%C%_unit_receive_probe_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_receive_probe_LDADD = $(GPM_LIBS) $(HTTPD_LIBS)
%C%_unit_deal_probe_SOURCES = %D%/unit/deal_probe.c
%C%_unit_deal_probe_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_deal_probe_LDADD = $(GPM_LIBS) $(HTTPD_LIBS)

# nor: a run of COPY as segments would have left it
%C%_unit_scale_probe_SOURCES = %D%/unit/scale_probe.c
%C%_unit_scale_probe_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_scale_probe_LDADD = $(GPM_LIBS)
%C%_unit_left_probe_SOURCES = %D%/unit/left_probe.c
%C%_unit_left_probe_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_left_probe_LDADD = $(GPM_LIBS)
%C%_unit_pieces_probe_SOURCES = %D%/unit/pieces_probe.c
%C%_unit_pieces_probe_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_pieces_probe_LDADD = $(GPM_LIBS)

# Fuzz targets: with --enable-fuzzers linked with libFuzzer, else they replay their corpus.
if FUZZERS
fuzz_main =
else
fuzz_main = %D%/fuzz/replay.c
endif
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ_CFLAGS)

%C%_fuzz_fuzz_rows_SOURCES = %D%/fuzz/fuzz-rows.c $(fuzz_main)
%C%_fuzz_fuzz_rows_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_rows_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_rows_LDADD = $(GPM_LIBS)
%C%_fuzz_fuzz_floats_SOURCES = %D%/fuzz/fuzz-floats.c $(fuzz_main)
%C%_fuzz_fuzz_floats_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_floats_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_floats_LDADD = $(GPM_LIBS)
%C%_fuzz_fuzz_decompress_SOURCES = %D%/fuzz/fuzz-decompress.c $(fuzz_main)
%C%_fuzz_fuzz_decompress_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_decompress_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_decompress_LDADD = $(GPM_LIBS)
%C%_fuzz_fuzz_sqlsplit_SOURCES = %D%/fuzz/fuzz-sqlsplit.c import/sqlsplit.c $(fuzz_main)
%C%_fuzz_fuzz_sqlsplit_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_sqlsplit_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_sqlsplit_LDADD = $(GPM_LIBS)
%C%_fuzz_fuzz_record_SOURCES = %D%/fuzz/fuzz-record.c $(fuzz_main)
%C%_fuzz_fuzz_record_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_record_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_record_LDADD = $(GPM_LIBS)
%C%_fuzz_fuzz_journal_SOURCES = %D%/fuzz/fuzz-journal.c $(fuzz_main)
%C%_fuzz_fuzz_journal_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_journal_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_journal_LDADD = $(GPM_LIBS)
%C%_fuzz_fuzz_s3xml_SOURCES = %D%/fuzz/fuzz-s3xml.c $(fuzz_main)
%C%_fuzz_fuzz_s3xml_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_s3xml_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_s3xml_LDADD = $(GPM_LIBS)
%C%_fuzz_fuzz_conf_SOURCES = %D%/fuzz/fuzz-conf.c $(fuzz_main)
%C%_fuzz_fuzz_conf_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_conf_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_conf_LDADD = $(GPM_LIBS)
%C%_fuzz_fuzz_gpfdist_SOURCES = %D%/fuzz/fuzz-gpfdist.c $(fuzz_main)
%C%_fuzz_fuzz_gpfdist_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_gpfdist_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_gpfdist_LDADD = $(GPM_LIBS)
%C%_fuzz_fuzz_business_SOURCES = %D%/fuzz/fuzz-business.c $(fuzz_main)
%C%_fuzz_fuzz_business_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_business_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_business_LDADD = $(GPM_LIBS)
%C%_fuzz_fuzz_volume_SOURCES = %D%/fuzz/fuzz-volume.c $(fuzz_main)
%C%_fuzz_fuzz_volume_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_volume_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_volume_LDADD = $(GPM_LIBS)
%C%_fuzz_fuzz_crypt_SOURCES = %D%/fuzz/fuzz-crypt.c $(fuzz_main)
%C%_fuzz_fuzz_crypt_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_crypt_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_crypt_LDADD = $(GPM_LIBS)

%C%_fuzz_fuzz_adapt_SOURCES = %D%/fuzz/fuzz-adapt.c $(adapt_needs) $(fuzz_main)
%C%_fuzz_fuzz_adapt_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_fuzz_adapt_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_fuzz_adapt_LDADD = $(GPM_LIBS)

# The scripts: those that start a database come last.
TESTS += %D%/fuzz/replay.t $(lint_tests) $(system_tests)
check_SCRIPTS += %D%/fuzz/replay.t $(lint_tests) $(system_tests)
EXTRA_DIST += %D%/lib.sh %D%/rgw.sh %D%/swift.sh %D%/bad_line.py %D%/fake_s3.py %D%/fake_s3.sh %D%/fake_metadata.py %D%/fake_proxy.py %D%/package.sh %D%/fuzz/replay.t %D%/fuzz/corpus \
	$(lint_tests) $(system_tests) $(golden_files) \
	%D%/system/everything.sql %D%/system/fixture.sh %D%/system/hostile.sql %D%/system/session.sh %D%/system/tamper.sh %D%/system/certificates.sh
EXTRA_DIST += %D%/probing.py %D%/segment_sim.py %D%/receiver_sim.py %D%/segment_reader.py %D%/receive_rules.py %D%/serve_rules.py %D%/system/greenplum.sql %D%/system/greenplum-schema.sql %D%/system/greenplum7.sql
EXTRA_DIST += %D%/system/gp.sh
EXTRA_DIST += %D%/crypt_rules.py

# A Greenplum that is there: make check-greenplum GPM_TEST_SOURCE=CONNINFO [GPM_TEST_CLIENT_BIN=DIR] [GPM_TEST_DESTINATION=CONNINFO].
# make hands on the variables of its command line; the test says what it compares.
.PHONY: check-greenplum
check-greenplum: all
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum-base.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum-content.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum-load.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum-web.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum-schema.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum-s3.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum-assess.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum-tls.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum-encryption.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum-receive.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/gpfdist-greenplum.t
	GPM_BUILD='$(abs_top_builddir)' bash $(srcdir)/%D%/system/greenplum7.t
