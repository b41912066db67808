# gpm-push: runs of the spool into the bucket.
bin_PROGRAMS += %D%/gpm-push
%C%_gpm_push_SOURCES = \
	%D%/main.c %D%/preflight_push.h %D%/preflight_push.c %D%/push.h %D%/push.c %D%/context.h \
	%D%/run_view.h %D%/run_view.c %D%/stored.h %D%/stored.c \
	%D%/pack.h %D%/pack.c %D%/send.h %D%/send.c \
	%D%/tidy.h %D%/tidy.c %D%/seal.h %D%/seal.c
%C%_gpm_push_LDADD = $(GPM_LIBS)

EXTRA_DIST += %D%/DESIGN.md
