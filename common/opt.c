/* opt.c -- the values of the options: which source wins, and what the tools ask for. */
#include "prelude.h"

#include <ctype.h>
#include <sys/stat.h>

#include <libpq-fe.h>

#include "credentials.h"
#include "err.h"
#include "log.h"
#include "opt_internal.h"
#include "parse.h"

static const struct opt_row rows[] = {
#define OPT(name, letter, type, deflt, argname, tools, help, man) \
	{ #name, letter, OPT_##type, deflt, argname, tools, help },
#include "options.def"
#undef OPT
};

const struct opt_table opt_table = { rows, OPT_COUNT, "/etc/gpm/gpm.conf" };

size_t
opt_find(const struct opt_table *t, const char *name)
{
	size_t i = 0;

	while (i < t->count && strcmp(t->rows[i].name, name) != 0)
		i++;
	return i;
}

char *
opt_long(const struct opt_row *row, char out[OPT_LONG_LEN])
{
	snprintf(out, OPT_LONG_LEN, "--%s", row->name);
	for (char *p = out; *p != '\0'; p++)
		if (*p == '_')
			*p = '-';
	return out;
}

bool
opt_takes(const struct opts *o, size_t i)
{
	return (o->table->rows[i].tools & o->tool) != 0;
}

static void
value_release(struct opt_value *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->texts[i]);
	free(v->texts);
	memset(v, 0, sizeof(*v));
}

int
opt_check(const struct opt_row *row, const char *text, uint64_t *number, struct err *e)
{
	bool flag;

	*number = 0;
	switch (row->type) {
	case OPT_FLAG:
		if (parse_bool(text, &flag, e) < 0)
			return -1;
		*number = flag;
		return 0;
	case OPT_U64:
		return parse_u64(text, 0, UINT64_MAX, number, e);
	case OPT_SIZE:
		return parse_size(text, number, e);
	case OPT_SECONDS:
		return parse_duration(text, number, e);
	case OPT_STRING:
	case OPT_LIST:
		break;
	}
	return 0;
}

int
opt_add(struct opts *o, size_t i, enum opt_source source, const char *text, struct err *e)
{
	const struct opt_row *row = &o->table->rows[i];
	struct opt_value *v = &o->values[i];
	uint64_t number;

	if (opt_check(row, text, &number, e) < 0)
		return -1;
	if (source < v->source)
		return 0;
	if (source > v->source || row->type != OPT_LIST)
		value_release(v);
	v->source = source;
	v->number = number;
	v->texts = mem_grow(v->texts, (v->count + 1) * sizeof(*v->texts));
	v->texts[v->count++] = mem_str(text);
	return 0;
}

/* libpq marks what it would not show with the display character '*'.  Its own complaint is not
 * passed on: it quotes the text, which may be a part of the password. */
int
opt_refuse_password(const char *conninfo, struct err *e)
{
	PQconninfoOption *parts;
	bool secret = false;

	/* The test by which libpq tells a plain name from a connection string. */
	if (strchr(conninfo, '=') == NULL && strncmp(conninfo, "postgresql://", 13) != 0 &&
	    strncmp(conninfo, "postgres://", 11) != 0)
		return 0;
	if ((parts = PQconninfoParse(conninfo, NULL)) == NULL)
		return err_set(e, ERR_USAGE,
		    "--dbname: neither a name nor a valid connection string");
	for (const PQconninfoOption *p = parts; p->keyword != NULL; p++)
		if (strcmp(p->dispchar, "*") == 0 && p->val != NULL)
			secret = true;
	PQconninfoFree(parts);
	if (!secret)
		return 0;
	err_set(e, ERR_USAGE, "--dbname: a password does not belong into a connection string");
	return err_hint(e, "put it into ~/.pgpass or the file that PGPASSFILE names");
}

/* GPM_CHUNK_SIZE and so on.  An empty variable counts as not set, which is how a script unsets what
 * its caller exported. */
