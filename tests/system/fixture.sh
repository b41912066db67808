# shellcheck shell=bash
# fixture.sh -- a small warehouse, and the three tools with their usual options.  Comes after lib.sh.
#
#   fill_shop NAME [ROWS]     database shop in cluster NAME; sales.lines has ROWS rows (20000, at least 4000)
#   fill_everything NAME [SQL]   database shop in cluster NAME, which everything.sql makes after SQL; its roles
#                             and tablespaces
#   fresh_cluster NAME        cluster NAME, stopped and made anew
#   make_space NAME SPACE     a tablespace in cluster NAME
#   q_file NAME DB FILE [OPTION…]   psql of a file
#   shop_tables               its tables, one a line
#   shop_rows NAME DB [0]     their rows, each behind its table's name, sorted; with 0 a table may be missing
#   export_shop [OPTION…]     gpm-export of src's shop into $TEST_DIR/spool
#   push_shop [OPTION…]       gpm-push into $TEST_DIR/bucket
#   load_shop [OPTION…]       gpm-import load into dst's warehouse
#   verify_shop [OPTION…]     gpm-import verify
#   same_shop WHAT            one check: every table holds the same rows on both sides
#   same_schema WHAT          one check: pg_dump writes the same schema on both sides
#   run_dir                   the folder of the only run in the bucket
#   fresh_warehouse           dst's warehouse, dropped and made anew
#   killed PID                a program of this shell dies by SIGKILL; false when it had ended before
#   make_gate BIN             stand-ins in $TEST_DIR/bin for BIN's pg_dump and pg_dumpall: the exporter runs them after it
#                             took its locks and its snapshot, and before it reads a table
#   stand_at_gate PROGRAM COMMAND…   COMMAND, an export with --client-bin "$TEST_DIR/bin", in the background until it
#                             stands at PROGRAM; sets $exporter; it goes on when $TEST_DIR/gate is removed

spool=$TEST_DIR/spool
bucket=$TEST_DIR/bucket
mkdir -p "$bucket"

shop_tables() {
	printf '%s\n' sales.lines sales.odd sales.empty sales.one_column sales.floats sales.orders_2024 \
		sales.orders_rest '"Odd ""Schema"""."Table.with dots"'
}

fill_shop() {
	local rows=${2:-20000}

	q "$1" postgres "create role shop_owner"
	q "$1" postgres "create database shop"
	q "$1" shop "
		create schema sales authorization shop_owner;
		create schema \"Odd \"\"Schema\"\"\";
		create type sales.mood as enum ('sad', 'ok', 'it''s');
		create table sales.lines (id bigint primary key, qty int, price numeric(12,2), sku text, note text);
		insert into sales.lines select i, i % 9, (i % 10000) / 100.0, 'SKU-' || i % 5000, md5(i::text)
			from generate_series(1, $rows) i;
		create table sales.odd (a serial, b text, m sales.mood, t timestamptz default '2024-02-29 12:34:56.789+02');
		insert into sales.odd (b, m) select case i % 8 when 0 then null when 1 then '' when 2 then 'a,\"b\"'
			when 3 then E'one\ntwo\r\nthree\r' when 4 then '\"' when 5 then E'\\\\.' when 6 then ' NULL '
			else 'ünï' || i end, 'it''s' from generate_series(1, 4000) i;
		create table sales.empty (a int, b text);
		create table sales.one_column (a text);
		insert into sales.one_column values (null), (''), ('x'), (null), (E'\\\\.'), (E'\n');
		create table sales.floats (a float8, b float4, c float8[], d point);
		insert into sales.floats select i / 7.0, i / 3.0, array[i / 11.0, null, 'NaN', '-Infinity'], point(i, 1.0 / i)
			from generate_series(1, 1000) i;
		insert into sales.floats values (1.7976931348623157e308, 1e-45, '{}', '(0,-0)'), ('-0', 'Infinity', null, null);
		create table sales.orders (id bigint, day date not null, total numeric) partition by range (day);
		create table sales.orders_2024 partition of sales.orders for values from ('2024-01-01') to ('2025-01-01');
		create table sales.orders_rest partition of sales.orders default;
		insert into sales.orders select i, date '2023-06-01' + i, i * 1.25 from generate_series(1, 900) i;
		create table \"Odd \"\"Schema\"\"\".\"Table.with dots\" (\"Column \"\" one\" int, \"select\" text);
		insert into \"Odd \"\"Schema\"\"\".\"Table.with dots\" values (1, 'x'), (2, null);
		create view sales.v as select * from sales.lines;
		create materialized view sales.totals as select sku, sum(qty) as qty from sales.lines group by 1;
		create materialized view sales.best as select max(qty) from sales.totals;
		create sequence sales.alone start -5 increment -5; select nextval('sales.alone');
		create index on sales.lines (sku);
		alter table sales.odd add foreign key (a) references sales.lines (id);
		create function sales.twice(a int) returns int language sql begin atomic select case when a > 0 then a * 2 else 0 end; end;
		comment on table sales.odd is E'it''s; a \"comment\" \$\$ -- really';
		alter table sales.lines owner to shop_owner" >/dev/null || exit 1
}

