/* Goal of this test: volumes whose journals, lists or tars were lost, cut, tampered with or taken for others give what the tar agrees to, and no
 * other byte; a writer stops before it takes anything away. */
#include "prelude.h"

#include "atomic.h"
#include "err.h"
#include "log.h"
#include "tap.h"
#include "volumes.h"

/* --- journals --- */

/* A file that is called as the journal, on the disk: the real one is with the state. */
static void
test_stray_journal(void)
{
	struct store *s;
	struct err e;

	fresh("d1");
	fresh("state");
	s = must_open(at("state"), "d1?size=1GB");
	ok(put_many(s, 'a', 1000, &e) == 0, "a volume grows");
	store_close(s);
	ok(shell("echo x >%s/d1/run.v0001.journal", tmpdir), "a stray lies beside it");
	s = must_open(at("state"), "d1?size=1GB");
	is_str(list(s, "run/", 0), "run/a=1000 ", "what was put is there");
	ok(put_many(s, 'b', 1000, &e) == 0 && store_finish(s, "run/", &e) == 0, "and it goes on");
	store_close(s);
	s = must_open(NULL, "d1");
	is_str(list(s, "run/", 0), "run/a=1000 run/b=1000 ", "a reader sees all of it");
	store_close(s);
}

/* A growing volume with a, b and c on the first disk, its journal with the state, and something on the second. */
static void
grown(const char *on_second)
{
	struct store *s;
	struct err e;
	int rc = 0;

	fresh("d1");
	fresh("d2");
	fresh("state");
	s = must_open(at("state"), "d1?size=1GB");
	for (char c = 'a'; c <= 'c'; c++)
		rc += put_many(s, c, 1000, &e) < 0;
	ok(rc == 0, "a volume grows on the first disk");
	store_close(s);
	ok(shell("cd %s && %s", at("d2"), on_second), "on the second: %s", on_second);
}

/* What is called as a volume that grows elsewhere takes nothing away from it. */
static void
test_other_files(void)
{
	static const char *const strays[] = { "echo x >run.v0001.jsonl", "touch run.v0001.tar", "echo x >run.v0001.tar; echo x >run.v0001.jsonl" };
	struct store *s;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(strays); i++) {
		grown(strays[i]);
		s = must_open(at("state"), "d2?size=1GB");
		ok(put_many(s, 'd', 1000, &e) == -1, "nothing is begun there");
		has_str(e.text, i == 0 ? "was begun on a disk that is not here" : "state/run.v0001.journal'", "the message says why");
		if (i > 0)
			has_str(e.text, "d2/run.v0001.tar'", "and names the other file");
		has_str(e.hint, i == 0 ? "mount that disk" : "move the one away that is a stray", "the hint says what to do");
		store_close(s);
		ok(shell("cd %s && rm run.*", at("d2")), "the stray goes");
		s = must_open(at("state"), "d1?size=1GB");
		is_str(list(s, "run/", 0), "run/a=1000 run/b=1000 run/c=1000 ", "all is known");
		ok(put_many(s, 'd', 1000, &e) == 0 && store_finish(s, "run/", &e) == 0, "and goes on");
		store_close(s);
	}
}

