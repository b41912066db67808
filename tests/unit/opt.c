/* opt.c -- options: every type, every source, and what is refused.
 *
 * All sources are the test's own: a table with each type of row, a system file and a HOME in a
 * temporary folder.  The real table is tested for what is particular to its rows. */
#include "prelude.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "credentials.h"
#include "err.h"
#include "log.h"
#include "opt_internal.h"
#include "tap.h"

enum { CONFIG, FLAG, TEXT, NUMBER, SIZE, TIME, LIST, FOREIGN, OWN_COUNT };

static const struct opt_row own_rows[] = {
	{ "config", 'c', OPT_STRING, NULL, "FILE", OPT_ALL, "a file" },
	{ "flag", 'f', OPT_FLAG, NULL, NULL, OPT_ALL, "a flag" },
	{ "text", 't', OPT_STRING, "t0", "TEXT", OPT_ALL, "a text" },
	{ "number", 'n', OPT_U64, "1", "N", OPT_ALL, "a number" },
	{ "size_limit", 's', OPT_SIZE, "1KB", "SIZE", OPT_ALL, "a size" },
	{ "time", 0, OPT_SECONDS, "1min", "TIME", OPT_ALL, "a time" },
	{ "list", 'l', OPT_LIST, "l0", "ITEM", OPT_ALL, "a list" },
	{ "foreign", 'x', OPT_U64, "3", "N", OPT_EXPORT, "of another tool" },
};

static const char *const commands[] = { "load", "verify", NULL };
static const struct opt_tool_info push = { OPT_PUSH, "gpm-push", "stores", "  gpm-push\n", NULL, NULL };
static const struct opt_tool_info import = { OPT_IMPORT, "gpm-import", "loads",
	"  gpm-import load\n", "  gpm-import load\n", commands };
static const struct opt_tool_info export = { OPT_EXPORT, "gpm-export", "reads", "  gpm-export\n",
	NULL, NULL };

static struct opt_table own = { own_rows, OWN_COUNT, NULL };
static char *dir, *system_conf, *user_conf, *other_conf;
static struct opts *got;
static struct err e;

/* argv out of LINE, split at '|'; valid until the next call. */
static char **
words(const struct opt_tool_info *info, const char *line, int *argc)
{
	static char *argv[32], *copy, name[32];

	free(copy);
	copy = mem_str(line);
	snprintf(name, sizeof(name), "%s", info->name);
	argv[0] = name;
	*argc = 1;
	for (char *p = copy; p != NULL && *p != '\0'; ) {
		argv[(*argc)++] = p;
		if ((p = strchr(p, '|')) != NULL)
			*p++ = '\0';
	}
	argv[*argc] = NULL;
	return argv;
}

static int
parse(const struct opt_table *t, const struct opt_tool_info *info, const char *line)
{
	int argc;
	char **argv = words(info, line, &argc);

	opt_free(got);
	got = NULL;
	err_clear(&e);
	return opt_parse_table(t, info, argc, argv, &got, &e);
}

/* The getters take the real table's ids; the test's table has rows instead. */
static const char *
string_at(int row)
{
	return opt_string(got, (enum opt_id)row);
}

static uint64_t
number_at(int row)
{
	return opt_u64(got, (enum opt_id)row);
}

/* The list as "a,b". */
static const char *
list_at(int row)
{
	static char joined[256];
	size_t n = 0;

	joined[0] = '\0';
	for (size_t i = 0; i < opt_list_len(got, (enum opt_id)row); i++)
		n += (size_t)snprintf(joined + n, sizeof(joined) - n, "%s%s", i > 0 ? "," : "",
		    opt_list_at(got, (enum opt_id)row, i));
	return joined;
}

static void
write_file(const char *path, const char *text, size_t n)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(text, 1, n, f) != n || fclose(f) != 0)
		exit(99);
}

static void
put(const char *path, const char *text)
{
	write_file(path, text, strlen(text));
}

static void
no_files(void)
{
	unlink(system_conf);
	unlink(user_conf);
	unlink(other_conf);
}

/* -1, ERR_USAGE, and PART in the text. */
static void
refused(const struct opt_table *t, const struct opt_tool_info *info, const char *line,
    const char *part, const char *name)
{
	int rc = parse(t, info, line);

	if (!ok(rc == -1 && e.code == ERR_USAGE && strstr(e.text, part) != NULL, "%s", name))
		printf("#   got %d '%s'\n#   want it to hold '%s'\n", rc, e.text, part);
}

