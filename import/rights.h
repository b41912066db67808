/* rights.h -- may this user, and can this server? */
#ifndef GPM_RIGHTS_H
#define GPM_RIGHTS_H

struct db;
struct err;

struct right {
	const char *sql;       /* t when all is well */
	const char *trouble;
	const char *hint;
};

/* Its catalogs and functions from 6 on; its kin have the same. */
#define RIGHT_GREENPLUM { "SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 90400 AND EXISTS" \
	" (SELECT 1 FROM pg_catalog.pg_class WHERE relname = 'gp_segment_configuration')", \
	"this server is no Greenplum 6 or newer, nor one of its kin", "use --method copy" }

/* rights_check(db, method, rights, n, e): ERR_FAILED with the first that is not so.  Changes nothing. */
int rights_check(struct db *, const char *method, const struct right *, size_t n, struct err *) GPM_NODISCARD;

#endif
