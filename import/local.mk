# gpm-import: a run into the destination.
bin_PROGRAMS += %D%/gpm-import
%C%_gpm_import_SOURCES = \
	%D%/main.c %D%/import.h %D%/list.c %D%/verify.c %D%/load.c %D%/check.c %D%/preflight_import.c \
	%D%/find.h %D%/find.c %D%/keyset.h %D%/keyset.c %D%/unpack.h %D%/unpack.c \
	%D%/session.h %D%/session.c %D%/ledger.h %D%/ledger.c %D%/load_copy.h %D%/load_copy.c \
	%D%/sqlsplit.h %D%/sqlsplit.c %D%/sqllex.h %D%/sqllex.c \
	%D%/schema.h %D%/schema.c %D%/after_rows.c \
	%D%/report.h %D%/report.c %D%/verdict.h %D%/verdict.c
%C%_gpm_import_LDADD = $(GPM_LIBS)

EXTRA_DIST += %D%/DESIGN.md