static void
test_types(void)
{
	is_u64((uint64_t)parse(&own, &push, ""), 0, "no arguments");
	ok(!opt_flag(got, (enum opt_id)FLAG), "default: flag");
	is_str(string_at(TEXT), "t0", "default: string");
	is_u64(number_at(NUMBER), 1, "default: number");
	is_u64(number_at(SIZE), 1024, "default: size");
	is_u64(number_at(TIME), 60, "default: time");
	is_str(list_at(LIST), "l0", "default: list");
	is_str(string_at(CONFIG), NULL, "no default: NULL");
	ok(!opt_is_set(got, (enum opt_id)TEXT), "a default does not count as set");

	parse(&own, &push, "--flag|--text|a b|--number=7|--size-limit|2 GB|--time=90|--list=a|--list|b");
	ok(opt_flag(got, (enum opt_id)FLAG), "long: flag");
	is_str(string_at(TEXT), "a b", "long: string");
	is_u64(number_at(NUMBER), 7, "long: number");
	is_u64(number_at(SIZE), (uint64_t)2 << 30, "long: size");
	is_u64(number_at(TIME), 90, "long: time");
	is_str(list_at(LIST), "a,b", "long: a list adds up and drops the default");
	ok(opt_is_set(got, (enum opt_id)TEXT), "a given value counts as set");

	parse(&own, &push, "-fn8|-ta|-s|3KB|-lx|-l|y|-t|last");
	ok(opt_flag(got, (enum opt_id)FLAG), "short: flag in a cluster");
	is_u64(number_at(NUMBER), 8, "short: number in a cluster");
	is_u64(number_at(SIZE), 3072, "short: size");
	is_str(list_at(LIST), "x,y", "short: list");
	is_str(string_at(TEXT), "last", "a repeated string: the last one");
	parse(&own, &push, "--text|--flag");
	is_str(string_at(TEXT), "--flag", "a value may look like an option");
}

/* One source more each time; every source gives all of number, list and text. */
static void
test_precedence(void)
{
	put(system_conf, "number = 10\nlist = {s1, s2}\ntext = system\nflag = on\n");
	parse(&own, &push, "");
	is_u64(number_at(NUMBER), 10, "the system file beats the default");
	is_str(list_at(LIST), "s1,s2", "the system file's list replaces the default");
	put(user_conf, "number = 20\nlist = {u1}\nlist += {u2}\n");
	parse(&own, &push, "");
	is_u64(number_at(NUMBER), 20, "the user's file beats the system file");
	is_str(list_at(LIST), "u1,u2", "the user's list replaces the system's");
	is_str(string_at(TEXT), "system", "what only the system file says stays");
	ok(opt_flag(got, (enum opt_id)FLAG), "a flag from a file");
	setenv("GPM_NUMBER", "30", 1);
	setenv("GPM_LIST", "e1", 1);
	parse(&own, &push, "");
	is_u64(number_at(NUMBER), 30, "the environment beats the files");
	is_str(list_at(LIST), "e1", "its list replaces the files'");
	parse(&own, &push, "-n|40|-l|c1|-l|c2");
	is_u64(number_at(NUMBER), 40, "the command line beats the environment");
	is_str(list_at(LIST), "c1,c2", "its list replaces the environment's");
	setenv("GPM_NUMBER", "", 1);
	parse(&own, &push, "");
	is_u64(number_at(NUMBER), 20, "an empty variable is not set");
	unsetenv("GPM_NUMBER");
	unsetenv("GPM_LIST");

	put(other_conf, "number = 50\n");
	setenv("GPM_CONFIG", other_conf, 1);
	parse(&own, &push, "");
	is_u64(number_at(NUMBER), 50, "GPM_CONFIG is read");
	is_str(string_at(TEXT), "t0", "GPM_CONFIG replaces both default files");
	parse(&own, &push, "-c|/dev/null");
	is_u64(number_at(NUMBER), 1, "-c beats GPM_CONFIG; an empty file is fine");
	unsetenv("GPM_CONFIG");
	no_files();
}

