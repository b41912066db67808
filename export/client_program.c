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

/* The folder of the libraries that came with the program at PATH (…/bin/x: …/lib); NULL when there is none.
 * An installation may be moved, and then the program does not find them by itself. */
static char *
library_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = mem_printf("%.*s/../lib", slash != NULL ? (int)(slash - path) : 0, path);
	char *libpq = mem_printf("%s/libpq.so.5", dir);

	if (slash == NULL || access(libpq, R_OK) != 0) {
		free(dir);
		dir = NULL;
	}
	free(libpq);
	return dir;
}

/* Parameters that are secret, or the business of the program itself. */
static bool
is_own(const PQconninfoOption *o)
{
	static const char *const own[] = {
		"password", "sslpassword", "application_name", "fallback_application_name", "client_encoding",
		"replication", "options", "dbname", "service",
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(own); i++)
		if (strcmp(o->keyword, own[i]) == 0)
			return true;
	/* libpq marks what must not be shown by a '*' */
	return o->dispchar != NULL && o->dispchar[0] == '*';
}

/* Does VARIABLE ("NAME=value") say something of the connection, which is given already? */
static bool
is_of_connection(const PQconninfoOption *all, const char *variable)
{
	static const char *const others[] = { "PGPASSWORD", "PGOPTIONS", "PGSERVICE", "PGDATABASE", "PGDATESTYLE" };
	size_t len = strcspn(variable, "=");

	for (size_t i = 0; i < GPM_ARRAY_LEN(others); i++)
		if (strlen(others[i]) == len && strncmp(variable, others[i], len) == 0)
			return true;
	for (const PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++)
		if (o->envvar != NULL && !is_own(o) && strlen(o->envvar) == len && strncmp(variable, o->envvar, len) == 0)
			return true;
	return false;
}

/* This process's environment for the program at PATH, with the connection of DB (or NULL) in variables: a program
 * of an older libpq passes over those that it does not know, where it would refuse the same word in its arguments. */
