/* adapt.c -- test: what becomes of a statement at each kind of destination. */
#include "prelude.h"

#include "adapt.h"
#include "adapt_kin.h"
#include "destination.h"
#include "err.h"
#include "tap.h"

#define PG   ADAPT_POSTGRESQL
#define GP6  ADAPT_GREENPLUM6
#define GP7  ADAPT_GREENPLUM7
#define ALL  (PG | GP6 | GP7)

static struct adapt_pair owner_pairs[] = { { "gpadmin", "postgres" }, { "Old \"one\"", "new one" } };
static struct adapt_pair space_pairs[] = { { "fast", "slow disk" } };
static const struct adapt_map owners = { owner_pairs, 2 }, spaces = { space_pairs, 1 };

/* Statements with a ';' between them go in, what is run comes out in the same way; NOTES are "rule" or "-rule"
 * (passed over) or "~rule" (follows) with blanks between. */
static const struct {
	const char *name;
	unsigned to;
	const char *in, *out, *notes;
} rows[] = {
	{ "what every server takes", ALL, "CREATE VIEW \"v\" AS SELECT 'distributed by (a)' AS \"x\"", "CREATE VIEW \"v\" AS SELECT 'distributed by (a)' AS \"x\"", "" },
	{ "Greenplum 6 keeps all of it", GP6,
	    "SET default_with_oids = true; CREATE TABLE \"t\" (\"a\" \"abstime\") WITH (\"appendonly\"='true', compresstype=quicklz) DISTRIBUTED BY (\"a\")",
	    "SET default_with_oids = true; CREATE TABLE \"t\" (\"a\" \"abstime\") WITH (\"appendonly\"='true', compresstype=quicklz) DISTRIBUTED BY (\"a\")", "" },

	/* how rows are stored */
	{ "distribution by columns", PG, "CREATE TABLE \"t\" (\n    \"a\" integer\n)\n DISTRIBUTED BY (\"a\")", "CREATE TABLE \"t\" (\n    \"a\" integer\n)", "distribution" },
	{ "with an operator class", PG, "CREATE TABLE t (a int) DISTRIBUTED BY (a cdbhash_int4_ops)", "CREATE TABLE t (a int)", "distribution" },
	{ "at random", PG, "CREATE UNLOGGED TABLE t (a int) DISTRIBUTED RANDOMLY", "CREATE UNLOGGED TABLE t (a int)", "distribution" },
	{ "replicated", PG, "CREATE TABLE t (a int) DISTRIBUTED REPLICATED", "CREATE TABLE t (a int)", "distribution" },
	{ "a materialized view", PG, "CREATE MATERIALIZED VIEW v AS\n SELECT 1 AS a\n  WITH NO DATA\n DISTRIBUTED BY (a)", "CREATE MATERIALIZED VIEW v AS\n SELECT 1 AS a\n  WITH NO DATA", "distribution" },
	{ "a comment before it ends with its line", PG, "CREATE TABLE t (a int) -- x\n DISTRIBUTED RANDOMLY WITH (fillfactor=70)", "CREATE TABLE t (a int) -- x\n  WITH (fillfactor=70)", "distribution" },
	{ "Greenplum 7 distributes", GP7, "CREATE TABLE t (a int) DISTRIBUTED RANDOMLY", "CREATE TABLE t (a int) DISTRIBUTED RANDOMLY", "" },
	{ "storage options", PG, "CREATE TABLE t (a int)\nWITH (\"appendonly\"='true', \"orientation\"='column', compresslevel=3)", "CREATE TABLE t (a int)", "storage" },
	{ "others stay", PG, "CREATE TABLE t (a int) WITH (appendonly=true, fillfactor=70, toast.autovacuum_enabled=off)", "CREATE TABLE t (a int) WITH (fillfactor=70, toast.autovacuum_enabled=off)", "storage" },
	{ "only others", PG, "CREATE TABLE t (a int) WITH (fillfactor=70)", "CREATE TABLE t (a int) WITH (fillfactor=70)", "" },
	{ "of columns", PG, "CREATE TABLE t (\"a\" numeric(10,2) ENCODING (compresstype=zlib,blocksize=32768) NOT NULL, b text ENCODING (compresstype=none), CONSTRAINT encoding CHECK ((a > 0)))",
	    "CREATE TABLE t (\"a\" numeric(10,2) NOT NULL, b text, CONSTRAINT encoding CHECK ((a > 0)))", "encoding" },
	{ "of columns, as Greenplum 7 writes them", PG, "CREATE TABLE t (\n    \"column\" int,\n    b text,\n    COLUMN \"column\" ENCODING (compresstype=zlib),\n    DEFAULT COLUMN ENCODING (compresstype=zlib)\n)\nWITH (compresstype='zlib') DISTRIBUTED BY (\"column\")",
	    "CREATE TABLE t (\n    \"column\" int,\n    b text\n)", "distribution storage encoding" },
	{ "bitmap index", PG, "CREATE INDEX i ON s.t USING \"bitmap\" (a)", "CREATE INDEX i ON s.t USING \"btree\" (a)", "bitmap" },
	{ "another index", PG, "CREATE INDEX i ON s.t USING \"gin\" (bitmap)", "CREATE INDEX i ON s.t USING \"gin\" (bitmap)", "" },
	{ "quicklz", GP7, "CREATE TABLE t (a int ENCODING (compresstype=quicklz, compresslevel=1)) WITH (appendonly=true, \"compresstype\"='quicklz')",
	    "CREATE TABLE t (a int ENCODING (compresstype=zstd, compresslevel=1)) WITH (appendonly=true, \"compresstype\"=zstd)", "quicklz" },
	{ "zstd at level 0", GP7, "CREATE TABLE t (a int ENCODING (compresstype=zstd, compresslevel=0), b int ENCODING (compresstype=none,compresslevel=0)) WITH (compresslevel='0', compresstype=zstd)",
	    "CREATE TABLE t (a int ENCODING (compresstype=zstd, compresslevel=1), b int ENCODING (compresstype=none,compresslevel=0)) WITH (compresslevel=1, compresstype=zstd)", "zstd-level" },

	/* OIDs and types that are gone */
	{ "OIDs by the setting", PG | GP7, "SET default_with_oids = true; CREATE TABLE t (a int); SET default_with_oids = false; CREATE TABLE u (a int)", "CREATE TABLE t (a int); CREATE TABLE u (a int)", "oids" },
	{ "OIDs by the option", PG | GP7, "CREATE TABLE t (a int) WITH (oids=true)", "CREATE TABLE t (a int)", "oids storage" },
	{ "no OIDs by the option", GP7, "CREATE TABLE t (a int) WITH (appendonly=true, oids=false, blocksize=8192)", "CREATE TABLE t (a int) WITH (appendonly=true, blocksize=8192)", "" },
	{ "it is the last option", GP7, "CREATE TABLE t (a int) WITH (appendonly=true, oids=true)", "CREATE TABLE t (a int) WITH (appendonly=true)", "oids" },
	{ "old types", PG | GP7, "CREATE TABLE t (\"a\" \"abstime\"[] NOT NULL, b pg_catalog.reltime, c tinterval DEFAULT 'x', \"abstime\" text, d unknown)",
	    "CREATE TABLE t (\"a\" timestamp with time zone[] NOT NULL, b interval, c text DEFAULT 'x', \"abstime\" text, d text)", "abstime reltime tinterval unknown" },

	/* what PostgreSQL has not */
	{ "external tables, and what speaks of them", PG,
	    "CREATE EXTERNAL TABLE \"x\".\"e\" (\"n\" int) LOCATION ('gpfdist://h/x') FORMAT 'csv'; ALTER EXTERNAL TABLE \"x\".\"e\" OWNER TO \"a\"; COMMENT ON TABLE x.e IS 'c';"
	    " COMMENT ON COLUMN x.e.n IS 'c'; GRANT SELECT ON TABLE x.e TO a; GRANT SELECT ON TABLE x.f TO a",
	    "GRANT SELECT ON TABLE x.f TO a", "-external-table ~external-table ~gone ~gone ~gone" },
	{ "written ones too", PG, "CREATE WRITABLE EXTERNAL WEB TABLE e (n int) EXECUTE 'x' FORMAT 'csv' DISTRIBUTED BY (n)", "", "-external-table" },
	{ "as Greenplum 7 writes them", PG, "CREATE FOREIGN TABLE \"x\".\"e\" (\"n\" int)\nSERVER \"gp_exttable_server\"\nOPTIONS (a 'b'); ALTER FOREIGN TABLE \"x\".\"e\" OWNER TO \"a\"; CREATE FOREIGN TABLE f (n int) SERVER s",
	    "CREATE FOREIGN TABLE f (n int) SERVER s", "-external-table ~gone" },
	{ "Greenplum has them", GP6 | GP7, "CREATE EXTERNAL TABLE e (n int) LOCATION ('gpfdist://h/x') FORMAT 'csv'", "CREATE EXTERNAL TABLE e (n int) LOCATION ('gpfdist://h/x') FORMAT 'csv'", "" },
	{ "protocols", PG, "CREATE  TRUSTED PROTOCOL s3 (readfunc = 'r'); ALTER PROTOCOL s3 OWNER TO a; GRANT SELECT ON PROTOCOL s3 TO a", "", "-protocol -protocol -protocol" },
	{ "rights on Greenplum's catalog", PG, "REVOKE ALL ON TABLE \"pg_catalog\".\"gp_pgdatabase\" FROM PUBLIC; GRANT SELECT ON TABLE pg_catalog.pg_class TO a", "GRANT SELECT ON TABLE pg_catalog.pg_class TO a", "-catalog" },
	{ "queues and groups", PG, "CREATE RESOURCE QUEUE q ACTIVE THRESHOLD 20; ALTER RESOURCE GROUP g SET concurrency 1", "", "-resource -resource" },
	{ "settings", PG, "SET gp_default_storage_options = ''", "", "" },
	{ "storage of types", PG, "ALTER TYPE \"s\".\"t\" SET DEFAULT ENCODING (compresstype=zlib)", "", "-type-encoding" },
	{ "functions", PG, "CREATE OR REPLACE FUNCTION f(\"no sql\" int) RETURNS SETOF int LANGUAGE \"sql\" IMMUTABLE CONTAINS SQL EXECUTE ON ALL SEGMENTS AS $$ select 'no sql' $$",
	    "CREATE OR REPLACE FUNCTION f(\"no sql\" int) RETURNS SETOF int LANGUAGE \"sql\" IMMUTABLE AS $$ select 'no sql' $$", "sql-access execute-on" },
	{ "functions on one host", PG, "CREATE FUNCTION f() RETURNS int LANGUAGE c READS SQL DATA EXECUTE ON MASTER AS 'x'", "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x'", "sql-access execute-on" },

	/* partitions */
	{ "ranges", PG,
	    "CREATE TABLE \"x\".\"p\" (\"a\" int, \"n\" int) WITH (fillfactor=70) DISTRIBUTED BY (\"a\") PARTITION BY RANGE(\"n\") (PARTITION \"low\"  END (0) WITH (tablename='p_1_prt_low', \"appendonly\"='false'),"
	    " PARTITION \"a\" START (0) EXCLUSIVE END (10) INCLUSIVE WITH (tablename='p_1_prt_a', fillfactor=80), START (11) END (16) EVERY (5) WITH (tablename='p_1_prt_3') TABLESPACE \"fast\","
	    " DEFAULT PARTITION \"rest\"  WITH (tablename='p_1_prt_re\"st'))",
	    "CREATE TABLE \"x\".\"p\" (\"a\" int, \"n\" int) PARTITION BY RANGE (\"n\");"
	    " CREATE TABLE \"x\".\"p_1_prt_low\" PARTITION OF \"x\".\"p\" FOR VALUES FROM (MINVALUE) TO (0);"
	    " CREATE TABLE \"x\".\"p_1_prt_a\" PARTITION OF \"x\".\"p\" FOR VALUES FROM ((0) + 1) TO ((10) + 1) WITH (fillfactor=80);"
	    " CREATE TABLE \"x\".\"p_1_prt_3\" PARTITION OF \"x\".\"p\" FOR VALUES FROM (11) TO (16) TABLESPACE \"slow disk\";"
	    " CREATE TABLE \"x\".\"p_1_prt_re\"\"st\" PARTITION OF \"x\".\"p\" DEFAULT", "partitions distribution" },
	{ "lists below ranges", PG,
	    "CREATE TABLE p (y int, r text) PARTITION BY RANGE(y) SUBPARTITION BY LIST(r) (START (1) END (2) WITH (tablename='p_1', appendonly=true) COLUMN y ENCODING (compresstype=zlib) COLUMN r ENCODING (compresstype=zlib)"
	    " (SUBPARTITION eu VALUES('eu', NULL) WITH (tablename='p_1_2_eu'), DEFAULT SUBPARTITION other  WITH (tablename='p_1_2_other')))",
	    "CREATE TABLE p (y int, r text) PARTITION BY RANGE (y); CREATE TABLE \"p_1\" PARTITION OF \"p\" FOR VALUES FROM (1) TO (2) PARTITION BY LIST (r);"
	    " CREATE TABLE \"p_1_2_eu\" PARTITION OF \"p_1\" FOR VALUES IN ('eu', NULL); CREATE TABLE \"p_1_2_other\" PARTITION OF \"p_1\" DEFAULT", "partitions" },
	{ "bounds of other types", PG,
	    "CREATE TABLE p (f numeric(12,2)) PARTITION BY RANGE(f) (START (1) EXCLUSIVE END (2.50::numeric(12,2)) INCLUSIVE WITH (tablename='a'));"
	    " CREATE TABLE q (f float8) PARTITION BY RANGE(f) (START ('0.1'::double precision) EXCLUSIVE END (2.5) INCLUSIVE WITH (tablename='b'));"
	    " CREATE TABLE r (f timestamp without time zone) PARTITION BY RANGE(f) (START ('2024-01-01') EXCLUSIVE WITH (tablename='c'));"
	    " CREATE TABLE s (f character varying(9)) PARTITION BY RANGE(f) (END ('m'::text) INCLUSIVE WITH (tablename=E'd\\\\''d'))",
	    "CREATE TABLE p (f numeric(12,2)) PARTITION BY RANGE (f); CREATE TABLE \"a\" PARTITION OF \"p\" FOR VALUES FROM ((1) + 0.01) TO ((2.50::numeric(12,2)) + 0.01);"
	    " CREATE TABLE q (f float8) PARTITION BY RANGE (f); CREATE TABLE \"b\" PARTITION OF \"q\" FOR VALUES FROM ('0.10000000000000002'::double precision) TO ('2.5000000000000004'::double precision);"
	    " CREATE TABLE r (f timestamp without time zone) PARTITION BY RANGE (f); CREATE TABLE \"c\" PARTITION OF \"r\" FOR VALUES FROM (('2024-01-01') + '00:00:00.000001'::interval) TO (MAXVALUE);"
	    " CREATE TABLE s (f character varying(9)) PARTITION BY RANGE (f); CREATE TABLE \"d\\'d\" PARTITION OF \"s\" FOR VALUES FROM (MINVALUE) TO (('m'::text) || E'\\001')",
	    "partitions partitions partitions partitions" },
	{ "its partitions follow a root", PG,
	    "CREATE TABLE x.p (n int) PARTITION BY RANGE(n) (START (1) WITH (tablename='p_1')); ALTER TABLE \"x\".\"p\" OWNER TO \"a\"; ALTER TABLE ONLY x.p ADD CONSTRAINT k UNIQUE (n); ALTER TABLE ONLY x.q ADD CONSTRAINT k UNIQUE (n)",
	    "CREATE TABLE x.p (n int) PARTITION BY RANGE (n); CREATE TABLE x.\"p_1\" PARTITION OF \"x\".\"p\" FOR VALUES FROM (1) TO (MAXVALUE); ALTER TABLE \"x\".\"p\" OWNER TO \"a\";"
	    " ALTER TABLE x.\"p_1\" OWNER TO \"a\"; ALTER TABLE x.p ADD CONSTRAINT k UNIQUE (n); ALTER TABLE ONLY x.q ADD CONSTRAINT k UNIQUE (n)", "partitions only" },
	{ "so do keys in Greenplum", GP6 | GP7, "CREATE TABLE p (n int) PARTITION BY RANGE(n) (START (1) EXCLUSIVE END (2) WITH (tablename='p_1')); ALTER TABLE ONLY p ADD CONSTRAINT k UNIQUE (n)",
	    "CREATE TABLE p (n int) PARTITION BY RANGE(n) (START (1) EXCLUSIVE END (2) WITH (tablename='p_1')); ALTER TABLE p ADD CONSTRAINT k UNIQUE (n)", "only" },
	{ "a list of several columns", PG | GP7,
	    "CREATE TABLE x.p (b text, \"c\" int) PARTITION BY LIST(b, \"c\") (PARTITION one VALUES( ('a', 1),  (NULL, f(2, 3))) WITH (tablename='p_1'), DEFAULT PARTITION d WITH (tablename='p_d'));"
	    " ALTER TABLE ONLY x.p ADD CONSTRAINT k UNIQUE (b)",
	    "CREATE TABLE x.p (b text, \"c\" int); CREATE TABLE x.\"p_1\" (CHECK ((b = 'a' AND \"c\" = 1) OR"
	    " (b IS NULL AND \"c\" = f(2, 3)))) INHERITS (\"x\".\"p\"); CREATE TABLE x.\"p_d\" () INHERITS (\"x\".\"p\"); ALTER TABLE ONLY x.p ADD CONSTRAINT k UNIQUE (b)", "inherits" },
	{ "a bound of a type without a next value", PG,
	    "CREATE TABLE p (i inet) PARTITION BY RANGE(i) SUBPARTITION BY LIST(i) (START ('1.1.1.1'::inet) EXCLUSIVE END ('2.2.2.2'::inet) INCLUSIVE WITH (tablename='p_1') (SUBPARTITION x VALUES('a','b') WITH (tablename='p_1_x', fillfactor=70)))",
	    "CREATE TABLE p (i inet); CREATE TABLE \"p_1\" (CHECK (i > ('1.1.1.1'::inet) AND i <= ('2.2.2.2'::inet))) INHERITS (\"p\");"
	    " CREATE TABLE \"p_1_x\" (CHECK ((i = 'a') OR (i = 'b'))) INHERITS (\"p_1\") WITH (fillfactor=70)", "inherits" },
	{ "comments on external tables", GP7, "CREATE EXTERNAL TABLE x.e (a int) LOCATION ('x') FORMAT 'csv'; COMMENT ON TABLE x.e IS 'c'; COMMENT ON TABLE x.f IS 'c'",
	    "CREATE EXTERNAL TABLE x.e (a int) LOCATION ('x') FORMAT 'csv'; COMMENT ON FOREIGN TABLE x.e IS 'c'; COMMENT ON TABLE x.f IS 'c'", "" },
	{ "PostgreSQL's own partitions", PG | GP7, "CREATE TABLE p (n int) PARTITION BY RANGE (n)", "CREATE TABLE p (n int) PARTITION BY RANGE (n)", "" },
	{ "partitions without names", PG, "CREATE TABLE p (n int) PARTITION BY RANGE (n) (START (1) END (9) EVERY (1))", "CREATE TABLE p (n int) PARTITION BY RANGE (n) (START (1) END (9) EVERY (1))", "partitions-unknown" },
	{ "templates", PG, "ALTER TABLE p ALTER PARTITION FOR (RANK(1)) \nSET SUBPARTITION TEMPLATE (SUBPARTITION a VALUES(1)); ALTER TABLE p SET SUBPARTITION TEMPLATE ()", "", "-template -template" },
	{ "external partitions", PG, "ALTER TABLE p EXCHANGE PARTITION a WITH TABLE e WITHOUT VALIDATION", "", "-external-partition" },
	{ "the dump's own mistake: rights on a table that it dropped", ALL, "DROP TABLE \"x\".\"e\"; GRANT SELECT ON TABLE \"x\".\"e\" TO a; GRANT SELECT ON TABLE x.f TO a", "DROP TABLE \"x\".\"e\"; GRANT SELECT ON TABLE x.f TO a", "~gone" },
	{ "Greenplum 7 reads the clause, but for bounds", GP7,
	    "CREATE TABLE p (a int, f text) DISTRIBUTED BY (a) PARTITION BY RANGE(f) (PARTITION one START ('a'::text) END ('m'::text) INCLUSIVE WITH (tablename='p_1', oids=false), PARTITION two START ('m'::text) EXCLUSIVE WITH (tablename='p_2'))",
	    "CREATE TABLE p (a int, f text) DISTRIBUTED BY (a) PARTITION BY RANGE(f) (PARTITION one START ('a'::text) END (('m'::text) || E'\\001') WITH (tablename='p_1'), PARTITION two START (('m'::text) || E'\\001') WITH (tablename='p_2'))",
	    "bounds" },
	{ "which it steps over itself for whole numbers", GP7, "CREATE TABLE p (a int) PARTITION BY RANGE(a) (START (1) EXCLUSIVE END (9) INCLUSIVE WITH (tablename='p_1'))",
	    "CREATE TABLE p (a int) PARTITION BY RANGE(a) (START (1) EXCLUSIVE END (9) INCLUSIVE WITH (tablename='p_1'))", "" },
	{ "templates by rank", GP7, "ALTER TABLE x.p ALTER PARTITION FOR (RANK(1)) SET SUBPARTITION TEMPLATE (a); ALTER TABLE \"x\".\"p\" SET SUBPARTITION TEMPLATE (b); ALTER TABLE x.q SET SUBPARTITION TEMPLATE (c)",
	    "ALTER TABLE x.q SET SUBPARTITION TEMPLATE (c)", "-rank -template" },

	/* names */
	{ "owners", ALL, "ALTER TABLE t OWNER TO gpadmin; ALTER FUNCTION f(\"owner\" int) OWNER TO \"Old \"\"one\"\"\"; ALTER SCHEMA s OWNER TO \"GPADMIN\"", "ALTER TABLE t OWNER TO \"postgres\"; ALTER FUNCTION f(\"owner\" int) OWNER TO \"new one\"; ALTER SCHEMA s OWNER TO \"GPADMIN\"", "" },
	{ "rights", ALL, "GRANT SELECT ON TABLE gpadmin TO \"gpadmin\", b, gpadmin WITH GRANT OPTION; REVOKE ALL ON SCHEMA s FROM PUBLIC", "GRANT SELECT ON TABLE gpadmin TO \"postgres\", b, \"postgres\" WITH GRANT OPTION; REVOKE ALL ON SCHEMA s FROM PUBLIC", "" },
	{ "default rights", ALL, "ALTER DEFAULT PRIVILEGES FOR ROLE gpadmin IN SCHEMA s GRANT SELECT ON TABLES  TO gpadmin", "ALTER DEFAULT PRIVILEGES FOR ROLE \"postgres\" IN SCHEMA s GRANT SELECT ON TABLES  TO \"postgres\"", "" },
	{ "sessions", ALL, "SET SESSION AUTHORIZATION \"gpadmin\"", "SET SESSION AUTHORIZATION \"postgres\"", "" },
	{ "tablespaces", ALL, "SET default_tablespace = \"fast\"; SET default_tablespace = ''; CREATE INDEX i ON t (a) TABLESPACE fast", "SET default_tablespace = \"slow disk\"; SET default_tablespace = ''; CREATE INDEX i ON t (a) TABLESPACE \"slow disk\"", "" },
};

