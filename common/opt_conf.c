/* opt_conf.c -- options from a gpm.conf, read by libconfuse after opt_conf_text.c was through it. */
#include "prelude.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <confuse.h>

#include "buf.h"
#include "err.h"
#include "opt_internal.h"

#define CONF_LIMIT ((size_t)1 << 20)
#define PIECE ((size_t)4096)

/* libconfuse's callbacks get no pointer of the caller's; the thread that parses leaves it here. */
static _Thread_local struct {
	struct opts *o;
	struct err *e;
} parsing;

/* Only the first complaint: those after it follow from it. */
static GPM_PRINTF(2, 0) void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[512];

	if (parsing.e->code != ERR_OK)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	err_set(parsing.e, ERR_USAGE, "%s:%d: %s", cfg->filename, cfg->line, text);
}

/* Called after every value, while the line that it stands on is known. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct opt_table *t = parsing.o->table;
	size_t i = opt_find(t, cfg_opt_name(opt));
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	struct err e;
	uint64_t number;

	if (!opt_takes(parsing.o, i) || opt_check(&t->rows[i], text, &number, &e) == 0)
		return 0;
	cfg_error(cfg, "%s: %s", t->rows[i].name, e.text);
	return -1;
}

/* All rows are keys, those of the other tools too, but one file does not name another.  Flags and
 * numbers are strings for libconfuse: opt_check alone knows how they are written. */
static cfg_t *
make_parser(const struct opt_table *t, const char *path)
{
	cfg_opt_t *keys = mem_array(t->count + 1, sizeof(*keys));
	size_t n = 0;
	cfg_t *cfg;

	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->rows[i].name, "config") == 0)
			continue;
		if (t->rows[i].type == OPT_LIST)
			keys[n++] = (cfg_opt_t)CFG_STR_LIST(t->rows[i].name, NULL, CFGF_NODEFAULT);
		else
			keys[n++] = (cfg_opt_t)CFG_STR(t->rows[i].name, NULL, CFGF_NODEFAULT);
	}
	keys[n] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(keys, CFGF_NONE); /* copies the keys */
	if (cfg != NULL) {
		cfg->filename = mem_str(path);
		cfg_set_error_function(cfg, on_error);
		for (size_t i = 0; i < n; i++)
			cfg_set_validate_func(cfg, keys[i].name, on_value);
	}
	free(keys);
	return cfg;
}

static int
take_values(struct opts *o, cfg_t *cfg, enum opt_source source, struct err *e)
{
	for (size_t i = 0; i < o->table->count; i++) {
		cfg_opt_t *opt = cfg_getopt(cfg, o->table->rows[i].name);

		if (opt == NULL || !opt_takes(o, i))
			continue;
		for (unsigned n = 0; n < cfg_opt_size(opt); n++)
			if (opt_add(o, i, source, cfg_opt_getnstr(opt, n), e) < 0)
				return -1;
	}
	return 0;
}

static int
parse_text(struct opts *o, const char *path, struct buf *text, enum opt_source source,
    struct err *e)
{
	cfg_t *cfg = make_parser(o->table, path);
	FILE *in;
	int rc = -1;

	if (cfg == NULL)
		return err_set(e, ERR_SYSTEM, "out of memory");
	if ((in = fmemopen(text->data, text->len, "r")) == NULL) {
		err_sys(e, "cannot read '%s'", path);
		goto err0;
	}
	err_clear(e);
	parsing.o = o;
	parsing.e = e;
	if (cfg_parse_fp(cfg, in) == CFG_SUCCESS)
		rc = take_values(o, cfg, source, e);
	else if (e->code == ERR_OK) /* it does not always say why */
		err_set(e, ERR_USAGE, "%s:%d: 'name = value' was expected", path, cfg->line);
	fclose(in);

err0:
	cfg_free(cfg);
	return rc;
}

/* The bytes of PATH and its owner and mode: 1, or 0 when there is no such file.  All the room that may be
 * needed is there from the start, for memory that grows leaves copies of a secret behind. */
static int
read_file(const char *path, struct buf *text, struct stat *st, struct err *e)
{
	ssize_t n;
	size_t room;
	int fd, rc = -1;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, "cannot open '%s'", path);
	if (fstat(fd, st) < 0) {
		err_sys(e, "cannot examine '%s'", path);
		goto err0;
	}
	room = S_ISREG(st->st_mode) && st->st_size < (off_t)(CONF_LIMIT - PIECE) ? (size_t)st->st_size + PIECE : CONF_LIMIT;
	if (buf_reserve(text, room, e) < 0)
		goto err0;
	do {
		if (buf_reserve(text, PIECE, e) < 0) {
			err_context(e, "'%s'", path);
			goto err0;
		}
		if ((n = read(fd, text->data + text->len, PIECE)) < 0) {
			err_sys(e, "cannot read '%s'", path);
			goto err0;
		}
		text->len += (size_t)n;
	} while (n > 0);
	rc = 1;

err0:
	close(fd);
	return rc;
}

/* The file is read here and not by libconfuse, whose scanner ends the program when it cannot read
 * (a folder, a bad disk). */
int
opt_conf_read(struct opts *o, const char *path, enum opt_source source, bool must_exist,
    struct err *e)
{
	struct buf text;
	struct stat st;
	int rc;

	buf_init(&text, CONF_LIMIT);
	rc = read_file(path, &text, &st, e);
	if (rc == 0 && must_exist)
		rc = err_set(e, ERR_USAGE, "there is no configuration file '%s'", path);
	else if (rc > 0 && memchr(text.data, '\0', text.len) != NULL)
		rc = err_set(e, ERR_USAGE, "'%s' is no configuration file: it holds a NUL byte", path);
	else if (rc > 0 && (rc = opt_conf_clean(o, path, &st, &text, e)) == 0 && text.len > 0)
		rc = parse_text(o, path, &text, source, e);
	if (rc < 0)
		e->code = ERR_USAGE;
	if (text.data != NULL)
		explicit_bzero(text.data, text.len);
	buf_release(&text);
	return rc < 0 ? -1 : 0;
}
