# gpm-export: a database out into the spool.
bin_PROGRAMS += %D%/gpm-export
%C%_gpm_export_SOURCES = \
	%D%/main.c %D%/preflight_export.h %D%/preflight_export.c %D%/export.h %D%/export.c \
	%D%/run_choice.h %D%/run_choice.c %D%/state.h %D%/state.c \
	%D%/source.h %D%/source.c %D%/catalog.h %D%/catalog.c %D%/snapshot.h %D%/snapshot.c \
	%D%/selection.h %D%/selection.c %D%/schema_dump.h %D%/schema_dump.c %D%/client_program.h %D%/client_program.c \
	%D%/copyout.h %D%/copyout.c %D%/chunk_writer.h %D%/chunk_writer.c
%C%_gpm_export_LDADD = $(GPM_LIBS)

EXTRA_DIST += %D%/DESIGN.md