/* A volume whose journal is elsewhere is neither cut nor begun anew. */
static void
test_other_journal(void)
{
	char *both = mem_printf("d2,%s/d1?size=1GB", tmpdir);
	struct store *s;
	struct err e;

	grown("mv ../state/run.v0001.journal ../d1");
	for (int i = 0; i < 2; i++) {
		s = must_open(at("state"), i == 0 ? "d1?size=1GB" : both);
		ok(put_many(s, 'd', 1000, &e) == -1 && e.code == ERR_FAILED, "a journal that is beside the volume, not with the state");
		has_str(e.text, "d1/run.v0001.tar.part' is there; '", "the volume is named");
		has_str(e.text, "d1/run.v0001.journal'", "and the journal");
		has_str(e.hint, "go on with that", "the hint says what to do");
		store_close(s);
	}
	is_str(names("state"), "", "nothing was begun");
	is_str(names("d2"), "", "on no disk");

	grown("sed 4q ../state/run.v0001.journal >x; sed 2q x >y; for f in x y; do cp ../d1/run.v0001.tar.part $f.part; done");
	for (const char *f = "xy"; *f != '\0'; f++) {
		ok(shell("cd %s && cp %c ../state/run.v0001.journal && cp %c.part ../d1/run.v0001.tar.part", at("d2"), *f, *f), "a journal with some lines less");
		s = must_open(at("state"), "d1?size=1GB");
		if (*f == 'x') {
			ok(put_many(s, 'd', 1000, &e) == 0, "one member is what a dead process may have left");
		} else {
			ok(put_many(s, 'd', 1000, &e) == -1 && e.code == ERR_DIFFERS, "more were noted elsewhere");
			has_str(e.text, "d1/run.v0001.tar.part' holds more than '", "the volume is named");
			has_str(e.text, "state/run.v0001.journal' lists", "and the journal");
			ok(shell("cmp %s/d2/y.part %s/d1/run.v0001.tar.part", tmpdir, tmpdir), "nothing is cut");
		}
		store_close(s);
	}
	free(both);
}

/* A process died after its volume was complete, before it removed the journal. */
static void
test_stale_journal(void)
{
	struct store *s;
	struct err e;

	grown("cp ../state/run.v0001.journal x");
	s = must_open(at("state"), "d1?size=1GB");
	ok(store_finish(s, "run/", &e) == 0, "finished");
	store_close(s);
	ok(shell("cp %s/d2/x %s/state/run.v0001.journal", tmpdir, tmpdir), "the journal is still there");
	s = must_open(at("state"), "d1?size=1GB");
	ok(put_many(s, 'd', 1000, &e) == 0, "the next volume begins");
	store_close(s);
	is_str(names("state"), "run.v0001.jsonl run.v0002.journal ", "the old journal is gone");
}

/* On a disk that somebody had in hand. */
static void
test_damaged_journal(void)
{
	struct store *s;
	struct err e;

	fresh("v");
	s = must_open(NULL, "v?size=1GB");
	ok(put_many(s, 'a', 1000, &e) == 0 && store_finish(s, "run/", &e) == 0 && put_many(s, 'b', 1000, &e) == 0 && put_many(s, 'c', 1000, &e) == 0,
	    "a volume that is complete, and one that grows");
	store_close(s);
	ok(shell("cd %s && cp run.v0002.journal x && sed 's,run/b,run/x,' x >run.v0002.journal", at("v")), "whose journal is damaged");
	s = must_open(NULL, "v?size=1GB");
	ok(letter(s, "run/a", &e) == 'a', "the other is read");
	ok(put_many(s, 'd', 1000, &e) == -1 && e.code == ERR_DIFFERS, "nothing is put");
	has_str(e.text, "v/run.v0002.journal'", "the message names it");
	store_close(s);
	ok(shell("cd %s && rm run.v0002.journal && mkfifo run.v0002.journal", at("v")), "a pipe in its place");
	s = must_open(NULL, "v?size=1GB");
	ok(letter(s, "run/a", &e) == 'a', "stops nobody");
	store_close(s);
}

/* A journal that was cut or removed behind the writer's back: its volume is not completed by half a list. */
static void
test_lost_lines(void)
{
	static const char *const harms[] = { "rm run.v0001.journal", "sed '$d' run.v0001.journal >x && cat x >run.v0001.journal && rm x" };
	struct store *s;
	struct err e;

	for (size_t i = 0; i < GPM_ARRAY_LEN(harms); i++) {
		fresh("v");
		s = must_open(NULL, "v?size=1GB");
		ok(put_many(s, 'a', 1000, &e) == 0 && put_many(s, 'b', 1000, &e) == 0, "two objects");
		ok(shell("cd %s && %s", at("v"), harms[i]), "%s", harms[i]);
		ok(store_finish(s, "run/", &e) == -1 && e.code == ERR_DIFFERS, "the volume is not completed");
		has_str(e.text, "is not what was written", "and told why");
		store_close(s);
		ok(!exists("v/run.v0001.tar") && !exists("v/run.v0001.jsonl"), "there is no list of half of it");
	}
}