fresh_cluster() {
	pg_stop_hard "$1"
	rm -rf "${TEST_DIR:?}/$1"
	pg_up "$1"
}

make_space() {
	local dir

	dir=$(mktemp -d "$TEST_DIR/space.XXXXXX")
	[ "$(id -u)" -ne 0 ] || chown postgres "$dir"
	q "$1" postgres "create tablespace $2 location '$dir'"
}

q_file() {
	"$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$(pg_host "$1")" -p "$(pg_port "$1")" -U postgres -d "$2" -f "$3" "${@:4}"
}

fill_everything() {
	make_space "$1" two
	make_space "$1" '"Space ""one"'
	q "$1" postgres "create role shop_owner; create role reader; create role clerk; create role \"Role \"\"with\"\" quote\""
	q "$1" postgres "create database shop"
	[ $# -lt 2 ] || q "$1" shop "$2" 2>/dev/null
	q_file "$1" shop "$tests_dir/system/everything.sql" >/dev/null || exit 1
}

export_shop() {
	gpm-export -h "$(pg_host src)" -p "$(pg_port src)" -U postgres -d shop --spool "$spool" --chunk-size 64KB "$@"
}

push_shop() {
	gpm-push --spool "$spool" --to "file://$bucket" "$@"
}

load_shop() {
	gpm-import load --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse "$@"
}

verify_shop() {
	gpm-import verify --from "file://$bucket" "$@"
}

# One session for all tables: most of the time of a small one is the start of psql and of a backend.
shop_rows() {
	local table

	(
		set -o pipefail
		while read -r table; do
			echo "copy (select '$table', x.* from $table x) to stdout;"
		done < <(shop_tables) | q_file "$1" "$2" - -v ON_ERROR_STOP="${3:-1}" | LC_ALL=C sort
	)
}

same_shop() {
	shop_rows src shop >"$TEST_DIR/rows.src" && shop_rows dst warehouse >"$TEST_DIR/rows.dst" || {
		result 1 "$1"
		return
	}
	ok "$1" cmp "$TEST_DIR/rows.src" "$TEST_DIR/rows.dst" ||
		diff "$TEST_DIR/rows.src" "$TEST_DIR/rows.dst" | cut -c 1-120 | head -n 20 | comment
}

dump_schema() { # CLUSTER DATABASE
	"$pg_bin/pg_dump" -h "$(pg_host "$1")" -p "$(pg_port "$1")" -U postgres -s --exclude-schema=gpm "$2" |
		grep -vE '^.(un)?restrict '
}

same_schema() {
	dump_schema src shop >"$TEST_DIR/schema.src"
	dump_schema dst warehouse >"$TEST_DIR/schema.dst"
	ok "$1" diff "$TEST_DIR/schema.src" "$TEST_DIR/schema.dst"
}

run_dir() {
	printf '%s\n' "$bucket"/*/
}

fresh_warehouse() {
	q dst postgres "drop database if exists warehouse" 2>/dev/null
	q dst postgres "create database warehouse"
}

killed() {
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	[ $? = 137 ]
}

# In $hits how many of the loads --replace, one killed after each DELAY, were hit.
kill_loads() {
	local delay loader

	hits=0
	for delay; do
		# no function of the shell, which would stand between it and the signal
		gpm-import load --from "file://$bucket" -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse -q --replace -j 1 >/dev/null 2>&1 &
		loader=$!
		sleep "$delay"
		killed "$loader" && hits=$((hits + 1))
	done
}

make_gate() {
	local program

	mkdir "$TEST_DIR/bin"
	for program in pg_dump pg_dumpall; do
		cat >"$TEST_DIR/bin/$program" <<-END
			#!/bin/sh
			case "\$*" in *--version* | *--help*) exec $1/$program "\$@" ;; esac
			if [ "\$(cat "$TEST_DIR/gate" 2>/dev/null)" = $program ]; then
				touch "$TEST_DIR/waiting"
				while [ -e "$TEST_DIR/gate" ]; do sleep 0.05; done
			fi
			exec $1/$program "\$@"
		END
		chmod +x "$TEST_DIR/bin/$program"
	done
}

stand_at_gate() {
	local i

	echo "$1" >"$TEST_DIR/gate"
	shift
	rm -f "$TEST_DIR/waiting"
	"$@" >"$TEST_DIR/out" 2>"$TEST_DIR/err" &
	# shellcheck disable=SC2034 # the caller waits for it
	exporter=$!
	for ((i = 0; i < 600; i++)); do
		[ -e "$TEST_DIR/waiting" ] && return
		sleep 0.1
	done
	return 1
}
