# Every test speaks TAP; C and shell run under one driver.
TEST_EXTENSIONS = .t
T_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/scripts/aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = top_builddir='$(abs_top_builddir)' top_srcdir='$(abs_top_srcdir)'; export top_builddir top_srcdir;

unit_tests = \
	%D%/unit/base.t %D%/unit/opt.t %D%/unit/log.t %D%/unit/progress.t %D%/unit/atomic.t \
	%D%/unit/rows.t %D%/unit/floats.t %D%/unit/stage.t %D%/unit/store.t %D%/unit/sqlsplit.t \
	%D%/unit/s3_sign.t %D%/unit/s3_xml.t %D%/unit/credentials.t %D%/unit/retry.t %D%/unit/store_s3.t \
	%D%/unit/record.t %D%/unit/journal.t %D%/unit/manifest.t %D%/unit/runid.t %D%/unit/spool.t \
	%D%/unit/pool.t %D%/unit/golden.t

lint_tests = %D%/lint/options.t %D%/lint/source.t

system_tests = \
	%D%/system/path.t %D%/system/preflight.t %D%/system/choose.t %D%/system/corruption.t %D%/system/death.t \
	%D%/system/errors.t %D%/system/everything.t %D%/system/faults.t %D%/system/locks.t \
	%D%/system/s3-path.t %D%/system/s3-store.t

golden_files = \
	%D%/golden/export.jsonl %D%/golden/push.jsonl %D%/golden/table.jsonl %D%/golden/run.jsonl \
	%D%/golden/part.jsonl %D%/golden/rows.csv %D%/golden/rows.expected

fuzz_targets = \
	%D%/fuzz/fuzz-rows %D%/fuzz/fuzz-floats %D%/fuzz/fuzz-decompress %D%/fuzz/fuzz-sqlsplit \
	%D%/fuzz/fuzz-record %D%/fuzz/fuzz-journal

check_PROGRAMS += $(unit_tests) $(fuzz_targets) %D%/unit/store-probe
TESTS += $(unit_tests)

TEST_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/%D% -I$(top_srcdir)/import

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
%C%_unit_atomic_t_SOURCES = %D%/unit/atomic.c
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
%C%_unit_sqlsplit_t_SOURCES = %D%/unit/sqlsplit.c %D%/unit/sqlsplit-dump.h import/sqlsplit.c import/sqllex.c
%C%_unit_sqlsplit_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_sqlsplit_t_LDADD = $(GPM_LIBS)
%C%_unit_s3_sign_t_SOURCES = %D%/unit/s3_sign.c
%C%_unit_s3_sign_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_s3_sign_t_LDADD = $(GPM_LIBS)
%C%_unit_s3_xml_t_SOURCES = %D%/unit/s3_xml.c
%C%_unit_s3_xml_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_s3_xml_t_LDADD = $(GPM_LIBS)
%C%_unit_credentials_t_SOURCES = %D%/unit/credentials.c
%C%_unit_credentials_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_credentials_t_LDADD = $(GPM_LIBS)
%C%_unit_retry_t_SOURCES = %D%/unit/retry.c
%C%_unit_retry_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_retry_t_LDADD = $(GPM_LIBS)
%C%_unit_store_s3_t_SOURCES = %D%/unit/store_s3.c
%C%_unit_store_s3_t_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_store_s3_t_LDADD = $(GPM_LIBS)
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
# no test: one call of the store for system tests
%C%_unit_store_probe_SOURCES = %D%/unit/store_s3_probe.c
%C%_unit_store_probe_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_unit_store_probe_LDADD = $(GPM_LIBS)

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
%C%_fuzz_fuzz_sqlsplit_SOURCES = %D%/fuzz/fuzz-sqlsplit.c import/sqlsplit.c import/sqllex.c $(fuzz_main)
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

# The scripts: those that start a database come last.
TESTS += %D%/fuzz/replay.t $(lint_tests) $(system_tests)
check_SCRIPTS += %D%/fuzz/replay.t $(lint_tests) $(system_tests)
EXTRA_DIST += %D%/lib.sh %D%/rgw.sh %D%/fake_s3.py %D%/fuzz/replay.t %D%/fuzz/corpus \
	$(lint_tests) $(system_tests) %D%/system/fixture.sh %D%/system/everything.sql $(golden_files)
