/* client_program.c -- finding and running PostgreSQL's client programs. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "client_program.h"
#include "err.h"
#include "log.h"

extern char **environ;

#define OUTPUT_LIMIT ((size_t)1 << 20) /* of --version, --help and of stderr that is looked at */

/* --- running --------------------------------------------------------------------------------- */

/* Run ARGV with ENV, its output into the two descriptors; the exit status, or -1. */
static int
spawn_and_wait(char *const *argv, char *const *env, int out_fd, int err_fd, struct err *e)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status, rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
	posix_spawn_file_actions_adddup2(&actions, err_fd, 2);
	rc = posix_spawn(&pid, argv[0], &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	if (rc != 0) {
		errno = rc;
		return err_sys(e, "cannot run '%s'", argv[0]);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "cannot wait for '%s'", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What stands in FD, up to the limit, as a string. */
static char *
content_of(int fd)
{
	char *text = mem_alloc(OUTPUT_LIMIT + 1);
	ssize_t n = pread(fd, text, OUTPUT_LIMIT, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The output of "PATH OPTION", or NULL when it cannot be had. */
static char *
output_of(const char *path, const char *option)
{
	char *argv[] = { mem_str(path), mem_str(option), NULL };
	struct err ignored;
	char *text = NULL;
	int fd;

	if (file_temp(&fd, &ignored) == 0) {
		if (spawn_and_wait(argv, environ, fd, fd, &ignored) == 0)
			text = content_of(fd);
		close(fd);
	}
	free(argv[0]);
	free(argv[1]);
	return text;
}

/* --- finding --------------------------------------------------------------------------------- */

/* "pg_dump (PostgreSQL) 15.18 (Debian …)" → 150018; "9.4.26" → 90400; 0 when it says no such thing. */
static int
version_of(const char *text)
{
	const char *p = strstr(text, "(PostgreSQL) ");
	unsigned major = 0, minor = 0;

	if (p == NULL || sscanf(p, "(PostgreSQL) %3u.%3u", &major, &minor) < 1)
		return 0;
	return (int)(major < 10 ? major * 10000 + minor * 100 : major * 10000 + minor);
}

/* Servers of one major version take each other's clients. */
static int
major_of(int version)
{
	return version >= 100000 ? version / 10000 : version / 100;
}

/* Keep the program in DIR when it is better than what is there. */
static void
consider(const char *dir, size_t len, const char *name, int server_version, struct client_program *best,
    int *newest)
{
	char *path = mem_printf("%.*s/%s", (int)len, dir, name), *text = NULL;
	int version = 0;

	if (len > 0 && access(path, X_OK) == 0 && (text = output_of(path, "--version")) != NULL)
		version = version_of(text);
	free(text);
	if (version > *newest)
		*newest = version;
	if (version > best->version && major_of(version) >= major_of(server_version)) {
		free(best->path);
		best->path = path;
		best->version = version;
		return;
	}
	free(path);
}

/* Debian's folders first: its /usr/bin/pg_dump is a script that chooses by rules of its own. */
static void
look_everywhere(const char *name, int server_version, struct client_program *best, int *newest)
{
	const char *gphome = getenv("GPHOME"), *path = getenv("PATH");
	glob_t found;

	if (gphome != NULL && gphome[0] != '\0') {
		char *dir = mem_printf("%s/bin", gphome);

		consider(dir, strlen(dir), name, server_version, best, newest);
		free(dir);
	}
	if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			consider(found.gl_pathv[i], strlen(found.gl_pathv[i]), name, server_version, best, newest);
		globfree(&found);
	}
	while (path != NULL && *path != '\0') {
		size_t len = strcspn(path, ":");

		consider(path, len, name, server_version, best, newest);
		path += len + (path[len] == ':');
	}
}

int
client_program_find(const char *name, const char *only_dir, int server_version,
    struct client_program *out, struct err *e)
{
	char *help;
	int newest = 0;

	memset(out, 0, sizeof(*out));
	if (only_dir != NULL)
		consider(only_dir, strlen(only_dir), name, server_version, out, &newest);
	else
		look_everywhere(name, server_version, out, &newest);
	if (out->path == NULL && newest != 0) {
		err_set(e, ERR_FAILED, "%s is of version %d, older than the server (%d)", name,
		    newest / 10000, server_version / 10000);
		return err_hint(e, "install the client of the server's version, or name its folder by --client-bin");
	}
	if (out->path == NULL) {
		err_set(e, ERR_FAILED, "%s is not to be found", name);
		return err_hint(e, "install the PostgreSQL client, or name its folder by --client-bin");
	}
	if ((help = output_of(out->path, "--help")) != NULL)
		out->has_restrict_key = strstr(help, "--restrict-key") != NULL;
	free(help);
	log_debug("%s: '%s', version %d", name, out->path, out->version);
	return 0;
}

void
client_program_release(struct client_program *p)
{
	free(p->path);
	memset(p, 0, sizeof(*p));
}

/* --- connecting ------------------------------------------------------------------------------ */

/* DB's connection parameters as a conninfo string without any secret. */
static char *
conninfo_of(struct db *db)
{
	static const char *const secret_or_own[] = {
		"password", "sslpassword", "application_name", "fallback_application_name", "client_encoding",
		"replication", "options",
	};
	PQconninfoOption *all = PQconninfo(db_conn(db));
	struct buf b;

	text_init(&b);
	for (PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++) {
		/* libpq marks what must not be shown by a '*' */
		bool skip = o->val == NULL || o->val[0] == '\0' || (o->dispchar != NULL && o->dispchar[0] == '*');

		for (size_t i = 0; i < GPM_ARRAY_LEN(secret_or_own); i++)
			skip = skip || strcmp(o->keyword, secret_or_own[i]) == 0;
		if (skip)
			continue;
		text_printf(&b, "%s%s='", b.len > 0 ? " " : "", o->keyword);
		for (const char *p = o->val; *p != '\0'; p++)
			text_printf(&b, *p == '\'' || *p == '\\' ? "\\%c" : "%c", *p);
		text_puts(&b, "'");
	}
	PQconninfoFree(all);
	return text_take(&b);
}

/* This process's environment, with DB's password as PGPASSWORD. */
static char **
environment_for(struct db *db)
{
	const char *password = PQpass(db_conn(db));
	size_t n = 0, k = 0;
	char **env;

	while (environ[n] != NULL)
		n++;
	env = mem_array(n + 2, sizeof(*env));
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "PGPASSWORD=", 11) != 0 && strncmp(environ[i], "PGOPTIONS=", 10) != 0)
			env[k++] = mem_str(environ[i]);
	if (password != NULL && password[0] != '\0')
		env[k++] = mem_printf("PGPASSWORD=%s", password);
	return env;
}

static void
free_environment(char **env)
{
	for (char **p = env; *p != NULL; p++) {
		explicit_bzero(*p, strlen(*p));
		free(*p);
	}
	free(env);
}

/* Trouble that may be over at the next start: pg_dump waits for locks by a statement or lock timeout. */
static bool
is_passing(const char *text)
{
	static const char *const words[] = {
		"lock timeout", "statement timeout", "server closed the connection", "starting up", "shutting down",
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(words); i++)
		if (strstr(text, words[i]) != NULL)
			return true;
	return false;
}

/* The last lines of what the program said. */
static void
tell_trouble(const struct client_program *p, int status, int err_fd, struct err *e)
{
	char *text = content_of(err_fd);
	size_t len = strlen(text);
	const char *tail = len > 900 ? text + len - 900 : text;

	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	err_set(e, is_passing(text) ? ERR_TEMPORARY : ERR_FAILED, "'%s' ended with status %d: %s", p->path,
	    status, tail);
	free(text);
}

int
client_program_run(const struct client_program *p, struct db *db, const char *const *args, int out_fd,
    struct err *e)
{
	char *conninfo = conninfo_of(db), **env = environment_for(db), **argv;
	size_t n = 0, k = 0;
	int err_fd, rc = -1;

	while (args[n] != NULL)
		n++;
	argv = mem_array(n + 4, sizeof(*argv));
	argv[k++] = mem_str(p->path);
	argv[k++] = mem_printf("--dbname=%s", conninfo);
	argv[k++] = mem_str("--no-password");
	for (size_t i = 0; i < n; i++)
		argv[k++] = mem_str(args[i]);
	if (file_temp(&err_fd, e) == 0) {
		rc = spawn_and_wait(argv, env, out_fd, err_fd, e);
		if (rc > 0) {
			tell_trouble(p, rc, err_fd, e);
			rc = -1;
		}
		close(err_fd);
	}
	for (size_t i = 0; i < k; i++)
		free(argv[i]);
	free(argv);
	free_environment(env);
	free(conninfo);
	return rc;
}
