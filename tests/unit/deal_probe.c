/* deal_probe.c -- a dealer for system tests, whose rows are files.
 *
 *   deal-probe [NAME=VALUE …]     NAME is a field of struct dealer_settings
 *
 * Commands come from stdin, a line each; each is answered by a line of JSON:
 *   open             {"id":1,"url":"gpfdist://…"}
 *   give ID FILE     its rows, in the order of these commands, by a thread of the deal
 *   end ID, fail ID TEXT   the same thread, when it comes to it
 *   given ID         {"given":2}: files that the deal took
 *   shut ID          {"closed":1,"fine":true,"error":"","frames":…}
 *   wait ID SECONDS  {"closed":1, …} when it is taken, and SECONDS went by without the other segments; not shut then
 * The end of stdin ends it. */
#include "prelude.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "err.h"
#include "gpfdist_deal.h"
#include "parse.h"
#include "stop.h"

#define MAX_ATTEMPTS 4096

struct work {
	struct work *next;
	char verb;            /* g, e, f; q: the thread ends */
	char *argument;
};

struct attempt {
	unsigned id;
	struct deal *deal;
	pthread_t giver;
	struct work *first, **last;
	uint64_t given;
	bool closed;
};

static struct dealer *dealer;
static struct attempt *attempts[MAX_ATTEMPTS];
static unsigned n_attempts;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

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

