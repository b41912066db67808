#!/usr/bin/env bash
# Goal of this test: --for pins what the readers that it names can read: gzip objects of one member for the
# databases' own readers, the methods in the manifest; what does not go together is refused at once; a run
# goes on with what it began with; and our own loader reads all of it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/fixture.sh"

# push_record: the root manifest's push line.
push_record() {
	grep '"rec":"push"' "$(run_dir)manifest.jsonl"
}

# every_object COMMAND…: with each object of rows and schema in turn; fails when one does, or when there is none.
every_object() {
	local file n=0

	while read -r file; do
		"$@" "$file" || { echo "$file"; return 1; }
		n=$((n + 1))
	done < <(find "$(run_dir)data" "$(run_dir)schema" -type f)
	[ "$n" -gt 8 ]
}

# first_member FILE: reads it as a reader does that stops behind the first member; all of it must be there.
first_member() {
	python3 - "$1" <<-'END'
		import gzip, sys, zlib
		data = open(sys.argv[1], "rb").read()
		member = zlib.decompressobj(31)
		rows = member.decompress(data)
		assert member.eof and member.unused_data == b"", "more than one member"
		assert rows == gzip.decompress(data)
		assert data[3] == 0, "flags"
		assert data[4:8] == b"\0\0\0\0", "a time"
	END
}

new_run() {
	rm -rf "$spool" "$bucket"
	mkdir "$bucket"
	export_shop -q
}

# what does not go together
mkdir "$spool"
exits 2 "a target that there is not" push_shop --for oracle
has "all of them are named" "$TEST_DIR/err" "any, gpfdist, oss_fdw, s3, pxf"
for target in oss_fdw s3 pxf; do
	exits 2 "$target reads no zstd" push_shop --for $target --compress zstd:3
	has "it says why" "$TEST_DIR/err" "--compress zstd:3 does not go with --for $target, which reads gzip"
	has "and what to do" "$TEST_DIR/err" "hint:"
done
exits 2 "nor is it given plain objects" push_shop --for s3 --compress none
exits 2 "the same from the environment" env GPM_FOR=pxf GPM_COMPRESS=zstd gpm-push --spool "$spool" --to "file://$bucket"
exits 0 "gzip is for all" push_shop --for s3 --compress gzip:9
exits 0 "any takes any" push_shop --for any --compress none

pg_up src
pg_up dst
fill_shop src 8000

for target in oss_fdw s3 pxf; do
	new_run
	exits 0 "push for $target" push_shop --for $target
	is "$target: what is pinned" "$(push_record | jq -r '[.target, .compression] | join(" ")')" "$target gzip:1"
	has "$target: its own method is open" <(push_record) "\"$target\""
	is "$target: ours as well" "$(push_record | jq -c --arg own $target '.methods - [$own]')" '["copy","file_fdw","gpfdist","web"]'
	is "$target: all objects are gzip" "$(find "$(run_dir)data" "$(run_dir)schema" -type f ! -name '*.gz')" ""
done
ok "gzip reads the objects" every_object gzip -t
ok "each is one member without name and time" every_object first_member
exits 0 "verify every byte" verify_shop --full
fresh_warehouse
exits 0 "load" load_shop
same_shop "all tables hold the same rows"

# zlib's levels as well
new_run
exits 0 "push with another level" push_shop --for oss_fdw --compress gzip:6
is "it is pinned" "$(push_record | jq -r .compression)" gzip:6
ok "each object is one member" every_object first_member

# the others
new_run
exits 0 "push for gpfdist" push_shop --for gpfdist
is "our own server reads zstd" "$(push_record | jq -c '[.target, .compression, .methods]')" \
	'["gpfdist","zstd:1",["copy","file_fdw","gpfdist","web"]]'
new_run
exits 0 "push for nobody in particular" push_shop --compress gzip:2
is "that is any" "$(push_record | jq -c '[.target, .compression, .methods]')" \
	'["any","gzip:2",["copy","file_fdw","gpfdist","web"]]'

# a run goes on with what it began with
new_run
sed -i '$d' "$spool"/*/export.jsonl
exits 5 "push of an unfinished export" push_shop --for s3
exits 5 "again, with the same options spelled otherwise" push_shop --for s3 --compress gzip
hasnt "is no reason to warn" "$TEST_DIR/err" "goes on with"
ok "the export ends" export_shop -q
exits 0 "its end, with other options" push_shop --for any --compress zstd:3
has "the target stays" "$TEST_DIR/err" "goes on with --for s3, as it began"
has "the compression stays" "$TEST_DIR/err" "goes on with --compress gzip:1, as it began"
is "what was pinned is in the manifest" "$(push_record | jq -c '[.target, .compression]')" '["s3","gzip:1"]'
ok "all objects are alike" every_object first_member
exits 0 "verify every byte" verify_shop --full
done_testing
