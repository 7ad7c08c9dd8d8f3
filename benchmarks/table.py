#!/usr/bin/env python3
"""The best peer of each workload as a table in markdown, from the files that versus.py wrote.

    python benchmarks/table.py ratios/*.json

A peer is named by its file.
"""
import json
import pathlib
import sys

MODES = "train", "infer", "infer1"


def read(paths):
    """{(workload, mode): [(ratio, peer, row)]}, the best peer first."""
    cells = {}
    for path in map(pathlib.Path, paths):
        for row in json.loads(path.read_text()):
            if row["ratio"]:
                cells.setdefault((row["workload"], row["mode"]), []).append(
                    (row["ratio"], path.stem, row))
    return {k: sorted(v, key=lambda x: x[0]) for k, v in cells.items()}


def microseconds(us):
    return f"{us:.2f}" if us < 10 else f"{us:.0f}" if us < 10000 else f"{us:,.0f}"


def cell(found):
    if not found:
        return "–"
    ratio, peer, row = found[0]
    return f"{microseconds(row['a_us'])} µs, **{ratio:.2f}** ({row['low']:.2f}–{row['high']:.2f}) {peer}"


def main():
    cells = read(sys.argv[1:])
    print("| | " + " | ".join(MODES) + " |\n|---|" + "---|" * len(MODES))
    for w in sorted({w for w, _ in cells}, key=lambda w: (int(w[1:].rstrip("RF")), w)):
        print(f"| {w} | " + " | ".join(cell(cells.get((w, m))) for m in MODES) + " |")


if __name__ == "__main__":
    main()
