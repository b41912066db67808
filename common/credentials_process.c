/* credentials_process.c -- an access key from a program. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "credentials.h"
#include "credentials_json.h"
#include "credentials_process.h"
#include "err.h"
#include "stop.h"

#define OUTPUT_LIMIT ((size_t)64 << 10)
#define PATIENCE_MS 60000
#define LOOK_MS 200

extern char **environ;

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

char **
process_words(const char *command, size_t len)
{
	char **words = mem_alloc((len + 2) * sizeof(char *) + 2 * len + 2), *text = (char *)(words + len + 2);
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		char quote = '\0';

		if (is_blank(command[i])) {
			i++;
			continue;
		}
		words[n++] = text;
		for (; i < len && (quote != '\0' || !is_blank(command[i])); i++) {
			char c = command[i];

			if (quote == '\0' && (c == '"' || c == '\''))
				quote = c;
			else if (c == quote)
				quote = '\0';
			else if (c == '\\' && quote != '\'' && i + 1 < len)
				*text++ = command[++i];
			else
				*text++ = c;
		}
		*text++ = '\0';
		if (quote != '\0') {
			n = 0;
			break;
		}
	}
	words[n] = NULL;
	if (n > 0)
		return words;
	free(words);
	return NULL;
}

/* Its stdin and stderr are nothing, its stdout is OUT.  0 or an errno. */
static int
start(char **words, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, ignored;
	int rc;

	sigemptyset(&none);
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE); /* by us, not by it */
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &ignored);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawnp(pid, words[0], &actions, &attr, words, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* Everything that comes out of FD: its length, or -1. */
static ssize_t
gather(int fd, char *text, const char *place, struct err *e)
{
	size_t len = 0;
	int waited = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int ready = poll(&p, 1, LOOK_MS);
		ssize_t n;

		if (stop_check(e) < 0)
			return -1;
		if (ready == 0 && (waited += LOOK_MS) >= PATIENCE_MS)
			return err_set(e, ERR_CREDENTIALS, "%s: the program did not end within %d s", place, PATIENCE_MS / 1000);
		if (ready <= 0)
			continue;
		if ((n = read(fd, text + len, OUTPUT_LIMIT - len)) == 0)
			return (ssize_t)len;
		if (n < 0 && errno != EINTR)
			return err_sys(e, "%s: cannot read what the program says", place);
		len += n > 0 ? (size_t)n : 0;
		if (len == OUTPUT_LIMIT)
			return err_set(e, ERR_CREDENTIALS, "%s: the program says too much", place);
	}
}

int
credentials_process(const char *command, size_t len, const char *place, struct credentials **out, struct err *e)
{
	char **words = process_words(command, len), *text = NULL;
	int ends[2] = { -1, -1 }, status = 0, rc = -1;
	ssize_t got = -1;
	pid_t pid;

	if (words == NULL)
		return err_set(e, ERR_CREDENTIALS, "%s: that is no command", place);
	if (pipe2(ends, O_CLOEXEC) < 0) {
		err_sys(e, "cannot make a pipe");
		goto done;
	}
	if ((errno = start(words, ends[1], &pid)) != 0) {
		err_sys(e, "%s: cannot run the program", place);
		e->code = ERR_CREDENTIALS;
		goto done;
	}
	close(ends[1]);
	ends[1] = -1;
	text = mem_alloc(OUTPUT_LIMIT);
	got = gather(ends[0], text, place, e);
	if (got < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (got >= 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
		err_set(e, ERR_CREDENTIALS, "%s: the program failed (status %d)", place, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		err_hint(e, "run it by hand to see what it says");
	} else if (got >= 0) {
		rc = credentials_json(text, (size_t)got, place, out, e);
	}
done:
	if (text != NULL) {
		explicit_bzero(text, OUTPUT_LIMIT);
		free(text);
	}
	if (ends[0] >= 0)
		close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
	free(words);
	return rc;
}
