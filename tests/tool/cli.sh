#!/bin/sh
# The command line as docs and scripts rely on it: cli.sh ANTLER EXAMPLES. One line per failure.
set -u
antler=$(realpath "$1")
examples=$(realpath "$2")
data=$examples/data
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

complain() {
    echo "FAILED: $*" >&2
    failed=$((failed + 1))
}

# expect CODE ARGUMENTS…: runs antler; its output is in out, its errors in err.
expect() {
    wanted=$1
    shift
    "$antler" "$@" >out 2>err </dev/null
    code=$?
    [ "$code" = "$wanted" ] || complain "antler $*: code $code, not $wanted: $(head -c 300 err)"
}

# refused CODE TEXT ARGUMENTS…: one line on standard error, which begins as it must and says TEXT.
refused() {
    wanted=$1
    text=$2
    shift 2
    expect "$wanted" "$@"
    [ "$(wc -l <err)" = 1 ] || complain "antler $*: $(wc -l <err) lines of errors"
    head -1 err | grep -q '^antler: ' || complain "antler $*: $(cat err)"
    grep -qF -- "$text" err || complain "antler $*: '$(cat err)' does not say '$text'"
    [ ! -s out ] || complain "antler $*: it printed on standard output"
}

says() { # says FILE TEXT
    grep -qF -- "$2" "$1" || complain "$1 does not hold '$2': $(head -c 300 "$1")"
}

same() { # same FILE FILE
    cmp -s "$1" "$2" || complain "$1 and $2 differ"
}

# --- help and usage ---
expect 0 --help
[ "$(head -1 out)" = Examples: ] || complain "--help does not begin with examples"
for command in train evaluate predict summary plot profile convert info; do
    expect 0 "$command" --help
    [ "$(head -1 out)" = Examples: ] || complain "$command --help does not begin with examples"
done
expect 0 --version
grep -qE '^antler [0-9]+\.[0-9]+\.[0-9]+$' out || complain "--version: $(cat out)"
refused 2 'a command is missing'
refused 2 "did you mean 'train'?" trian
refused 2 "did you mean '--epochs'?" train --epoch 3 x.yaml
refused 2 'expected a whole number' train --epochs 1e99 x.yaml
refused 2 'expected a whole number' train --epochs 0.5 x.yaml
refused 2 'needs a value' train x.yaml --epochs
refused 2 "no option '--confusion'" train x.yaml --confusion
refused 2 'unexpected' summary a b
refused 2 '--input FILE is missing' predict x.yaml
refused 1 'cannot read' summary -- --not-there.yaml

# --- wrong files ---
refused 1 'nothere.yaml: cannot read: No such file' train nothere.yaml
refused 1 'cannot read: Is a directory' summary .
printf 'model: [' >broken.yaml
refused 1 'broken.yaml:' summary broken.yaml
printf 'model:\n  Sequential:\n    - Input(4)\n    - Dense(unit=3)\n' >typo.yaml
refused 1 "typo.yaml:4:18: Dense: no option 'unit', did you mean 'units'?" summary typo.yaml
printf 'modle: {}\n' >key.yaml
refused 1 'key.yaml:1:1' summary key.yaml
printf 'model: {Sequential: [Input(4), Dense(3)]}\nfits: {}\n' >key.yaml
refused 1 "did you mean 'fit'?" summary key.yaml
: >empty
refused 1 'empty' info empty

