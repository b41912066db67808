/* receive_probe.c -- a receiver for system tests, whose lanes are files.
 *
 *   receive-probe DIR [NAME=VALUE …]     NAME is a field of struct receiver_settings
 *
 * Commands come from stdin, a line each; each is answered by a line of JSON:
 *   open LANES       {"id":1,"url":"gpfdist://…"}; the rows of lane 0 go to DIR/1.0
 *   close ID         {"closed":1,"fine":true,"error":"","bodies":…}; later commands do not wait for it
 *   hold, release    every sink call waits in between
 *   sleep MS         every sink call takes so long
 *   fail TEXT        every sink call fails; without TEXT no longer
 *   held             {"held":2}: sink calls that wait
 * The end of stdin ends it.  A lane that is called twice at a time ends it with SIGABRT. */
#include "prelude.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "gpfdist_receive.h"
#include "parse.h"
#include "stop.h"

#define MAX_ATTEMPTS 4096
#define MAX_LANES 64
#define PIECE ((size_t)64 << 10) /* of a write: the page cache takes larger ones more slowly */

struct attempt {
	unsigned id, lanes;
	struct reception *reception;
	int fd[MAX_LANES];
	bool busy[MAX_LANES];
	pthread_t closer;
	bool closing;
};

static const char *dir;
static struct receiver *receiver;
static struct attempt *attempts[MAX_ATTEMPTS];
static unsigned n_attempts;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static bool hold;
static unsigned held;
static uint64_t sleep_ms;
static char failure[200];

static void
say(json_t *answer)
{
	char *text = json_dumps(answer, JSON_COMPACT | JSON_ENSURE_ASCII);

	pthread_mutex_lock(&mutex);
	printf("%s\n", text);
	fflush(stdout);
	pthread_mutex_unlock(&mutex);
	free(text);
	json_decref(answer);
}

static void
wait_while_held(void)
{
	held++;
	while (hold)
		pthread_cond_wait(&released, &mutex);
	held--;
}

static int
to_file(void *ctx, unsigned lane, const char *data, size_t len, struct err *e)
{
	struct attempt *a = ctx;
	int rc = 0;

	pthread_mutex_lock(&mutex);
	if (lane >= a->lanes || a->busy[lane])
		abort();
	a->busy[lane] = true;
	wait_while_held();
	if (failure[0] != '\0')
		rc = err_set(e, ERR_LIMIT, "%s", failure);
	pthread_mutex_unlock(&mutex);
	usleep((useconds_t)sleep_ms * 1000);
	for (size_t n; rc == 0 && len > 0; data += n, len -= n) {
		n = len < PIECE ? len : PIECE;
		rc = file_write_all(a->fd[lane], data, n, "a lane", e);
	}
	pthread_mutex_lock(&mutex);
	a->busy[lane] = false;
	pthread_mutex_unlock(&mutex);
	return rc;
}

static int
open_lane(struct attempt *a, unsigned lane, struct err *e)
{
	char *path = mem_printf("%s/%u.%u", dir, a->id, lane);

	a->fd[lane] = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	free(path);
	return a->fd[lane] < 0 ? err_sys(e, "cannot open a lane") : 0;
}

static int
open_attempt(const char *argument, struct err *e)
{
	struct attempt *a = mem_alloc(sizeof(*a));
	uint64_t lanes = 0;

	if (parse_u64(argument, 1, MAX_LANES, &lanes, e) < 0 || n_attempts == MAX_ATTEMPTS)
		return -1;
	a->id = n_attempts;
	a->lanes = (unsigned)lanes;
	attempts[n_attempts++] = a;
	for (unsigned i = 0; i < a->lanes; i++)
		if (open_lane(a, i, e) < 0)
			return -1;
	if (reception_open(receiver, a->lanes, to_file, a, &a->reception, e) < 0)
		return -1;
	say(json_pack("{s:I, s:s}", "id", (json_int_t)a->id, "url", reception_url(a->reception)));
	return 0;
}

static void *
close_attempt(void *arg)
{
	struct attempt *a = arg;
	struct reception_totals t;
	struct err e;
	bool fine;

	err_clear(&e);
	fine = reception_close(a->reception, &t, &e) == 0;
	for (unsigned i = 0; i < a->lanes; i++)
		close(a->fd[i]);
	say(json_pack("{s:I, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "closed", (json_int_t)a->id,
	    "fine", fine, "error", e.text, "bodies", (json_int_t)t.bodies, "bytes", (json_int_t)t.bytes,
	    "segments", (json_int_t)t.segments, "unfinished", (json_int_t)t.unfinished,
	    "repeats", (json_int_t)t.repeats, "again", (json_int_t)t.again, "refused", (json_int_t)t.refused,
	    "first_refusal", t.first_refusal));
	return NULL;
}

