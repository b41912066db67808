#!/bin/bash
# Goal of this test: every saved fuzz input passes; a build with libFuzzer runs them as well.
: "${top_builddir:?}" "${top_srcdir:?}"
n=0
for target in rows floats decompress sqlsplit record journal s3xml conf gpfdist adapt crypt business volume; do
	n=$((n + 1))
	if out=$("$top_builddir/tests/fuzz/fuzz-$target" "$top_srcdir/tests/fuzz/corpus/$target" 2>&1); then
		echo "ok $n - $target: $(find "$top_srcdir/tests/fuzz/corpus/$target" -type f | wc -l) inputs"
	else
		echo "not ok $n - $target"
		echo "$out" | tail -n 30 | sed 's/^/# /'
	fi
done
echo "1..$n"