static char **
environment_for(const char *path, struct db *db)
{
	const char *libraries = getenv("LD_LIBRARY_PATH"), *password = db != NULL ? PQpass(db_conn(db)) : NULL;
	PQconninfoOption *all = db != NULL ? PQconninfo(db_conn(db)) : NULL;
	char **env, *dir = library_dir(path);
	size_t n = 0, k = 0, room = 4;

	while (environ[n] != NULL)
		n++;
	for (const PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++)
		room++;
	env = mem_array(n + room, sizeof(*env));
	for (size_t i = 0; i < n; i++)
		if (!is_of_connection(all, environ[i]) && (dir == NULL || strncmp(environ[i], "LD_LIBRARY_PATH=", 16) != 0))
			env[k++] = mem_str(environ[i]);
	for (const PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++)
		if (o->envvar != NULL && o->val != NULL && o->val[0] != '\0' && !is_own(o))
			env[k++] = mem_printf("%s=%s", o->envvar, o->val);
	PQconninfoFree(all);
	/* pg_dumpall writes VALID UNTIL in the database's style, in which a zone's letters may be another's */
	env[k++] = mem_str("PGDATESTYLE=ISO");
	if (password != NULL && password[0] != '\0')
		env[k++] = mem_printf("PGPASSWORD=%s", password);
	if (dir != NULL)
		env[k++] = mem_printf("LD_LIBRARY_PATH=%s%s%s", dir, libraries != NULL ? ":" : "", libraries != NULL ? libraries : "");
	free(dir);
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

/* The output of "PATH OPTION", or NULL when it cannot be had: then *E says why. */
static char *
output_of(const char *path, const char *option, struct err *e)
{
	char *argv[] = { mem_str(path), mem_str(option), NULL }, **env = environment_for(path, NULL);
	char *text = NULL;
	int fd, status;

	if (file_temp(&fd, e) == 0) {
		status = spawn_and_wait(argv, env, fd, fd, e);
		if (status >= 0)
			text = content_of(fd);
		if (status > 0) {
			err_set(e, ERR_FAILED, "'%s' cannot be run: %.*s", path, (int)strcspn(text, "\n"), text);
			free(text);
			text = NULL;
		}
		close(fd);
	}
	free_environment(env);
	free(argv[0]);
	free(argv[1]);
	return text;
}

/* --- finding --------------------------------------------------------------------------------- */

/* A search: what is wanted, what is best so far, and why others were not taken. */
struct search {
	const char *name;
	int server_version;
	bool greenplum;
	struct client_program best;
	int newest;          /* version of any that was found */
	char *foreign;       /* path of one that is PostgreSQL's where Greenplum's is needed */
	struct err broken;   /* of the last that could not be run; its text is empty for none */
};

/* "pg_dump (PostgreSQL) 15.18 (Debian …)" → 150018; "9.4.26" → 90400; 0 when it says no such thing. */
static int
version_of(const char *text)
{
	const char *p = strstr(text, ") ");
	unsigned major = 0, minor = 0;

	if (p == NULL || sscanf(p, ") %3u.%3u", &major, &minor) < 1)
		return 0;
	return (int)(major < 10 ? major * 10000 + minor * 100 : major * 10000 + minor);
}

/* Servers of one major version take each other's clients: 906 is that of 9.6, 1500 that of 15. */
static int
major_of(int version)
{
	return version >= 100000 ? version / 10000 * 100 : version / 100;
}

const char *
client_program_version(int version, char out[CLIENT_VERSION_LEN])
{
	if (version >= 100000)
		snprintf(out, CLIENT_VERSION_LEN, "%d", version / 10000);
	else
		snprintf(out, CLIENT_VERSION_LEN, "%d.%d", version / 10000, version / 100 % 100);
	return out;
}

/* Is a program of VERSION and HELP at PATH fit for the server?  Greenplum's own say their version as PostgreSQL's
 * do, but know --gp-syntax; those of another generation do not know each other's catalogs. */
static bool
is_fit(struct search *s, const char *path, int version, const char *help)
{
	if (!s->greenplum)
		return major_of(version) >= major_of(s->server_version);
	if (strstr(help, "--gp-syntax") == NULL) {
		free(s->foreign);
		s->foreign = mem_str(path);
		return false;
	}
	return major_of(version) == major_of(s->server_version);
}

/* Keep the program in DIR when it is better than what is there. */
static void
consider(struct search *s, const char *dir, size_t len)
{
	char *path = mem_printf("%.*s/%s", (int)len, dir, s->name), *text, *help = NULL;
	int version = 0;

	if (len > 0 && access(path, X_OK) == 0 && (text = output_of(path, "--version", &s->broken)) != NULL) {
		version = version_of(text);
		free(text);
	}
	if (version > s->newest)
		s->newest = version;
	if (version > s->best.version && (help = output_of(path, "--help", &s->broken)) != NULL &&
	    is_fit(s, path, version, help)) {
		client_program_release(&s->best);
		s->best = (struct client_program){ .path = path, .version = version, .help = help };
		return;
	}
	free(help);
	free(path);
}

/* Debian's folders first: its /usr/bin/pg_dump is a script that chooses by rules of its own. */
static void
look_everywhere(struct search *s)
{
	const char *gphome = getenv("GPHOME"), *path = getenv("PATH");
	glob_t found;

	if (gphome != NULL && gphome[0] != '\0') {
		char *dir = mem_printf("%s/bin", gphome);

		consider(s, dir, strlen(dir));
		free(dir);
	}
	if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			consider(s, found.gl_pathv[i], strlen(found.gl_pathv[i]));
		globfree(&found);
	}
	while (path != NULL && *path != '\0') {
		size_t len = strcspn(path, ":");

		consider(s, path, len);
		path += len + (path[len] == ':');
	}
}

/* Why none was found. */
static int
none_fits(const struct search *s, struct err *e)
{
	if (s->foreign != NULL) {
		err_set(e, ERR_FAILED, "'%s' is PostgreSQL's: it would lose the distribution, storage and partitions of the tables",
		    s->foreign);
		return err_hint(e, "name the bin folder of the source's own installation by --client-bin or $GPHOME, or leave the schema behind by --data-only");
	}
	if (s->newest != 0) {
		char newest[CLIENT_VERSION_LEN], server[CLIENT_VERSION_LEN];

		err_set(e, ERR_FAILED, "%s is of version %s, %s the server (%s)", s->name, client_program_version(s->newest, newest),
		    s->greenplum ? "not that of" : "older than", client_program_version(s->server_version, server));
		return err_hint(e, "install the client of the server's version, or name its folder by --client-bin");
	}
	if (s->broken.text[0] != '\0') {
		*e = s->broken;
		return -1;
	}
	err_set(e, ERR_FAILED, "%s is not to be found", s->name);
	return err_hint(e, "install the PostgreSQL client, or name its folder by --client-bin");
}