static void
test_refused(void)
{
	static const struct { const char *line, *part; } bad[] = {
		{ "-n|x", "--number: 'x' is not a whole number" },
		{ "-n|-1", "--number: '-1'" },
		{ "-n|18446744073709551616", "--number: " },
		{ "--size-limit|5 miles", "--size-limit: '5 miles' is not a size" },
		{ "--time=soon", "--time: 'soon' is not a time" },
		{ "-n", "--number needs a value" },
		{ "--text", "--text needs a value" },
		{ "--flag=yes", "--flag takes no value" },
		{ "-z", "unknown option -z" },
		{ "--zeta=9", "unknown option --zeta" },
		{ "--help=9", "unknown option --help" },
		{ "-f?", "unknown option -?" },
		{ "word", "unexpected argument: word" },
		{ "--|word", "unexpected argument: word" },
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++)
		refused(&own, &push, bad[i].line, bad[i].part, bad[i].line);
	refused(&own, &push, "--zeta=9", "zeta", "the value of an unknown option …");
	ok(strchr(e.text, '9') == NULL, "… is not echoed");
	setenv("GPM_NUMBER", "many", 1);
	refused(&own, &push, "", "GPM_NUMBER: 'many' is not a whole number", "a bad variable");
	refused(&own, &push, "-n|3", "GPM_NUMBER", "a bad variable, though the command line wins");
	unsetenv("GPM_NUMBER");
	setenv("GPM_FOREIGN", "many", 1);
	setenv("GPM_NOBODY", "x", 1);
	ok(parse(&own, &push, "") == 0, "variables of another tool and of none are ignored");
	unsetenv("GPM_FOREIGN");
	unsetenv("GPM_NOBODY");
	refused(&own, &push, "--foreign|1", "--foreign is not an option of this tool", "foreign, long");
	is_str(e.hint, "it belongs to gpm-export", "foreign: whose it is");
	refused(&own, &push, "-x1", "-x is not an option of this tool", "foreign, short");
	ok(parse(&own, &export, "-x1") == 0 && number_at(FOREIGN) == 1, "its own tool takes it");
}

static void
test_abbreviations(void)
{
	refused(&own, &push, "--tex|x", "unknown option --tex", "an abbreviation is refused");
	is_str(e.hint, "write --text; names are not abbreviated", "it says which was meant");
	refused(&own, &push, "--t=x", "unknown option --t", "an ambiguous one is refused");
	is_str(e.hint, "write --text or --time; names are not abbreviated", "both are named");
	refused(&own, &push, "--size_limit=1", "unknown option --size_limit", "'_' is refused");
	has_str(e.hint, "--size-limit", "'_': it says which was meant");
	refused(&own, &push, "--foreig=1", "unknown option", "an abbreviation of another tool's");
	is_str(e.hint, "", "no hint at what this tool does not take");
	refused(&own, &push, "-f|--hel", "unknown option --hel", "--help is not abbreviated either");
	refused(&own, &push, "--help-al", "unknown option --help-al", "nor is --help-all");
	refused(&own, &push, "--=x", "unknown option --", "no name at all");
	is_str(e.hint, "", "no name at all: no hint");
}

static void
test_commands(void)
{
	ok(parse(&own, &import, "-n|2|verify|-f") == 0, "a command among options");
	is_str(opt_command(got), "verify", "the command");
	ok(opt_flag(got, (enum opt_id)FLAG) && number_at(NUMBER) == 2, "options on both sides of it");
	ok(parse(&own, &import, "--|load") == 0, "a command after --");
	is_str(opt_command(got), "load", "the command after --");
	ok(parse(&own, &import, "") == 0 && opt_command(got) == NULL, "no command is for the tool to judge");
	refused(&own, &import, "load|verify", "unexpected argument: verify", "two commands");
	refused(&own, &import, "dance", "unknown command: dance", "an unknown command");
	refused(&own, &import, "loa", "unknown command", "commands are not abbreviated");
	refused(&own, &import, "postgres://u:s3cret@h/d", "unknown command", "a URI at the wrong place …");
	ok(strstr(e.text, "s3cret") == NULL, "… is not echoed");
}

