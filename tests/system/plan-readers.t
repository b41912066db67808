#!/usr/bin/env bash
# Goal of this test: plan for databases that read a bucket themselves (web, s3, oss_fdw, oss_ext, oss_copy, pxf), without such a
# database: the statements are those that the documentation knows, name exactly the run's objects, hold no secret; what a
# method cannot read or is not told is refused at once; and so is load into a server that has no such thing.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"
. "$(dirname "$0")/../rgw.sh"

rgw_up
s3_env
export HOME=$TEST_DIR OSS_ACCESS_KEY_ID=ossKeyId0001 OSS_ACCESS_KEY_SECRET=ossSecret0001
pg_up src
pg_up dst
fill_shop src 8000

push_for() { # TARGET: a run of its own below s3://test/TARGET, and the same in files
	rm -rf "$spool"
	export_shop -q --snapshot table --batch-size 256KB
	gpm-push -q --spool "$spool" --to "s3://test/$1" --for "$1"
	from=s3://test/$1
	run=$(gpm-import list --from "$from" | grep -o '^[0-9]*T[0-9]*Z-[0-9a-f]*')
	s3_keys "$1/$run/data/" >"$TEST_DIR/keys"
	batches=$(sed 's|[^/]*$||' "$TEST_DIR/keys" | sort -u | wc -l)
}
plan() { # OPTION…: into $TEST_DIR/plan.sql
	PGHOST=/nowhere gpm-import plan --from "$from" "$@" >"$TEST_DIR/plan.sql" 2>"$TEST_DIR/err"
}
run_plan() {
	"$pg_bin/psql" -Xq -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse -f "$TEST_DIR/plan.sql"
}
# statements: what the script's queries would have psql run, asked of a server that has the tables
statements() {
	grep ' \\gexec$' "$TEST_DIR/plan.sql" | sed 's/ \\gexec$/;/' >"$TEST_DIR/queries.sql"
	"$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -v gpm_oss_id=ID -v gpm_oss_key=KEY -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres \
		-d warehouse -f "$TEST_DIR/queries.sql" >"$TEST_DIR/statements"
}
no_secret() {
	is "$1: no secret in it" "$(grep -cE "$AWS_ACCESS_KEY_ID|$AWS_SECRET_ACCESS_KEY|ossKeyId0001|ossSecret0001" "$TEST_DIR/plan.sql")" 0
}
# folders STRING…: every batch's folder stands once behind what STRING's shell pattern says
every_folder() { # NAME SED-EXPRESSION that leaves the folder of each statement
	is "$1: every batch's folder once" "$(sed -n "$2" "$TEST_DIR/statements" | sort)" "$(sed 's|[^/]*$||' "$TEST_DIR/keys" | sort -u)"
}

# --- a run that other readers cannot read

push_for any
for method in s3 oss_fdw oss_ext oss_copy pxf; do
	plan --method $method --s3-config /etc/s3.conf --foreign-server x --manifest-dir "$TEST_DIR"
	is "$method: a run of zstd objects is refused" $? 2
	has "$method: and told for whom it is" "$TEST_DIR/err" "cannot be loaded by $method: it was pushed for copy, file_fdw, gpfdist, web"
	is "$method: nothing is printed" "$(cat "$TEST_DIR/plan.sql")" ""
done

# --- web: any run