/* --- what was lost, cut or tampered with --- */

/* Two volumes with a, b and c, d, and a third with e, in a folder that is copied for each case. */
static void
three_volumes(void)
{
	struct store *s;
	struct err e;
	int rc = 0;

	fresh("three");
	s = must_open(NULL, "three?size=200KB");
	for (char c = 'a'; c <= 'e'; c++)
		rc += put_many(s, c, 80000, &e) < 0;
	ok(rc == 0 && store_finish(s, "run/", &e) == 0 && exists("three/run.v0003.tar"), "three volumes");
	store_close(s);
}

/* That of each of a to e. */
static const char *
read_all(void)
{
	static char text[6];
	struct store *s;
	struct err e;

	if (open_url(NULL, &s, &e, "v") < 0)
		return "it does not open";
	for (char c = 'a'; c <= 'e'; c++) {
		char key[] = { 'r', 'u', 'n', '/', c, '\0' };

		text[c - 'a'] = letter(s, key, &e);
	}
	store_close(s);
	return text;
}

struct harm {
	const char *command; /* in the folder of the volumes */
	const char *want;    /* of read_all */
	const char *name;
};

/* LIST rewritten by EDIT, a program in python that has lines in "l", with a new seal: what a forger would do. */
#define FORGE(edit) "python3 - <<'E'\n" \
	"import hashlib, json, re\n" \
	"l = open('run.v0001.jsonl').read().splitlines()\n" edit "\n" \
	"e = json.loads(l[-1]); e.pop('sha256'); e['lines'] = len(l) - 1\n" \
	"body = ''.join(x + '\\n' for x in l[:-1]) + json.dumps(e, separators=(',', ':'))[:-1]\n" \
	"open('run.v0001.jsonl', 'w').write(body + ',\"sha256\":\"' + hashlib.sha256(body.encode()).hexdigest() + '\"}\\n')\nE"
#define EDIT_MEMBER(from, to) FORGE("l[2] = re.sub(r'" from "', r'" to "', l[2])")

