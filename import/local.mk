# gpm-import: a run into the destination.
bin_PROGRAMS += %D%/gpm-import
# What is done to statements for another kind of server.
adapt_sources = import/adapt.h import/adapt.c import/adapt_work.h import/adapt_work.c import/adapt_rules.h import/adapt_rules.c \
	import/adapt_object.c import/adapt_kin.h import/adapt_kin.c import/adapt_names.c import/adapt_columns.c import/adapt_storage.c \
	import/adapt_partitions.h import/adapt_partitions.c import/adapt_bounds.c import/adapt_inherits.c
%C%_gpm_import_SOURCES = \
	%D%/main.c %D%/import.h %D%/list.c %D%/verify.c %D%/load.h %D%/load.c %D%/watch.c %D%/check.c %D%/preflight_import.c %D%/preflight_schema.h %D%/preflight_schema.c \
	%D%/find.h %D%/find.c %D%/descent.h %D%/descent.c %D%/trust.h %D%/trust.c %D%/unpack.h %D%/unpack.c \
	%D%/session.h %D%/session.c %D%/ledger.h %D%/ledger.c %D%/ledger_internal.h %D%/ledger_tables.c %D%/ledger_again.c %D%/ledger_keep.c %D%/ledger_parts.c %D%/through.h %D%/through.c %D%/units.h %D%/units.c %D%/run_names.h %D%/run_names.c %D%/entered.h %D%/entered.c \
	%D%/share.h %D%/share.c %D%/ahead.h %D%/ahead.c \
	%D%/method.h %D%/method.c %D%/load_copy.c %D%/load_insert.h %D%/load_insert.c %D%/load_fdw.c \
	%D%/load_web.c %D%/load_gpfdist.c %D%/feed.h %D%/feed.c %D%/dealing.h %D%/dealing.c %D%/serve.c %D%/rights.h %D%/rights.c \
	%D%/load_s3.c %D%/load_oss.c %D%/oss_sql.h %D%/oss_sql.c %D%/s3_location.h %D%/s3_location.c %D%/place.h %D%/place.c %D%/unchecked.h %D%/unchecked.c \
	%D%/plan.h %D%/plan.c %D%/plan_copy.c %D%/plan_cat.c %D%/plan_bucket.c %D%/plan_oss.c \
	%D%/cat.c %D%/pick.h %D%/pick.c %D%/cat_command.h %D%/cat_command.c \
	%D%/account.h %D%/account.c %D%/account_json.c %D%/page.c %D%/diff.c %D%/diff_print.h %D%/diff_print.c %D%/rowset.h %D%/rowset.c \
	%D%/insert_sql.h %D%/insert_sql.c %D%/fdw_sql.h %D%/fdw_sql.c %D%/external_sql.h %D%/external_sql.c \
	%D%/sqlsplit.h %D%/sqlsplit.c \
	$(adapt_sources) \
	%D%/schema.h %D%/schema.c %D%/schema_roles.c %D%/database_settings.h %D%/database_settings.c %D%/role_settings.h %D%/role_settings.c %D%/carried.h %D%/carried.c %D%/schema_queues.h %D%/schema_queues.c %D%/schema_command.c %D%/schema_print.c %D%/schema_step.h %D%/schema_step.c %D%/made.h %D%/made.c %D%/lookback.h %D%/lookback_internal.h %D%/lookback.c %D%/lookback_way.c %D%/anew.h %D%/anew.c %D%/fits.h %D%/fits.c %D%/left_over.h %D%/left_over.c %D%/repeat.h %D%/repeat.c %D%/elsewhere.h %D%/elsewhere.c %D%/rehearse.h %D%/rehearse.c %D%/findings.h %D%/findings.c \
	%D%/advice.h %D%/advice.c %D%/maps.h %D%/maps.c %D%/destination.h %D%/destination.c %D%/builds.h %D%/builds.c %D%/batch.h %D%/batch.c %D%/after_rows.c \
	%D%/business_check.h %D%/business_check.c %D%/report.h %D%/report.c %D%/content.h %D%/content.c %D%/verdict.h %D%/verdict.c
%C%_gpm_import_LDADD = $(GPM_LIBS) $(HTTPD_LIBS)

EXTRA_DIST += %D%/DESIGN.md

noinst_PROGRAMS += %D%/gpm-import-doc
%C%_gpm_import_doc_SOURCES = $(%C%_gpm_import_SOURCES) $(doc_sources)
%C%_gpm_import_doc_LDADD = $(GPM_LIBS) $(HTTPD_LIBS)

EXTRA_DIST += %D%/gpm-import.1.in
man_MANS += %D%/gpm-import.1
%D%/gpm-import.1: %D%/gpm-import.1.in %D%/gpm-import-doc$(EXEEXT)
	$(AM_V_GEN)%D%/gpm-import-doc$(EXEEXT) $(srcdir)/%D%/gpm-import.1.in >$@

bashcomp_DATA += common/completions/gpm-import
common/completions/gpm-import: common/completion.bash.in %D%/gpm-import-doc$(EXEEXT)
	@$(MKDIR_P) common/completions
	$(AM_V_GEN)%D%/gpm-import-doc$(EXEEXT) $(srcdir)/common/completion.bash.in >$@