fresh_warehouse
ok "the schema" load_shop -q --from "$from" --schema-only
plan --method web --program "/opt/it's/gpm-import"
is "web: plan" $? 0
no_secret web
ok "web: its queries are SQL" statements
is "web: a table a batch" "$(wc -l <"$TEST_DIR/statements")" "$batches"
lines=$(sed -n "s|^any/$run/data/0*\([0-9]*\)-sales\.lines/.*|\1|p" "$TEST_DIR/keys" | head -n 1)
chunks=$(grep -c 'sales\.lines/a1/b0001/' "$TEST_DIR/keys")
is "web: the statement" "$(grep "\"*gpm_web_${lines}_1\b" "$TEST_DIR/statements")" \
	"CREATE READABLE EXTERNAL WEB TEMP TABLE gpm_web_${lines}_1 (id bigint, qty integer, price numeric(12,2), sku text, note text) EXECUTE 'unset LD_LIBRARY_PATH OPENSSL_CONF; exec ''/opt/it''\\''''s/gpm-import'' cat -q --from $from --endpoint-url $GPM_ENDPOINT_URL --region us-east-1 --run $run --table $lines --batch 1 --chunks 1-$chunks --shard \"\$GP_SEGMENT_ID/\$GP_SEGMENT_COUNT\"' ON ALL FORMAT 'CSV' (DELIMITER ',' NULL '' QUOTE '\"' ESCAPE '\"') ENCODING 'UTF8'"
exits 1 "web: load into PostgreSQL" load_shop -q --from "$from" --method web --data-only
has "web: is refused" "$TEST_DIR/err" "--method web: this server is no Greenplum 6 or newer"
has "web: with what to do" "$TEST_DIR/err" "hint: use --method copy"

# --- s3

push_for s3
exits 2 "s3: no --s3-config" gpm-import plan --from "$from" --method s3
has "s3: is told" "$TEST_DIR/err" "--s3-config is needed"
for config in s3.conf '/home/a b/s3.conf' '/x|y' "/it's" '/x"y'; do
	exits 2 "s3: no path for it: $config" gpm-import plan --from "$from" --method s3 --s3-config "$config"
done
exits 2 "s3: no such server" gpm-import plan --from "$from" --method s3 --s3-config /s3.conf --server-endpoint 'a b'
plan --method s3 --s3-config /home/gpadmin/s3.conf
is "s3: plan" $? 0
no_secret s3
for line in '[default]' 'accessid = "…"' 'secret = "…"' 'version = 2' 'encryption = false'; do
	has "s3: what s3.conf has to hold: $line" "$TEST_DIR/plan.sql" "--   $line"
done
ok "s3: its queries are SQL" statements
host=${GPM_ENDPOINT_URL#http://}
every_folder s3 "s|.* LOCATION ('s3://$host/test/\(s3/$run/[^ ]*/\) config=/home/gpadmin/s3.conf region=us-east-1') FORMAT 'CSV' (DELIMITER ',' NULL '' QUOTE '\"' ESCAPE '\"') ENCODING 'UTF8'\$|\1|p"
is "s3: each batch is noted as not content-checked" "$(grep -c "^INSERT INTO gpm.steps (run, step) VALUES ('$run', 'unchecked [0-9]* [0-9]*');" "$TEST_DIR/plan.sql")" "$batches"
plan --method s3 --s3-config /home/gpadmin/s3.conf --server-endpoint inside.example.org:9000
has "s3: the server's own way to the bucket" "$TEST_DIR/plan.sql" "s3://inside.example.org:9000/test/"
exits 1 "s3: load into PostgreSQL" load_shop -q --from "$from" --method s3 --s3-config /s3.conf --data-only
has "s3: is refused" "$TEST_DIR/err" "no Greenplum 6 or newer"
mkdir -p "$TEST_DIR/files"
rm -rf "$spool"
export_shop -q -t sales.lines
gpm-push -q --spool "$spool" --to "file://$TEST_DIR/files" --for s3
exits 2 "s3: files are no bucket" gpm-import plan --from "file://$TEST_DIR/files" --method s3 --s3-config /s3.conf
has "s3: is told" "$TEST_DIR/err" "is no bucket that a database could read itself"

# --- AnalyticDB

push_for oss_fdw
exits 2 "oss_fdw: no --foreign-server" gpm-import plan --from "$from" --method oss_fdw
has "oss_fdw: is told" "$TEST_DIR/err" "--foreign-server is needed"
plan --method oss_fdw --foreign-server "it's \"OSS\""
is "oss_fdw: plan" $? 0
no_secret oss_fdw
ok "oss_fdw: its queries are SQL" statements
every_folder oss_fdw "s|.*, dir '\(oss_fdw/$run/[^']*/\)', .*|\1|p"
# what the documentation knows of a foreign table's options
documented() {
	python3 - "$TEST_DIR/statements" <<-'PY'
		import re, sys
		known = {"filepath", "prefix", "dir", "bucket", "format", "filetype", "header", "delimiter", "quote", "escape", "null", "encoding",
		    "force_not_null", "force_null", "log_errors", "segment_reject_limit"}
		reserved = {"null"}
		for line in open(sys.argv[1]):
		    m = re.fullmatch(r'CREATE FOREIGN TABLE gpm\.\w+ \(.*\) SERVER "it\'s ""OSS""" OPTIONS \((.*)\)\n', line)
		    assert m, line
		    options = re.findall(r'("?)(\w+)\1 \'((?:[^\']|\'\')*)\'(?:, |$)', m[1])
		    assert ", ".join(f"{q}{k}{q} '{v}'" for q, k, v in options) == m[1], m[1]
		    names = [k for q, k, v in options]; values = {k: v for q, k, v in options}
		    assert len(names) == len(set(names)) and set(names) <= known, names
		    assert all(q == '"' for q, k, v in options if k in reserved), m[1]
		    assert len({"filepath", "prefix", "dir"} & set(names)) == 1 and values["dir"].endswith("/")
		    assert values["format"] == "csv" and values["filetype"] == "gzip" and values["bucket"] == "test" and values["header"] == "false"
		    assert all(len(values[k]) == 1 for k in ("delimiter", "quote", "escape")) and values["null"] == ""
		    assert "log_errors" not in names and "segment_reject_limit" not in names
	PY
}
ok "oss_fdw: all options are documented" documented
# with PostgreSQL's grammar, up to where the wrapper itself would be needed
q dst warehouse "create foreign data wrapper oss_fdw; create server \"it's \"\"OSS\"\"\" foreign data wrapper oss_fdw; create schema vendor;
	create function vendor.get_oss_table_meta(text) returns setof int language sql as 'select generate_series(1, 99)'"
exits 3 "oss_fdw: psql, where the server finds other objects" run_plan
has "oss_fdw: stops at their number" "$TEST_DIR/err" "objects in the folder: 99"
q dst warehouse "create or replace function vendor.get_oss_table_meta(text) returns setof int language sql as 'select 1'"
exits 3 "oss_fdw: psql, where it finds the same" run_plan
has "oss_fdw: comes to the INSERT" "$TEST_DIR/err" "foreign-data wrapper \"oss_fdw\" has no handler"
exits 1 "oss_fdw: load into PostgreSQL" load_shop -q --from "$from" --method oss_fdw --foreign-server x --data-only
has "oss_fdw: is refused" "$TEST_DIR/err" "no Greenplum 6 or newer"

plan --method oss_ext --server-endpoint oss-cn-x-internal.aliyuncs.com
is "oss_ext: plan" $? 0
no_secret oss_ext
ok "oss_ext: its queries are SQL" statements
every_folder oss_ext "s|^CREATE READABLE EXTERNAL TEMP TABLE .* LOCATION ('oss://oss-cn-x-internal.aliyuncs.com dir=\(oss_fdw/$run/[^ ]*/\) bucket=test compressiontype=gzip id=ID key=KEY') FORMAT 'CSV' (DELIMITER ',' NULL '' QUOTE '\"' ESCAPE '\"') ENCODING 'UTF8'\$|\1|p"
has "oss_ext: the key is psql's" "$TEST_DIR/plan.sql" "\\set gpm_oss_key \`printenv OSS_ACCESS_KEY_SECRET\`"
exits 2 "oss_ext: load" load_shop -q --from "$from" --method oss_ext
has "oss_ext: is for plan" "$TEST_DIR/err" "--method oss_ext is for plan"

exits 2 "oss_copy: no --manifest-dir" gpm-import plan --from "$from" --method oss_copy
mkdir "$TEST_DIR/manifests"
plan --method oss_copy --manifest-dir "$TEST_DIR/manifests" --server-endpoint oss-cn-x-internal.aliyuncs.com
is "oss_copy: plan" $? 0
no_secret oss_copy
grep '^COPY ' "$TEST_DIR/plan.sql" >"$TEST_DIR/copies"
is "oss_copy: a statement and a manifest a batch" "$(wc -l <"$TEST_DIR/copies")|$(find "$TEST_DIR/manifests" -name '*.manifest' | wc -l)" "$batches|$batches"
is "oss_copy: the statement" "$(grep -m 1 '"sales"."lines"' "$TEST_DIR/copies")" \
	"COPY \"sales\".\"lines\" (\"id\", \"qty\", \"price\", \"sku\", \"note\") FROM 'oss://test/oss_fdw/gpm-manifests/$run/$(printf %06d "$lines")-b0001.manifest' ACCESS_KEY_ID :'gpm_oss_id' SECRET_ACCESS_KEY :'gpm_oss_key' FORMAT AS CSV MANIFEST \"delimiter\" ',' \"quote\" '\"' \"escape\" '\"' \"null\" '' \"header\" 'false' \"encoding\" 'UTF8' filetype 'gzip' ENDPOINT 'oss-cn-x-internal.aliyuncs.com' FDW 'oss_fdw';"
is "oss_copy: the manifests name every object once" "$(cat "$TEST_DIR"/manifests/* | jq -r '.entries[] | select(.mandatory == true) | .url' | sort)" \
	"$(sed 's|^|oss://test/|' "$TEST_DIR/keys" | sort)"
is "oss_copy: and have nothing else" "$(cat "$TEST_DIR"/manifests/* | jq -c '[keys, ([.entries[] | keys] | unique)]' | sort -u)" '[["entries"],[["mandatory","url"]]]'
is "oss_copy: each statement names its own" "$(sed "s|.*/\([^/]*\.manifest\)'.*|\1|" "$TEST_DIR/copies" | sort)" "$(cd "$TEST_DIR/manifests" && ls)"

# a stranger, which a folder's reader would take along
echo x >"$TEST_DIR/x"
s3 PUT "/test/$(grep -m 1 'sales\.lines' "$TEST_DIR/keys" | sed 's|[^/]*$||')x" "$TEST_DIR/x" >/dev/null
for method in oss_fdw oss_ext; do
	plan --method $method --foreign-server x
	is "$method: a stranger in a folder" $? 4
	has "$method: is named" "$TEST_DIR/err" "/x' is in the folder of a batch, and not in its manifest"
done

# --- pxf

push_for pxf
exits 2 "pxf: no such server" gpm-import plan --from "$from" --method pxf --foreign-server 'a&b'
exits 3 "pxf: plan" plan --method pxf --foreign-server s3srv
has "pxf: what its folder's name may hinder is told" "$TEST_DIR/err" "holds bytes that PXF may read otherwise"
no_secret pxf
ok "pxf: its queries are SQL" statements
sed -i '/%/d' "$TEST_DIR/keys"
every_folder pxf "s|^CREATE READABLE EXTERNAL TEMP TABLE .* LOCATION ('pxf://test/\(pxf/$run/[^ ?]*/\)?PROFILE=s3:text:multi&SERVER=s3srv&IGNORE_MISSING_PATH=false') FORMAT 'CSV' (DELIMITER ',' NULL '' QUOTE '\"' ESCAPE '\"') ENCODING 'UTF8'\$|\1|p"
exits 2 "pxf: load" load_shop -q --from "$from" --method pxf --foreign-server s3srv
has "pxf: is for plan" "$TEST_DIR/err" "--method pxf is for plan"

done_testing