int
client_program_find(const char *name, const char *only_dir, int server_version, bool greenplum,
    struct client_program *out, struct err *e)
{
	struct search s = { .name = name, .server_version = server_version, .greenplum = greenplum };
	int rc = 0;

	if (only_dir != NULL)
		consider(&s, only_dir, strlen(only_dir));
	else
		look_everywhere(&s);
	if (s.best.path == NULL)
		rc = none_fits(&s, e);
	else
		log_debug("%s: '%s', version %d", name, s.best.path, s.best.version);
	free(s.foreign);
	*out = s.best;
	return rc;
}

bool
client_program_knows(const struct client_program *p, const char *option)
{
	return strstr(p->help, option) != NULL;
}

void
client_program_release(struct client_program *p)
{
	free(p->path);
	free(p->help);
	memset(p, 0, sizeof(*p));
}

/* --- connecting ------------------------------------------------------------------------------ */

/* The database, and the parameters that have no variable, as a conninfo string without any secret. */
static char *
conninfo_of(struct db *db)
{
	PQconninfoOption *all = PQconninfo(db_conn(db));
	struct buf b;

	text_init(&b);
	for (PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++) {
		bool given = o->val != NULL && o->val[0] != '\0' && (o->compiled == NULL || strcmp(o->val, o->compiled) != 0);

		if (strcmp(o->keyword, "dbname") != 0 && (o->envvar != NULL || !given || is_own(o)))
			continue;
		text_printf(&b, "%s%s='", b.len > 0 ? " " : "", o->keyword);
		for (const char *p = o->val != NULL ? o->val : ""; *p != '\0'; p++)
			text_printf(&b, *p == '\'' || *p == '\\' ? "\\%c" : "%c", *p);
		text_puts(&b, "'");
	}
	PQconninfoFree(all);
	return text_take(&b);
}

/* Trouble that may be over at the next start: pg_dump waits for locks by a statement or lock timeout. */
static bool
is_passing(const char *text)
{
	static const char *const words[] = {
		"lock timeout", "statement timeout", "server closed the connection", "starting up", "shutting down",
		"Is the server running",
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

/* What a program that went well had to say: something that it left out, mostly. */
static void
tell_warnings(const struct client_program *p, int err_fd)
{
	char *text = content_of(err_fd), *line = text, *next;

	for (; *line != '\0'; line = next) {
		size_t len = strcspn(line, "\n");

		next = line + len + (line[len] == '\n');
		if (len > 0)
			log_warning("'%s': %.*s", p->path, len < 900 ? (int)len : 900, line);
	}
	free(text);
}

int
client_program_run(const struct client_program *p, struct db *db, const char *const *args, int out_fd,
    struct err *e)
{
	char *conninfo = conninfo_of(db), **env = environment_for(p->path, db), **argv;
	size_t n = 0, k = 0;
	int err_fd, rc = -1;

	while (args[n] != NULL)
		n++;
	argv = mem_array(n + 5, sizeof(*argv));
	argv[k++] = mem_str(p->path);
	argv[k++] = mem_printf("--dbname=%s", conninfo);
	/* pg_dumpall's, which would go to postgres or template1, where the user need not be let in */
	if (client_program_knows(p, "--database"))
		argv[k++] = mem_printf("--database=%s", conninfo);
	argv[k++] = mem_str("--no-password");
	for (size_t i = 0; i < n; i++)
		argv[k++] = mem_str(args[i]);
	if (file_temp(&err_fd, e) == 0) {
		rc = spawn_and_wait(argv, env, out_fd, err_fd, e);
		if (rc > 0) {
			tell_trouble(p, rc, err_fd, e);
			rc = -1;
		} else if (rc == 0) {
			tell_warnings(p, err_fd);
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
