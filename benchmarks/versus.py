#!/usr/bin/env python3
"""Two benchmark workers in turn, block by block: how many times faster is A than B?

    python benchmarks/versus.py --a "build/benchmarks/antler-bench --worker --threads 1" \\
        --b "python benchmarks/peers/keras_worker.py --threads 1" --json ratios/keras-tf.json

Prints the medians, the ratio of the pairs and its 95 % interval by bootstrap. Only such ratios mean
anything on a machine that others use too.
"""
import argparse
import json
import random
import shlex
import statistics
import subprocess
import sys

IDS = "W1 W2 W3 W3R W4 W5 W5F W6 W7 W8 W9 W10"


class Worker:
    def __init__(self, command):
        self.process = subprocess.Popen(shlex.split(command), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, w, mode, steps):
        """Microseconds per step, or None and the reason."""
        self.process.stdin.write(f"{w} {mode} {steps}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            word = line.split(maxsplit=3)
            if len(word) == 4 and word[:2] == [w, mode]:
                if word[2] == "-":
                    return None, word[3].strip()
                return int(word[3]) / int(word[2]) / 1e3, ""
        sys.exit(f"worker ended: {' '.join(self.process.args)}")

    def steps(self, w, mode, block_ms):
        """How many fill a block; 0 and the reason where it cannot."""
        us, why = self.ask(w, mode, 1)
        if us is None:
            return 0, why
        return max(1, int(block_ms * 1e3 / min(us, self.ask(w, mode, 3)[0]))), ""

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def blocks(a, b, w, mode, args):
    """Times of a and of b in pairs: A B B A …; or the reason why not."""
    (na, why_a), (nb, why_b) = a.steps(w, mode, args.block_ms), b.steps(w, mode, args.block_ms)
    if not na or not nb:
        return None, f"A: {why_a}" if not na else f"B: {why_b}"
    times = {a: [], b: []}
    for k in range(args.blocks):
        for who, n in ((a, na), (b, nb))[::1 if k % 2 else -1]:
            times[who].append(who.ask(w, mode, n)[0])
    return (times[a], times[b]), ""


def interval(ratios):
    medians = sorted(statistics.median(random.choices(ratios, k=len(ratios))) for _ in range(1000))
    return medians[25], medians[974]


def row(w, mode, times):
    a, b = times
    ratios = [y / x for x, y in zip(a, b)]
    low, high = interval(ratios)
    r = dict(workload=w, mode=mode, a_us=statistics.median(a), b_us=statistics.median(b),
             ratio=statistics.median(ratios), low=low, high=high)
    print(f"{w:4} {mode:7} {r['a_us']:11.2f} {r['b_us']:11.2f} {r['ratio']:7.2f}  {low:.2f}..{high:.2f}",
          flush=True)
    return r


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--a", required=True, help="command of worker A")
    parser.add_argument("--b", required=True, help="command of worker B")
    parser.add_argument("--workloads", default=IDS)
    parser.add_argument("--modes", default="train infer infer1")
    parser.add_argument("--blocks", type=int, default=20, help="pairs of blocks")
    parser.add_argument("--block-ms", type=float, default=30)
    parser.add_argument("--json", help="the rows, for table.py")
    args = parser.parse_args()
    a, b, rows = Worker(args.a), Worker(args.b), []
    print(f"{'':4} {'mode':7} {'A us':>11} {'B us':>11} {'B/A':>7}  95 % interval")
    for w in args.workloads.split():
        for mode in args.modes.split():
            times, why = blocks(a, b, w, mode, args)
            if times:
                rows.append(row(w, mode, times))
            else:
                print(f"{w:4} {mode:7} -  {why}", flush=True)
    a.end()
    b.end()
    if args.json:
        with open(args.json, "w") as f:
            json.dump(rows, f, indent=1)


if __name__ == "__main__":
    main()