static void
test_harm(void)
{
	static const struct harm harms[] = {
		{ "true", "abcde", "nothing" },
		{ "rm run.v0002.*", "ab--e", "a volume that is lost, with its list" },
		{ "rm run.v0002.tar", "ab--e", "one that is lost, without" },
		{ "rm run.v0002.jsonl", "abcde", "a list that is lost" },
		{ "truncate -s 90000 run.v0002.jsonl", "abcde", "a list that is cut" },
		{ "echo x >run.v0002.jsonl", "abcde", "a list that is none" },
		{ "rm run.v0002.jsonl; mkfifo run.v0002.jsonl", "abcde", "a list that is a pipe" },
		{ "cp run.v0001.jsonl run.v0002.jsonl", "abcde", "the list of another volume" },
		{ "mv run.v0001.tar x; mv run.v0002.tar run.v0001.tar; mv x run.v0002.tar", "!!!!e", "two tars that changed names" },
		{ "truncate -s 100000 run.v0002.tar", "abc!e", "a tar that is cut" },
		{ "truncate -s 100000 run.v0002.tar; rm run.v0002.jsonl", "abc!e", "and without its list" },
		{ "printf X | dd of=run.v0002.tar bs=1 seek=1000 conv=notrunc status=none", "ab!de", "a byte that flipped" },
		{ "printf X | dd of=run.v0002.tar bs=1 seek=3 conv=notrunc status=none", "ab!de", "one in a header" },
		{ "rm run.v0002.tar; mkfifo run.v0002.tar", "ab!!e", "a tar that is a pipe" },
		{ "rm run.v0002.tar; ln -s run.v0001.tar run.v0002.tar", "ab!!e", "one that is a link" },
		{ "dd if=/dev/zero of=run.v0002.tar bs=1 count=0 seek=300000 status=none", "abcde", "one with zeros behind it" },
		{ "head -c 200000 /dev/urandom >run.v0002.tar", "ab!!e", "one that is none" },
		{ "head -c 200000 /dev/urandom >run.v0002.tar; rm run.v0002.jsonl", "ab--e", "and without its list" },
		/* a forged list: the tar has the last word */
		{ FORGE(""), "abcde", "a list with another seal" },
		{ EDIT_MEMBER("run/a", "run/e"), "-bcde", "a member by another name, which a later volume has, too" },
		{ EDIT_MEMBER("run/a", "../a"), "abcde", "a name that leads out" },
		{ EDIT_MEMBER("run/a", "/etc/passwd"), "abcde", "an absolute one" },
		{ EDIT_MEMBER("run/a", "other/a"), "abcde", "one of another run" },
		{ EDIT_MEMBER("run/a", "runaway/a"), "abcde", "one that only begins like this run" },
		{ EDIT_MEMBER("\"bytes\":80000", "\"bytes\":79999"), "!bcde", "another size" },
		{ EDIT_MEMBER("\"bytes\":80000", "\"bytes\":9223372036854775807"), "abcde", "a huge size" },
		{ EDIT_MEMBER("\"bytes\":80000", "\"bytes\":80001"), "!bcde", "one that reaches no further than the padding" },
		{ EDIT_MEMBER("\"bytes\":80000", "\"bytes\":80897"), "abcde", "one that reaches into the next member" },
		{ EDIT_MEMBER("\"offset\":0", "\"offset\":9223372036854775296"), "abcde", "a place past the end" },
		{ EDIT_MEMBER("\"offset\":0", "\"offset\":1"), "abcde", "a place that is no block" },
		{ EDIT_MEMBER("\"header\":512", "\"header\":1024"), "abcde", "a header of another length" },
		{ EDIT_MEMBER("\"header\":512", "\"header\":0"), "abcde", "no header" },
		{ EDIT_MEMBER("\"header\":512", "\"header\":9223372036854775296"), "abcde", "a huge header" },
		{ EDIT_MEMBER("\"sha256\":\"..", "\"sha256\":\"00"), "!bcde", "another hash" },
		{ FORGE("l[3:3] = [l[2]]"), "abcde", "a member twice" },
		{ FORGE("l[2], l[3] = l[3], l[2]"), "abcde", "members out of order" },
		{ FORGE("l[3:4] = []"), "a-cde", "one left out" },
		{ FORGE("l[1] = l[1].replace('\"volume\":1', '\"volume\":9')"), "abcde", "the number of another volume" },
		{ FORGE("l[1] = re.sub('\"bytes\":[0-9]*', '\"bytes\":9223372036854775807', l[1]); l[2] = re.sub('80000', '9223372036854775807', l[2])"),
		    "abcde", "sizes whose sum would wrap round" },
		{ FORGE("l[0] = l[0].replace('\"run\":\"run\"', '\"run\":\"x\"')"), "abcde", "the head of another run" },
		{ FORGE("l[3] = '{\"rec\":\"removed\",\"key\":\"run/c\"}'"), "a-cde", "what an earlier one says is gone, and a later one brings" },
	};

	three_volumes();
	for (size_t i = 0; i < GPM_ARRAY_LEN(harms); i++) {
		if (!shell("cd %s && rm -rf v && cp -a three v && cd v && %s", tmpdir, harms[i].command))
			ok(0, "%s", harms[i].command);
		is_str(read_all(), harms[i].want, harms[i].name);
	}
}

