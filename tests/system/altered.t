#!/usr/bin/env bash
# Goal of this test: between two runs tables were dropped, renamed, moved, altered, made anew and partitioned at the source.  load --replace ends with
# the source's shape and rows, or says by name what is not so and what to do; and nothing goes that holds what no run brought.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

newest() { basename "$(printf '%s\n' "$bucket"/*/ | sort | tail -n 1)"; }
src() { q src shop "$1"; }
dst() { q dst warehouse "$1"; }
next_run() { # SQL…: each by itself
	local sql

	for sql in "$@"; do
		src "$sql" >/dev/null
	done
	export_shop -q --new-run && push_shop -q --base latest >"$TEST_DIR/out" 2>"$TEST_DIR/err"
}
load() { load_shop --replace --verify content "$@"; }
shop_tables() { src "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('s', 's2')"; }
report() { gpm-import report --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"; }
check() { gpm-import check --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"; }

pg_up src
pg_up dst
q src postgres "create role clerk"
q src postgres "create database shop"
src "create schema s; create schema s2;
	create function s.trg() returns trigger language plpgsql as 'begin return new; end';
	create table s.same (a int primary key, b text); insert into s.same select i, i from generate_series(1, 100) i;
	create trigger every before insert on s.same for each row execute function s.trg();
	create table s.dropped (a int references s.same); insert into s.dropped select generate_series(1, 10);
	create table s.old_name (a serial primary key, b text); insert into s.old_name (b) select i from generate_series(1, 20) i; create index on s.old_name (b);
	create table s.moves (a int primary key); insert into s.moves select generate_series(1, 30);
	create table s.added (a int); insert into s.added select generate_series(1, 40); grant select on s.added to clerk;
	create table s.dropped_column (a int, b text, c int); insert into s.dropped_column select i, 'b', i from generate_series(1, 40) i;
	create table s.renamed (a int, b text); insert into s.renamed select i, 'b' from generate_series(1, 40) i;
	create table s.retyped (a serial, b text); insert into s.retyped (b) select i from generate_series(1, 40) i; create index retyped_b on s.retyped (b);
	alter table s.retyped enable row level security; create policy clerks on s.retyped to clerk using (a > 1); comment on index s.retyped_b is 'an index';
	create table s.wider (a int generated always as identity, b varchar(5)); insert into s.wider (b) select i from generate_series(1, 40) i;
	create table s.anew (a int, b text); insert into s.anew select i, 'b' from generate_series(1, 40) i;
	create table s.checked (a int check (a > 0), b int default 1); insert into s.checked select i, i from generate_series(1, 40) i;
	create table s.nulls (a int not null); insert into s.nulls select generate_series(1, 40);
	create table s.parent (a int primary key); insert into s.parent select generate_series(1, 50);
	create table s.child (a int references s.parent); insert into s.child select generate_series(1, 50);
	create view s.v as select a from s.added; grant select on s.v to clerk; comment on view s.v is 'a view';
	create view s.over_v as select a from s.v; create materialized view s.m as select count(*) from s.over_v; create unique index m_count on s.m (count);
	create view s.changed as select a, b from s.same;
	create function s.f(int) returns int language sql as 'select 1';
	create sequence s.free; select setval('s.free', 5);
	create type s.mood as enum ('a', 'b'); create table s.moody (m s.mood); insert into s.moody values ('a');
	create table s.parted (a int, b text, primary key (a)) partition by range (a); create index parted_b on s.parted (b);
	create table s.parted_1 partition of s.parted for values from (0) to (100);
	create table s.parted_2 partition of s.parted for values from (100) to (200);
	insert into s.parted select i, 'x' from generate_series(0, 199) i;
	create table s.leaves (a int) partition by list (a); create table s.leaves_1 partition of s.leaves for values in (1);
	create table s.leaves_2 partition of s.leaves for values in (2); insert into s.leaves values (1), (2);
	create table s.one (a int, b int) partition by list (a); create table s.one_1 partition of s.one for values in (1); insert into s.one values (1, 1)" >/dev/null || exit 1
fresh_warehouse
exits 0 "export" export_shop -q
exits 0 "push" push_shop -q
exits 0 "load" load_shop -q --verify content
same_schema "the schema is the source's"

# --- altered: the end is as at the source

ok "a run after many changes" next_run "alter table s.added add c text default 'c'; alter table s.dropped_column drop b; alter table s.renamed rename b to bb;
	alter table s.retyped alter b type bigint using b::bigint; alter table s.wider alter b type varchar(50); update s.wider set b = 'longer than five';
	drop table s.anew; create table s.anew (x date, y text[]); insert into s.anew select now(), '{1}' from generate_series(1, 7);
	alter table s.checked drop constraint checked_a_check, alter b set default 7; insert into s.checked values (-1);
	alter table s.nulls alter a drop not null; insert into s.nulls values (null);
	alter table s.parent add extra text; alter table s.child add extra text;
	create table s.fresh (a int primary key); insert into s.fresh values (1);
	create or replace view s.changed as select a, b, 1 as c from s.same; create or replace function s.f(int) returns int language sql as 'select 2';
	select nextval('s.free'); insert into s.wider (b) values ('x');
	create table s.parted_3 partition of s.parted for values from (200) to (300); insert into s.parted values (250, 'y');
	alter table s.one add c int; update s.one set c = 1; create index on s.same (b)"
exits 0 "is loaded in the place of the first" load
has "a table goes with its views, which is told" "$TEST_DIR/err" "table s.added was dropped with materialized view s.m, view s.over_v, view s.v: made anew, as the run has it"
hasnt "what did not change stays" "$TEST_DIR/err" "table s.same was dropped"
same_shop "every table has the source's rows"
same_schema "and its schema, with rights, comments, policies, keys and the new partition's indexes"
is "a materialized view is filled" "$(dst "select count from s.m")" 40
is "sequences stand where the source's do" "$(dst "select last_value from s.free; select last_value from s.wider_a_seq; select last_value from s.retyped_a_seq")" \
	"$(src "select last_value from s.free; select last_value from s.wider_a_seq; select last_value from s.retyped_a_seq")"
exits 0 "once more there is nothing to do" load
hasnt "nothing is made twice" "$TEST_DIR/err" "dropped"
hasnt "nor again" "$TEST_DIR/err" "made again"

# --- gone at the source

ok "tables dropped, renamed, moved, a partition and a trigger gone" next_run "drop table s.dropped; alter table s.old_name rename to new_name; alter table s.moves set schema s2;
	drop table s.parted_1; drop trigger every on s.same; insert into s.same values (101)"
exits 4 "do not go by themselves" load
has "a table is told" "$TEST_DIR/err" "warning: s.old_name was loaded by run"
has "one whose foreign key points to a table that is to be emptied stops that" "$TEST_DIR/err" "s.same: cannot be emptied: foreign keys of tables that are not of this run point to it: s.dropped"
has "a partition's rows are seen in its root: that is no good verdict" "$TEST_DIR/err" "s.parted_1: is a partition of s.parted here, with 100 rows of run"
has "with what to do" "$TEST_DIR/err" "--drop-gone"
exits 4 "nor by another word" check
has "what an earlier run loaded does not pass for this one's" "$TEST_DIR/err" "s.same: holds what run"
exits 4 "the report" report
has "has the tables" "$TEST_DIR/out" "stays   s.moves: loaded by run"
is "and the one for programs" "$(report --format json 2>/dev/null | jq -c '[.left_over[].name]')" '["dropped","moves","old_name","parted_1"]'
dst "insert into s.old_name (b) values ('of an application')"
exits 3 "asked for, they go" load --drop-gone
has "but for one with somebody's rows" "$TEST_DIR/err" "warning: table s.old_name is gone at the source, and stays: holds 21 rows, of which earlier runs loaded 20"
is "which are there" "$(dst "select count(*) from s.old_name where b = 'of an application'")" 1
has "its index has the name of a new one" "$TEST_DIR/err" 'relation "old_name_b_idx" already exists'
has "a trigger is told" "$TEST_DIR/err" "trigger every of s.same was made by an earlier run; this run does not have it, and it stays: drop it where it is not needed"
dst "delete from s.old_name where b = 'of an application'; drop trigger every on s.same"
exits 0 "without them" load --drop-gone
same_shop "every table has the source's rows"
same_schema "and its schema"

# --- what is not taken away

ok "a run" next_run "alter table s.added add d int; alter table s.renamed add d int"
dst "create schema app; create view app.v as select a from s.added; insert into s.renamed values (0, 'of an application')"
exits 3 "tables that somebody uses" load
has "one with a view of an application stays" "$TEST_DIR/err" "warning: table s.added is otherwise in the run, and stays: view app.v depends on it, which the run does not make again"
has "and is refused, for it does not fit" "$TEST_DIR/err" "error: s.added: is not as the run has it: column d is missing here"
has "with what to do" "$TEST_DIR/err" "hint: ALTER TABLE it as at the source; or drop it here"
is "before its rows are gone" "$(dst "select count(*) from app.v")" 40
has "so does one with an application's row" "$TEST_DIR/err" "warning: table s.renamed is otherwise in the run, and stays: holds 41 rows, of which earlier runs loaded 40"
is "which is there" "$(dst "select count(*) from s.renamed where a = 0")" 1
dst "alter table s.added add d int; delete from s.renamed where a = 0"
exits 0 "altered by hand, it fits" load
same_shop "every table has the source's rows"
dst "drop schema app cascade"

# a partition that is none any more, a type, a run of a part
ok "a partition is detached, a type has a new value" next_run "alter table s.leaves detach partition s.leaves_2; alter type s.mood add value 'c'" "insert into s.moody values ('c')"
exits 3 "neither is made so" load
has "one is refused" "$TEST_DIR/err" "s.leaves_2: is a partition of s.leaves here, and none at the source"
has "the other told" "$TEST_DIR/err" "the run has it otherwise: type s.mood; ALTER it as it is at the source"
dst "alter table s.leaves detach partition s.leaves_2"; dst "alter type s.mood add value 'c'"
exits 0 "done by hand" load
same_shop "every table has the source's rows"
src "drop table s.nulls"
exits 0 "an export of one table" export_shop -q --new-run -t s.same
exits 0 "push" push_shop -q
exits 2 "says of no table that it is gone" load --drop-gone
is "which is there" "$(dst "select count(*) from s.nulls")" 41
ok "the whole again" next_run "insert into s.same values (102)"
exits 0 "says it" load --drop-gone
is "and it goes" "$(dst "select to_regclass('s.nulls') is null")" t
exits 2 "not without an earlier run's place to take" load_shop --drop-gone

# --- what is not here any more is made again; what was otherwise in between, too

dst "drop table s.retyped; drop view s.changed"
exits 0 "dropped by hand, in the run that is here" load
has "it is told" "$TEST_DIR/err" "are not here any more: they are made again"
same_shop "every table has the source's rows"
same_schema "and its schema, with rights, keys and policies"
ok "a view otherwise" next_run "drop view s.changed; create view s.changed as select b from s.same; drop index s.retyped_b; drop function s.f(int)"
dst "drop index s.retyped_b; drop function s.f(int)"
exits 0 "load" load
ok "and as before" next_run "drop view s.changed; create view s.changed as select a, b, 1 as c from s.same; create index retyped_b on s.retyped (b);
	create function s.f(int) returns int language sql as 'select 2'; comment on index s.retyped_b is 'an index'"
exits 0 "load" load
same_schema "all is as the last run has it"

# --- a tree of partitions that was half made

ok "a root altered" next_run "alter table s.parted add half int"
dst "create function public.objects() returns event_trigger language plpgsql as \$\$ begin if exists (select 1 from pg_event_trigger_ddl_commands() where object_identity = 's.parted_3')
	then raise 'not now'; end if; end \$\$; create event trigger objects on ddl_command_end when tag in ('CREATE TABLE') execute function public.objects()"
exits 3 "one of its partitions cannot be made" load
is "the others are" "$(dst "select count(*) from pg_inherits where inhparent = 's.parted'::regclass")" 1
dst "drop event trigger objects; drop function public.objects()"
exits 0 "the next start makes it" load
same_schema "where it belongs"
same_shop "every table has the source's rows"
ok "nothing changed but a row" next_run "insert into s.parted values (120 + 80)"
dst "drop table s.parted; create table s.parted (a int primary key, b text, half int)"
exits 0 "a root that somebody made without partitions" load
is "takes their rows" "$(dst "select count(*) from s.parted")" "$(src "select count(*) from s.parted")"
dst "drop table s.parted"
exits 0 "not there at all it is made with them" load
same_schema "as at the source"

# --- killed

ok "altered once more" next_run "alter table s.added add e int; alter table s.parent add e int; alter table s.parted add e int; alter table s.retyped add e int"
kill_loads 0.03 0.06 0.09 0.12 0.15 0.18 0.21 0.25 0.3
ok "killed $hits times" test "$hits" -gt 0
exits 0 "after deaths it goes on" load
same_shop "every table has the source's rows"
same_schema "and its schema"
is "the ledger has each of them once" "$(dst "select sum(rows), count(*) = count(distinct (table_no, batch, seq)) from gpm.ledger where run = '$(newest)'")" \
	"$(jq -s '[.[] | select(.rec == "manifest") | .rows] | add' "$bucket/$(newest)/manifest.jsonl")|t"
done_testing
