#!/usr/bin/env bash
# Goal of this test: a schema as Greenplum 6 dumps it arrives in PostgreSQL: printed, rehearsed in a database that is dropped again, made,
# loaded; what is changed, passed over and what fails is listed; names are mapped.
#
# There is no Greenplum here: its schema is the text below, which stands in for what pg_dump writes; the rows come from tables of the
# same names in PostgreSQL.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

# stand_in PRE POST: pg_dump writes these files for its sections
stand_in() {
	mkdir -p "$TEST_DIR/bin"
	cat >"$TEST_DIR/bin/pg_dump" <<-END
		#!/bin/sh
		case "\$*" in
		*--version* | *--help*) exec $pg_bin/pg_dump "\$@" ;;
		*--section=pre-data*) exec cat "$1" ;;
		*) exec cat "$2" ;;
		esac
	END
	printf '#!/bin/sh\nexec %s/pg_dumpall "$@"\n' "$pg_bin" >"$TEST_DIR/bin/pg_dumpall"
	chmod +x "$TEST_DIR/bin/pg_dump" "$TEST_DIR/bin/pg_dumpall"
}

# new_run PRE POST: a sealed run with this schema; sets $run
new_run() {
	stand_in "$1" "$2"
	rm -rf "$spool"
	export_shop -q --client-bin "$TEST_DIR/bin" --new-run || exit 1
	push_shop -q || exit 1
	run=$(basename "$(printf '%s\n' "$bucket"/*/ | sort | tail -n 1)")
}
schema() { # [OPTION…]: of $run, in dst's warehouse
	gpm-import schema --from "file://$bucket" --run "$run" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"
}
print() { gpm-import schema --print --from "file://$bucket" --run "$run" "$@"; }
rehearsals() { q dst postgres "select count(*) from pg_database where datname like 'gpm_rehearsal_%'"; }
listed() { # NAME LINE: the list in $TEST_DIR/out holds it, wherever the statement stands
	if sed -E 's/^([a-z]+) +[a-z-]+\.sql:[0-9]+  /\1 /' "$TEST_DIR/out" | grep -qxF -- "$2"; then
		result 0 "$1"
	else
		result 1 "$1"
		comment <"$TEST_DIR/out"
	fi
}

# --- a source

cat >"$TEST_DIR/pre.sql" <<'END'
SET gp_default_storage_options = '';
SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
CREATE SCHEMA "sales";
ALTER SCHEMA "sales" OWNER TO "gp owner";
SET default_tablespace = '';
SET default_with_oids = false;
CREATE TABLE "sales"."lines" (
    "id" bigint ENCODING (compresstype=zstd,compresslevel=3,blocksize=32768),
    "note" "text" DEFAULT 'DISTRIBUTED BY (id)'::"text" ENCODING (compresstype=zlib,compresslevel=5)
)
WITH ("appendonly"='true', "orientation"='column', "compresstype"='zstd')
 DISTRIBUTED BY ("id");
ALTER TABLE "sales"."lines" OWNER TO "gp owner";
COMMENT ON TABLE "sales"."lines" IS 'WITH (appendonly=true) DISTRIBUTED RANDOMLY';
CREATE TABLE "sales"."orders" (
    "id" integer,
    "odate" "date"
)
 DISTRIBUTED BY ("id") PARTITION BY RANGE("odate")
          (
          START ('2023-01-01'::"date") EXCLUSIVE END ('2023-02-01'::"date") INCLUSIVE EVERY ('1 mon'::interval) WITH (tablename='orders_1_prt_1', "appendonly"='false'),
          DEFAULT PARTITION "other"  WITH (tablename='orders_1_prt_other', "appendonly"='false')
          );
 ;
ALTER TABLE "sales"."orders" OWNER TO "gp owner";
CREATE TABLE "sales"."visits" (
    "id" integer,
    "region" "text",
    "d" "date"
)
WITH ("appendonly"='true')
 DISTRIBUTED BY ("id") PARTITION BY LIST("region")
          SUBPARTITION BY RANGE("d")
          (
          PARTITION "eu" VALUES('eu', 'it''s') WITH (tablename='visits_1_prt_eu', "appendonly"='true' )
                  (
                  START ('2024-01-01'::"date") END ('2024-02-01'::"date") WITH (tablename='visits_1_prt_eu_2_prt_1', "appendonly"='true' ),
                  DEFAULT SUBPARTITION "rest"  WITH (tablename='visits_1_prt_eu_2_prt_rest', "appendonly"='true' )
                  )
          );
 ALTER TABLE "sales"."visits"
