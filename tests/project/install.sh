#!/bin/sh
# A program of twenty lines builds and runs against what `meson install` puts in place, from C with
# the shared and the static library, and from C++17.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
meson install -C "$BUILD" --no-rebuild --destdir "$work/root" --quiet >/dev/null
root=$(dirname "$(find "$work/root" -name antler.pc)")/../..
lib=$(dirname "$(find "$work/root" -name 'libantler.so')")
export PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$work/root
flags=$(pkg-config --cflags --libs antler)
case " $(meson introspect "$BUILD" --buildoptions | tr -d ' \n') " in
    *'"name":"b_sanitize","value":"none"'*) sanitize= ;;
    *) sanitize=-fsanitize=address,undefined ;;
esac

${CC:-cc} -std=c11 -Wall -Wextra -Werror $sanitize "$SOURCE/tests/project/demo.c" -o "$work/demo" $flags
LD_LIBRARY_PATH=$lib "$work/demo"
${CC:-cc} -std=c11 $sanitize "$SOURCE/tests/project/demo.c" -o "$work/demo_static" \
    -I"$work/root/usr/local/include" $(pkg-config --cflags antler) "$lib/libantler.a" \
    $(pkg-config --static --libs antler | sed 's/-lantler//g')
"$work/demo_static"
if command -v g++ >/dev/null && [ -z "$sanitize" ]; then
    g++ -std=c++17 -Wall -Wextra -Werror "$SOURCE/tests/project/demo.cc" -o "$work/demo_cc" $flags
    LD_LIBRARY_PATH=$lib "$work/demo_cc"
fi
# The command is there too, and runs.
LD_LIBRARY_PATH=$lib "$(find "$work/root" -name antler -type f -perm -u+x | head -n 1)" --version
