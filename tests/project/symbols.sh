#!/bin/sh
# The shared library exports exactly the functions that the public headers declare with ANT_API.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The first name before a parenthesis of each declaration is the function's.
for header in $(cd "$SOURCE/include" && find antler -name '*.h'); do
    printf '#include <%s>\n' "$header"
done | ${CC:-cc} -x c -std=c11 -I"$SOURCE/include" -E -P - | tr '\n' ' ' |
    sed 's/__attribute__((visibility("default")))/\n@/g' | sed -n 's/^@[^(]*[ *]\(ant_[a-z0-9_]*\) *(.*/\1/p' |
    sort -u >"$work/declared"
nm -D --defined-only "$BUILD/src/libantler.so" | awk '$2 ~ /[TDRBW]/ {print $3}' | sort -u >"$work/exported"
if ! diff "$work/declared" "$work/exported" >"$work/diff"; then
    echo "declared but not exported (<), exported but not declared (>):"
    cat "$work/diff"
    exit 1
fi
