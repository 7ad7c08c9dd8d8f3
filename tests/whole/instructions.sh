#!/bin/sh
# How many instructions a step takes: a number without noise, so that a step that grows is seen.
# usage: instructions.sh ANTLER_BENCH
set -eu
bench=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! command -v valgrind >/dev/null 2>&1; then
    echo "skipped: valgrind is not installed"
    exit 77
fi
if ! grep -q '\<avx2\>' /proc/cpuinfo 2>/dev/null; then
    echo "skipped: the bounds are for AVX2"
    exit 77
fi
# valgrind knows no AVX-512.
export ANTLER_KERNELS=avx2

# count WORKLOAD MODE STEPS: instructions of the whole process
count() {
    echo "$1 $2 $3" | valgrind --tool=callgrind --callgrind-out-file="$work/out" \
        "$bench" --worker >"$work/answer" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
    grep -q "^$1 $2 $3 [0-9]" "$work/answer" || { cat "$work/answer" >&2; exit 1; }
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$work/log"
}

# A step takes what so many more steps take.
failed=0
while read -r workload mode steps most; do
    few=$(count "$workload" "$mode" 1)
    many=$(count "$workload" "$mode" $((1 + steps)))
    each=$(((many - few) / steps))
    echo "$workload $mode: $each instructions, at most $most"
    [ "$each" -gt 0 ] && [ "$each" -le "$most" ] || failed=1
done <<END
W1 train 20 43000
W1 infer 20 20000
W1 infer1 20 3000
W2 train 2 2800000
W2 infer 2 1200000
W2 infer1 10 34000
W3 train 1 78000000
W3 infer 1 25000000
W3 infer1 2 830000
END
[ $failed = 0 ]