SET SUBPARTITION TEMPLATE
          (
          DEFAULT SUBPARTITION "rest"  WITH (tablename='visits')
          )
;
ALTER TABLE "sales"."visits" OWNER TO "gp owner";
CREATE TABLE "sales"."pairs" (
    "a" "text",
    "b" integer
)
 DISTRIBUTED BY ("a") PARTITION BY LIST("a", "b")
          (
          PARTITION "one" VALUES( ('x', 1),  (NULL, 2)) WITH (tablename='pairs_1_prt_one', "appendonly"='false')
          );
 ;
SET default_with_oids = true;
CREATE TABLE "sales"."old" (
    "a" "abstime"
)
 DISTRIBUTED RANDOMLY;
SET default_with_oids = false;
CREATE EXTERNAL TABLE "sales"."ext" (
    "n" integer
) LOCATION (
    'gpfdist://host.invalid:8080/x.csv'
) ON ALL
FORMAT 'csv' (delimiter E',' null E'' escape E'"' quote E'"')
ENCODING 'UTF8';
ALTER EXTERNAL TABLE "sales"."ext" OWNER TO "gp owner";
GRANT SELECT ON TABLE "sales"."ext" TO "gp reader";
CREATE FUNCTION "sales"."twice"("a" integer) RETURNS SETOF integer
    LANGUAGE "sql" IMMUTABLE CONTAINS SQL EXECUTE ON ALL SEGMENTS
    AS $_$ select $1 * 2 $_$;
CREATE VIEW "sales"."storage" AS
 SELECT "later"."relstorage" FROM "sales"."later";
ALTER TABLE "sales"."storage" OWNER TO "gp owner";
CREATE FUNCTION "sales"."c"() RETURNS "trigger"
    LANGUAGE "c" NO SQL
    AS '$libdir/gpm_test_missing', 'f';
GRANT SELECT ON TABLE "sales"."lines" TO "gp reader";
END
cat >"$TEST_DIR/post.sql" <<'END'
CREATE INDEX "orders_idx" ON "sales"."orders" USING "bitmap" ("id");
ALTER TABLE ONLY "sales"."orders"
    ADD CONSTRAINT "orders_key" UNIQUE ("id", "odate");
END

