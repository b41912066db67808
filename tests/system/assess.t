#!/usr/bin/env bash
# Goal of this test: gpm-export assess finds in a PostgreSQL what each kind of destination would not take, says what it could not look at,
# and finds nothing in a plain database.
. "$(dirname "$0")/../lib.sh"

pg_up src
assess() { # DATABASE DESTINATION [OPTION…]
	local database=$1 destination=$2

	shift 2
	gpm-export assess -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d "$database" --destination "$destination" "$@"
}
# found ID DESTINATION WANT: the objects of a finding, joined by ' & '
found() {
	[ -f "$TEST_DIR/$2.json" ] || assess odd "$2" --format json >"$TEST_DIR/$2.json" 2>/dev/null
	is "$1 at $2" "$(jq -r ".findings[] | select(.id == \"$1\") | .objects | join(\" & \")" "$TEST_DIR/$2.json")" "$3"
}

# --- a plain database

q src postgres "create database plain"
q src plain "create schema s; create table s.t (id int primary key, b text); insert into s.t select i, repeat('x', 50) from generate_series(1, 10000) i;
	create table s.p (a int, b int) partition by range (a); create table s.p1 partition of s.p for values from (0) to (10);
	create view s.v as select * from s.t; analyze"
exits 0 "a plain database" assess plain postgresql
has "who it is" "$TEST_DIR/out" "database plain (PostgreSQL, catalog of PostgreSQL, encoding UTF8), to postgresql"
has "no finding" "$TEST_DIR/out" "checks: 0 break DDL, 0 break or change data, 0 change queries,"
has "at all" "$TEST_DIR/out" "0 are good to know, 0 not checked"
has "tables" "$TEST_DIR/out" "2 tables, of which 1 are partitions"
has "rows" "$TEST_DIR/out" "about 10,000 rows"
assess plain postgresql --format json >"$TEST_DIR/plain.json"
is "JSON" "$(jq -c '[.format, .version, .destination, .findings, .not_checked, .size.tables, .size.rows, .size.chunks, .size.objects]' "$TEST_DIR/plain.json")" \
	'["gpm-assessment",1,"postgresql",[],[],2,10000,1,8]'
q src plain "copy s.t to '/dev/null' csv" >/dev/null
is "the text of 10,000 rows of 56 bytes is guessed well enough" "$(jq '.size.csv_bytes > 450000 and .size.csv_bytes < 750000' "$TEST_DIR/plain.json")" true
is "small chunks" "$(assess plain postgresql --format json --chunk-size 100KB | jq '.size.chunks >= 5')" true
exits 0 "nothing is written" assess plain cloudberry --destination-segments 4
has "segments there" "$TEST_DIR/out" "4 segments there"

# --- what is asked wrongly

exits 2 "no destination" gpm-export assess -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d plain
has "is told" "$TEST_DIR/err" "--destination is needed"
exits 2 "an unknown destination" assess plain oracle
has "is told" "$TEST_DIR/err" "not 'oracle'"
exits 2 "an unknown format" assess plain postgresql --format xml
exits 2 "a choice of tables" assess plain postgresql -t s.t
exits 1 "no such database" assess nowhere postgresql

# --- one of everything

