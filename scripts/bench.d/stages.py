#!/usr/bin/env python3
"""stages.py -- instructions by stage, out of callgrind_annotate --threshold=100 on standard input."""
import re
import sys

LINE = re.compile(r"\s*([\d,]+) \([ \d.]+%\)\s+(\S+?):(.*?)(?: \[(.*)\])?$")

# The first that fits; of file, function, object.
STAGES = [
    ("compression", lambda file, function, obj: "libzstd" in obj or "libz." in obj or "libisal" in obj),
    ("MD5", lambda file, function, obj: "libcrypto" in obj and "md5" in function.lower()),
    ("SHA-256", lambda file, function, obj: "libcrypto" in obj),
    ("XXH3", lambda file, function, obj: "xxhash" in file or "XXH" in function),
    ("scan of rows", lambda file, function, obj: re.search(r"/rows\w*\.[ch]$|/floats\w*\.[ch]$", file) or "rows_" in function),
    ("copying of memory", lambda file, function, obj: re.match(r"(__)?mem(cpy|move|set|pcpy)", function)),
    ("dynamic linker", lambda file, function, obj: "/ld-" in obj),
    ("the rest", lambda *_: True),
]


def main():
    sums = {name: 0 for name, _ in STAGES}
    for line in sys.stdin:
        found = LINE.match(line)
        if not found or found[2] == "PROGRAM":
            continue
        names = found[2], found[3], found[4] or ""
        sums[next(name for name, fits in STAGES if fits(*names))] += int(found[1].replace(",", ""))
    total = sum(sums.values())
    size = int(sys.argv[1])
    for name, count in sums.items():
        print(f"  {name:20}{count / 1e6:12.1f} million {count / total:7.1%} {count / size:9.2f} a byte")
    print(f"  {'all':20}{total / 1e6:12.1f} million")


if __name__ == "__main__":
    main()