pg_up src
pg_up dst
q src postgres 'create role "gp owner"'
q src postgres 'create role "gp reader"'
q src postgres "create database shop"
q src shop 'create schema sales authorization "gp owner"; grant usage on schema sales to "gp reader";
	create table sales.lines (id bigint, note text); insert into sales.lines select i, md5(i::text) from generate_series(1, 3000) i;
	create table sales.orders_1_prt_1 (id int, odate date);
	insert into sales.orders_1_prt_1 select i, date '"'2023-01-02'"' + i % 31 from generate_series(0, 500) i;
	create table sales.orders_1_prt_other (id int, odate date); insert into sales.orders_1_prt_other values (1, null), (2, '"'2023-01-01'"'), (3, '"'2023-02-02'"');
	create table sales.visits_1_prt_eu_2_prt_1 (id int, region text, d date); insert into sales.visits_1_prt_eu_2_prt_1 values (1, '"'eu'"', '"'2024-01-31'"');
	create table sales.visits_1_prt_eu_2_prt_rest (id int, region text, d date); insert into sales.visits_1_prt_eu_2_prt_rest values (2, $$it'"'"'s$$, null);
	create table sales.pairs_1_prt_one (a text, b int); insert into sales.pairs_1_prt_one values ($$x$$, 1), (null, 2);
	create table sales.old (a timestamptz); insert into sales.old values ($$2024-02-29 12:00:00+00$$); alter table sales.lines owner to "gp owner"'
fresh_warehouse
new_run "$TEST_DIR/pre.sql" "$TEST_DIR/post.sql"
good=$run

# --- what is refused

exits 2 "print for nobody" print
has "it is said what is missing" "$TEST_DIR/err" "--print needs --destination"
exits 2 "print for somebody unknown" print --destination oracle
exits 2 "an unknown section" schema --section data
exits 2 "a map without a new name" schema --owner-map x=
exits 2 "a map of one name to two" schema --owner-map x=a --owner-map x=b
exits 2 "load does not rehearse" load_shop --rehearse

# --- printed

exits 0 "print for PostgreSQL" print --destination postgresql
cp "$TEST_DIR/out" "$TEST_DIR/printed.sql"
has "a partition has a statement of its own" "$TEST_DIR/out" "CREATE TABLE \"sales\".\"orders_1_prt_1\" PARTITION OF \"sales\".\"orders\" FOR VALUES FROM (('2023-01-01'::\"date\") + 1) TO (('2023-02-01'::\"date\") + 1);"
hasnt "no distribution" "$TEST_DIR/out" ' DISTRIBUTED BY ("id")'
has "but what stands in quotes" "$TEST_DIR/out" "IS 'WITH (appendonly=true) DISTRIBUTED RANDOMLY'"
has "what was done is a comment" "$TEST_DIR/out" "-- gpm: external table sales.ext: passed over: "
exits 0 "print for Greenplum 7" print --destination whpg7 --section pre-data
has "it keeps its distribution" "$TEST_DIR/out" 'DISTRIBUTED BY ("id") PARTITION BY RANGE("odate")'
has "and external tables" "$TEST_DIR/out" 'CREATE EXTERNAL TABLE "sales"."ext"'
hasnt "the other section is not printed" "$TEST_DIR/out" "orders_idx"
q dst postgres "create database printed"
q dst postgres 'create role "gp owner"' # psql's own way, and gone again below
q dst postgres 'create role "gp reader"'
"$pg_bin/psql" -Xq -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d printed -f "$TEST_DIR/printed.sql" >/dev/null 2>"$TEST_DIR/psql.err"
is "psql runs what is printed, but for three statements" "$(grep -c ERROR "$TEST_DIR/psql.err")" 3
q dst postgres "drop database printed"
q dst postgres 'drop role "gp owner"'
q dst postgres 'drop role "gp reader"'

# --- rehearsed

exits 3 "rehearse" schema --rehearse
listed "what is changed" 'changed table sales.lines: PostgreSQL does not distribute rows: DISTRIBUTED is left out'
listed "partitions" "changed table sales.orders: its partitions are declared in PostgreSQL's way, under their names"
listed "OIDs" 'changed table sales.old: it is made without OIDs: the column oid does not come along'
listed "what is passed over" 'passed external table sales.ext: PostgreSQL has no external tables: make a foreign table in its place, if it is still needed'
listed "what is about it" 'follows rights on table sales.ext: what it is about is passed over, or dropped before'
listed "what fails" 'failed view sales.storage: relation "sales.later" does not exist'
listed "because of it" 'follows table sales.storage: relation "sales.storage" does not exist'
listed "a library" 'failed function sales.c: could not access file "$libdir/gpm_test_missing": No such file or directory'
has "what to do about it" "$TEST_DIR/out" "to do: install the shared object"
has "roles that load would make" "$TEST_DIR/out" "role gp owner is missing"
has "sums" "$TEST_DIR/out" " 2 passed over, 2 failed, 1 more because of what is missing then"
is "the database is gone" "$(rehearsals)" 0
is "no role was made" "$(q dst postgres "select count(*) from pg_roles where rolname like 'gp %'")" 0
is "nothing is in the destination" "$(q dst warehouse "select count(*) from pg_namespace where nspname in ('sales', 'gpm')")" 0

# --- rehearsals that die: one whose schema has a statement that takes long

cat >"$TEST_DIR/slow.sql" <<'END'
CREATE SCHEMA "sales";
DO $$ begin perform pg_sleep(600); end $$;
END
: >"$TEST_DIR/nothing.sql"
new_run "$TEST_DIR/slow.sql" "$TEST_DIR/nothing.sql"
slow=$run

# until_true CLUSTER SQL
until_true() {
	local i

	for ((i = 0; i < 1200; i++)); do
		[ "$(q "$1" postgres "$2")" = t ] && return
		sleep 0.05
	done
	return 1
}
# start_slow: in the background, until it is in the middle; sets $rehearsing
start_slow() {
	gpm-import schema --rehearse --from "file://$bucket" --run "$slow" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse \
		>"$TEST_DIR/slow.out" 2>"$TEST_DIR/slow.err" &
	rehearsing=$!
	until_true dst "select count(*) > 0 from pg_stat_activity where query like '%pg_sleep(600)%' and datname like 'gpm_rehearsal_%'"
}
# ends N NAME: $rehearsing does so
ends() {
	local got=0

	wait "$rehearsing" || got=$?
	is "$2" "$got" "$1"
}
run=$good
start_slow
result $? "a rehearsal takes long"
exits 3 "another one beside it" schema --rehearse
is "leaves it alone" "$(rehearsals)" 1
kill -TERM "$rehearsing"
ends 143 "a signal ends it"
is "its database is gone" "$(rehearsals)" 0
start_slow
result $? "once more"
kill -KILL "$rehearsing"
ends 137 "killed"
is "its database is left" "$(rehearsals)" 1
ok "the server sees that" until_true dst "select count(*) = 0 from pg_stat_activity where application_name like 'gpm-rehearse %'"
exits 3 "the next one" schema --rehearse
has "drops it" "$TEST_DIR/err" "was left behind by a rehearsal, and is dropped"
is "all are gone" "$(rehearsals)" 0

# --- made, under other names

make_space dst '"slow disk"'
sed -e 's/^SET default_tablespace = .*/SET default_tablespace = "fast";/' "$TEST_DIR/pre.sql" >"$TEST_DIR/fast.sql"
new_run "$TEST_DIR/fast.sql" "$TEST_DIR/post.sql"
q dst postgres "create role boss"
exits 3 "what rows need" schema --section pre-data --owner-map 'gp owner=boss' --tablespace-map 'fast=slow disk'
is "an owner" "$(q dst warehouse "select distinct tableowner from pg_tables where schemaname = 'sales' and tablename ~ '^(lines|orders|visits)'")" boss
is "a tablespace" "$(q dst warehouse "select tablespace from pg_tables where tablename = 'lines'")" "slow disk"
is "who is mapped is not made, who is not is" "$(q dst postgres "select string_agg(rolname, ',') from pg_roles where rolname like 'gp %'")" "gp reader"
is "no index yet" "$(q dst warehouse "select count(*) from pg_indexes where schemaname = 'sales'")" 0
exits 0 "the rest, which depends on it" schema --section post-data
is "the key is on the root and its partitions" "$(q dst warehouse "select count(*) from pg_constraint where contype = 'u' and connamespace = 'sales'::regnamespace")" 3
is "a bitmap index is a btree" "$(q dst warehouse "select indexdef like '%USING btree%' from pg_indexes where indexname = 'orders_idx'")" t
fresh_warehouse

# --- loaded

run=$good
load_good() { load_shop --run "$good" --verify content "$@"; }
exits 3 "load" load_good
has "what fails" "$TEST_DIR/err" 'relation "sales.later" does not exist'
has "what is passed over" "$TEST_DIR/err" "external table sales.ext: passed over"
has "what was changed, in sums" "$TEST_DIR/err" "DISTRIBUTED is left out ("
is "every table is as at the source" "$(grep -c 'verified by content$' "$TEST_DIR/out")" 7
is "the leaves hang where they did" "$(q dst warehouse "select string_agg(relid::text || ' ' || level, ',' order by relid::text) from pg_partition_tree('sales.visits')")" \
	"sales.visits 0,sales.visits_1_prt_eu 1,sales.visits_1_prt_eu_2_prt_1 2,sales.visits_1_prt_eu_2_prt_rest 2"
is "those that cannot be declared inherit" "$(q dst warehouse "select count(*) from sales.pairs")" 2
is "a root gives all rows" "$(q dst warehouse "select count(*), count(odate) from sales.orders")" "504|503"
q dst warehouse "insert into sales.orders values (7, '2023-02-01'), (8, '2023-01-01')"
is "new rows go where they went: START is exclusive, END inclusive" \
	"$(q dst warehouse "select string_agg(tableoid::regclass::text, ',' order by id) from sales.orders where (id, odate) in ((7, '2023-02-01'), (8, '2023-01-01'))")" \
	"sales.orders_1_prt_1,sales.orders_1_prt_other"
q dst warehouse "delete from sales.orders where (id, odate) in ((7, '2023-02-01'), (8, '2023-01-01'))"
q dst warehouse "create table sales.later (relstorage text)"
exits 3 "what failed is tried again" load_good
hasnt "the view is there now" "$TEST_DIR/err" "sales.later"
is "and what followed it" "$(q dst warehouse "select viewowner from pg_views where viewname = 'storage'")" "gp owner"
has "the library is still missing" "$TEST_DIR/err" "gpm_test_missing"
done_testing
