#!/bin/sh
# Every public header compiles alone, without a warning, as C11 and as C++17.
set -eu
cd "$SOURCE"
status=0
for header in $(cd include && find antler -name '*.h' | sort); do
    for compiler in gcc clang; do
        command -v "$compiler" >/dev/null || continue
        printf '#include <%s>\n' "$header" |
            "$compiler" -x c -std=c11 -Wall -Wextra -Werror -pedantic -Iinclude -fsyntax-only - ||
            status=1
    done
    for compiler in g++ clang++; do
        command -v "$compiler" >/dev/null || continue
        printf '#include <%s>\n' "$header" |
            "$compiler" -x c++ -std=c++17 -Wall -Wextra -Werror -pedantic -Iinclude -fsyntax-only - ||
            status=1
    done
done
exit $status