static void
add_notes(const struct adapted *a, struct buf *notes)
{
	static const char *const mark[] = { [ADAPT_CHANGED] = "", [ADAPT_PASSED] = "-", [ADAPT_FOLLOWS] = "~" };

	for (size_t i = 0; i < a->nnotes; i++)
		text_printf(notes, "%s%s%s", notes->len > 0 ? " " : "", mark[a->notes[i].what], a->notes[i].rule);
}

/* All statements of TEXT through one adapter. */
static void
adapt_text(enum adapt_to to, const char *text, struct buf *out, struct buf *notes)
{
	struct adapter *adapter = adapter_new(to, &owners, &spaces);
	struct sqlsplit *split = sqlsplit_new(text, strlen(text));
	struct sql_statement s;
	struct adapted a;
	struct err e;

	text_init(out);
	text_init(notes);
	while (sqlsplit_next(split, &s, &e) == 1 && adapter_take(adapter, &s, &a, &e) == 0) {
		for (size_t i = 0; i < a.len; i++)
			text_printf(out, "%s%s", out->len > 0 ? "; " : "", a.at[i].text);
		add_notes(&a, notes);
		adapted_release(&a);
	}
	sqlsplit_free(split);
	adapter_free(adapter);
}

static void
test_rows(void)
{
	static const struct {
		enum adapt_to to;
		const char *name;
	} kinds[] = { { PG, "PostgreSQL" }, { GP6, "Greenplum 6" }, { GP7, "Greenplum 7" } };
	struct buf out, notes;
	char *name;

	for (size_t i = 0; i < GPM_ARRAY_LEN(rows); i++) {
		for (size_t k = 0; k < GPM_ARRAY_LEN(kinds); k++) {
			if ((rows[i].to & kinds[k].to) == 0)
				continue;
			adapt_text(kinds[k].to, rows[i].in, &out, &notes);
			name = mem_printf("%s: %s", kinds[k].name, rows[i].name);
			is_str(text_str(&out), rows[i].out, name);
			if (k != 2 || strstr(rows[i].notes, "storage") == NULL) /* the rules of 7 say which option */
				is_str(text_str(&notes), rows[i].notes, name);
			free(name);
			buf_release(&out);
			buf_release(&notes);
		}
	}
}