static void
test_conf(void)
{
	char *where = mem_printf("%s:3: ", other_conf), *line = mem_printf("-c|%s", other_conf);

	ok(parse(&own, &push, "") == 0, "no files at all");
	refused(&own, &push, "-c|/nonexistent/gpm.conf", "'/nonexistent/gpm.conf'", "-c: no such file");
	refused(&own, &push, "-c|/", "cannot read '/'", "-c: a folder");
	put(other_conf, "# comment\nnumber = 2\nnubmer = 3\n");
	refused(&own, &push, line, where, "unknown key: file and line");
	has_str(e.text, "nubmer", "unknown key: its name");
	put(other_conf, "\n\nnumber = lots\nnumber = 2\n");
	refused(&own, &push, line, where, "bad value: file and line");
	has_str(e.text, "number: 'lots' is not a whole number", "bad value: as on the command line");
	put(other_conf, "flag = true\n\nflag = perhaps\n");
	refused(&own, &push, line, where, "bad flag: file and line");
	put(other_conf, "flag = true\n\nconfig = x\n");
	refused(&own, &push, line, where, "a file does not name another");
	put(other_conf, "list = {a, # one\n'#b', \"c\\\"#\"} # x 'y\nnubmer = 3\n");
	refused(&own, &push, line, where, "comments do not shift the line");
	put(other_conf, "list = {a, # one\n'#b', \"c\\\"#\"} # x 'y\n#");
	parse(&own, &push, line);
	is_str(list_at(LIST), "a,#b,c\"#", "comments inside a list, '#' inside quotes");
	put(other_conf, "/* text = x */ list = {a, /* \" */\nb} // 'c\n/**/ text = f:///x//y /* two\nlines */\nnubmer = 3\n");
	refused(&own, &push, line, ":5: no such option 'nubmer'", "nor do C's, short or long");
	put(other_conf, "/* text = x */ list = {a, /* \" */\nb} // 'c\n/**/ text = f:///x//y /* two\nlines */\n");
	ok(parse(&own, &push, line) == 0 && strcmp(list_at(LIST), "a,b") == 0, "they are comments everywhere");
	is_str(string_at(TEXT), "f:///x//y", "but not inside a word");
	put(other_conf, "number = 2\n\n/* text = x\n");
	refused(&own, &push, line, ":3: a comment has no end", "a comment without its end");
	put(other_conf, "number = 2\nsize-limit = 3\n");
	refused(&own, &push, line, ":2: ", "keys have '_', not '-'");
	put(other_conf, "text = \"never closed\n");
	refused(&own, &push, line, other_conf, "a syntax error");
	put(other_conf, "number = 2\ntext = s3'':/,bucket\n");
	refused(&own, &push, line, ":2: 'name = value' was expected", "one that libconfuse says nothing about");
	write_file(other_conf, "text = a\0b\n", 11);
	refused(&own, &push, line, "NUL", "a NUL byte");

	put(other_conf, "foreign = many\nsize_limit = \"16 GB\" # half\ntime = 6h\n"
	    "text = file:///mnt/disk/x\nflag = off\n");
	ok(parse(&own, &push, line) == 0, "a key of another tool is ignored, even its value");
	is_u64(number_at(SIZE), (uint64_t)16 << 30, "file: size");
	is_u64(number_at(TIME), 21600, "file: time");
	is_str(string_at(TEXT), "file:///mnt/disk/x", "file: a URL needs no quotes");
	ok(!opt_flag(got, (enum opt_id)FLAG), "file: flag off");
	is_u64(number_at(FOREIGN), 3, "a key of another tool keeps its default");
	refused(&own, &export, line, ":1: foreign: 'many'", "its own tool looks at it");
	no_files();
	free(where);
	free(line);
}

/* "key secret" of what was parsed. */
static const char *
keys(void)
{
	static char text[200];
	struct credentials_given given;

	opt_credentials(got, &given);
	snprintf(text, sizeof(text), "%s %s", given.access_key_id != NULL ? given.access_key_id : "-",
	    given.secret_access_key != NULL ? given.secret_access_key : "-");
	return text;
}

