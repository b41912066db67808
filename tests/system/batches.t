#!/usr/bin/env bash
# Goal of this test: statements before the rows are done many at a time; one that fails among them is told by itself,
# all others are done, each once, whatever dies on the way.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

pg_up src
pg_up dst
q src postgres "create database shop"
q src shop "do \$\$ begin for n in 1..200 loop execute format('create table t_%1\$s (a int); insert into t_%1\$s values (%1\$s)', n);
	end loop; end \$\$"
ok "export" export_shop -q
ok "push" push_shop -q

tables="select count(*) from pg_class where relname like 't\\_%' and relkind = 'r' and relnamespace = 'public'::regnamespace"
steps="select count(*) from gpm.steps where step like 'pre-data:%'"

fresh_warehouse
exits 0 "the schema" load_shop -q --schema-only
all=$(q dst warehouse "$steps")
is "all tables are there" "$(q dst warehouse "$tables")" 200
is "and a step for every statement" "$((all >= 400))" 1
is "of few transactions" "$((all > 10 * $(q dst warehouse "select count(distinct xmin::text) from gpm.steps where step like 'pre-data:%'")))" 1
exits 0 "the rows" load_shop -q

fresh_warehouse
q dst warehouse "create table t_77 (a int)"
exits 3 "a table that is there already" load_shop -v --schema-only
is "is told" "$(grep -c 'error: .*pre-data.sql, line' "$TEST_DIR/err")" 1
has "by its name" "$TEST_DIR/err" 'relation "t_77" already exists'
has "its batch was tried again one by one" "$TEST_DIR/err" "one by one, because of: "
is "all other tables are there" "$(q dst warehouse "$tables")" 200
is "all other statements were done" "$(q dst warehouse "$steps")" $((all - 1))
exits 3 "the next start" load_shop -v --schema-only
is "tries it again" "$(grep -c 'error: .*pre-data.sql, line' "$TEST_DIR/err")" 1
is "and nothing else" "$(q dst warehouse "$steps")" $((all - 1))
q dst warehouse "drop table t_77"
exits 0 "until it can be done" load_shop -q
is "then all were done" "$(q dst warehouse "$steps")" "$all"

# killed again and again: what was committed is not done again, or it would be told as there already
fresh_warehouse
hits=0
for i in $(seq 8); do
	gpm-import load --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
	want=$((i * 20))
	while kill -0 $! 2>/dev/null && [ "$(q dst warehouse "$tables")" -lt "$want" ]; do sleep 0.01; done
	killed $! && hits=$((hits + 1))
done
ok "killed $hits times" test "$hits" -gt 0
exits 0 "after its deaths it ends well" load_shop -q
is "all tables are there" "$(q dst warehouse "$tables")" 200
is "every statement was done once" "$(q dst warehouse "$steps")" "$all"
done_testing
