#!/bin/sh
# What `meson install` puts into a fresh place serves: a program of twenty lines through pkg-config,
# in C with the shared and the static library, in C++17; and the command.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DESTDIR PKG_CONFIG_SYSROOT_DIR
meson install -C "$BUILD" --no-rebuild --destdir "$work/root" --quiet >/dev/null

# The value of one of meson's options.
option() {
    meson introspect "$BUILD" --buildoptions | tr -d ' \n' | tr '{' '\n' |
        sed -n "s/.*\"name\":\"$1\",\"value\":\"\([^\"]*\)\".*/\1/p" | head -n 1
}
prefix=$work/root$(option prefix)
lib=$prefix/$(option libdir)
sanitize=$(option b_sanitize | sed 's/^none$//; s/^./-fsanitize=&/')

pc() {
    PKG_CONFIG_PATH=$lib/pkgconfig pkg-config --define-variable=prefix="$prefix" "$@" antler
}
# build OUT COMPILER FLAG…; then run it.
try() {
    out=$work/$1
    shift
    "$@" $sanitize -o "$out" && LD_LIBRARY_PATH=$lib "$out" || { echo "failed: $*" >&2; exit 1; }
}
demo=$SOURCE/tests/project/demo

try shared ${CC:-cc} -std=c11 -Wall -Wextra -Werror "$demo.c" $(pc --cflags --libs)
# The archive stands in a place of its own, for the linker would take the shared library first.
mkdir "$work/archive"
mv "$lib/libantler.a" "$work/archive"
try static ${CC:-cc} -std=c11 "$demo.c" $(pc --cflags) -L"$work/archive" \
    $(pc --static --libs | sed "s|-L$lib||")
for compiler in g++ clang++; do
    # Its sanitizers' runtime need not be that of the library's compiler.
    if [ -n "$sanitize" ] || ! command -v "$compiler" >/dev/null; then continue; fi
    try "$compiler" "$compiler" -std=c++17 -Wall -Wextra -Werror "$demo.cc" $(pc --cflags --libs)
done

# The command runs from there, without the tree that it was built in.
cp "$SOURCE/examples/data/digits.csv" "$work"
cat >"$work/digits.yaml" <<'EOF'
data: {file: digits.csv, x: {columns: "pixel*"}, y: {column: digit}, test: {every: 5, from: 4}}
model: {Sequential: [Input(64), "Rescaling(scale=0.0625)", "Dense(10, softmax)"]}
compile: {optimizer: adam, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
fit: {epochs: 1}
EOF
cd "$work"
antler=$prefix/$(option bindir)/antler
"$antler" --version
"$antler" train digits.yaml --quiet
"$antler" predict digits.safetensors --input digits.csv --output out.csv
[ "$(wc -l <out.csv)" -gt 1700 ]