static void
test_keys(void)
{
	static const struct {
		const char *text, *keys;
	} good[] = {
		{ "access_key_id = AK\nsecret_access_key = s3/cr+t==\n", "AK s3/cr+t==" },
		{ "number = 2\n\t secret_access_key=\"s3#cr't\" # note\r\naccess_key_id = 'A\"K'\r\nlist = {a,\nb}\n", "A\"K s3#cr't" },
		{ "access_key_id = A#K // note\n/* x */ secret_access_key = //s /* two\nlines */ number = 3", "A#K //s" },
		{ "secret_access_key = \"\"\naccess_key_id = ''", "- -" },
		{ "secret_access_key = a\nsecret_access_key = b\n", "- b" },
		{ "# secret_access_key = a\n/*\nsecret_access_key = b\n*/ text = 'x\nsecret_access_key = c'", "- -" },
		{ "text = access_key_id\nlist = {secret_access_key,\nsecret_access_key,\naccess_key_id\n}\n", "- -" },
	};
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "number = 2\n\nsecret_access_key: s3cret", ":3: secret_access_key should be followed by '='" },
		{ "secret_access_key s3cret", ":1: secret_access_key should be followed" },
		{ "secret_access_key += s3cret", ":1: secret_access_key should be followed" },
		{ "secret_access_key =\ns3cret", ":1: secret_access_key has no value on its line" },
		{ "secret_access_key = s3cret s3cret", ":1: secret_access_key has more than one word" },
		{ "secret_access_key = {s3cret, s3cret}", ":1: secret_access_key has more than one word" },
		{ "secret_access_key = 's3cret's3cret", ":1: secret_access_key has more than one word" },
		{ "\nsecret_access_key = \"s3cret\nnumber = 2\n", ":2: secret_access_key has a quote without its end" },
		{ "secret_access_key = 's3cret\\'s3cret'", ":1: secret_access_key has " },
		{ "secret_access_key = s3cret\\", ":1: secret_access_key has a backslash" },
		{ "number = 2 secret_access_key = s3cret", ":1: secret_access_key should stand on a line of its own" },
		{ "secret_access_key = s3cret\nnubmer = s3cret", ":2: no such option 'nubmer'" },
		{ "Secret_Access_Key = s3cret", "no such option 'Secret_Access_Key'" },
	};
	char *line = mem_printf("-c|%s", other_conf), *fix = mem_printf("chmod 600 '%s'; its mode is 0640", other_conf);

	for (size_t i = 0; i < GPM_ARRAY_LEN(good); i++) {
		put(other_conf, good[i].text);
		chmod(other_conf, i % 2 == 0 ? 0600 : 0400);
		if (!ok(parse(&own, &push, line) == 0, "keys %zu", i))
			printf("#   %s\n", e.text);
		else
			is_str(keys(), good[i].keys, "are those");
		unlink(other_conf);
	}
	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++) {
		put(other_conf, bad[i].text);
		chmod(other_conf, 0600);
		refused(&own, &push, line, bad[i].says, bad[i].says);
		ok(strstr(e.text, "s3cret") == NULL && strstr(e.hint, "s3cret") == NULL, "the secret is not shown");
		unlink(other_conf);
	}
	put(other_conf, "number = 2\nsecret_access_key = s3cret\n");
	for (unsigned mode = 0001; mode < 0100; mode <<= 1) {
		chmod(other_conf, 0600 | mode);
		refused(&own, &export, line, ":2: secret_access_key is taken only from a file that nobody else can read", "a file that is not private");
	}
	chmod(other_conf, 0640);
	parse(&own, &push, line);
	is_str(e.hint, fix, "what to do");
	ok(strstr(e.text, "s3cret") == NULL, "the secret is not shown");
	if (geteuid() == 0) {
		chmod(other_conf, 0600);
		ok(chown(other_conf, 65534, 65534) == 0, "a file of another user");
		refused(&own, &push, line, ":2: secret_access_key is taken only from a file of one's own or of root", "is refused");
		has_str(e.hint, "chown 0 '", "what to do");
	} else {
		ok(1, "a file of another user # SKIP not root");
	}
	no_files();

	put(system_conf, "access_key_id = AK\nsecret_access_key = sys\n");
	put(user_conf, "secret_access_key = own\n");
	chmod(system_conf, 0600);
	chmod(user_conf, 0600);
	ok(parse(&own, &push, "") == 0 && strcmp(keys(), "- own") == 0, "halves of two files make no pair");
	put(user_conf, "number = 4\n");
	ok(parse(&own, &push, "") == 0 && strcmp(keys(), "AK sys") == 0, "those of the system's file when the user's has none");
	no_files();
	refused(&own, &push, "--secret-access-key=x", "unknown option", "no option on the command line");
	setenv("GPM_SECRET_ACCESS_KEY", "x", 1);
	ok(parse(&own, &push, "") == 0 && strcmp(keys(), "- -") == 0, "nor in the environment");
	unsetenv("GPM_SECRET_ACCESS_KEY");
	free(fix);
	free(line);
}

