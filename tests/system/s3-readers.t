#!/usr/bin/env bash
# Goal of this test: what gpm stores on an S3 server is read by other people's programs: aws, s3cmd, sha256sum, zstd,
# gzip and psql need nothing of gpm.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../rgw.sh"
. "$(dirname "$0")/fixture.sh"

rgw_up
s3_env
export HOME=$TEST_DIR AWS_PAGER=
pg_up src
pg_up dst
fill_shop src 8000
fresh_warehouse

# program NAME: the distribution's, else the first of that name in PATH that works; a version manager's may not.
program() {
	local file

	while read -r file; do
		if "$file" --version >"$TEST_DIR/version" 2>&1; then
			echo "$file"
			return
		fi
	done < <(PATH=/usr/bin:$PATH type -aP "$1")
}

# read_by TOOL DIR: DIR was filled by TOOL from the run; is it whole, and what do its files hold?
read_by() {
	local dir=$2 name table

	[ -d "$dir" ] || return
	ok "$1: sha256sum -c" sh -c "cd '$dir' && sha256sum --quiet --strict -c SHA256SUMS"
	is "$1: there is no file that is not summed, but the sums and the root manifest" \
		"$(cd "$dir" && find . -type f | sed 's|^\./||' | sort)" \
		"$(cd "$dir" && { sed 's/^[0-9a-f]*  //' SHA256SUMS; echo SHA256SUMS; echo manifest.jsonl; } | sort)"
	ok "$1: zstd -t" sh -c "find '$dir' -name '*.zst' -print0 | xargs -0 zstd -tq"
	for name in sales.lines sales.odd sales.floats 'Odd%20%22Schema%22.Table%2Ewith%20dots'; do
		table=$(sed 's/%20/ /g; s/%22/""/g; s/%2E/./g; s/^\([^.]*\)\.\(.*\)/"\1"."\2"/' <<<"$name")
		is "$1: zstd -d and psql have the rows of $table" "$(
			find "$dir/data" -path "*-$name/*" -name '*.csv.zst' -print0 | sort -z | xargs -0 zstd -dcq >"$TEST_DIR/rows.csv"
			q dst warehouse "create temp table t as table $table with no data; copy t from '$TEST_DIR/rows.csv' csv; copy t to stdout" | sort | md5sum
		)" "$(q src shop "copy $table to stdout" | sort | md5sum)"
	done
}

ok "export" export_shop -q
cp -a "$spool" "$TEST_DIR/again"
run=$(basename "$spool"/2*)
exits 0 "push" gpm-push -q --spool "$spool" --to s3://test/readers
exits 0 "load, for the tables" gpm-import load -q --from s3://test/readers -h "$(pg_host dst)" -p "$(pg_port dst)" -U postgres -d warehouse --schema-only

aws=$(program aws)
if [ -n "$aws" ]; then
	aws() { "$aws" --endpoint-url "$GPM_ENDPOINT_URL" "$@"; }
	ok "aws: copies the run" aws s3 sync --quiet "s3://test/readers/$run" "$TEST_DIR/by.aws"
	read_by aws "$TEST_DIR/by.aws"
	aws s3api list-objects-v2 --bucket test --prefix "readers/$run/" --page-size 7 --output json |
		jq -r '.Contents[] | [.Key, .Size, .ETag] | @tsv' | sed "s|^readers/$run/||; s/\"//g" | sort >"$TEST_DIR/listed"
	(cd "$TEST_DIR/by.aws" && find . -type f -printf '%P\t%s\t' -exec sh -c "md5sum <\"\$1\" | cut -c 1-32" sh {} \;) | sort >"$TEST_DIR/there"
	ok "aws: lists keys, sizes and the MD5 as ETag" sh -c "[ -s '$TEST_DIR/there' ] && diff '$TEST_DIR/there' '$TEST_DIR/listed'"
	ok "aws: copies it to another place" aws s3 sync --quiet "$TEST_DIR/by.aws" "s3://test/elsewhere/$run"
	exits 0 "where gpm finds it whole" gpm-import verify --full --from s3://test/elsewhere
else
	ok "aws reads the run # SKIP aws (package awscli) is not installed" true
fi

s3cmd=$(program s3cmd)
if [ -n "$s3cmd" ]; then
	cat >"$TEST_DIR/.s3cfg" <<-CONF
		[default]
		access_key = $AWS_ACCESS_KEY_ID
		secret_key = $AWS_SECRET_ACCESS_KEY
		host_base = ${GPM_ENDPOINT_URL#http://}
		host_bucket = ${GPM_ENDPOINT_URL#http://}
		use_https = False
	CONF
	mkdir "$TEST_DIR/by.s3cmd"
	ok "s3cmd: copies the run, and compares the MD5 sums" "$s3cmd" --quiet --recursive get "s3://test/readers/$run/" "$TEST_DIR/by.s3cmd/"
	read_by s3cmd "$TEST_DIR/by.s3cmd"
	is "s3cmd: du" "$("$s3cmd" du "s3://test/readers/$run/" | awk '{ print $1 }')" "$(find "$TEST_DIR/by.s3cmd" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')"
else
	ok "s3cmd reads the run # SKIP s3cmd is not installed" true
fi

# the same in gzip, by curl alone
ok "push in gzip" gpm-push -q --spool "$TEST_DIR/again" --to s3://test/gzip --compress gzip:6
status=$(s3 GET "/test/gzip/$run/manifest.jsonl")
cp "$TEST_DIR/s3.out" "$TEST_DIR/manifest.jsonl"
key=$(jq -r 'select(.rec == "manifest" and .name == "odd") | .key' "$TEST_DIR/manifest.jsonl")
status+=" $(s3 GET "/test/gzip/$run/$key")"
key=$(jq -r 'select(.rec == "chunk") | .key' "$TEST_DIR/s3.out" | head -n 1)
status+=" $(s3 GET "/test/gzip/$run/$key")"
is "curl gets the root manifest, a table's and its first chunk" "$status" "200 200 200"
is "gzip -d has the first rows" "$(gzip -dc <"$TEST_DIR/s3.out" | head -n 2)" "$(q src shop "copy (select * from sales.odd limit 2) to stdout csv")"
done_testing