static int
read_environment(struct opts *o, struct err *e)
{
	for (size_t i = 0; i < o->table->count; i++) {
		char *name;
		const char *text;
		int rc = 0;

		if (!opt_takes(o, i))
			continue;
		name = mem_printf("GPM_%s", o->table->rows[i].name);
		for (char *p = name; *p != '\0'; p++)
			*p = (char)toupper((unsigned char)*p);
		text = getenv(name);
		if (text != NULL && *text != '\0' &&
		    (rc = opt_add(o, i, OPT_FROM_ENVIRONMENT, text, e)) < 0)
			err_context(e, "%s", name);
		free(name);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* The text of the row NAME, for the two rows that this file itself reads; NULL without one. */
static const char *
text_of(const struct opts *o, const char *name)
{
	size_t i = opt_find(o->table, name);

	return i < o->table->count && o->values[i].count > 0 ? o->values[i].texts[0] : NULL;
}

/* The user's own file, NULL without a home. */
static char *
own_file(void)
{
	const char *home = getenv("HOME");

	return home != NULL && *home != '\0' ? mem_printf("%s/.config/gpm/gpm.conf", home) : NULL;
}

static int
read_files(struct opts *o, struct err *e)
{
	const char *named = text_of(o, "config");
	char *path;
	int rc;

	if (named != NULL)
		return opt_conf_read(o, named, OPT_FROM_FILE, true, e);
	if (opt_conf_read(o, o->table->system_conf, OPT_FROM_SYSTEM_FILE, false, e) < 0)
		return -1;
	path = own_file();
	rc = path != NULL ? opt_conf_read(o, path, OPT_FROM_FILE, false, e) : 0;
	free(path);
	return rc;
}

static int
read_defaults(struct opts *o, struct err *e)
{
	for (size_t i = 0; i < o->table->count; i++)
		if (o->table->rows[i].deflt != NULL &&
		    opt_add(o, i, OPT_FROM_DEFAULT, o->table->rows[i].deflt, e) < 0)
			return err_context(e, "default of %s", o->table->rows[i].name);
	return 0;
}

/* The command line comes first, although it wins: it may ask for help, which must work beside a
 * broken file, and it may name the file. */
int
opt_parse_table(const struct opt_table *t, const struct opt_tool_info *info, int argc, char **argv,
    struct opts **out, struct err *e)
{
	struct opts *o = mem_alloc(sizeof(*o));
	const char *dbname;
	int rc;

	o->table = t;
	o->tool = info->tool;
	o->values = mem_array(t->count, sizeof(*o->values));
	if ((rc = opt_argv_read(o, info, argc, argv, e)) != 0)
		goto err0;
	rc = -1;
	if (read_defaults(o, e) < 0 || read_environment(o, e) < 0 || read_files(o, e) < 0)
		goto err0;
	if ((dbname = text_of(o, "dbname")) != NULL && opt_refuse_password(dbname, e) < 0)
		goto err0;
	*out = o;
	return 0;

err0:
	opt_free(o);
	return rc;
}

int
opt_parse(const struct opt_tool_info *info, int argc, char **argv, struct opts **out, struct err *e)
{
	return opt_parse_table(&opt_table, info, argc, argv, out, e);
}

void
opt_free(struct opts *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; o->database == NULL && i < o->table->count; i++)
		value_release(&o->values[i]);
	if (o->database == NULL) {
		opt_keys_release(&o->keys);
		free(o->values);
	}
	free(o->database);
	free(o);
}

struct opts *
opt_in_database(const struct opts *o, const char *database)
{
	struct opts *copy = mem_alloc(sizeof(*copy));

	*copy = *o;
	copy->database = mem_str(database);
	return copy;
}

const char *
opt_database(const struct opts *o)
{
	return o->database;
}

const char *
opt_command(const struct opts *o)
{
	return o->command;
}

bool
opt_is_set(const struct opts *o, enum opt_id id)
{
	return o->values[id].source > OPT_FROM_DEFAULT;
}

bool
opt_flag(const struct opts *o, enum opt_id id)
{
	return o->values[id].number != 0;
}

const char *
opt_string(const struct opts *o, enum opt_id id)
{
	return o->values[id].count > 0 ? o->values[id].texts[0] : NULL;
}

uint64_t
opt_u64(const struct opts *o, enum opt_id id)
{
	return o->values[id].number;
}

/* What the files do not say stays; they are read into values that know nothing of the old files. */
int
opt_reread(const struct opts *o, enum opt_id id, char **text, struct err *e)
{
	struct opts now = { .table = o->table, .tool = o->tool };
	size_t config = opt_find(o->table, "config");
	int rc = 0;

	now.values = mem_array(o->table->count, sizeof(*now.values));
	if (config < o->table->count && o->values[config].count > 0)
		rc = opt_add(&now, config, o->values[config].source, o->values[config].texts[0], e);
	if (rc == 0)
		rc = opt_add(&now, id, OPT_FROM_DEFAULT, o->table->rows[id].deflt, e);
	if (rc == 0 && o->values[id].source > OPT_FROM_FILE)
		rc = opt_add(&now, id, o->values[id].source, o->values[id].texts[0], e);
	if (rc == 0 && (rc = read_files(&now, e)) == 0)
		*text = mem_str(now.values[id].texts[0]);
	for (size_t i = 0; i < now.table->count; i++)
		value_release(&now.values[i]);
	opt_keys_release(&now.keys);
	free(now.values);
	return rc;
}

static uint64_t
stamp_of(const char *path)
{
	struct stat st;

	if (path == NULL || stat(path, &st) < 0)
		return 0;
	return (uint64_t)st.st_mtim.tv_sec * 1000000007u + (uint64_t)st.st_mtim.tv_nsec * 31u + (uint64_t)st.st_size * 17u + (uint64_t)st.st_ino;
}

uint64_t
opt_files_stamp(const struct opts *o)
{
	const char *named = text_of(o, "config");
	char *path;
	uint64_t stamp;

	if (named != NULL)
		return stamp_of(named);
	path = own_file();
	stamp = stamp_of(o->table->system_conf) * 3 + stamp_of(path);
	free(path);
	return stamp;
}

size_t
opt_list_len(const struct opts *o, enum opt_id id)
{
	return o->values[id].count;
}

const char *
opt_list_at(const struct opts *o, enum opt_id id, size_t i)
{
	return o->values[id].texts[i];
}

void
opt_credentials(const struct opts *o, struct credentials_given *out)
{
	const struct opt_keys *k = &o->keys;

	out->place = k->place;
	out->access_key_id = k->access_key_id != NULL ? secret_text(k->access_key_id) : NULL;
	out->secret_access_key = k->secret_access_key != NULL ? secret_text(k->secret_access_key) : NULL;
}

int
opt_require(const struct opts *o, enum opt_id id, struct err *e)
{
	const char *text = opt_string(o, id);
	char name[OPT_LONG_LEN];

	if (text != NULL && *text != '\0')
		return 0;
	return err_set(e, ERR_USAGE, "%s is needed", opt_long(&o->table->rows[id], name));
}

static int
log_format(const struct opts *o, enum log_format *out, struct err *e)
{
	static const char *const names[] = {
		[LOG_FORMAT_TEXT] = "text", [LOG_FORMAT_JSON] = "json", [LOG_FORMAT_GREENPLUM] = "greenplum",
	};
	const char *text = opt_string(o, OPT_ID_log_format);

	for (size_t i = 0; i < GPM_ARRAY_LEN(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum log_format)i;
			return 0;
		}
	return err_set(e, ERR_USAGE, "--log-format: '%s' is not one of text, json and greenplum", text);
}

/* Of -q and -v the one from the higher source counts. */
static int
setup_log(const struct opts *o, const char *tool, struct err *e)
{
	enum log_format format = LOG_FORMAT_TEXT;
	enum opt_source quiet = OPT_FROM_NOWHERE, verbose = OPT_FROM_NOWHERE;
	enum log_level level = LOG_LEVEL_INFO;

	if (opt_flag(o, OPT_ID_quiet))
		quiet = o->values[OPT_ID_quiet].source;
	if (opt_flag(o, OPT_ID_verbose))
		verbose = o->values[OPT_ID_verbose].source;
	if (quiet == verbose && quiet != OPT_FROM_NOWHERE)
		return err_set(e, ERR_USAGE, "--quiet and --verbose exclude each other");
	if (quiet != verbose)
		level = quiet > verbose ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG;
	if (log_format(o, &format, e) < 0)
		return -1;
	log_setup(tool, level, format);
	return 0;
}

int
opt_start(const struct opt_tool_info *info, int argc, char **argv, struct opts **out)
{
	struct err e;
	int rc;

	*out = NULL;
	log_setup(info->name, LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	if ((rc = opt_parse(info, argc, argv, out, &e)) > 0)
		return 0;
	if (rc == 0) {
		if (setup_log(*out, info->name, &e) == 0)
			return -1;
		opt_free(*out);
		*out = NULL;
	}
	err_print(&e);
	return err_exit(e.code);
}
