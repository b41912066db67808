#!/usr/bin/env python3
"""report.py -- what scripts/bench measured, as a table, as JSON and as a picture.

    report.py FOLDER [--json FILE] [--plot FILE.svg]

FOLDER holds measured (lines of JSON by measure.py) and files of tab-separated lines that scripts/bench writes:
    about     key, value            the machine, the versions
    rounds    round, text           what a round compares
    stored    round, name, bytes    how much a command stored, a line a repetition
    pairs     round, name, round, name, what, target     the first to the second in wall, client, peak or stored
    skipped   round, reason
and notes, text to be shown as it is.
"""
import argparse
import html
import json
import os
from statistics import median

MB = 1e6
WHAT = {"wall": "wall time", "client": "CPU time", "peak": "peak memory", "stored": "bytes stored"}


def lines(folder, name):
    try:
        with open(os.path.join(folder, name)) as file:
            return [line.rstrip("\n").split("\t") for line in file]
    except FileNotFoundError:
        return []


def load(folder):
    """Everything, with the repetitions of each (round, name) in order, and the ratios of the pairs."""
    measured = {}
    try:
        with open(os.path.join(folder, "measured")) as file:
            for line in map(json.loads, file):
                measured.setdefault((line["round"], line["name"]), []).append(line)
    except FileNotFoundError:
        pass
    count = {}
    for round_name, name, size in lines(folder, "stored"):
        repetition = count.get((round_name, name), 0)
        count[round_name, name] = repetition + 1
        measured[round_name, name][repetition]["stored"] = int(size)
    about = dict(lines(folder, "about"))
    return {
        "about": about,
        "rounds": dict(lines(folder, "rounds")),
        "measured": measured,
        "ratios": list(ratios(measured, lines(folder, "pairs"))),
        "skipped": dict(lines(folder, "skipped")),
        "notes": ["\t".join(line) for line in lines(folder, "notes")],
    }


def ratios(measured, pairs):
    """The ratio of two commands is the median of the ratios of their repetitions, which ran one after the other."""
    for round_name, name, rival_round, rival, what, target in pairs:
        mine, other = measured.get((round_name, name)), measured.get((rival_round, rival))
        if not mine or not other:
            continue
        each = [a[what] / b[what] for a, b in zip(mine, other)]
        ratio = median(each)
        yield {"round": round_name, "gpm": name, "rival_round": rival_round, "rival": rival, "what": what,
               "ratio": ratio, "lowest": min(each), "highest": max(each), "target": float(target) if target else None,
               "met": ratio <= float(target) if target else None}


def text_of(pair):
    rival = pair["rival"] if pair["round"] == pair["rival_round"] else f'the same, {pair["rival_round"]}'
    return f'{pair["gpm"]} : {rival}'


# --- as text

def print_measured(result):
    cores = int(result["about"]["cores"])
    servers = sorted({kind for every in result["measured"].values() for each in every for kind in each["servers"]})
    for round_name in dict.fromkeys(key[0] for key in result["measured"]):
        print(f'\n{round_name}: {result["rounds"].get(round_name, "")}')
        print(f'  {"":34}{"wall s (lowest-highest)":>24}{"CPU s":>8}' + "".join(f"{kind:>10}" for kind in servers) +
              f'{"peak MB":>9}{"sum MB":>8}{"stored MB":>11}{"others":>8}')
        for (key, name), repetitions in result["measured"].items():
            if key != round_name:
                continue
            wall = [each["wall"] for each in repetitions]
            others = sum(each["others"] for each in repetitions) / sum(wall) / cores
            stored = [each["stored"] / MB for each in repetitions if "stored" in each]
            print(f'  {name:34}{median(wall):9.2f} {f"({min(wall):.2f}-{max(wall):.2f})":>14}'
                  f'{median(each["client"] for each in repetitions):8.2f}'
                  + "".join(f'{median(each["servers"][kind] for each in repetitions):10.2f}' for kind in servers) +
                  f'{max(each["peak"] for each in repetitions) / MB:9.1f}'
                  f'{max(each["sum"] for each in repetitions) / MB:8.1f}'
                  f'{f"{median(stored):.1f}" if stored else "":>11}{others:8.0%}')


