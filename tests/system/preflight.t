#!/usr/bin/env bash
# Goal of this test: preflight finds beforehand what would stop each tool, and changes nothing.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

pg_up src
pg_up dst
fill_shop src 4000
fresh_warehouse
source_args=(-h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop --spool "$spool")
import_args=(--from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse)

exits 0 "export: all is well" gpm-export preflight "${source_args[@]}"
has "tables" "$TEST_DIR/out" "ok       8 tables can be read"
has "pg_dump" "$TEST_DIR/out" "ok       pg_dump of version"
is "nothing was exported" "$(find "$spool" -type f)" ""
q src shop "select lo_from_bytea(0, 'x')" >/dev/null
exits 1 "export: large objects" gpm-export preflight "${source_args[@]}"
has "are counted" "$TEST_DIR/out" "FAILED   1 large objects"
q src shop "select lo_unlink(oid) from pg_largeobject_metadata; create role reader login" >/dev/null
exits 1 "export: tables that may not be read" gpm-export preflight "${source_args[@]}" -U reader
has "are told" "$TEST_DIR/out" "may not be read"

# what the user may not do, though he may read every table
q src postgres "create database rights"
q src rights "create table given (a int); grant select on given to reader"
as_reader=(-h "$(pg_host src)" -p "$(pg_port src)" -U reader -d rights --spool "$TEST_DIR/spool.2")
lacks() { # NAME STATUS SQL TEXT SQL OPTION…: behind the first SQL preflight and the export, with that status, say it; the second makes it good
	q src rights "$3"
	exits 1 "export: $1" gpm-export preflight "${as_reader[@]}" "${@:6}"
	has "$1: is told" "$TEST_DIR/out" "FAILED   $4"
	exits "$2" "$1: the export" gpm-export -q "${as_reader[@]}" --new-run "${@:6}"
	has "$1: names it too" "$TEST_DIR/err" "${4##*among them }"
	q src rights "$5"
	exits 0 "$1: made good" gpm-export preflight "${as_reader[@]}" "${@:6}"
}
lacks "a sequence that may not be read" 1 "create table numbered (a serial); grant select on numbered to reader" \
	"1 sequences may not be read by this user, among them public.numbered_a_seq" "grant select on numbered_a_seq to reader"
lacks "a partitioned table that may not be read" 1 \
	"create table root (a int) partition by list (a); create table leaf partition of root default; grant select on leaf to reader" \
	"1 partitioned tables may not be read by this user, which pg_dump needs to lock them, among them public.root" "grant select on root to reader"
lacks "row-level security" 3 "create table veiled (a int); grant select on veiled to reader; alter table veiled enable row level security" \
	"1 tables have row-level security for this user, and fail for it, among them public.veiled" "drop table veiled"
lacks "a table that may not be frozen" 1 "grant update on all tables in schema public to reader; revoke update on given from reader" \
	"1 tables may not be locked by this user, as --freeze does, among them public.given" "grant delete on given to reader" --freeze
q src rights "create sequence alone; alter table given enable row level security"
exits 0 "the schema alone needs neither sequences nor rows" gpm-export preflight "${as_reader[@]}" --schema-only
exits 0 "indeed" gpm-export -q "${as_reader[@]}" --new-run --schema-only
q src rights "revoke select on root from reader; grant select on alone to reader; alter table given disable row level security"
exits 0 "the rows alone need no partitioned table" gpm-export preflight "${as_reader[@]}" --data-only
exits 0 "indeed" gpm-export -q "${as_reader[@]}" --new-run --data-only
q src postgres "create database \"it's \\one\""
q src postgres "revoke connect on database postgres, template1 from public"
exits 0 "nobody needs another database than his own" gpm-export -q "${as_reader[@]}" -d "it's \\one" --new-run
has "not even for the roles" "$(printf '%s\n' "$TEST_DIR"/spool.2/2*/schema/globals.sql | tail -n 1)" 'CREATE ROLE "reader"'

# programs, locks, room
mkdir "$TEST_DIR/old"
for program in pg_dump pg_dumpall; do
	printf '#!/bin/sh\ncase "$*" in *--version*) echo "%s (PostgreSQL) 9.6.24" ;; *) exec %s/%s "$@" ;; esac\n' "$program" "$pg_bin" "$program" >"$TEST_DIR/old/$program"
	chmod +x "$TEST_DIR/old/$program"
done
exits 1 "export: a pg_dump that is older than the server" gpm-export preflight "${source_args[@]}" --client-bin "$TEST_DIR/old"
has "is told" "$TEST_DIR/out" "FAILED   pg_dump is of version 9.6, older than the server"
q src postgres "create database many"
q src many "do \$\$ begin for i in 1..3000 loop execute 'create table t' || i || '(a int)'; if i % 300 = 0 then commit; end if; end loop; end \$\$"
q src postgres "alter system set max_locks_per_transaction = 10"
pg_down src
pg_start src
many=(-h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d many --spool "$TEST_DIR/spool.2")
exits 1 "export: more tables than the server has locks for" gpm-export preflight "${many[@]}"
has "are told" "$TEST_DIR/out" "FAILED   the server's lock table holds about 500 locks, 3000 tables need as many"
exits 1 "the export" gpm-export -q --new-run "${many[@]}"
has "says so too" "$TEST_DIR/err" "hint: 3000 tables need as many locks: raise max_locks_per_transaction at the source"
q src postgres "alter system reset max_locks_per_transaction"
pg_down src
pg_start src
if [ "$(id -u)" = 0 ] && mkdir "$TEST_DIR/small" && mount -t tmpfs -o size=512k none "$TEST_DIR/small" 2>/dev/null; then
	exits 0 "export: a spool with less room than the tables take" gpm-export preflight "${source_args[@]}" --spool "$TEST_DIR/small"
	has "is told, with what to do" "$TEST_DIR/out" "run gpm-push while gpm-export works"
	umount "$TEST_DIR/small"
