/* cat_command.c -- the command line of gpm-import cat.
 *
 * A table goes into it by its number: its name may hold anything, in any encoding. */
#include "prelude.h"

#include <inttypes.h>
#include <limits.h>
#include <unistd.h>

#include "cat_command.h"
#include "err.h"
#include "opt.h"
#include "quote.h"
#include "store_opts.h"

static int
add_program(const struct opts *opts, struct buf *b, struct err *e)
{
	const char *given = opt_string(opts, OPT_ID_program);
	char path[PATH_MAX];
	ssize_t n;

	if (given != NULL) {
		quote_word(b, given);
		return 0;
	}
	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n < 0) {
		err_sys(e, "cannot find out where this program lies");
		return err_hint(e, "say it by --program");
	}
	path[n] = '\0';
	quote_word(b, path);
	return 0;
}

static void
add_option(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	text_printf(b, " %s ", name);
	quote_word(b, value);
}

/* Who runs the command has another working folder. */
static void
add_file(struct buf *b, const char *name, const char *path)
{
	char *full = path != NULL ? realpath(path, NULL) : NULL;

	add_option(b, name, full != NULL ? full : path);
	free(full);
}

char *
cat_command(const struct opts *opts, const struct run *run, uint64_t table, const struct rec_chunk *first,
    const struct rec_chunk *last, struct err *e)
{
	struct store_settings settings;
	struct buf b;

	text_init(&b);
	if (add_program(opts, &b, e) < 0) {
		buf_release(&b);
		return NULL;
	}
	store_settings_from_opts(opts, &settings);
	text_puts(&b, " cat -q");
	add_option(&b, "--from", store_url(run->store));
	add_option(&b, "--endpoint-url", settings.endpoint_url);
	add_option(&b, "--region", settings.region);
	add_option(&b, "--s3-style", settings.s3_style);
	if (opt_is_set(opts, OPT_ID_s3_signature))
		add_option(&b, "--s3-signature", settings.s3_signature);
	add_file(&b, "--s3-client-certificate", settings.client_certificate);
	add_file(&b, "--s3-client-key", settings.client_key);
	add_file(&b, "--encrypt-key", opt_string(opts, OPT_ID_encrypt_key));
	add_file(&b, "--trusted-keys", opt_string(opts, OPT_ID_trusted_keys));
	text_printf(&b, " --run %s --table %" PRIu64 " --batch %" PRIu64 " --chunks %" PRIu64 "-%" PRIu64, run->id, table,
	    first->batch, first->seq, last->seq);
	return text_take(&b);
}

/* greenplum_path.sh sets both variables: for a libpq of its own age, and for its own OpenSSL. */
char *
cat_command_shards(const struct opts *opts, const struct run *run, uint64_t table, const struct rec_chunk *first,
    const struct rec_chunk *last, struct err *e)
{
	char *cat = cat_command(opts, run, table, first, last, e), *command = NULL;

	if (cat != NULL)
		command = mem_printf("unset LD_LIBRARY_PATH OPENSSL_CONF; exec %s --shard \"$GP_SEGMENT_ID/$GP_SEGMENT_COUNT\"", cat);
	free(cat);
	return command;
}