static void
test_parts(void)
{
	static const char text[] = "CREATE TABLE p (n int) PARTITION BY RANGE(n) (START (1) WITH (tablename='p_1'))";
	struct adapter *adapter = adapter_new(PG, NULL, NULL);
	struct sql_statement s = { .text = text, .len = strlen(text), .number = 7, .line = 99 };
	struct adapted a;
	struct err e;

	ok(adapter_take(adapter, &s, &a, &e) == 0 && a.len == 2, "a statement becomes two");
	ok(a.at[0].number == 7 && a.at[0].line == 99 && a.at[0].part == 0 && a.at[1].number == 7 && a.at[1].part == 1, "which say where they come from");
	is_str(a.object, "table p", "and what it is about");
	adapted_release(&a);
	adapter_free(adapter);
}

static void
test_objects(void)
{
	static const char *const of[][2] = {
		{ "CREATE TABLE \"x\".\"Odd t\" (a int)", "table x.\"Odd t\"" },
		{ "ALTER TABLE ONLY x.t ADD CONSTRAINT k UNIQUE (a)", "table x.t" },
		{ "CREATE UNIQUE INDEX \"i\" ON x.t USING btree (a)", "index i of x.t" },
		{ "CREATE OR REPLACE FUNCTION \"x\".\"f\"(a int) RETURNS int", "function x.f" },
		{ "COMMENT ON COLUMN x.t.a IS 'secret'", "column x.t.a" },
		{ "GRANT SELECT ON TABLE x.t TO a", "rights on table x.t" },
		{ "GRANT USAGE ON SCHEMA \"x\" TO a", "rights on schema x" },
		{ "CREATE TRIGGER g BEFORE INSERT ON x.t FOR EACH ROW EXECUTE PROCEDURE f()", "trigger g of x.t" },
		{ "CREATE EXTENSION IF NOT EXISTS \"citext\" WITH SCHEMA x", "extension citext" },
		{ "CREATE READABLE EXTERNAL WEB TABLE x.e (a int)", "external table x.e" },
		{ "CREATE MATERIALIZED VIEW x.v AS SELECT 1", "materialized view x.v" },
		{ "SET x = 'secret'", "SET x = " },
		{ "CREATE USER MAPPING FOR a SERVER s OPTIONS (password 'secret')", "user mapping for a" },
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(of); i++) {
		struct sql_statement s = { .text = of[i][0], .len = strlen(of[i][0]) };
		char *object = adapt_object(&s);

		is_str(object, of[i][1], of[i][0]);
		free(object);
	}
}

