/* store_s3_probe.c -- one call of store.h from the command line, for system tests.
 *
 *   store-probe URL put KEY FILE | put-twice KEY FILE | create KEY FILE | can-create KEY | get KEY [OFFSET LEN] | head KEY |
 *       list PREFIX [-r] | remove KEY | finish PREFIX | clock KEY
 *
 * "create" and "can-create" print what they return, "clock" the skew after a head of KEY.
 * Options come from the environment as for gpm-push.  PROBE_RETRY: seconds of retries; PROBE_VERBOSE: debug messages; PROBE_STATE: the state
 * of volumes.  Exit status and messages are those of the tools; what is absent is told on stdout. */
#include "prelude.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "log.h"
#include "opt.h"
#include "parse.h"
#include "stop.h"
#include "store.h"
#include "store_opts.h"

static int
to_stdout(void *ctx, const void *data, size_t len, struct err *e)
{
	(void)ctx;
	return file_write_all(STDOUT_FILENO, data, len, "stdout", e);
}

static int
print_entry(void *ctx, const char *key, bool is_folder, const struct store_object *o, struct err *e)
{
	(void)ctx;
	(void)e;
	printf("%s %s%llu\n", key, o->strange ? "?" : "", (unsigned long long)o->size);
	return is_folder == (key[strlen(key) - 1] == '/') ? 0 : err_set(e, ERR_FAILED, "folders end with '/'");
}

static int
print_number(int64_t number)
{
	printf("%lld\n", (long long)number);
	return 1;
}

static int
print_clock(struct store *s, const char *key, struct err *e)
{
	struct store_object o;
	int64_t ahead;

	if (store_head(s, key, &o, e) < 0)
		return -1;
	return store_clock_skew(s, &ahead) ? print_number(ahead) : 0;
}

/* By VERB put or create. */
static int
put_file(struct store *s, const char *verb, const char *key, const char *path, struct err *e)
{
	struct store_body body = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
	struct stat st;
	int rc;

	if (body.fd < 0 || fstat(body.fd, &st) < 0)
		return err_sys(e, "cannot open '%s'", path);
	body.len = (uint64_t)st.st_size;
	if (*verb == 'p')
		rc = store_put(s, key, &body, e) < 0 ? -1 : 1;
	else if ((rc = store_create(s, key, &body, e)) >= 0)
		rc = print_number(rc);
	close(body.fd);
	return rc;
}

static int
run(struct store *s, int argc, char **argv, struct err *e)
{
	const char *verb = argv[2], *key = argv[3];
	uint64_t offset = 0, len = 0;
	struct store_object o;
	int rc;

	if ((strcmp(verb, "put") == 0 || strcmp(verb, "create") == 0) && argc == 5)
		return put_file(s, verb, key, argv[4], e);
	if (strcmp(verb, "put-twice") == 0 && argc == 5)
		return put_file(s, verb, key, argv[4], e) < 0 ? -1 : put_file(s, verb, key, argv[4], e);
	if (strcmp(verb, "can-create") == 0)
		return (rc = store_can_create(s, key, e)) < 0 ? -1 : print_number(rc);
	if (strcmp(verb, "clock") == 0)
		return print_clock(s, key, e);
	if (strcmp(verb, "get") == 0 && argc == 6 &&
	    (parse_u64(argv[4], 0, UINT64_MAX, &offset, e) < 0 || parse_u64(argv[5], 0, UINT64_MAX, &len, e) < 0))
		return -1;
	if (strcmp(verb, "get") == 0)
		return store_get(s, key, offset, len, to_stdout, NULL, e);
	if (strcmp(verb, "list") == 0)
		return store_list(s, key, argc == 5 ? STORE_LIST_RECURSIVE : 0, print_entry, NULL, e) < 0 ? -1 : 1;
	if (strcmp(verb, "finish") == 0)
		return store_finish(s, key, e) < 0 ? -1 : 1;
	if (strcmp(verb, "remove") == 0)
		return store_remove(s, key, e);
	if ((rc = store_head(s, key, &o, e)) > 0)
		printf("%llu\n", (unsigned long long)o.size);
	return rc;
}

int
main(int argc, char **argv)
{
	static const struct opt_tool_info info = { .tool = OPT_PUSH, .name = "store-probe" };
	struct store_settings settings;
	struct store *s = NULL;
	struct opts *opts;
	struct err e;
	int rc = -1;

	if (argc < 4)
		return 2;
	stop_install();
	if (opt_start(&info, 1, argv, &opts) >= 0)
		return 2;
	log_setup("store-probe", getenv("PROBE_VERBOSE") != NULL ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	store_settings_from_opts(opts, &settings);
	settings.volume_state = getenv("PROBE_STATE");
	err_clear(&e);
	if (getenv("PROBE_RETRY") == NULL || parse_u64(getenv("PROBE_RETRY"), 1, 1000, &settings.retry_seconds, &e) == 0)
		rc = store_open(argv[1], false, &settings, &s, &e);
	if (rc == 0 && (rc = run(s, argc, argv, &e)) == 0)
		puts("absent");
	if (rc < 0)
		err_print(&e);
	store_close(s);
	opt_free(opts);
	return err_exit(e.code);
}
