#!/usr/bin/env bash
# Goal of this test: the whole way, as a user goes it: export, push, list, verify, load, verdict, and
# that doing any of it again changes nothing.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

pg_up src
pg_up dst
fill_shop src
fresh_warehouse

exits 0 "export" export_shop
has "export tells the rows" "$TEST_DIR/err" "8 tables, 25,"
exits 0 "push" push_shop
is "the spool holds no rows any more" "$(find "$spool" -name '*.csv*')" ""
exits 0 "push again has nothing to do" push_shop
exits 0 "list" gpm-import list --from "file://$bucket"
has "list shows the run as sealed" "$TEST_DIR/out" "sealed    shop"
ok "SHA256SUMS" sh -c "cd '$(run_dir)' && sha256sum --quiet --strict -c SHA256SUMS"
is "every file is in SHA256SUMS but the sums and the root manifest" \
	"$(cd "$(run_dir)" && find . -type f | sed 's|^\./||' | sort)" \
	"$(cd "$(run_dir)" && { sed 's/^[0-9a-f]*  //' SHA256SUMS; echo SHA256SUMS; echo manifest.jsonl; } | sort)"
ok "zstd reads the objects" sh -c "find '$(run_dir)data' -name '*.zst' | xargs zstd -tq"
exits 0 "verify by sizes" verify_shop
exits 0 "verify every byte" verify_shop --full
has "verify says so" "$TEST_DIR/out" "every byte read"

exits 0 "load" load_shop
has "load gives the verdict" "$TEST_DIR/out" "is verified: 8 tables, 25,"
has "load names the tables" "$TEST_DIR/out" "sales.orders_2024"
same_shop "all tables hold the same rows"
is "an owner" "$(q dst warehouse "select tableowner from pg_tables where tablename = 'lines'")" shop_owner
is "a sequence goes on" "$(q dst warehouse "select nextval('sales.odd_a_seq')")" 4001
is "a sequence by itself" "$(q dst warehouse "select last_value, is_called from sales.alone")" "-5|t"
is "a materialized view over another is filled" "$(q dst warehouse "select * from sales.best")" \
	"$(q src shop "select * from sales.best")"
is "indexes and constraints" "$(q dst warehouse "select count(*) from pg_constraint where connamespace = 'sales'::regnamespace")" \
	"$(q src shop "select count(*) from pg_constraint where connamespace = 'sales'::regnamespace")"
is "a comment" "$(q dst warehouse "select obj_description('sales.odd'::regclass)")" \
	"$(q src shop "select obj_description('sales.odd'::regclass)")"
is "statistics" "$(q dst warehouse "select reltuples from pg_class where oid = 'sales.lines'::regclass")" 20000

before=$(q dst warehouse "select pg_current_wal_insert_lsn()")
ledger=$(q dst warehouse "select md5(string_agg(l::text, '|' order by table_no, batch, seq)) from gpm.ledger l")
exits 0 "a second load" load_shop
same_shop "a second load changes no table"
is "a second load leaves the ledger as it was" \
	"$(q dst warehouse "select md5(string_agg(l::text, '|' order by table_no, batch, seq)) from gpm.ledger l")" "$ledger"
ok "a second load writes next to nothing" test \
	"$(q dst warehouse "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '$before') < 100000")" = t
is "the ledger has every chunk" "$(q dst warehouse "select count(*) from gpm.ledger")" \
	"$(find "$(run_dir)data" -type f | wc -l)"

# the other compressions, and more workers
for how in none gzip:1 zstd:3; do
	rm -rf "$spool" "$bucket"
	mkdir "$bucket"
	fresh_warehouse
	ok "$how: export" export_shop -q -j 4
	ok "$how: push" push_shop -q -j 4 --compress "$how"
	ok "$how: verify" verify_shop --full -j 4
	ok "$how: load" load_shop -q -j 4
	same_shop "$how: the same rows"
done
rm -rf "$spool" "$bucket"
mkdir "$bucket"
ok "gzip: export" export_shop -q
ok "gzip: push --keep" push_shop -q --keep --compress gzip:6
ok "gzip reads the objects" sh -c "find '$(run_dir)data' -name '*.gz' | xargs gzip -t"
ok "--keep keeps the rows in the spool" sh -c "find '$spool' -name '*.csv' | grep -q ."

# from the config file and the environment
fresh_warehouse
printf 'from = "file://%s"\ndbname = "warehouse"\nhost = "%s"\nport = %s\nspool = "ignored here"\n' \
	"$bucket" "$(pg_host dst)" "$(pg_port dst)" >"$TEST_DIR/gpm.conf"
ok "options from gpm.conf and GPM_*" env GPM_USERNAME=postgres gpm-import load -q -c "$TEST_DIR/gpm.conf"
same_shop "the same rows"

done_testing
