/* gpfdist_server.c -- HTTP for both ends of the protocol, on libmicrohttpd.
 *
 * A thread a connection: a segment sends nothing until it has its answer, and reads its answer at its own pace, so a
 * thread that waits holds back just the one that has to wait, through TCP. */
#include "prelude.h"

#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "err.h"
#include "gpfdist_headers.h"
#include "gpfdist_server.h"
#include "gpfdist_tls.h"
#include "gpfdist_watch.h"
#include "log.h"

/* Half of it is read at a time; with the stack it has to stay within RECEIVER_CONNECTION_BYTES. */
#define POOL_BYTES ((size_t)64 << 10)
#define STACK_BYTES ((size_t)512 << 10) /* address space; what a sink touches of it counts */

#define HTTP_OK 200u

struct gpfdist_server {
	const struct gpfdist_service *service;
	void *ctx;
	struct gpfdist_times times;
	struct watch *watch;
	struct MHD_Daemon *daemon;
	struct MHD_Response *fine, *fine_and_close;
	unsigned crowded;             /* from so many connections on none is kept after its answer */
	atomic_uint connected;
	bool tls;
	atomic_bool handshake_failed; /* was told */
};

static struct watched *
watched_of(struct MHD_Connection *c)
{
	return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void
on_connection(void *ctx, struct MHD_Connection *c, void **socket_ctx, enum MHD_ConnectionNotificationCode code)
{
	struct gpfdist_server *s = ctx;
	int fd;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		s->connected--;
		watch_remove(s->watch, *socket_ctx);
		return;
	}
	s->connected++;
	fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	*socket_ctx = watch_add(s->watch, fd, s->times.head);
	if (s->tls && !gpfdist_tls_demand(c))
		shutdown(fd, SHUT_RDWR);
}

/* --- answers --- */

/* The library has its own words for a status line, so why it is refused stands in the body. */
static enum MHD_Result
refuse(struct gpfdist_server *s, struct MHD_Connection *c, unsigned status, const struct err *why)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "%.250s\n", why->text);
	struct MHD_Response *response = MHD_create_response_from_buffer((size_t)n, text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc = MHD_NO;

	if (response == NULL)
		return MHD_NO;
	if (MHD_add_response_header(response, "Content-Type", "text/plain") == MHD_YES &&
	    MHD_add_response_header(response, "X-GP-PROTO", s->service->proto) == MHD_YES)
		rc = MHD_queue_response(c, status, response);
	MHD_destroy_response(response);
	return rc;
}

struct stream {
	struct gpfdist_server *server;
	void *request;
};