# --- training, evaluating, predicting ---
digits=$examples/digits.yaml
expect 0 train "$digits" --epochs 3 --output a.safetensors --log log.csv
[ "$(tail -1 out)" = 'saved a.safetensors' ] || complain "the last line is '$(tail -1 out)'"
grep -q "$(printf '\033')" out err && complain "escapes where nobody looks at a terminal"
[ "$(grep -c '^Epoch' err)" = 3 ] || complain "not one line an epoch: $(cat err)"
head -1 log.csv | tr -d '\r' | grep -q '^epoch,accuracy,loss' || complain "log.csv: $(head -1 log.csv)"
[ "$(wc -l <log.csv)" = 4 ] || complain "log.csv has $(wc -l <log.csv) lines"
expect 0 train "$digits" --epochs 3 --output b.safetensors --quiet --threads 1
[ ! -s out ] && [ ! -s err ] || complain "--quiet says something"
same a.safetensors b.safetensors
expect 0 evaluate "$digits" --weights a.safetensors --log results.csv --confusion
grep -qE '^accuracy: 0\.[0-9]+$' out || complain "evaluate: $(cat out)"
grep -qE '^loss: [0-9.]+$' out || complain "evaluate: $(cat out)"
[ "$(wc -l <results.csv)" = 2 ] && says results.csv accuracy,loss
expect 0 evaluate "$digits" --weights a.safetensors --json
says out '"accuracy": 0.'
expect 0 evaluate a.safetensors --data "$data/digits.csv"
cp "$digits" fresh.yaml
sed -i "s|file: data|file: $data|" fresh.yaml
refused 1 'it has no trained weights' evaluate fresh.yaml
printf 'model: {Sequential: [Dense(3)]}\n' >shapeless.yaml
refused 1 'it has no trained weights' predict shapeless.yaml --input "$data/digits.csv"
expect 0 predict a.safetensors --input "$data/digits.csv" --output p.npy
expect 0 info p.npy
says out '(1797, 10)'
expect 0 predict a.safetensors --input "$data/digits.csv" --output p.csv
[ "$(wc -l <p.csv)" = 1798 ] || complain "p.csv has $(wc -l <p.csv) lines"
expect 0 predict a.safetensors --input "$data/digits.csv"
same out p.csv
expect 0 predict a.safetensors --input "$data/digits.csv" --layer dense --output d.npy
expect 0 info d.npy
says out '(1797, 64)'
refused 1 'dens' predict a.safetensors --input "$data/digits.csv" --layer dens
refused 2 'expected a name that ends in' predict a.safetensors --input "$data/digits.csv" --output x.txt
# Steps that no model tells, and no layer has weights for.
printf 'model: {Sequential: ["Input(64)", "Reshape([32, 2])"]}\n' >pairs.yaml
printf 'model: {Sequential: ["Input([none, 2])", "MaxPooling1D(2)"]}\n' >halves.yaml
cut -d, -f1-64 "$data/digits.csv" >pixels.csv
expect 0 predict pairs.yaml --input pixels.csv --output pairs.npy
expect 0 predict halves.yaml --input pairs.npy --output halves.npy
expect 0 info halves.npy
says out '(1797, 16, 2)'
"$antler" predict a.safetensors --input - <"$data/digits.csv" >out 2>err || complain "predict -: $(cat err)"
same out p.csv

# --- wrong data: file, line and column, and what was expected ---
head -4 "$data/digits.csv" >short.csv
sed '3s/^0,/x,/' short.csv >text.csv
refused 1 "text.csv:3:1: column 'pixel0': expected a finite number, found 'x'" \
    predict a.safetensors --input text.csv
sed '4s/^0,/,/' short.csv >missing.csv
refused 1 "missing.csv:4:1: column 'pixel0': expected a number, the cell is missing" \
    predict a.safetensors --input missing.csv
sed '4s/^0,/nan,/' short.csv >nan.csv
refused 1 'the cell is missing (nan)' predict a.safetensors --input nan.csv
cut -d, -f2- short.csv >narrow.csv
refused 1 "no column 'pixel0'" predict a.safetensors --input narrow.csv
printf 'a,b\n1\n' >ragged.csv
refused 1 'ragged.csv:2: 1 cells' info ragged.csv
head -c 3000 a.safetensors >cut.safetensors
refused 1 'cut.safetensors' info cut.safetensors
refused 1 'cut.safetensors' predict cut.safetensors --input short.csv
refused 1 "did you mean" train "$digits" --set fit.epoks=3

# --- places that cannot be written: nothing is left behind, what was there stays ---
refused 1 'cannot write: No such file' train "$digits" --epochs 1 --quiet --output no/where.safetensors
ln -s /dev/full full.csv
refused 1 'No space left' predict a.safetensors --input short.csv --output full.csv
cp a.safetensors before
"$antler" predict a.safetensors --input short.csv >/dev/full 2>err && complain "a full disk is no error"
says err 'antler: standard output'
same a.safetensors before
[ -z "$(find . -name '*antler-part')" ] || complain "temporary files: $(find . -name '*antler-part')"

# --- convert: there and back is the same file ---
expect 0 convert a.safetensors m.yaml
expect 0 convert m.yaml back.safetensors
same a.safetensors back.safetensors
expect 0 convert m.yaml again.yaml
same m.yaml again.yaml
expect 2 convert a.safetensors m.onnx
says err onnx