/* Two copies, each damaged in another place. */
static void
test_copies(void)
{
	char *both = mem_printf("v,%s/w", tmpdir);
	struct store *s;
	struct err e;

	ok(shell("cd %s && rm -rf v w && cp -a three v && cp -a three w && printf X | dd of=v/run.v0001.tar bs=1 seek=1000 conv=notrunc status=none && "
	    "rm w/run.v0002.tar && truncate -s 1000 w/run.v0003.tar && printf X | dd of=v/run.v0003.tar bs=1 seek=3 conv=notrunc status=none", tmpdir),
	    "two copies, each with its own damage");
	s = must_open(NULL, both);
	ok(letter(s, "run/a", &e) == 'a' && letter(s, "run/c", &e) == 'c', "what one has whole is read");
	ok(letter(s, "run/e", &e) == '!', "what none has is not");
	ok(store_get(s, "run/e", 0, 0, refuse, NULL, &e) == -1 && e.code == ERR_DIFFERS && strstr(e.text, "is damaged") != NULL, "and told");
	store_close(s);
	free(both);
}

/* Tars of others, without a list. */
static void
test_strange_tars(void)
{
	static const struct harm harms[] = {
		{ "ln -s /etc/passwd run/b && bsdtar -cf run.v0001.tar run/b", "", "a symbolic link" },
		{ "ln run/a run/b && bsdtar -cf run.v0001.tar run/a run/b", "run/a=80000 ", "a hard link" },
		{ "bsdtar -cf run.v0001.tar run", "run/a=80000 ", "a folder" },
		{ "bsdtar -cPf run.v0001.tar -s ,run/a,../../evil, run/a", "", "a path that leads out" },
		{ "bsdtar -cPf run.v0001.tar -s ,run,/run, run/a", "", "an absolute one" },
		{ "bsdtar -cf run.v0001.tar -s ,run,other, run/a", "", "one of another run" },
		{ "bsdtar -cf run.v0001.tar run/a && echo hi >run/a && bsdtar -rf run.v0001.tar run/a", "run/a=3 ", "a member twice: the last counts" },
		{ "truncate -s 1M run/s && printf x >>run/s && tar -S -cf run.v0001.tar run/s run/a", "run/a=80000 ", "one with holes" },
		{ "tar --format=gnu -cf run.v0001.tar run/a", "run/a=80000 ", "GNU tar's own format" },
		{ "tar -czf run.v0001.tar run/a", "", "a compressed one" },
		{ "mkfifo run/p && tar -cf run.v0001.tar run/p run/a", "run/a=80000 ", "a pipe" },
		{ "python3 -c \"import tarfile; t = tarfile.open('run.v0001.tar', 'w', format=tarfile.PAX_FORMAT); i = tarfile.TarInfo('run/a'); i.size = 1 << 62; t.addfile(i)\"",
		    "run/a=2147483647 ", "a huge size" },
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(harms); i++) {
		struct store *s;
		struct err e;
		const char *got;

		if (!shell("cd %s && rm -rf v && mkdir v && cd v && mkdir run && head -c 80000 /dev/zero >run/a && %s && rm -rf run", tmpdir, harms[i].command))
			ok(0, "%s", harms[i].command);
		if (open_url(NULL, &s, &e, "v") < 0) {
			ok(0, "%s", harms[i].name);
			continue;
		}
		got = list(s, "", STORE_LIST_RECURSIVE);
		if (strstr(harms[i].name, "huge") != NULL)
			ok(strncmp(got, "run/a=", 6) == 0 && store_get(s, "run/a", 0, 0, refuse, NULL, &e) == -1 && e.code == ERR_DIFFERS, "a huge size is not read");
		else
			is_str(got, harms[i].want, harms[i].name);
		store_close(s);
	}
}

int
main(void)
{
	umask(022);
	log_setup("volume_harm", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	tmpdir_make();
	test_stray_journal();
	test_other_files();
	test_other_journal();
	test_stale_journal();
	test_damaged_journal();
	test_lost_lines();
	test_harm();
	test_copies();
	test_strange_tars();
	tmpdir_remove();
	return tap_done();
}
