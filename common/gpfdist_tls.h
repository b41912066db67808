/* gpfdist_tls.h -- what gpfdists:// needs: our certificate and key, and whose certificates the segments show. */
#ifndef GPM_GPFDIST_TLS_H
#define GPM_GPFDIST_TLS_H

struct err;
struct MHD_Connection;

struct gpfdist_tls {
	char *certificate, *key, *authority; /* PEM texts; NULL: no TLS */
};

/* gpfdist_tls_load(tls, certificate, key, authority, e): from files; all NULL gives no TLS, some NULL is an error. */
int gpfdist_tls_load(struct gpfdist_tls *, const char *certificate, const char *key, const char *authority,
    struct err *) GPM_NODISCARD;
void gpfdist_tls_release(struct gpfdist_tls *); /* the key is wiped; fine on a zeroed struct */

/* gpfdist_tls_demand(c): before the handshake: no connection without a certificate of the authority. */
bool gpfdist_tls_demand(struct MHD_Connection *) GPM_NODISCARD;

#endif