else
	ok "a spool with little room # SKIP only root can mount a small disk" true
fi

exits 1 "export: no pg_dump" gpm-export preflight "${source_args[@]}" --client-bin "$TEST_DIR"
has "is told" "$TEST_DIR/out" "FAILED   pg_dump is not to be found"
exits 1 "export: no server" gpm-export preflight -h 127.0.0.1 -p 1 -d x
has "is told" "$TEST_DIR/out" "FAILED   cannot connect"

exits 0 "push: all is well" gpm-push preflight --to "file://$bucket"
has "put" "$TEST_DIR/out" "ok       an object can be put"
has "get" "$TEST_DIR/out" "the same bytes"
has "create" "$TEST_DIR/out" "ok       an object can be created only where none is"
hasnt "a folder has no clock" "$TEST_DIR/out" clock
is "the probe is gone" "$(find "$bucket" -mindepth 1)" ""
exits 1 "push: no bucket" gpm-push preflight --to "file://$TEST_DIR/nowhere"
exits 2 "push: no place given" gpm-push preflight

exits 1 "import: no run" gpm-import preflight "${import_args[@]}"
ok "export" export_shop -q
ok "push" push_shop -q
exits 0 "import: all is well" gpm-import preflight "${import_args[@]}"
has "the role that is missing" "$TEST_DIR/out" "warning  role shop_owner is missing"
has "no table yet" "$TEST_DIR/out" "none of the run's 8 tables"
is "nothing was made" "$(q dst warehouse "select count(*) from pg_namespace where nspname in ('gpm', 'sales')")" 0

# what an ordinary user may not do, and what the server lacks
make_space src near
make_space src '"Space ""one"'
q src postgres "create database placed"
q src placed "create table here (a int) tablespace near; create table there (a int primary key using index tablespace \"Space \"\"one\")"
mkdir "$TEST_DIR/placed"
gpm-export -q -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d placed --spool "$TEST_DIR/spool.3"
ok "a run with tablespaces" gpm-push -q --spool "$TEST_DIR/spool.3" --to "file://$TEST_DIR/placed"
placed_args=(--from "file://$TEST_DIR/placed" -h "$(pg_host dst)" -p "$(pg_port dst)" -d placed)
q dst postgres "create database placed"
exits 0 "import: tablespaces that are not here" gpm-import preflight "${placed_args[@]}" -U postgres
is "are told once" "$(grep -c tablespace <(grep -v ^ok "$TEST_DIR/out"))" 2
has "one" "$TEST_DIR/out" 'warning  tablespace "near" is not here: what was in it is made in the database'"'s own"
has "and that of an index" "$TEST_DIR/out" 'warning  tablespace "Space ""one" is not here'
make_space dst far
make_space dst '"Space ""one"'
exits 0 "import: a tablespace under another name" gpm-import preflight "${placed_args[@]}" -U postgres --tablespace-map near=far
is "is found" "$(grep -c tablespace <(grep -v ^ok "$TEST_DIR/out"))" 0
q dst postgres "create role plain login"
exits 1 "import: who may make nothing" gpm-import preflight "${placed_args[@]}" -U plain --tablespace-map near=far
has "cannot note what is loaded" "$TEST_DIR/out" "FAILED   this user can neither make nor write the ledger (schema gpm)"
has "nor make a table" "$TEST_DIR/out" "FAILED   2 tables may be neither made nor written to by this user, among them public.here"
has "nor use a tablespace" "$TEST_DIR/out" "FAILED   this user may make nothing in tablespace far"
q dst postgres "alter database placed owner to plain; grant create on tablespace far, \"Space \"\"one\" to plain; create role other login"
exits 0 "import: who may" gpm-import preflight "${placed_args[@]}" -U plain --tablespace-map near=far
ok "may load" gpm-import load -q "${placed_args[@]}" -U plain --tablespace-map near=far --owner-map postgres=plain
exits 1 "import: another one" gpm-import preflight "${placed_args[@]}" -U other
has "may not write that ledger" "$TEST_DIR/out" "FAILED   this user can neither make nor write the ledger (schema gpm)"
has "nor those tables" "$TEST_DIR/out" "FAILED   2 tables may be neither made nor written to by this user, among them public.here"
q src placed "create extension citext; create extension file_fdw"
gpm-export -q -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d placed --spool "$TEST_DIR/spool.3"
ok "a run with extensions" gpm-push -q --spool "$TEST_DIR/spool.3" --to "file://$TEST_DIR/placed"
exits 1 "import: an extension that a superuser has to make" gpm-import preflight "${placed_args[@]}" -U plain
has "is told" "$TEST_DIR/out" "FAILED   extension file_fdw can be made by a superuser only"
hasnt "one that others may is not" "$TEST_DIR/out" "extension citext"
q dst placed "create extension file_fdw"
exits 0 "import: once it is there all is well" gpm-import preflight "${placed_args[@]}" -U plain --tablespace-map near=far

ok "load" load_shop -q
exits 0 "import: after the load" gpm-import preflight "${import_args[@]}"
has "the tables are there" "$TEST_DIR/out" "8 of the run's 8 tables are there already, 7 of them hold rows"
done_testing