q src postgres "create database odd"
sql() { "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d "$1"; }
ok "a database of odd things" sql odd <<'SQL'
create schema s;
create table s.t (id int primary key, m money, b text);
-- what no statement makes any more
create table s.unknown (a text);
update pg_attribute set atttypid = 'unknown'::regtype where attrelid = 's.unknown'::regclass and attname = 'a';
create role monkey;
update pg_authid set rolname = 'pg_monkey' where rolname = 'monkey';
create function s.handler() returns language_handler as '$libdir/plpgsql', 'plpgsql_call_handler' language c;
create language plpythonu handler s.handler;
create language "other L" handler s.handler;
create function s.snake() returns int language plpythonu as 'begin return 1; end';
create function s.strange(int) returns int language "other L" as 'begin return 1; end';
create function s.act() returns trigger language plpgsql as 'begin return null; end';
create trigger "each stmt" after insert on s.unknown for each statement execute function s.act();
create trigger each_row before insert on s.unknown for each row execute function s.act();
alter database odd set default_with_oids = off;
alter database odd set standard_conforming_strings = off;
create table s.excluding (r int4range, exclude using gist (r with &&));
create table s.keys (a int unique, b int unique);
create table s.common (a int, b int, c int, unique (a, b), unique (b, c));
create table s.multi (r int4multirange);
create table s.child (t int references s.t);
create foreign data wrapper far;
create server away foreign data wrapper far;
create foreign table s.far (a int) server away;
create table s.parts (a int) partition by list (a);
create foreign table s.far_part partition of s.parts for values in (1) server away;
create schema gpm;
create table gpm.mine (a int);
create table s.wide (b bytea);
alter table s.wide alter b set storage external;
insert into s.wide select decode(string_agg(md5(i::text), ''), 'hex') from generate_series(1, 80000) i;
create table s.huge (like s.wide including storage);
insert into s.huge select * from s.wide;
create table s.lines (t text);
insert into s.lines select case when i % 2 = 0 then E'one\ntwo' else 'three' end from generate_series(1, 1000) i;
select lo_from_bytea(0, 'x'), lo_from_bytea(0, 'y');
set allow_in_place_tablespaces = on;
create tablespace elsewhere location '';
create table s.there (a int) tablespace elsewhere;
create table s."bad
 name" (m money);
analyze s.wide, s.huge, s.lines;
update pg_class set reltuples = 0.01 where oid = 's.huge'::regclass; -- a row of 250 MB, as far as statistics say
SQL
exits 3 "it would break" assess odd greenplum7
has "by number" "$TEST_DIR/err" "findings would break at greenplum7"
has "in groups" "$TEST_DIR/out" "breaks or changes data"
has "why" "$TEST_DIR/out" "    why Greenplum and its kin take triggers for rows only."
has "what to do" "$TEST_DIR/out" "    do  Do that work elsewhere"
has "a name that would drive the terminal is spelt" "$TEST_DIR/out" '      s."bad\x0a name".m money'
is "no line is longer than a terminal's" "$(awk 'length($0) > 80' "$TEST_DIR/out" | grep -v '^      ')" ""

found gone-types greenplum7 "s.unknown.a unknown"
found c-functions greenplum7 's.handler() from $libdir/plpgsql'
found python2 greenplum7 "s.snake()"
found statement-triggers greenplum7 's.unknown "each stmt"'
found statement-triggers postgresql ""
found pg-roles greenplum7 pg_monkey
found settings greenplum7 "this database: default_with_oids=off"
found exclusion-constraints greenplum7 "s.excluding excluding_r_excl"
found exclusion-constraints postgresql ""
found unique-no-common greenplum7 s.keys
found multiranges greenplum7 "s.multi.r int4multirange"
found multiranges cloudberry ""
found external-partitions greenplum7 "s.far_part (foreign partition)"
found large-objects postgresql "2 large objects"
found huge-rows postgresql s.huge
found backslashes postgresql "this database"
found foreign-keys cloudberry "s.child child_t_fkey"
found languages postgresql '"other L", 1 functions'
found rows-elsewhere postgresql "s.far (foreign table)"
found ledger-schema postgresql gpm.mine
found wide-rows postgresql "s.huge & s.wide"
found line-breaks adbpg7 s.lines.t
found line-breaks postgresql ""
found money postgresql 's."bad
 name".m money & s.t.m money'
found tablespaces postgresql elsewhere
found row-triggers postgresql "s.unknown each_row"
found newer-source whpg7 "PostgreSQL $(q src postgres "show server_version")"
found newer-source postgresql ""
found extensions postgresql ""
q src odd "create extension hstore schema s; create table s.h (h s.hstore, hs s.hstore[])"
rm "$TEST_DIR/postgresql.json"
found extensions postgresql "hstore $(q src odd "select extversion from pg_extension where extname = 'hstore'"), types of 2 columns"
found c-functions postgresql 's.handler() from $libdir/plpgsql'

# --- encodings

q src postgres "update pg_authid set rolname = 'monkey' where rolname = 'pg_monkey'"
q src postgres "create database bytes template template0 encoding SQL_ASCII locale 'C'"
q src postgres "create database latin template template0 encoding LATIN1 locale 'C'"
printf 'create table "\xe9t\xe9" (m money);' | PGCLIENTENCODING=SQL_ASCII sql bytes
exits 3 "bytes without an encoding" assess bytes postgresql --format json
is "are found" "$(jq -c '[.findings[] | {id, objects}] | map(select(.id == "sql-ascii"))' "$TEST_DIR/out")" '[{"id":"sql-ascii","objects":["SQL_ASCII"]}]'
is "a name that is not UTF-8" "$(jq -c '.findings[] | select(.id == "money") | .objects' "$TEST_DIR/out")" '[{"name_hex":"7075626c69632e22e974e9222e6d206d6f6e6579"}]'
exits 0 "another encoding is good to know" assess latin postgresql
has "and told" "$TEST_DIR/out" "      LATIN1"

# --- what cannot be looked at

q src plain "create role poor login; revoke select on pg_catalog.pg_largeobject_metadata from public"
exits 3 "a catalog that is refused" assess plain postgresql -U poor
has "is not taken for nothing" "$TEST_DIR/out" "not checked
  large-objects"
has "the reason" "$TEST_DIR/out" "permission denied for table pg_largeobject_metadata"
has "the others go on" "$TEST_DIR/out" "2 tables, of which 1 are partitions"
exits 3 "in JSON too" assess plain postgresql -U poor --format json
is "by its id" "$(jq -c '[.not_checked[].id]' "$TEST_DIR/out")" '["large-objects"]'

q src plain "begin; lock table s.t; select pg_sleep(600)" >/dev/null 2>&1 &
until [ "$(q src plain "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted")" != 0 ]; do sleep 0.1; done
exits 0 "a table that somebody locks" assess plain postgresql
has "is measured by what VACUUM saw" "$TEST_DIR/out" "  about "
q src plain "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()" >/dev/null
wait
done_testing
