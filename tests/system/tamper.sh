# shellcheck shell=bash
# tamper.sh -- what may be done to a stored run.  The words work in the run's folder.

flip_byte() { # FILE OFFSET: one bit turned
	python3 - "$1" "$2" <<-'PY'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(int(sys.argv[2])); b = f.read(1)[0]
		    f.seek(int(sys.argv[2])); f.write(bytes([b ^ 1]))
	PY
}

edit_line() { # FILE SED-SCRIPT: the text changed
	sed -i "$2" "$1"
}

reseal() { # FILE: the end line's own hash made right again, as somebody who knows the format would
	python3 - "$1" <<-'PY'
		import sys, hashlib
		data = open(sys.argv[1], "rb").read()
		cut = data.rfind(b',"sha256"')
		open(sys.argv[1], "wb").write(data[:cut] + b',"sha256":"' + hashlib.sha256(data[:cut]).hexdigest().encode() + b'"}\n')
	PY
}

reseal_all() { # TABLE MANIFEST: it and the root made right again, so that every hash is as it should be
	reseal "$1"
	python3 - "$1" <<-'PY'
		import sys, re, os, hashlib
		path = sys.argv[1]; data = open(path, "rb").read(); root = open("manifest.jsonl", "rb").read().split(b"\n")
		for i, line in enumerate(root):
		    if b'"key":"' + path.encode() + b'"' in line:
		        line = re.sub(rb'"stored_bytes":\d+', b'"stored_bytes":%d' % len(data), line)
		        root[i] = re.sub(rb'"stored_sha256":"\w+"', b'"stored_sha256":"' + hashlib.sha256(data).hexdigest().encode() + b'"', line)
		open("manifest.jsonl", "wb").write(b"\n".join(root))
	PY
	reseal manifest.jsonl
}

new_sql() { # SECTION SED-SCRIPT: the schema changed, and whole again as zstd sees it
	zstd -dq "schema/$1.sql.zst" -o x && sed -i "$2" x && zstd -qf --rm x -o "schema/$1.sql.zst"
}

swap() { mv "$1" x && mv "$2" "$1" && mv x "$2"; }

rehash() { # TABLE MANIFEST: its chunk lines, its sums and the root made to fit the objects as they are now
	python3 - "$1" <<-'PY'
		import sys, re, hashlib, os
		def put(line, name, value):
		    return re.sub(r'"%s":("[^"]*"|\d+)' % name, lambda m: '"%s":%s' % (name, '"%s"' % value if m[1][0] == '"' else value), line)
		path = sys.argv[1]; lines = open(path).read().split("\n"); total = 0
		for i, line in enumerate(lines):
		    if line.startswith('{"rec":"chunk"'):
		        data = open(re.search(r'"key":"([^"]*)"', line)[1], "rb").read()
		        lines[i] = put(put(line, "stored_sha256", hashlib.sha256(data).hexdigest()), "stored_bytes", len(data)); total += len(data)
		    if line.startswith('{"rec":"end"'):
		        lines[i] = put(line, "stored_bytes", total)
		open(path, "w").write("\n".join(lines))
		root = open("manifest.jsonl").read().split("\n"); sum = 0
		for i, line in enumerate(root):
		    if line.startswith('{"rec":"manifest"'):
		        if '"key":"%s"' % path in line:
		            root[i] = line = put(line, "data_bytes", total)
		        sum += int(re.search(r'"data_bytes":(\d+)', line)[1])
		    if line.startswith('{"rec":"end"'):
		        root[i] = put(line, "stored_bytes", sum)
		open("manifest.jsonl", "w").write("\n".join(root))
	PY
	reseal_all "$1"
}
