/* made.c -- test: what statements of a schema make, by name. */
#include "prelude.h"

#include "made.h"
#include "tap.h"

/* The statement, the thing, what it is on; "" for none. */
static const struct {
	const char *sql, *thing, *of;
} rows[] = {
	{ "CREATE TABLE \"s\".\"t\" (\"a\" integer)", "table s.t", "" },
	{ "CREATE UNLOGGED TABLE s.t ()", "table s.t", "" },
	{ "CREATE TABLE \"Odd \"\"S\"\"\".\"t.1\" (a int)", "table \"Odd \"\"S\"\"\".\"t.1\"", "" },
	{ "CREATE TABLE s.p PARTITION OF s.t FOR VALUES IN (1)", "table s.p", "table s.t" },
	{ "ALTER TABLE ONLY \"s\".\"t\" ATTACH PARTITION \"s\".\"p\" DEFAULT", "partition s.p", "table s.t" },
	{ "ALTER INDEX s.t_pkey ATTACH PARTITION s.p_pkey", "partition s.p_pkey", "" },
	{ "ALTER TABLE ONLY \"s\".\"t\"\n    ADD CONSTRAINT \"t_pkey\" PRIMARY KEY (\"a\")", "constraint t_pkey of s.t", "table s.t" },
	{ "ALTER TABLE s.t ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY (\n SEQUENCE NAME s.t_a_seq\n START WITH 1)", "sequence s.t_a_seq", "table s.t" },
	{ "CREATE SEQUENCE s.q START WITH 1", "sequence s.q", "" },
	{ "CREATE UNIQUE INDEX \"i\" ON ONLY \"s\".\"t\" USING \"btree\" (\"a\")", "index i of s.t", "table s.t" },
	{ "CREATE VIEW s.v AS SELECT 1", "view s.v", "" },
	{ "CREATE MATERIALIZED VIEW s.m AS SELECT 1 WITH NO DATA", "materialized view s.m", "" },
	{ "CREATE TRIGGER g BEFORE INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION s.f()", "trigger g of s.t", "table s.t" },
	{ "CREATE CONSTRAINT TRIGGER g AFTER INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION s.f()", "trigger g of s.t", "table s.t" },
	{ "CREATE POLICY p ON s.t USING (true)", "policy p of s.t", "table s.t" },
	{ "CREATE RULE r AS\n    ON INSERT TO s.t DO INSTEAD NOTHING", "rule r of s.t", "table s.t" },
	{ "CREATE FUNCTION \"s\".\"f\"(\"a\" integer) RETURNS integer", "function s.f", "" },
	{ "CREATE TYPE s.mood AS ENUM ('a')", "type s.mood", "" },
	{ "CREATE SCHEMA s", "schema s", "" },
	{ "ALTER PUBLICATION p ADD TABLE ONLY s.t", "publication p of s.t", "table s.t" },
	{ "ALTER TABLE s.t OWNER TO a", "", "" },
	{ "COMMENT ON TABLE s.t IS 'CREATE TABLE s.u'", "", "" },
	{ "CREATE EXTENSION e", "", "" },
	{ "CREATE FOREIGN TABLE s.f (a int) SERVER x", "", "" },
	{ "CREATE", "", "" }, { "ALTER TABLE s.t ALTER a ADD GENERATED ALWAYS AS IDENTITY", "", "" }, { "", "", "" },
};

static bool
same(const char *got, const char *want)
{
	return strcmp(got != NULL ? got : "", want) == 0;
}

int
main(void)
{
	char *table = made_table("Odd \"S\"", "t_1");

	for (size_t i = 0; i < GPM_ARRAY_LEN(rows); i++) {
		struct sql_statement s = { .text = rows[i].sql, .len = strlen(rows[i].sql) };
		struct made m;

		made_read(&s, &m);
		ok(same(m.thing, rows[i].thing) && same(m.of, rows[i].of), "%s", rows[i].sql);
		made_release(&m);
	}
	ok(same(table, "table \"Odd \"\"S\"\"\".t_1"), "a table's name as a thing");
	free(table);
	return tap_done();
}
