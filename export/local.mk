# gpm-export: a database out into the spool.
bin_PROGRAMS += %D%/gpm-export
%C%_gpm_export_SOURCES = \
	%D%/main.c %D%/preflight_export.h %D%/preflight_export.c %D%/export.h %D%/export.c %D%/all_databases.h %D%/all_databases.c \
	%D%/assess.h %D%/assess.c %D%/assess_check.h %D%/assess_checks.def %D%/assess_checks.c %D%/assess_size.h %D%/assess_size.c \
	%D%/assess_report.h %D%/assess_text.c %D%/assess_json.c \
	%D%/business_results.h %D%/business_results.c %D%/run_choice.h %D%/run_choice.c %D%/state.h %D%/state.c \
	%D%/source.h %D%/source.c \
	%D%/catalog.h %D%/catalog.c %D%/catalog_sql.h %D%/catalog_tables.c %D%/catalog_changes.c %D%/unchanged.h %D%/unchanged.c %D%/catalog_postgresql.c \
	%D%/catalog_greenplum.h %D%/catalog_greenplum5.c %D%/catalog_greenplum7.c \
	%D%/source_rights.h %D%/source_rights.c %D%/snapshot.h %D%/snapshot.c \
	%D%/selection.h %D%/selection.c %D%/since_rules.h %D%/since_rules.c %D%/setting_list.h %D%/setting_list.c %D%/schema_dump.h %D%/schema_dump.c %D%/client_program.h %D%/client_program.c %D%/passwords.h %D%/passwords.c \
	%D%/space.h %D%/space.c %D%/attempt.h %D%/attempt.c %D%/slices.h %D%/slices.c %D%/receive.h %D%/receive.c %D%/receive_url.h %D%/receive_url.c %D%/incoming.h %D%/incoming.c %D%/gp_out.h %D%/gp_out.c %D%/gp_files.h %D%/gp_files.c %D%/hosts.h %D%/hosts.c %D%/copyout.h %D%/copyout.c %D%/chunk_writer.h %D%/chunk_writer.c
%C%_gpm_export_LDADD = $(GPM_LIBS) $(HTTPD_LIBS)

EXTRA_DIST += %D%/DESIGN.md

noinst_PROGRAMS += %D%/gpm-export-doc
%C%_gpm_export_doc_SOURCES = $(%C%_gpm_export_SOURCES) $(doc_sources)
%C%_gpm_export_doc_LDADD = $(GPM_LIBS) $(HTTPD_LIBS)

EXTRA_DIST += %D%/gpm-export.1.in
man_MANS += %D%/gpm-export.1
%D%/gpm-export.1: %D%/gpm-export.1.in %D%/gpm-export-doc$(EXEEXT)
	$(AM_V_GEN)%D%/gpm-export-doc$(EXEEXT) $(srcdir)/%D%/gpm-export.1.in >$@

bashcomp_DATA += common/completions/gpm-export
common/completions/gpm-export: common/completion.bash.in %D%/gpm-export-doc$(EXEEXT)
	@$(MKDIR_P) common/completions
	$(AM_V_GEN)%D%/gpm-export-doc$(EXEEXT) $(srcdir)/common/completion.bash.in >$@
