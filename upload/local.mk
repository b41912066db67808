# gpm-push: runs of the spool into the bucket.
bin_PROGRAMS += %D%/gpm-push
%C%_gpm_push_SOURCES = \
	%D%/main.c %D%/preflight_push.h %D%/preflight_push.c %D%/patience.h %D%/patience.c %D%/allowance.h %D%/allowance.c %D%/rate.h %D%/rate.c \
	%D%/status.h %D%/status.c %D%/status_gather.c %D%/metrics.c %D%/bucket_runs.h %D%/bucket_runs.c \
	%D%/push.h %D%/push.c %D%/push_options.h %D%/push_options.c %D%/chunks.h %D%/chunks.c %D%/context.h \
	%D%/run_view.h %D%/run_view.c %D%/stored.h %D%/stored.c %D%/stored_index.h %D%/stored_index.c %D%/beacon.h %D%/beacon.c \
	%D%/base.h %D%/base.c %D%/base_tables.h %D%/base_tables.c %D%/target.h %D%/target.c %D%/pack.h %D%/pack.c %D%/put_once.h %D%/put_once.c %D%/claim.h %D%/claim.c %D%/send.h %D%/send.c \
	%D%/tidy.h %D%/tidy.c %D%/manifests.h %D%/manifests.c %D%/seal.h %D%/seal.c %D%/predecessor.h %D%/predecessor.c %D%/signature.h %D%/signature.c %D%/keygen.h %D%/keygen.c %D%/runs.h %D%/runs.c \
	%D%/part.h %D%/part.c %D%/pieces.h %D%/pieces.c %D%/piece_files.h %D%/piece_files.c \
	%D%/relay.h %D%/relay.c %D%/relay_internal.h %D%/relay_run.c %D%/relay_books.h %D%/relay_books.c %D%/relay_copy.h %D%/relay_copy.c %D%/gather.h %D%/gather.c %D%/push_parts.h %D%/push_parts.c %D%/encryption.h %D%/encryption.c
%C%_gpm_push_LDADD = $(GPM_LIBS)

EXTRA_DIST += %D%/DESIGN.md
dist_doc_DATA += %D%/gpm-push.service %D%/gpm-push.timer

noinst_PROGRAMS += %D%/gpm-push-doc
%C%_gpm_push_doc_SOURCES = $(%C%_gpm_push_SOURCES) $(doc_sources)
%C%_gpm_push_doc_LDADD = $(GPM_LIBS)

EXTRA_DIST += %D%/gpm-push.1.in
man_MANS += %D%/gpm-push.1
%D%/gpm-push.1: %D%/gpm-push.1.in %D%/gpm-push-doc$(EXEEXT)
	$(AM_V_GEN)%D%/gpm-push-doc$(EXEEXT) $(srcdir)/%D%/gpm-push.1.in >$@

bashcomp_DATA += common/completions/gpm-push
common/completions/gpm-push: common/completion.bash.in %D%/gpm-push-doc$(EXEEXT)
	@$(MKDIR_P) common/completions
	$(AM_V_GEN)%D%/gpm-push-doc$(EXEEXT) $(srcdir)/common/completion.bash.in >$@
