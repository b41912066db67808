/* repeat.c -- which statements of a schema are done again where a newer run takes an earlier one's place. */
#include "prelude.h"

#include "repeat.h"
#include "tap.h"

static const char *const again[] = {
	"COMMENT ON TABLE public.t IS 'ADD this'", "GRANT SELECT ON TABLE public.t TO reader", "REVOKE ALL ON SCHEMA public FROM PUBLIC",
	"SECURITY LABEL FOR x ON TABLE public.t IS 'y'", "ALTER TABLE public.t OWNER TO alice", "ALTER TABLE ONLY public.t ALTER COLUMN a SET DEFAULT nextval('public.s'::regclass)",
	"ALTER TABLE public.options OWNER TO alice", "ALTER TABLE public.t ALTER COLUMN add SET STATISTICS 7", "ALTER TABLE public.t SET (a = 'ADD')",
	"ALTER FUNCTION public.f(inherit integer) OWNER TO alice", "ALTER SEQUENCE public.s OWNED BY public.t.attach", "ALTER TABLE public.\"add\" CLUSTER ON i",
	"ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA public GRANT SELECT ON TABLES TO b", "ALTER TABLE ONLY public.t REPLICA IDENTITY FULL",
	"CREATE OR REPLACE VIEW public.v AS SELECT 1", "create /* a comment */ or replace function f() returns int as 'select 1' language sql",
};

static const char *const once[] = {
	"CREATE TABLE public.t (a int)", "CREATE INDEX i ON public.t (a)", "CREATE VIEW public.v AS SELECT 1", "ALTER TABLE ONLY public.t ADD CONSTRAINT p PRIMARY KEY (a)",
	"ALTER TABLE public.t ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME public.s)", "ALTER TABLE ONLY public.t ATTACH PARTITION public.p DEFAULT",
	"alter table public.t inherit public.u", "ALTER PUBLICATION p ADD TABLE ONLY public.t", "ALTER FOREIGN TABLE ONLY public.f ALTER COLUMN a OPTIONS (column_name 'b')",
	"ALTER TABLE public.t RENAME TO u", "ALTER ADD", "CREATE OR", "INSERT INTO public.t VALUES (1)", "SELECT public.f()", "DROP TABLE public.t", "",
};

static bool
is_safe(const char *text)
{
	struct sql_statement s = { .text = text, .len = strlen(text) };

	return repeat_is_safe(&s);
}

static bool
stays(const char *text)
{
	struct sql_statement s = { .text = text, .len = strlen(text) };

	return repeat_stays(&s);
}

static void
test_there(void)
{
	static const char *const held[] = { "CREATE TABLE public.t (a int)", "create unlogged table t ()", "CREATE FOREIGN TABLE f (a int) SERVER s",
		"CREATE READABLE EXTERNAL WEB TABLE e (a int)", "CREATE SCHEMA s", "CREATE SEQUENCE s", "CREATE TYPE t AS ENUM ()", "CREATE EXTENSION e" };
	static const char *const droppable[] = { "CREATE VIEW v AS SELECT 1", "CREATE INDEX i ON t (a)", "CREATE MATERIALIZED VIEW table AS SELECT 1",
		"ALTER TABLE ONLY t ADD CONSTRAINT p PRIMARY KEY (a)", "CREATE FUNCTION f() RETURNS int", "CREATE", "CREATE FOREIGN", "" };

	for (size_t i = 0; i < GPM_ARRAY_LEN(held); i++)
		ok(stays(held[i]), "stays: %s", held[i]);
	for (size_t i = 0; i < GPM_ARRAY_LEN(droppable); i++)
		ok(!stays(droppable[i]), "may be dropped: %s", droppable[i]);
	ok(repeat_is_there("42P07") && repeat_is_there("42710") && !repeat_is_there("42P01") && !repeat_is_there(""), "what is there already");
}

int
main(void)
{
	for (size_t i = 0; i < GPM_ARRAY_LEN(again); i++)
		ok(is_safe(again[i]), "again: %s", again[i]);
	for (size_t i = 0; i < GPM_ARRAY_LEN(once); i++)
		ok(!is_safe(once[i]), "once: %s", once[i]);
	test_there();
	return tap_done();
}
