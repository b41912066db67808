/* destination.h -- what kind of server the rows go to. */
#ifndef GPM_DESTINATION_H
#define GPM_DESTINATION_H

#include "adapt.h"
#include "db.h"

struct err;

/* destination_ask(db, out, e): by its version(). */
int destination_ask(struct db *, enum adapt_to *out, struct err *) GPM_NODISCARD;

/* destination_of(version, number): the same for what version() and server_version_num say. */
enum adapt_to destination_of(const char *version, int number) GPM_NODISCARD;

/* destination_named(name, out, e): a value of --destination; else ERR_USAGE. */
int destination_named(const char *name, enum adapt_to *out, struct err *) GPM_NODISCARD;

#endif
