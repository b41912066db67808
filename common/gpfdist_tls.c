/* gpfdist_tls.c -- what gpfdists:// needs. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include "atomic.h"
#include "err.h"
#include "gpfdist_tls.h"

#define PEM_LIMIT (1 << 20)

static int
read_pem(const char *path, char **out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int rc = -1;

	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > PEM_LIMIT) {
		err_set(e, ERR_CREDENTIALS, "'%s' is no file in PEM form", path);
	} else {
		*out = mem_alloc((size_t)st.st_size + 1);
		rc = file_read_at(fd, *out, (size_t)st.st_size, 0, path, e);
	}
	close(fd);
	return rc;
}

static gnutls_datum_t
datum(char *text)
{
	gnutls_datum_t d = { (unsigned char *)text, (unsigned)strlen(text) };

	return d;
}

static int
complain(struct err *e, int rc, const char *what)
{
	return err_set(e, ERR_CREDENTIALS, "cannot use %s: %s", what, gnutls_strerror(rc));
}

/* The HTTP library says no more than that it did not work. */
static int
try_out(const struct gpfdist_tls *tls, struct err *e)
{
	gnutls_datum_t certificate = datum(tls->certificate), key = datum(tls->key), authority = datum(tls->authority);
	gnutls_certificate_credentials_t c;
	int n, rc = gnutls_certificate_allocate_credentials(&c);

	if (rc < 0)
		return complain(e, rc, "TLS");
	rc = gnutls_certificate_set_x509_key_mem(c, &certificate, &key, GNUTLS_X509_FMT_PEM);
	if (rc < 0)
		complain(e, rc, "the server's certificate and key");
	else if ((n = gnutls_certificate_set_x509_trust_mem(c, &authority, GNUTLS_X509_FMT_PEM)) <= 0)
		rc = complain(e, n < 0 ? n : GNUTLS_E_NO_CERTIFICATE_FOUND, "the authority of the segments' certificates");
	gnutls_certificate_free_credentials(c);
	return rc < 0 ? -1 : 0;
}

int
gpfdist_tls_load(struct gpfdist_tls *tls, const char *certificate, const char *key, const char *authority, struct err *e)
{
	memset(tls, 0, sizeof(*tls));
	if (certificate == NULL && key == NULL && authority == NULL)
		return 0;
	if (certificate == NULL || key == NULL || authority == NULL)
		return err_set(e, ERR_USAGE, "gpfdists needs three files: certificate, key, and the authority of the segments' certificates");
	if (read_pem(certificate, &tls->certificate, e) == 0 && read_pem(key, &tls->key, e) == 0 &&
	    read_pem(authority, &tls->authority, e) == 0 && try_out(tls, e) == 0)
		return 0;
	gpfdist_tls_release(tls);
	return -1;
}

void
gpfdist_tls_release(struct gpfdist_tls *tls)
{
	if (tls->key != NULL)
		explicit_bzero(tls->key, strlen(tls->key));
	free(tls->certificate);
	free(tls->key);
	free(tls->authority);
	memset(tls, 0, sizeof(*tls));
}

/* The library itself only asks for a certificate and looks at none. */
bool
gpfdist_tls_demand(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_session_t session = info != NULL ? info->tls_session : NULL;

	if (session == NULL)
		return false;
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
	gnutls_session_set_verify_cert(session, NULL, 0);
	return true;
}
