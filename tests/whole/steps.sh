#!/bin/sh
# A training step and a prediction make no system call: a hundred of each make as many as five hundred.
# usage: steps.sh PROGRAM, which takes the number of steps
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The leak checker of sanitizers stops under a tracer, and has nothing to say here.
export ASAN_OPTIONS=detect_leaks=0
if ! strace -f -o "$work/probe" true 2>"$work/why"; then
    echo "skipped: $(cat "$work/why")"
    exit 77
fi
"$program" 5

# Their names, in order.
calls() {
    strace -f -o "$work/trace" "$program" "$1"
    sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' "$work/trace" >"$work/$1"
}
calls 100
calls 500
[ "$(wc -l <"$work/100")" -gt 10 ] || { echo "nothing was traced"; exit 1; }
if ! diff "$work/100" "$work/500" >"$work/more"; then
    echo "400 more steps make other system calls:"
    sed -n 's/^[<>]/&/p' "$work/more" | sort | uniq -c
    exit 1
fi
