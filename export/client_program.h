/* client_program.h -- finding and running PostgreSQL's client programs. */
#ifndef GPM_CLIENT_PROGRAM_H
#define GPM_CLIENT_PROGRAM_H

#include "db.h"

struct err;

struct client_program {
	char *path;
	int version;         /* major * 10000 + minor * 100 before 10, major * 10000 + minor since */
	char *help;          /* what --help says */
};

/* client_program_find(name, only_dir, server_version, greenplum, out, e): the newest that is not older than the
 * server; for a GREENPLUM server one of Greenplum's own, of the server's version.  ONLY_DIR names the one folder to
 * look in; NULL: $GPHOME/bin, Debian's version folders, PATH. */
int client_program_find(const char *name, const char *only_dir, int server_version, bool greenplum,
    struct client_program *out, struct err *) GPM_NODISCARD;
void client_program_release(struct client_program *); /* fine on a zeroed struct */
bool client_program_knows(const struct client_program *, const char *option); /* does it have "--option"? */

/* client_program_version(version, out): its major part, "9.6" or "15".  Returns OUT. */
#define CLIENT_VERSION_LEN 24
const char *client_program_version(int version, char out[CLIENT_VERSION_LEN]);

/* client_program_run(p, db, args, out_fd, e): run it against DB's server and database with standard output into
 * OUT_FD.  The database is named in its arguments, the rest of the connection in its environment, the password only
 * there.  An exit status other than 0 is an error with the last lines of its stderr.  ARGS ends with NULL. */
int client_program_run(const struct client_program *, struct db *, const char *const *args, int out_fd,
    struct err *) GPM_NODISCARD;

#endif
