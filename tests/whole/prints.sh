#!/bin/sh
# A tutorial shows what Keras printed; its program must print the same lines:
#     prints.sh LINE … -- PROGRAM ARGS…
work=$(mktemp -d) || exit 1
trap 'rm -r "$work"' EXIT
while [ "$1" != -- ]; do
    echo "$1" >>"$work/lines"
    shift
done
shift
"$@" >"$work/said" || exit 1
failed=0
while read -r line; do
    grep -qxF "$line" "$work/said" || { echo "'$line' is missing in:" >&2; failed=1; }
done <"$work/lines"
[ $failed = 0 ] || cat "$work/said" >&2
exit $failed
