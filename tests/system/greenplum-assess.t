#!/usr/bin/env bash
# Goal of this test: gpm-export assess finds in a real Greenplum 6 what Greenplum 7, Cloudberry and PostgreSQL would not take, and how rows
# lie on the segments.
#
#   GPM_TEST_SOURCE  conninfo of a superuser of a Greenplum 6 where databases and roles may be made, and where no
#                    role is called pg_…; without it all is skipped
source_conninfo=${GPM_TEST_SOURCE:-}
. "$(dirname "$0")/../lib.sh"

[ -n "$source_conninfo" ] || skip_all "GPM_TEST_SOURCE names no Greenplum to read"

sql() { # DATABASE [PSQL OPTION…]
	local database=$1

	shift
	PGOPTIONS='-c client_min_messages=error' "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -d "$source_conninfo dbname=$database" "$@"
}
version=$(sql postgres -c "select version()") || exit 1
[[ $version == *"Greenplum Database 6"* ]] || skip_all "GPM_TEST_SOURCE is no Greenplum 6: its catalogs hold none of this"
odd=gpm_assess_$$ plain=gpm_assess_${$}_plain monkey=pg_gpm_test_$$
clean_up() {
	sql postgres -c "drop database if exists $odd" >/dev/null
	sql postgres -c "drop database if exists $plain" >/dev/null
	sql postgres -c "drop role if exists $monkey" -c "drop role if exists gpm_test_poor_$$" >/dev/null
}
at_end clean_up
assess() { # DATABASE DESTINATION [OPTION…]
	local database=$1 destination=$2

	shift 2
	gpm-export assess -d "$source_conninfo dbname=$database" --destination "$destination" "$@"
}
# found ID DESTINATION WANT: the objects of a finding, joined by ' & '
found() {
	[ -f "$TEST_DIR/$2.json" ] || assess "$odd" "$2" --format json >"$TEST_DIR/$2.json" 2>/dev/null
	is "$1 at $2" "$(jq -r ".findings[] | select(.id == \"$1\") | .objects | join(\" & \")" "$TEST_DIR/$2.json")" "$3"
}
echo "# source: $version"
segments=$(sql postgres -c "select count(*) from gp_segment_configuration where content >= 0 and role = 'p'")

# --- a plain database

sql postgres -c "create database $plain"
sql "$plain" -c "create table t (a int, b text) distributed by (a); insert into t select i, repeat('x', 50) from generate_series(1, 9000) i; analyze t"
exits 0 "a plain database" assess "$plain" greenplum7
has "no finding" "$TEST_DIR/out" "checks: 0 break DDL, 0 break or change data, 0 change queries,"
has "at all" "$TEST_DIR/out" "0 are good to know, 0 not checked"
has "rows" "$TEST_DIR/out" "about 9,000 rows"
has "segments" "$TEST_DIR/out" "  $segments segments here"
exits 0 "to other segments" assess "$plain" cloudberry --destination-segments 8
has "are compared" "$TEST_DIR/out" "8 segments there"
has "and judged" "$TEST_DIR/out" "gpm spreads rows anew"
sql "$plain" -c "create role gpm_test_poor_$$ login"
exits 0 "an ordinary role" assess "$plain" greenplum7 -U "gpm_test_poor_$$"
has "is told what it may not" "$TEST_DIR/out" "may not make writable external tables"

# --- one of everything

sql postgres -c "create role $monkey" -c "create database $odd"
ok "a database of odd things" sql "$odd" <<'SQL'
create schema s;
create table s.times (a int, b abstime, c reltime[], d tinterval) distributed by (a);
create table s.oids (a int) with oids distributed by (a);
create table s.by_money (a int, m money) distributed by (m cdbhash_cash_ops);
create table s.text_range (a int, t text) distributed by (a)
	partition by range (t) (partition one start ('a') exclusive end ('m') inclusive);