# --- Keras's files ---
expect 0 train "$digits" --epochs 1 --optimizer 'Adam(learning_rate=0.003)' --quiet --output k.keras
expect 0 convert k.keras k.yaml
says k.yaml 'Adam(learning_rate=0.003)'
expect 0 convert k.yaml k2.keras
expect 0 convert k2.keras k2.yaml
same k.yaml k2.yaml
expect 0 convert "$data/digits.keras" k.yaml
grep -q learning_rate k.yaml && complain "Adam's own rate is written: $(grep learning_rate k.yaml)"
for command in train evaluate predict convert; do
    expect 0 "$command" --help
    says out .keras
    says out .h5
    says out .weights.h5
done

# --- resuming and interrupting ---
expect 0 train "$digits" --epochs 4 --output four.safetensors --quiet
expect 0 train "$digits" --epochs 2 --checkpoint ck --output two.safetensors --quiet
expect 0 train "$digits" --epochs 4 --checkpoint ck --resume --output resumed.safetensors --quiet
same four.safetensors resumed.safetensors
[ "$(ls ck | wc -l)" = 2 ] || complain "checkpoints: $(ls ck)"
refused 2 '--resume needs --checkpoint' train "$digits" --resume --output x.safetensors
"$antler" train "$digits" --epochs 100000 --output int.safetensors >out 2>err &
child=$!
sleep 1
kill -INT $child
wait $child
[ $? = 130 ] || complain "Ctrl-C: not 130"
[ -z "$(find . -name '*antler-part')" ] || complain "Ctrl-C leaves temporary files"
expect 0 info int.safetensors

# --- overrides and dry runs ---
expect 0 train "$digits" --dry-run --output dry.safetensors
[ ! -e dry.safetensors ] || complain "a dry run writes"
expect 0 train "$digits" --set fit.epochs=1 --set 'model.Sequential.2=Dense(8, relu)' \
    --optimizer 'SGD(learning_rate=0.1)' --loss sparse_categorical_crossentropy --quiet --output s.safetensors
expect 0 summary s.safetensors
says out '(None, 8)'
refused 1 "digits.yaml:13:22: no optimizer 'adm', did you mean 'Adam'?" train "$digits" --optimizer adm --output x.safetensors
refused 1 'no such place' train "$digits" --set model.Sequential.77=3 --output x.safetensors

# --- overrides of data beside other data ---
rows() { # rows N ARGUMENTS…: a training with them would see N rows
    count=$1
    shift
    expect 0 train "$@" --dry-run --output x.safetensors
    says out " on $count rows,"
}
rows 1438 "$digits"
rows 899 "$digits" --set data.test.every=2 --set data.test.from=1
rows 1347 "$digits" --set 'data.test={last: 0.25}'
rows 1347 "$digits" --data "$data/digits.csv" --set 'data.test={last: 0.25}'
rows 1347 "$digits" --data "$data/digits.csv" --target digit --set 'data.test={last: 0.25}'
rows 1347 a.safetensors --data "$data/digits.csv" --set 'data.test={last: 0.25}'
rows 1347 a.safetensors --data "$data/digits.csv" --target digit --set 'data.test={last: 0.25}'
rows 1797 a.safetensors --data "$data/digits.csv"
printf 'model: {Sequential: ["Dense(1)"]}\ncompile: {optimizer: adam, loss: mse}\n' >any.yaml
printf 'a,b,c\n1,2,3\n2,3,4\n3,4,5\n4,5,6\n' >abc.csv
rows 2 any.yaml --data abc.csv --target c --set 'data.test={last: 0.5}'
refused 1 'which columns are the targets?' train any.yaml --data abc.csv --set 'data.test={last: 0.5}'
expect 0 train any.yaml --data abc.csv --target c --set 'data.x={columns: [b]}' --output b1.safetensors
expect 0 summary b1.safetensors
says out 'params: 2 ' # one column and the bias
expect 0 evaluate a.safetensors --data "$data/digits.csv"
cp out all
expect 0 evaluate a.safetensors --data "$data/digits.csv" --set 'data.test={from: 1700}'
cmp -s out all && complain "evaluate does not keep to data.test"
for key in data.file=x data.y=digit data.x=a; do
    refused 1 "'$key' says nothing where the rows are those of" train any.yaml --data abc.npz \
        --set "$key"
done
refused 1 "'data.y=b' says nothing" train any.yaml --data abc.csv --target c --set data.y=b
refused 1 'only data.test can be set' train a.safetensors --data "$data/digits.csv" --set data.x=a
refused 1 "saved model: no key 'model'" train a.safetensors --data "$data/digits.csv" --set model.name=a
refused 1 "no callback 'EarlyStoping'" train a.safetensors --data "$data/digits.csv" --set 'callbacks=[EarlyStoping()]'
expect 0 train a.safetensors --data "$data/digits.csv" --set output=said.safetensors --dry-run
says out 'save said.safetensors'