#define HIDDEN(c) ((char)((c) ^ 0x55))
#define SECRET_LEN 24

/* A secret that stands nowhere in this program's memory. */
static void
write_secret(char hidden[SECRET_LEN])
{
	char text[SECRET_LEN];
	int fd = open(other_conf, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	for (size_t i = 0; i < SECRET_LEN; i++) {
		text[i] = (char)('a' + i * i % 23);
		hidden[i] = HIDDEN(text[i]);
	}
	/* Not at its beginning, where free() writes over it. */
	if (fd < 0 || dprintf(fd, "%100s\nsecret_access_key = ", "") < 0 || write(fd, text, SECRET_LEN) != SECRET_LEN || close(fd) != 0)
		exit(99);
	explicit_bzero(text, sizeof(text));
}

static size_t
count_in(int mem, uint64_t from, uint64_t to, const char *hidden)
{
	static char piece[65536];
	size_t found = 0;
	ssize_t n;

	for (uint64_t at = from; at < to && (n = pread(mem, piece, sizeof(piece), (off_t)at)) > SECRET_LEN; at += (uint64_t)n - SECRET_LEN) {
		for (ssize_t i = 0, k; i <= n - SECRET_LEN; i++) {
			for (k = 0; k < SECRET_LEN && HIDDEN(piece[i + k]) == hidden[k]; k++)
				continue;
			found += k == SECRET_LEN;
		}
		explicit_bzero(piece, sizeof(piece));
		if ((size_t)n < sizeof(piece))
			break;
	}
	return found;
}

/* How often the secret stands in memory that this process may write to; a sanitizer's is too large.  It
 * allocates nothing, which could write over what is looked for. */
static size_t
count_in_memory(const char *hidden)
{
	static char maps[65536];
	int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC), mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	size_t found = 0, len = 0;
	ssize_t n;

	while ((n = read(file, maps + len, sizeof(maps) - 1 - len)) > 0)
		len += (size_t)n;
	maps[len] = '\0';
	for (char *line = maps; line != NULL && *line != '\0'; line = strchr(line, '\n'), line += line != NULL) {
		unsigned long long from, to;
		char mode[8];

		if (sscanf(line, "%llx-%llx %7s", &from, &to, mode) == 3 && mode[0] == 'r' && mode[1] == 'w' && to - from < 1 << 28)
			found += count_in(mem, from, to, hidden);
	}
	close(file);
	close(mem);
	return found;
}

static void
test_wiped(void)
{
	char *line = mem_printf("-c|%s", other_conf), hidden[SECRET_LEN];

	/* Freed memory stays here to be looked at. */
	mallopt(M_MMAP_THRESHOLD, 1 << 24);
	mallopt(M_TRIM_THRESHOLD, 1 << 26);
	write_secret(hidden);
	is_u64(count_in_memory(hidden), 0, "a secret that is only in a file");
	ok(parse(&own, &push, line) == 0, "is read");
	is_u64(count_in_memory(hidden), 1, "it is in memory once");
	opt_free(got);
	got = NULL;
	is_u64(count_in_memory(hidden), 0, "and not any more when the options are freed");
	chmod(other_conf, 0644);
	ok(parse(&own, &push, line) == -1, "it is refused");
	is_u64(count_in_memory(hidden), 0, "and is not in memory either");
	no_files();
	free(line);
}

static void
test_password(void)
{
	static const char *const bad[] = {
		"-d|host=h password=s3cret", "--dbname=postgresql://u:s3cret@h/d",
		"-d|postgres://h/d?password=s3cret", "-d|sslpassword=s3cret",
		"-d|password=x s3cret", "-d|postgres://u:%zzs3cret@h/d",
	};
	static const char *const good[] = {
		"-d|wh", "-d|host=h dbname=d user=u", "-d|postgresql://u@h:5432/d?sslmode=require",
		"-d|a name: with @ in it",
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(bad); i++) {
		refused(&opt_table, &export, bad[i], "--dbname: ", bad[i]);
		ok(strstr(e.text, "s3cret") == NULL && strstr(e.hint, "s3cret") == NULL,
		    "  and it is not echoed");
	}
	refused(&opt_table, &import, bad[0], "password", "gpm-import refuses a password too");
	has_str(e.hint, "PGPASSFILE", "the hint says where it belongs");
	for (size_t i = 0; i < GPM_ARRAY_LEN(good); i++)
		ok(parse(&opt_table, &export, good[i]) == 0, "%s", good[i]);
	setenv("GPM_DBNAME", bad[0] + 3, 1);
	refused(&opt_table, &export, "", "password", "a password in GPM_DBNAME");
	ok(parse(&opt_table, &push, "") == 0, "… which is nothing to gpm-push");
	unsetenv("GPM_DBNAME");
}

