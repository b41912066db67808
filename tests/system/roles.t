#!/usr/bin/env bash
# Goal of this test: roles that the destination does not have come with their attributes, settings and memberships, but for
# passwords and what would make them master of the server; those that it has, and what its database has set, stay as they are.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

pg_up src
pg_up dst
for database in shop other; do q src postgres "create database $database"; done
q src postgres "create role clerk login createdb connection limit 7 valid until '2030-01-01' password 'secret'; create role \"Odd \"\"role\" noinherit nologin;
	create role boss superuser createrole replication bypassrls; create role team; create role here_already login createdb; create role stranger;
	grant team to clerk with admin option; grant team to here_already; grant here_already to \"Odd \"\"role\"; grant stranger to clerk;
	create role keeper; grant keeper to clerk; grant pg_execute_server_program to team; grant pg_read_server_files, pg_monitor to clerk; grant boss to clerk;
	alter role clerk set work_mem = '33MB'; alter role \"Odd \"\"role\" set search_path = a, \"B b\", \"\$user\";
	alter role here_already set work_mem = '44MB';
	alter role clerk in database shop set statement_timeout = '7s'; alter role clerk in database other set statement_timeout = '8s';
	alter database shop set datestyle = 'SQL, DMY'; alter database shop set search_path = sales, \"Odd \"\"schema\", public;
	alter database shop set work_mem = '55MB'; alter database shop set timezone = 'Asia/Shanghai';
	alter database shop set default_transaction_read_only = on; alter database shop set \"my.own\" = 'it''s';
	alter database other set work_mem = '66MB'"
# whoever may log in may have this: text that is no list of names, and lists that SET did not write
q src postgres "create role me login; set role me; select set_config('search_path', 'x;GRANT/**/postgres/**/TO/**/me', false); alter role me in database shop set search_path from current;
	select set_config('local_preload_libraries', 'a;GRANT postgres TO me', false); alter role me in database shop set local_preload_libraries from current" >/dev/null
q src postgres "create role plain; select set_config('search_path', ' Sales,\"Odd \"\"schema\" , \"it''s\"', false); alter role plain in database shop set search_path from current" >/dev/null
q src postgres "alter database shop set session_preload_libraries = 'auto_explain', 'pg_stat_statements'; alter database shop set allow_system_table_mods = on; alter database shop set plperl.on_init = 'die';
	alter database shop set session_replication_role = replica; alter role clerk set local_preload_libraries = '\$libdir/plugins/evil'; alter role clerk set \"Role\" = stranger;
	alter role clerk in database shop set default_transaction_read_only = on; alter role clerk set zero_damaged_pages = on"
PGOPTIONS='-c default_transaction_read_only=off' q src shop "create table t (a int); alter table t owner to clerk; create table u (a int); alter table u owner to \"Odd \"\"role\";
	create table v (a int); alter table v owner to boss; grant select on t to team, here_already, me, plain"
q dst postgres "create role here_already; create role keeper; create role above superuser; grant above to keeper"
q dst postgres "create database warehouse"
q dst postgres "alter database warehouse set timezone = 'Europe/Berlin'"

about() { # ROLE
	q dst postgres "select rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolvaliduntil::timestamptz at time zone 'UTC'
		from pg_roles where rolname = '$1'"
}
settings() { # ROLE: its settings everywhere, and in databases
	q dst postgres "select coalesce(d.datname, '-') || ': ' || array_to_string(s.setconfig, ';') from pg_db_role_setting s join pg_roles r on r.oid = s.setrole
		left join pg_database d on d.oid = s.setdatabase where rolname = '$1' order by 1"
}
database_settings() {
	q dst postgres "select c from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase, unnest(setconfig) c where s.setrole = 0 and datname = 'warehouse' order by 1"
}