# --- the other examples, shortly: windows, classes, sequences, several inputs and outputs ---
for name in names sunspots weather digits-convolution; do
    expect 0 train "$examples/$name.yaml" --epochs 1 --quiet --output "$name.safetensors"
    expect 0 evaluate "$examples/$name.yaml" --weights "$name.safetensors"
    expect 0 convert "$name.safetensors" "$name.yaml"
    expect 0 convert "$name.yaml" "$name-back.safetensors"
    same "$name.safetensors" "$name-back.safetensors"
done
expect 0 predict names.safetensors --input "$data/names.csv"
sed -n 2p out | grep -qE '^(female|male),0\.[0-9]+$' || complain "predict names: $(sed -n 2p out)"
expect 0 predict weather.safetensors --input "$data/seattle-weather.csv" --output w.npz
expect 0 info w.npz
says out 'tmax: float32 (1447, 1)'
expect 0 predict sunspots.safetensors --input "$data/sunspots.csv"
[ "$(wc -l <out)" = 299 ] || complain "predict sunspots: $(wc -l <out) lines"
expect 0 evaluate "$examples/weather.yaml" --weights weather.safetensors
says out 'tmax_mae_unscaled: '

# --- arrays in files of their own: idx, plain and packed ---
{ printf '\0\0\010\003\0\0\0\004\0\0\0\002\0\0\0\002' && printf '0123456789abcdef'; } >images.idx
{ printf '\0\0\010\001\0\0\0\004' && printf '\0\001\0\001'; } >labels.idx
gzip -k images.idx labels.idx
head -c 20 images.idx >short.idx
images() { # images FILE: what a model learns from it
    cat >images.yaml <<EOF
data: {$1}
model: {Sequential: ["Input(shape=[2, 2])", Flatten, "Dense(2, softmax)"]}
compile: {optimizer: adam, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
output: images.safetensors
EOF
}
expect 0 info images.idx.gz
says out 'idx, packed by gzip, 1 array'
says out 'uint8 (4, 2, 2)'
images 'x: {file: images.idx.gz, test: images.idx}, y: {file: labels.idx, test: labels.idx.gz}'
expect 0 train images.yaml
expect 0 evaluate images.yaml
says out 'accuracy: '
expect 0 predict images.safetensors --input images.idx.gz --output p.npy
expect 0 info p.npy
says out 'float32 (4, 2)'
expect 0 evaluate images.safetensors --data images.idx --target labels.idx.gz
expect 0 train images.safetensors --data images.idx.gz --target labels.idx --output again.safetensors
images 'x: {file: images.idx}, y: {file: labels.idx}, test: {every: 2, from: 1}'
expect 0 train images.yaml
expect 0 evaluate images.yaml --json
says out '"accuracy"'
images 'x: {file: images.idx}, y: {file: labels.idx}'
refused 1 "no 'test:' among its data" evaluate images.yaml --weights images.safetensors
images 'x: {file: short.idx}, y: {file: labels.idx}'
refused 1 'short.idx: idx: 4 bytes of numbers, its shape takes 16' train images.yaml
images 'x: {file: images.idx}, y: {file: p.npy, test: p.npy}'
refused 1 'expected test files for all of x and y' train images.yaml
images 'x: {file: images.idx, window: 3}, y: {file: labels.idx}'
refused 1 'beside a file of an array' train images.yaml
images 'x: {file: images.idx}, y: {column: digit}'
refused 1 'expected a file for each of x and y' train images.yaml
refused 1 'cannot read' evaluate images.safetensors --data images.idx --target none.idx

# --- pictures ---
expect 0 plot weather.safetensors --output w.dot
says w.dot digraph
expect 0 plot --history log.csv --output curves.svg
says curves.svg '<svg'
if command -v dot >/dev/null 2>&1; then
    expect 0 plot weather.safetensors --output w.svg
    says w.svg '<svg'
fi
for try in 1 2 3 4 5; do # dot may be gone before it was told anything
    (PATH=/nosuch && "$antler" plot weather.safetensors --output none.svg >out 2>err)
    [ $? = 1 ] || complain "plot without dot, try $try: not refused"
    says err "needs graphviz's dot"
done
expect 0 info
says out 'kernels: '
expect 0 profile a.safetensors --fast
says out 'GFLOP/s'
says out dense
expect 0 profile a.safetensors --train --batch-size 8
says out adam
expect 0 profile a.safetensors --json
says out '"operations": '

[ $failed = 0 ]
