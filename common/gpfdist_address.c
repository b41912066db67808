/* gpfdist_address.c -- this host as the segments of a Greenplum reach it. */
#include "prelude.h"

#include <netdb.h>
#include <sys/socket.h>

#include "err.h"
#include "gpfdist_address.h"
#include "opt.h"
#include "parse.h"

void
gpfdist_place_tls(const struct opts *opts, struct gpfdist_place *place)
{
	place->tls_certificate = opt_string(opts, OPT_ID_tls_certificate);
	place->tls_key = opt_string(opts, OPT_ID_tls_key);
	place->tls_authority = opt_string(opts, OPT_ID_tls_authority);
}

int
gpfdist_check_tls(const struct opts *opts, struct err *e)
{
	struct gpfdist_place place = { 0 };
	struct gpfdist_tls tls = { 0 };
	int rc;

	gpfdist_place_tls(opts, &place);
	rc = gpfdist_tls_load(&tls, place.tls_certificate, place.tls_key, place.tls_authority, e);
	gpfdist_tls_release(&tls);
	return rc;
}

int
gpfdist_count_segments(struct db *db, uint64_t *n, struct err *e)
{
	char *value = db_value(db, "SELECT count(*) FROM pg_catalog.gp_segment_configuration WHERE content >= 0 AND role = 'p'",
	    0, NULL, e);
	int rc = value == NULL ? -1 : parse_u64(value, 1, 100000, n, e);

	free(value);
	return rc < 0 ? err_context(e, "the number of primary segments") : 0;
}

char *
gpfdist_own_address(struct db *db, struct err *e)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[NI_MAXHOST];
	int rc;

	if (getsockname(PQsocket(db_conn(db)), (struct sockaddr *)&address, &len) != 0) {
		err_sys(e, "cannot find this host's address");
		return NULL;
	}
	if (address.ss_family == AF_UNIX)
		return mem_str("127.0.0.1");
	rc = getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), NULL, 0, NI_NUMERICHOST);
	if (rc == 0)
		return mem_str(host);
	err_set(e, ERR_FAILED, "cannot find this host's address: %s", gai_strerror(rc));
	err_hint(e, "name it by --listen HOST");
	return NULL;
}

int
gpfdist_split_address(const char *text, char **host, unsigned *port, struct err *e)
{
	const char *colon = strrchr(text, ':');
	bool bracketed = text[0] == '[';
	uint64_t number = 0;
	size_t len;

	if (colon != NULL && (strchr(text, ':') == colon || (bracketed && colon[-1] == ']'))) {
		if (parse_u64(colon + 1, 1, 65535, &number, e) < 0)
			return err_context(e, "--listen %.100s", text);
		len = (size_t)(colon - text);
	} else {
		len = strlen(text);
	}
	if (bracketed && len >= 2 && text[len - 1] == ']')
		*host = mem_strn(text + 1, len - 2);
	else
		*host = mem_strn(text, len);
	*port = (unsigned)number;
	return 0;
}