create table s.int_range (a int, b int) distributed by (a) partition by range (b) (start (1) exclusive end (9) inclusive);
create table s.two_columns (a int, b int, c int) distributed by (a) partition by list (b, c) (partition p values ((1, 2)));
create table s.no_key (a int, b int) distributed by (a) partition by range (b) (start (1) end (3) every (1));
create unique index no_key_a on s.no_key (a);
create table s.outside (a int, b int) distributed by (a) partition by list (b) (partition x values (1), partition y values (2));
create external table s.away (like s.outside) location ('gpfdist://127.0.0.1:1/x') format 'csv';
alter table s.outside exchange partition x with table s.away without validation;
create external table s.read_in (a int) location ('gpfdist://127.0.0.1:1/x') format 'csv';
create function s.act() returns trigger language plpgsql as 'begin return null; end';
create trigger each_stmt after insert on s.times for each statement execute procedure s.act();
create trigger each_row before insert on s.times for each row execute procedure s.act();
create function s.handler() returns language_handler as '$libdir/plpgsql', 'plpgsql_call_handler' language c;
create function s.on_master() returns int execute on master language sql as 'select 1';
create function s.reads() returns bigint language sql as 'select count(*) from pg_catalog.pg_partition_rule';
create function s.factorial(int) returns int language sql as 'select 1';
create operator s.!!! (procedure = s.factorial, leftarg = int);
create view s.old as select relname, relstorage from pg_class;
create view s.fine as select relname as relstorages from pg_class;
create table s.filled (a int) with (appendonly = true, fillfactor = 50) distributed by (a);
create type s.mood as enum ('sad', 'ok');
create table s.by_enum (m s.mood) distributed by (m);
create table s.floats (f float8, g float4, n numeric) distributed randomly;
create table s.uneven (a int, gone int, b int) distributed by (a) partition by range (b) (start (1) end (2) every (1));
alter table s.uneven drop column gone;
alter table s.uneven add partition late start (2) end (3);
create table s.mixed (a int, b int) distributed by (a)
	partition by range (b) (start (1) end (2) with (appendonly = true, orientation = column), start (2) end (3));
create table s.skewed (a int, t text) distributed by (a);
insert into s.skewed select 1, md5(i::text) || md5((-i)::text) from generate_series(1, 40000) i;
create table s.even (a int, t text) with (appendonly = true) distributed by (a);
insert into s.even select i, md5(i::text) || md5((-i)::text) from generate_series(1, 40000) i;
analyze s.skewed;
analyze s.even;
SQL
sql "$odd" -c "alter database $odd set gp_default_storage_options = 'appendonly=false'" \
	-c "alter database $odd set standard_conforming_strings = off" >/dev/null

exits 3 "it would break" assess "$odd" greenplum7
found gone-types greenplum7 "s.times.b abstime & s.times.c reltime[] & s.times.d tinterval"
found with-oids postgresql s.oids
found key-type greenplum7 "s.by_money.m money"
found exclusive-bounds greenplum7 s.text_range_1_prt_one
found list-columns cloudberry s.two_columns
found unique-without-partition-key greenplum7 "s.no_key_a on s.no_key"
found external-partitions greenplum7 "s.outside_1_prt_x (external partition)"
found rows-elsewhere greenplum7 "s.read_in (external table)"
found external-tables postgresql "s.outside_1_prt_x & s.read_in"
found external-tables greenplum7 ""
found statement-triggers adbpg7 "s.times each_stmt"
found row-triggers whpg7 "s.times each_row"
found c-functions greenplum7 's.handler() from $libdir/plpgsql'
found execute-on cloudberry "s.on_master()"
found postfix-operators cloudberry 's.!!!'
found postfix-operators greenplum7 ""
found old-catalogs greenplum7 s.old
found old-catalogs-in-functions greenplum7 "s.reads()"
found fillfactor cloudberry s.filled
found enum-keys greenplum7 "s.by_enum.m s.mood"
found legacy-hash greenplum7 s.by_money
found floats postgresql "s.floats.f double precision & s.floats.g real"
found uneven-partitions greenplum7 s.uneven_1_prt_late
found pg-roles postgresql "$monkey"
found settings greenplum7 "this database: gp_default_storage_options=appendonly=false"
found backslashes greenplum7 "this database"
found partition-storage greenplum7 s.mixed_1_prt_1
found partition-syntax postgresql "s.int_range & s.mixed & s.no_key & s.outside & s.text_range & s.two_columns & s.uneven"
is "nothing was refused" "$(cat "$TEST_DIR"/*.json | jq -sc '[.[].not_checked[].id]')" "[]"
of() { jq -r ".size.largest[] | select(.name == \"$1\") | $2" "$TEST_DIR/greenplum7.json"; }
ok "rows on one segment" test "$(of skewed .skew_percent)" -gt $((segments * 90)) # the others hold a page of TOAST's index
ok "rows on all" test "$(of even .skew_percent)" -lt 120
is "what is on disk" "$(of even '.bytes > 2000000 and .bytes < 8000000')" true
is "rows of a table" "$(of even .rows)" 40000
has "skew is told" <(assess "$odd" greenplum7 2>/dev/null) "lie unevenly"
done_testing
