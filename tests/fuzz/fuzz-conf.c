/* fuzz-conf.c -- any bytes as a gpm.conf, the first of them for its mode: it is read or refused with a reason,
 * and a file that others can read gives no access key. */
#include "prelude.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "credentials.h"
#include "err.h"
#include "opt_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* The configuration file, and how it is named on a command line. */
static int
open_conf(char path[64])
{
	int fd = memfd_create("gpm.conf", MFD_CLOEXEC);

	must(fd >= 0);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static void
check(struct opts *o, bool is_private)
{
	struct credentials_given given;

	opt_credentials(o, &given);
	must(given.place != NULL ? is_private : given.access_key_id == NULL && given.secret_access_key == NULL);
	must(given.place == NULL || given.access_key_id != NULL || given.secret_access_key != NULL);
	for (size_t i = 0; i < OPT_COUNT; i++)
		for (size_t n = 0; n < opt_list_len(o, (enum opt_id)i); n++)
			must(opt_list_at(o, (enum opt_id)i, n) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct opt_tool_info info = { .tool = OPT_PUSH, .name = "fuzz", .usage = "", .summary = "" };
	static char path[64];
	static int fd = -1;
	char name[] = "fuzz", option[] = "-c";
	char *argv[] = { name, option, path, NULL };
	bool is_private = size > 0 && data[0] % 2 == 0;
	struct opts *o = NULL;
	struct err e = { ERR_OK, "", "" };
	int rc;

	if (fd < 0)
		fd = open_conf(path);
	must(ftruncate(fd, 0) == 0 && fchmod(fd, is_private ? 0600 : 0644) == 0);
	must(size < 2 || pwrite(fd, data + 1, size - 1, 0) == (ssize_t)(size - 1));
	rc = opt_parse_table(&opt_table, &info, 3, argv, &o, &e);
	if (rc == 0)
		check(o, is_private);
	else
		must(rc == -1 && e.code == ERR_USAGE && e.text[0] != '\0');
	opt_free(o);
	return 0;
}