static void
test_about(void)
{
	static const char *const of[][2] = {
		{ "ALTER TABLE ONLY x.\"T\" OWNER TO a", "\"x\".\"T\"" }, { "COMMENT ON COLUMN x.t.a IS 'y'", "\"x\".\"t\"" },
		{ "ALTER TABLE ONLY x.r ATTACH PARTITION x.p DEFAULT", "\"x\".\"p\"" }, { "ALTER INDEX x.r ATTACH PARTITION x.p", "\"x\".\"p\"" },
		{ "GRANT SELECT(a),UPDATE(on_b) ON TABLE x.t TO b", "\"x\".\"t\"" }, { "CREATE UNIQUE INDEX i ON ONLY x.t USING btree (a)", "\"x\".\"t\"" },
		{ "CREATE TRIGGER g BEFORE UPDATE OF a, b ON x.t FOR EACH ROW EXECUTE PROCEDURE f()", "\"x\".\"t\"" },
		{ "COMMENT ON CONSTRAINT c ON x.t IS 'y'", "\"x\".\"t\"" }, { "CREATE TABLE x.t (a int)", "" },
		{ "CREATE VIEW x.v AS SELECT 1 FROM x.t", "" }, { "ALTER FUNCTION x.f() OWNER TO a", "" }, { "COMMENT ON", "" },
	};

	for (size_t i = 0; i < GPM_ARRAY_LEN(of); i++) {
		struct sql_statement s = { .text = of[i][0], .len = strlen(of[i][0]) };
		char *name = adapt_about(&s);

		is_str(name != NULL ? name : "", of[i][1], of[i][0]);
		free(name);
	}
}

