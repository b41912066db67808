/* doc.h -- what the manual pages and completions take from the tables.
 *
 * Each function writes one part: of the options and commands of the tool INFO, or of all tools.  Pages
 * are in mdoc.  Errors of OUT are for the caller to look at. */
#ifndef GPM_DOC_H
#define GPM_DOC_H

#include "opt_internal.h"

void doc_synopsis(FILE *out, const struct opt_tool_info *);    /* of the tool's usage */
void doc_commands(FILE *out, const struct opt_tool_info *);    /* a list: each with what it does */
void doc_options(FILE *out, const struct opt_tool_info *);     /* a list: spelling, manual text, default */
void doc_examples(FILE *out, const struct opt_tool_info *);    /* those of --help, literally */
void doc_exit_status(FILE *out, const struct opt_tool_info *); /* a list, of err.def */
void doc_keys(FILE *out, const struct opt_tool_info *);        /* a list: every key of gpm.conf */

void doc_command_words(FILE *out, const struct opt_tool_info *); /* "list verify load" */
void doc_option_values(FILE *out, const struct opt_tool_info *); /* "[--spool]='DIR' [--keep]=''", a line each */

#endif