/* What F prints on the standard output; the caller frees it. */
static char *
capture(int target, int (*f)(const char *), const char *arg, int *rc)
{
	char *text = mem_alloc(16384);
	FILE *file = tmpfile();
	int saved;
	ssize_t n;

	fflush(stdout);
	if (file == NULL || (saved = dup(target)) < 0 || dup2(fileno(file), target) < 0)
		exit(99);
	*rc = f(arg);
	fflush(stdout);
	dup2(saved, target);
	close(saved);
	n = pread(fileno(file), text, 16383, 0);
	text[n > 0 ? n : 0] = '\0';
	fclose(file);
	return text;
}

static int
parse_import(const char *line)
{
	return parse(&opt_table, &import, line);
}

static int
start_import(const char *line)
{
	int argc;
	char **argv = words(&import, line, &argc);

	opt_free(got);
	got = NULL;
	return opt_start(&import, argc, argv, &got);
}

/* Is --NAME in TEXT, not only as the beginning of a longer one? */
static bool
lists(const char *text, const char *name)
{
	for (const char *p = text; (p = strstr(p, name)) != NULL; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyz-", p[strlen(name)]) == NULL)
			return true;
	return false;
}

/* What a tool's help lists: the options that it takes, the rare ones only when ALL are asked for. */
static void
check_help(const struct opt_tool_info *tool, bool all)
{
	size_t size, lines = 0, widest = 0, wrong = 0;
	char name[OPT_LONG_LEN], *text;
	FILE *out = open_memstream(&text, &size);

	opt_help(out, &opt_table, tool, all);
	fclose(out);
	for (const char *p = text; *p != '\0'; p += strcspn(p, "\n") + 1) {
		lines++;
		widest = strcspn(p, "\n") > widest ? strcspn(p, "\n") : widest;
	}
	ok(lines > 10 && (all || lines <= 70), "%s: %zu lines of help", tool->name, lines);
	ok(widest <= 80, "%s: %zu columns", tool->name, widest);
	for (size_t row = 0; row < OPT_COUNT; row++) {
		unsigned tools = opt_table.rows[row].tools;

		wrong += lists(text, opt_long(&opt_table.rows[row], name)) !=
		    ((tools & tool->tool) != 0 && (all || (tools & OPT_RARE) == 0));
	}
	ok(wrong == 0, "%s: exactly its own%s options are listed", tool->name, all ? "" : " usual");
	ok((strstr(text, "secret_access_key") != NULL) == (tool != &export), "%s: where an access key may stand", tool->name);
	free(text);
}

static void
test_help(void)
{
	static const char *const asks[] = { "--help", "-?", "-q|--help", "load|-?", "--run|x|-?", "--help-all" };
	const struct opt_tool_info *tools[] = { &export, &push, &import };
	char *text;
	int rc;

	for (size_t i = 0; i < GPM_ARRAY_LEN(tools); i++) {
		check_help(tools[i], false);
		check_help(tools[i], true);
	}
	for (size_t i = 0; i < GPM_ARRAY_LEN(asks); i++) {
		text = capture(STDOUT_FILENO, parse_import, asks[i], &rc);
		ok(rc == 1 && got == NULL, "%s: ends the tool", asks[i]);
		has_str(text, "  -U, --username NAME ", "help holds the options");
		has_str(text, "(default 2)", "help holds the defaults");
		has_str(text, "Usage:\n  gpm-import load\n", "help holds the usage");
		has_str(text, "Examples:\n  gpm-import load\n", "help holds the examples");
		free(text);
	}
	text = capture(STDOUT_FILENO, parse_import, "--help", &rc);
	ok(strstr(text, "--log-format ") == NULL, "--help leaves a rare option out");
	free(text);
	text = capture(STDOUT_FILENO, parse_import, "--help-all", &rc);
	has_str(text, "      --log-format text|json|greenplum", "--help-all has it");
	free(text);
	text = capture(STDOUT_FILENO, parse_import, "-V", &rc);
	is_str(text, "gpm-import (gpm) " PACKAGE_VERSION "\n", "-V");
	free(text);
	text = capture(STDOUT_FILENO, parse_import, "--version", &rc);
	is_str(text, "gpm-import (gpm) " PACKAGE_VERSION "\n", "--version");
	ok(parse_import("-h|db1") == 0, "-h is the host");
	is_str(opt_string(got, OPT_ID_host), "db1", "the host");
	free(text);
}

/* In a child: what failed to be written would stay in stdout's buffer. */
static void
test_help_unwritable(void)
{
	int status;
	pid_t child;

	fflush(stdout);
	if ((child = fork()) == 0) {
		if (freopen("/dev/full", "w", stdout) == NULL)
			_exit(2);
		_exit(parse(&opt_table, &import, "--help") == -1 && e.code == ERR_SYSTEM ? 0 : 1);
	}
	ok(child > 0 && waitpid(child, &status, 0) == child && status == 0,
	    "help that cannot be written is an error");
}

static void
test_start(void)
{
	static const struct { const char *line; int rc; const char *says; } cases[] = {
		{ "-j|x", 2, "gpm-import: error: --jobs: 'x' is not a whole number\n" },
		{ "--jo|4", 2, "gpm-import: hint: write --jobs; names are not abbreviated\n" },
		{ "-q|-v", 2, "exclude each other" },
		{ "--log-format|xml", 2, "--log-format: 'xml' is not one of text, json and greenplum" },
		{ "load", -1, "" },
	};
	int rc;

	for (size_t i = 0; i < GPM_ARRAY_LEN(cases); i++) {
		char *text = capture(STDERR_FILENO, start_import, cases[i].line, &rc);

		ok(rc == cases[i].rc, "start %s: %d", cases[i].line, rc);
		has_str(text, cases[i].says, "  what it says");
		free(text);
	}
	ok(log_enabled(LOG_LEVEL_INFO) && !log_enabled(LOG_LEVEL_DEBUG), "start: level info");
	free(capture(STDOUT_FILENO, start_import, "--help", &rc));
	ok(rc == 0, "start --help: %d", rc);
	start_import("-q");
	ok(!log_enabled(LOG_LEVEL_INFO) && log_enabled(LOG_LEVEL_WARNING), "start -q: warnings");
	setenv("GPM_QUIET", "on", 1);
	start_import("-v|--log-format=json");
	ok(log_enabled(LOG_LEVEL_DEBUG), "start -v: debug, though GPM_QUIET is on");
	ok(log_get_format() == LOG_FORMAT_JSON, "start --log-format=json");
	unsetenv("GPM_QUIET");
	start_import("");
	ok(opt_require(got, OPT_ID_from, &e) == -1 && e.code == ERR_USAGE, "require: missing");
	is_str(e.text, "--from is needed", "require: which");
	start_import("--from=");
	ok(opt_require(got, OPT_ID_from, &e) == -1, "require: an empty value is none");
	start_import("--from=x");
	ok(opt_require(got, OPT_ID_from, &e) == 0, "require: there");
}

int
main(void)
{
	char *sub, *subsub;
	const char *tmp = getenv("TMPDIR");

	clearenv();
	dir = mem_printf("%s/gpm-opt-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return 99;
	sub = mem_printf("%s/.config", dir);
	subsub = mem_printf("%s/gpm", sub);
	mkdir(sub, 0700);
	mkdir(subsub, 0700);
	system_conf = mem_printf("%s/system.conf", dir);
	user_conf = mem_printf("%s/gpm.conf", subsub);
	other_conf = mem_printf("%s/other.conf", dir);
	own.system_conf = system_conf;
	setenv("HOME", dir, 1);

	test_types();
	test_precedence();
	test_refused();
	test_abbreviations();
	test_commands();
	test_conf();
	test_keys();
	test_wiped();
	test_password();
	test_help();
	test_help_unwritable();
	test_start();

	no_files();
	rmdir(subsub);
	rmdir(sub);
	rmdir(dir);
	opt_free(got);
	free(sub);
	free(subsub);
	free(system_conf);
	free(user_conf);
	free(other_conf);
	free(dir);
	return tap_done();
}