exits 0 "export" export_shop
cp "$TEST_DIR/err" "$TEST_DIR/export.err"
hasnt "no password is in the run" "$(printf '%s\n' "$spool"/*/schema/globals.sql)" "secret"
exits 0 "push" push_shop
exits 0 "load" load_shop
cp "$TEST_DIR/err" "$TEST_DIR/load.err"
is "a role has its attributes" "$(about clerk)" "f|t|f|t|t|f|f|7|2030-01-01 00:00:00"
is "another" "$(about 'Odd "role')" "f|f|f|f|f|f|f|-1|"
is "nobody becomes master of the server" "$(about boss)" "f|t|f|f|f|f|f|-1|"
for what in SUPERUSER CREATEROLE REPLICATION BYPASSRLS; do
	has "it is told: $what" "$TEST_DIR/load.err" "role boss had $what; that is not given here"
done
is "a role has no password" "$(q dst postgres "select count(*) from pg_authid where rolpassword is not null and rolname = 'clerk'")" 0
is "its settings, and those in this database" "$(settings clerk)" "-: work_mem=33MB
warehouse: statement_timeout=7s"
is "a list" "$(settings 'Odd "role')" '-: search_path=a, "B b", "$user"'
is "memberships of roles that were made" "$(q dst postgres "select r.rolname || ' in ' || g.rolname || case when admin_option then ' admin' else '' end
	from pg_auth_members m join pg_roles r on r.oid = member join pg_roles g on g.oid = roleid where r.rolname not like 'pg_%' order by 1")" \
	'Odd "role in here_already
clerk in boss
clerk in team admin
keeper in above'
for what in "clerk was a member of pg_read_server_files" "clerk was a member of pg_monitor" "clerk was a member of keeper" "team was a member of pg_execute_server_program"; do
	has "one that would make somebody master of the server is told: $what" "$TEST_DIR/load.err" "warning: role $what; that is not given here"
done
is "a role that was there is as it was" "$(about here_already) $(settings here_already)" "f|t|f|f|f|f|f|-1| "
is "the database's settings, beside its own" "$(database_settings)" 'DateStyle=SQL, DMY
TimeZone=Europe/Berlin
my.own=it'\''s
search_path=sales, "Odd ""schema", public
work_mem=55MB'
for what in session_preload_libraries plperl.on_init allow_system_table_mods session_replication_role default_transaction_read_only; do
	has "what is not set is told: $what of the database" "$TEST_DIR/load.err" "warning: the database had its own $what; that is not set here, for "
done
for what in local_preload_libraries role default_transaction_read_only zero_damaged_pages; do
	has "and of a role: $what" "$TEST_DIR/load.err" "warning: role clerk had its own $what; that is not set here, for "
done
is "what a role wrote into its list is no SQL" "$(settings me)" 'warehouse: search_path="x;grant/**/postgres/**/to/**/me"'
has "what is no list is told" "$TEST_DIR/export.err" "local_preload_libraries of the database, or of a role in it, is left behind"
is "a list that SET did not write" "$(settings plain)" 'warehouse: search_path=sales, "Odd ""schema", "it'\''s"'
q dst postgres "alter role clerk nocreatedb; alter role clerk reset work_mem; alter database warehouse set work_mem = '77MB'"
exits 0 "another load" load_shop
is "takes nothing back" "$(about clerk) $(settings clerk) $(database_settings | grep work_mem)" "f|t|f|f|t|f|f|7|2030-01-01 00:00:00 warehouse: statement_timeout=7s work_mem=77MB"

fresh_cluster dst
q dst postgres "create role mapped"
q dst postgres "create database warehouse"
exits 0 "with another name" load_shop --owner-map clerk=mapped --owner-map 'Odd "role=odd'
is "who is there is left alone" "$(about mapped) $(settings mapped)" "f|t|f|f|f|f|f|-1| "
is "who is made has what the other one had" "$(about odd) $(settings odd)" 'f|f|f|f|f|f|f|-1| -: search_path=a, "B b", "$user"'
fresh_cluster dst
q dst postgres "create database warehouse"
exits 0 "the schema alone" load_shop --schema-only
is "has the settings" "$(database_settings | grep -c .)" 5
done_testing