static void
test_kin(void)
{
	static const char *const seen[] = { "CREATE TABLE x.p PARTITION OF x.r DEFAULT", "ALTER TABLE ONLY x.r ATTACH PARTITION x.\"Q\" DEFAULT",
		"CREATE INDEX i ON x.p USING btree (a)", "CREATE INDEX j ON x.r (a)", "ALTER TABLE ONLY x.\"Q\" ADD CONSTRAINT k PRIMARY KEY (a)" };
	struct adapt_kin *k = adapt_kin_new();
	bool index = true;

	for (size_t i = 0; i < GPM_ARRAY_LEN(seen); i++)
		adapt_kin_see(k, &(struct sql_statement){ .text = seen[i], .len = strlen(seen[i]) });
	is_str(adapt_kin_above(k, "\"x\".\"p\"", &index), "\"x\".\"r\"", "what is made as a partition");
	ok(!index, "is a table");
	is_str(adapt_kin_above(k, "\"x\".\"Q\"", &index), "\"x\".\"r\"", "what becomes one");
	is_str(adapt_kin_above(k, "\"x\".\"i\"", &index), "\"x\".\"p\"", "an index on one");
	ok(index, "is an index");
	is_str(adapt_kin_above(k, "\"x\".\"k\"", &index), "\"x\".\"Q\"", "a key's index");
	ok(adapt_kin_above(k, "\"x\".\"j\"", &index) == NULL && adapt_kin_above(k, "\"x\".\"r\"", &index) == NULL, "what is on the root is nobody's part");
	adapt_kin_free(k);
}

static void
test_destinations(void)
{
	enum adapt_to to;
	struct err e;

	ok(destination_of("PostgreSQL 15.7 on x86_64", 150007) == PG, "PostgreSQL");
	ok(destination_of("PostgreSQL 9.4.26 (Greenplum Database 6.24.3 build dev)", 90426) == GP6, "Greenplum 6");
	ok(destination_of("PostgreSQL 12.12 (Greenplum Database 7.1.0)", 120012) == GP7, "Greenplum 7");
	ok(destination_of("PostgreSQL 14.4 (Cloudberry Database 1.5.4)", 140004) == GP7, "Cloudberry");
	ok(destination_named("adbpg7", &to, &e) == 0 && to == GP7 && destination_named("oracle", &to, &e) < 0 && e.code == ERR_USAGE, "by name");
}

int
main(void)
{
	test_rows();
	test_parts();
	test_objects();
	test_about();
	test_kin();
	test_destinations();
	return tap_done();
}