static int
give_file(struct attempt *a, const char *path, struct err *e)
{
	struct stat st = { .st_size = 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	struct deal_piece *p = NULL;

	if (fd < 0 || fstat(fd, &st) < 0)
		rc = err_sys(e, "cannot open '%s'", path);
	if (rc == 0 && (p = deal_room(a->deal, (uint64_t)st.st_size, e)) == NULL)
		rc = -1;
	if (rc == 0 && (rc = file_read_at(fd, deal_piece_rows(p)->data, (size_t)st.st_size, 0, path, e)) == 0) {
		deal_piece_rows(p)->len = (size_t)st.st_size;
		rc = deal_give(a->deal, strrchr(path, '/') + 1, p, e);
	} else if (p != NULL) {
		deal_drop(a->deal, p);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

static void
do_work(struct attempt *a, const struct work *w)
{
	struct err e;

	if (w->verb == 'e') {
		deal_end(a->deal);
	} else if (w->verb == 'f') {
		err_set(&e, ERR_DIFFERS, "%s", w->argument);
		deal_fail(a->deal, &e);
	} else if (w->verb == 'g' && give_file(a, w->argument, &e) == 0) {
		pthread_mutex_lock(&mutex);
		a->given++;
		pthread_mutex_unlock(&mutex);
	} else if (w->verb == 'g' && e.code != ERR_STOPPED) {
		deal_fail(a->deal, &e);
	}
}

static void *
give_all(void *arg)
{
	struct attempt *a = arg;
	struct work *w;
	bool more = true;

	while (more) {
		pthread_mutex_lock(&mutex);
		while (a->first == NULL)
			pthread_cond_wait(&changed, &mutex);
		w = a->first;
		a->first = w->next;
		if (a->first == NULL)
			a->last = &a->first;
		pthread_mutex_unlock(&mutex);
		do_work(a, w);
		more = w->verb != 'q';
		free(w->argument);
		free(w);
	}
	return NULL;
}

static void
queue_work(struct attempt *a, char verb, const char *argument)
{
	struct work *w = mem_alloc(sizeof(*w));

	w->verb = verb;
	w->argument = mem_str(argument);
	pthread_mutex_lock(&mutex);
	*a->last = w;
	a->last = &w->next;
	pthread_cond_signal(&changed);
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

static int
open_attempt(struct err *e)
{
	struct attempt *a = mem_alloc(sizeof(*a));

	a->id = n_attempts;
	a->last = &a->first;
	attempts[n_attempts++] = a;
	if (deal_open(dealer, &a->deal, e) < 0)
		return -1;
	if (pthread_create(&a->giver, NULL, give_all, a) != 0)
		return err_set(e, ERR_SYSTEM, "no thread");
	say(json_pack("{s:I, s:s}", "id", (json_int_t)a->id, "url", deal_url(a->deal)));
	return 0;
}

static void
close_attempt(struct attempt *a)
{
	struct deal_totals t;
	struct err e;
	bool fine;

	err_clear(&e);
	a->closed = true;
	deal_shut(a->deal);
	queue_work(a, 'q', NULL);
	pthread_join(a->giver, NULL);
	fine = deal_close(a->deal, &t, &e) == 0;
	say(json_pack("{s:I, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:s}", "closed", (json_int_t)a->id,
	    "fine", fine, "error", e.text, "frames", (json_int_t)t.frames, "bytes", (json_int_t)t.bytes,
	    "segments", (json_int_t)t.segments, "unfinished", (json_int_t)t.unfinished, "refused", (json_int_t)t.refused,
	    "first_refusal", t.first_refusal));
}

static int
wait_for(struct attempt *a, const char *seconds, struct err *e)
{
	struct err why;
	uint64_t n = 0;
	bool fine;

	if (parse_u64(seconds, 0, 3600, &n, e) < 0)
		return -1;
	err_clear(&why);
	fine = deal_wait(a->deal, (unsigned)n, &why) == 0;
	say(json_pack("{s:b, s:s}", "fine", fine, "error", why.text));
	return 0;
}

/* "give 1 FILE" and the like: VERB, and "1 FILE". */
static int
do_command(const char *verb, char *text, struct err *e)
{
	char *argument = strchr(text, ' ');
	struct attempt *a;
	uint64_t id = 0;

	if (strcmp(verb, "open") == 0)
		return open_attempt(e);
	if (argument != NULL)
		*argument++ = '\0';
	if (n_attempts == 0 || parse_u64(text, 0, n_attempts - 1, &id, e) < 0 || attempts[id]->closed)
		return -1;
	a = attempts[id];
	if (strcmp(verb, "shut") == 0) {
		close_attempt(a);
		return 0;
	}
	if (strcmp(verb, "wait") == 0)
		return wait_for(a, argument, e);
	if (strcmp(verb, "given") != 0)
		queue_work(a, verb[0], argument);
	pthread_mutex_lock(&mutex);
	id = a->given;
	pthread_mutex_unlock(&mutex);
	say(json_pack("{s:s, s:I}", "done", verb, "given", (json_int_t)id));
	return 0;
}

static int
take_commands(struct err *e)
{
	char line[1024], none[] = "";

	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *end = strchr(line, '\n'), *text;

		if (end == NULL)
			return err_set(e, ERR_USAGE, "a line that is too long");
		*end = '\0';
		text = strchr(line, ' ');
		if (text != NULL)
			*text++ = '\0';
		if (do_command(line, text != NULL ? text : none, e) < 0)
			return err_set(e, ERR_USAGE, "'%s' is no command here", line);
	}
	return 0;
}

static void
end_attempts(void)
{
	for (unsigned i = 0; i < n_attempts; i++) {
		if (!attempts[i]->closed)
			close_attempt(attempts[i]);
		free(attempts[i]);
	}
}

static int
take_setting(struct dealer_settings *s, const char *word, struct err *e)
{
	const struct {
		const char *name, **text;
		unsigned *number;
	} settings[] = {
		{ "host", &s->place.host, NULL }, { "public_host", &s->place.public_host, NULL },
		{ "tls_certificate", &s->place.tls_certificate, NULL }, { "tls_key", &s->place.tls_key, NULL },
		{ "tls_authority", &s->place.tls_authority, NULL }, { "port", NULL, &s->place.port },
		{ "connections", NULL, &s->connections }, { "header_seconds", NULL, &s->header_seconds },
	};
	size_t len = strcspn(word, "=");
	uint64_t n = 0;

	if (strncmp(word, "memory=", 7) == 0)
		return parse_size(word + 7, &s->memory, e);
	for (size_t i = 0; i < GPM_ARRAY_LEN(settings); i++) {
		if (word[len] != '=' || strlen(settings[i].name) != len || strncmp(word, settings[i].name, len) != 0)
			continue;
		if (settings[i].text != NULL)
			*settings[i].text = word + len + 1;
		else if (parse_u64(word + len + 1, 0, 100000, &n, e) < 0)
			return -1;
		else
			*settings[i].number = (unsigned)n;
		return 0;
	}
	return err_set(e, ERR_USAGE, "'%s' is no setting", word);
}

int
main(int argc, char **argv)
{
	struct dealer_settings s = { .place.host = "127.0.0.1", .connections = 64, .memory = (uint64_t)128 << 20 };
	struct err e;
	int rc = 0;

	stop_install();
	for (int i = 1; rc == 0 && i < argc; i++)
		rc = take_setting(&s, argv[i], &e);
	if (rc == 0 && (rc = dealer_start(&s, &dealer, &e)) == 0) {
		rc = take_commands(&e);
		end_attempts();
		dealer_stop(dealer);
	}
	if (rc < 0)
		err_print(&e);
	return rc < 0 ? err_exit(e.code) : 0;
}