def print_ratios(result):
    if not result["ratios"]:
        return
    print("\nratios, gpm to the other; below 1 gpm takes less; median (lowest-highest)")
    for pair in result["ratios"]:
        target = ""
        if pair["target"]:
            target = f'target {pair["target"]:.2f}  {"met" if pair["met"] else "MISSED"}'
        spread = f'({pair["lowest"]:.2f}-{pair["highest"]:.2f})'
        print(f'  {pair["round"]:12} {WHAT[pair["what"]]:13}{text_of(pair):64}{pair["ratio"]:6.2f} {spread:>13}  {target}'.rstrip())


def print_all(result):
    for key, value in result["about"].items():
        print(f"{key:12} {value}")
    print_measured(result)
    print_ratios(result)
    for line in result["notes"]:
        print(line)
    if result["skipped"]:
        print()
    for round_name, reason in result["skipped"].items():
        print(f"skipped: {round_name}: {reason}")
    disturbed = [each["others"] / each["wall"] for every in result["measured"].values() for each in every]
    cores = int(result["about"]["cores"])
    if disturbed and max(disturbed) > cores * 0.05:
        print(f'\nDisturbed: other processes took {sum(disturbed) / len(disturbed) / cores:.0%} of the cores during the '
              f'measurements, at most {max(disturbed) / cores:.0%} during one. Trust CPU times and ratios more than seconds, '
              'and both little.')


# --- as JSON

def write_json(result, path):
    measured = [line for every in result["measured"].values() for line in every]
    with open(path, "w") as file:
        json.dump({**result, "measured": measured}, file, indent=1)
        file.write("\n")


# --- as a picture

def write_plot(result, path):
    """A bar a ratio, a line at 1, a mark at the target."""
    left, width, row = 560, 420, 24
    pairs = result["ratios"]
    scale = width / max([2.0] + [pair["highest"] for pair in pairs])
    height = 60 + row * len(pairs)
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 70}" height="{height}" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="#fff"/>',
           '<text x="10" y="20" font-size="14">gpm to what one would use instead: below 1, gpm takes less. '
           f'{html.escape(result["about"]["date"])}, {html.escape(result["about"]["commit"])}</text>']
    for i, pair in enumerate(pairs):
        y = 36 + i * row
        colour = "#2a7f62" if pair["met"] is not False else "#b8432f"
        end = left + pair["ratio"] * scale
        svg.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">'
                   f'{html.escape(pair["round"])}, {WHAT[pair["what"]]}: {html.escape(text_of(pair))}</text>')
        svg.append(f'<rect x="{left}" y="{y}" width="{pair["ratio"] * scale:.1f}" height="17" fill="{colour}"/>')
        svg.append(f'<path d="M{left + pair["lowest"] * scale:.1f} {y + 8.5}H{left + pair["highest"] * scale:.1f}" '
                   'stroke="#222"/>')
        if pair["target"]:
            svg.append(f'<path d="M{left + pair["target"] * scale:.1f} {y - 2}v21" stroke="#e0a000" stroke-width="3"/>')
        svg.append(f'<text x="{max(end, left + pair["highest"] * scale) + 6:.1f}" y="{y + 13}">{pair["ratio"]:.2f}</text>')
    svg.append(f'<path d="M{left + scale:.1f} 28V{height - 18}" stroke="#222" stroke-dasharray="4 3"/>')
    svg.append(f'<text x="{left + scale:.1f}" y="{height - 5}" text-anchor="middle">1</text>')
    svg.append(f'<text x="10" y="{height - 5}">thick line: target; thin line: lowest to highest</text></svg>')
    with open(path, "w") as file:
        file.write("\n".join(svg) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--json")
    parser.add_argument("--plot")
    options = parser.parse_args()
    result = load(options.folder)
    print_all(result)
    if options.json:
        write_json(result, options.json)
    if options.plot:
        write_plot(result, options.plot)


if __name__ == "__main__":
    main()
