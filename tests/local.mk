# Every test speaks TAP; C and shell run under one driver.
TEST_EXTENSIONS = .t
T_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/scripts/aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = top_builddir='$(abs_top_builddir)' top_srcdir='$(abs_top_srcdir)'; export top_builddir top_srcdir;

unit_tests = \
	%D%/unit/base.t %D%/unit/opt.t %D%/unit/log.t %D%/unit/progress.t %D%/unit/atomic.t \
	%D%/unit/rows.t %D%/unit/floats.t %D%/unit/stage.t %D%/unit/store.t %D%/unit/sqlsplit.t \
	%D%/unit/s3_sign.t %D%/unit/s3_xml.t %D%/unit/credentials.t %D%/unit/retry.t %D%/unit/store_s3.t

fuzz_targets = \
	%D%/fuzz/fuzz-rows %D%/fuzz/fuzz-floats %D%/fuzz/fuzz-decompress %D%/fuzz/fuzz-sqlsplit

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

TESTS += %D%/fuzz/replay.t
check_SCRIPTS += %D%/fuzz/replay.t
EXTRA_DIST += %D%/lib.sh %D%/rgw.sh %D%/fake_s3.py %D%/fuzz/replay.t %D%/fuzz/corpus