static int
start_closing(const char *argument, struct err *e)
{
	uint64_t id = 0;

	if (n_attempts == 0 || parse_u64(argument, 0, n_attempts - 1, &id, e) < 0 || attempts[id]->closing)
		return -1;
	attempts[id]->closing = true;
	return pthread_create(&attempts[id]->closer, NULL, close_attempt, attempts[id]) == 0 ? 0 : -1;
}

static int
do_command(const char *verb, const char *argument, struct err *e)
{
	unsigned waiting;

	if (strcmp(verb, "open") == 0)
		return open_attempt(argument, e);
	if (strcmp(verb, "close") == 0)
		return start_closing(argument, e);
	pthread_mutex_lock(&mutex);
	if (strcmp(verb, "hold") == 0 || strcmp(verb, "release") == 0) {
		hold = verb[0] == 'h';
		pthread_cond_broadcast(&released);
	} else if (strcmp(verb, "fail") == 0) {
		snprintf(failure, sizeof(failure), "%s", argument);
	}
	waiting = held;
	pthread_mutex_unlock(&mutex);
	if (strcmp(verb, "sleep") == 0 && parse_u64(argument, 0, 1000000, &sleep_ms, e) < 0)
		return -1;
	say(json_pack("{s:s, s:I}", "done", verb, "held", (json_int_t)waiting));
	return 0;
}

static int
take_commands(struct err *e)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *end = strchr(line, '\n'), *argument;

		if (end == NULL)
			return err_set(e, ERR_USAGE, "a line that is too long");
		*end = '\0';
		argument = strchr(line, ' ');
		if (argument != NULL)
			*argument++ = '\0';
		if (do_command(line, argument != NULL ? argument : "", e) < 0)
			return -1;
	}
	return 0;
}

static void
end_attempts(void)
{
	pthread_mutex_lock(&mutex);
	hold = false;
	pthread_cond_broadcast(&released);
	pthread_mutex_unlock(&mutex);
	for (unsigned i = 0; i < n_attempts; i++) {
		if (attempts[i]->closing)
			pthread_join(attempts[i]->closer, NULL);
		else if (attempts[i]->reception != NULL)
			close_attempt(attempts[i]);
		free(attempts[i]);
	}
}

struct setting {
	const char *name;
	const char **text;    /* one of the three */
	unsigned *number;
	uint64_t *size;
};

static int
take_value(const struct setting *to, const char *value, struct err *e)
{
	uint64_t n = 0;

	if (to->size != NULL)
		return parse_size(value, to->size, e);
	if (to->text != NULL) {
		*to->text = value;
		return 0;
	}
	if (parse_u64(value, 0, 100000, &n, e) < 0)
		return -1;
	*to->number = (unsigned)n;
	return 0;
}

static int
take_setting(struct receiver_settings *s, const char *word, struct err *e)
{
	const struct setting settings[] = {
		{ .name = "host", .text = &s->place.host },
		{ .name = "public_host", .text = &s->place.public_host },
		{ .name = "tls_certificate", .text = &s->place.tls_certificate },
		{ .name = "tls_key", .text = &s->place.tls_key },
		{ .name = "tls_authority", .text = &s->place.tls_authority },
		{ .name = "port", .number = &s->place.port },
		{ .name = "connections", .number = &s->connections },
		{ .name = "wait_seconds", .number = &s->wait_seconds },
		{ .name = "header_seconds", .number = &s->header_seconds },
		{ .name = "idle_seconds", .number = &s->idle_seconds },
		{ .name = "memory", .size = &s->memory },
		{ .name = "spill", .size = &s->spill },
		{ .name = "body_max", .size = &s->body_max },
	};
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < GPM_ARRAY_LEN(settings); i++)
		if (word[len] == '=' && strlen(settings[i].name) == len && strncmp(word, settings[i].name, len) == 0)
			return take_value(&settings[i], word + len + 1, e);
	return err_set(e, ERR_USAGE, "'%s' is no setting", word);
}

int
main(int argc, char **argv)
{
	struct receiver_settings s = { .place.host = "127.0.0.1", .connections = 64, .memory = (uint64_t)64 << 20,
		.spill = (uint64_t)1 << 30, .body_max = (uint64_t)1 << 30, .wait_seconds = 60 };
	struct err e;
	int rc = argc < 2 ? err_set(&e, ERR_USAGE, "receive-probe DIR [NAME=VALUE …]") : 0;

	stop_install();
	for (int i = 2; rc == 0 && i < argc; i++)
		rc = take_setting(&s, argv[i], &e);
	if (rc == 0 && (rc = receiver_start(&s, &receiver, &e)) == 0) {
		dir = argv[1];
		rc = take_commands(&e);
		end_attempts();
		receiver_stop(receiver);
	}
	if (rc < 0)
		err_print(&e);
	return rc < 0 ? err_exit(e.code) : 0;
}