static ssize_t
read_stream(void *ctx, uint64_t at, char *room, size_t n)
{
	struct stream *t = ctx;
	ssize_t got = t->server->service->read(t->request, room, n);

	(void)at; /* always behind what was read before */
	if (got > 0)
		return got;
	return got == 0 ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* A length is not known; as stock gpfdist does it, the end of the connection is the end of the answer, and what is in it
 * says whether it was whole. */
static enum MHD_Result
answer_stream(struct gpfdist_server *s, struct MHD_Connection *c, void *request)
{
	struct stream *t = mem_alloc(sizeof(*t));
	struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, s->service->piece, read_stream, t, free);
	enum MHD_Result rc = MHD_NO;

	t->server = s;
	t->request = request;
	if (response == NULL) {
		free(t);
		return MHD_NO;
	}
	if (MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END) == MHD_YES &&
	    MHD_add_response_header(response, "Content-Type", "text/plain") == MHD_YES &&
	    MHD_add_response_header(response, "X-GP-PROTO", s->service->proto) == MHD_YES)
		rc = MHD_queue_response(c, HTTP_OK, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result
answer(struct gpfdist_server *s, struct MHD_Connection *c, void *request, unsigned status, const struct err *why)
{
	if (status != HTTP_OK)
		return refuse(s, c, status, why);
	if (s->service->read != NULL)
		return answer_stream(s, c, request);
	return MHD_queue_response(c, status, s->connected >= s->crowded ? s->fine_and_close : s->fine);
}

/* --- requests --- */

static enum MHD_Result
on_header(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	gpfdist_headers_add(ctx, name, value != NULL ? value : "");
	return MHD_YES;
}

static enum MHD_Result
on_head(struct gpfdist_server *s, struct MHD_Connection *c, const char *path, const char *method, void **request)
{
	struct gpfdist_headers headers = { .twice = false };
	struct gpfdist_head head = { .path = path, .method = method, .headers = &headers,
		.fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd };
	void *q;
	struct err e;
	unsigned status;

	watch_set(s->watch, watched_of(c), 0);
	MHD_get_connection_values(c, MHD_HEADER_KIND, on_header, &headers);
	status = s->service->begin(s->ctx, &head, &q, &e);
	if (status != 0)
		return answer(s, c, NULL, status, &e);
	*request = q;
	watch_set(s->watch, watched_of(c), s->service->is_refused(q) ? s->times.head : s->times.body);
	return MHD_YES;
}

static enum MHD_Result
on_end(struct gpfdist_server *s, struct MHD_Connection *c, void *q)
{
	struct err e;
	unsigned status;

	watch_set(s->watch, watched_of(c), 0);
	status = s->service->end(q, &e);
	return answer(s, c, q, status, &e);
}

static enum MHD_Result
on_request(void *ctx, struct MHD_Connection *c, const char *path, const char *method, const char *version,
    const char *data, size_t *len, void **request)
{
	struct gpfdist_server *s = ctx;

	(void)version;
	if (*request == NULL)
		return on_head(s, c, path, method, request);
	if (*len == 0)
		return on_end(s, c, *request);
	s->service->add(*request, data, *len);
	*len = 0;
	return MHD_YES;
}

static void
on_completed(void *ctx, struct MHD_Connection *c, void **request, enum MHD_RequestTerminationCode code)
{
	struct gpfdist_server *s = ctx;

	if (*request != NULL)
		s->service->free(*request, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	*request = NULL;
	watch_set(s->watch, watched_of(c), s->times.idle);
}

/* --- the daemon --- */

static struct MHD_Response *
make_fine(const struct gpfdist_service *service, bool and_close)
{
	struct MHD_Response *fine = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	if (fine == NULL)
		return NULL;
	if (MHD_add_response_header(fine, "X-GP-PROTO", service->proto) == MHD_YES &&
	    (!and_close || MHD_add_response_header(fine, "Connection", "close") == MHD_YES))
		return fine;
	MHD_destroy_response(fine);
	return NULL;
}

/* With more segments than connections, those that come first would keep theirs while they scan; all have
 * their turn when each lets go of it after its answer. */
static int
make_answers(struct gpfdist_server *s, unsigned connections, struct err *e)
{
	s->crowded = connections - connections / 4;
	s->fine = make_fine(s->service, false);
	s->fine_and_close = make_fine(s->service, true);
	return s->fine != NULL && s->fine_and_close != NULL ? 0 : err_set(e, ERR_SYSTEM, "out of memory");
}

static void
destroy_answers(struct gpfdist_server *s)
{
	if (s->fine != NULL)
		MHD_destroy_response(s->fine);
	if (s->fine_and_close != NULL)
		MHD_destroy_response(s->fine_and_close);
}

/* The library's complaints: one is worth to be told, once, because the segments try again without a word for as long as they may. */
GPM_PRINTF(2, 0) static void
on_complaint(void *ctx, const char *fmt, va_list ap)
{
	struct gpfdist_server *s = ctx;
	char text[256];

	vsnprintf(text, sizeof(text), fmt, ap);
	if (strstr(text, "handshake") != NULL && !atomic_exchange(&s->handshake_failed, true))
		log_warning("gpfdists: a connection was refused: it shows no certificate of --tls-authority, or does not trust ours");
}

static struct MHD_Daemon *
start_daemon(struct gpfdist_server *s, int fd, unsigned connections, const struct gpfdist_tls *tls)
{
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC |
	    (s->tls ? MHD_USE_TLS | MHD_USE_ERROR_LOG : 0);
	struct MHD_OptionItem secure[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key },
		{ MHD_OPTION_HTTPS_MEM_TRUST, 0, tls->authority },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

	secure[3].ptr_value = priorities;
	if (!s->tls)
		secure[0].option = MHD_OPTION_END;
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s,
	    MHD_OPTION_EXTERNAL_LOGGER, on_complaint, s, /* the first, or others may complain before */
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, connections,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES,
	    MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
	    MHD_OPTION_ARRAY, secure,
	    MHD_OPTION_END);
}

int
gpfdist_server_start(const struct gpfdist_service *service, void *ctx, int fd, unsigned connections,
    const struct gpfdist_times *times, const struct gpfdist_tls *tls, struct gpfdist_server **out, struct err *e)
{
	struct gpfdist_server *s = mem_alloc(sizeof(*s));

	s->service = service;
	s->ctx = ctx;
	s->times = *times;
	s->tls = tls->key != NULL;
	if (watch_start(&s->watch, e) < 0)
		goto err0;
	if (make_answers(s, connections, e) < 0)
		goto err1;
	if ((s->daemon = start_daemon(s, fd, connections, tls)) == NULL) {
		fd = -1; /* the library may have closed it, or not */
		err_set(e, ERR_SYSTEM, "cannot start the HTTP server");
		goto err1;
	}
	*out = s;
	return 0;

err1:
	destroy_answers(s);
	watch_stop(s->watch);
err0:
	if (fd >= 0)
		close(fd);
	free(s);
	return -1;
}

void
gpfdist_server_stop(struct gpfdist_server *s)
{
	if (s == NULL)
		return;
	MHD_stop_daemon(s->daemon);
	destroy_answers(s);
	watch_stop(s->watch);
	free(s);
}
