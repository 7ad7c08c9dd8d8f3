#!/usr/bin/env python3
"""Random models, written by Keras, run by Antler, compared.

    python tests/fuzz_models/read.py --antler build/src/tool/antler --from 0 --count 1000

Needs keras==3.15.1 with a backend. Prints a line per difference, with the seed that gives it again,
and what was tried at the end; exits 1 when there was one. --keep DIR keeps the files of differences.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
import warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
warnings.filterwarnings("ignore")
import keras  # noqa: E402
import numpy as np  # noqa: E402

import models  # noqa: E402


def options(doc):
    """What every script takes that draws models by seeds."""
    p = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--antler", default="build/src/tool/antler")
    p.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    p.add_argument("--count", type=int, default=100, help="how many seeds")
    p.add_argument("--keep", default=None, help="a folder for the files of differences")
    return p


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, (done.stderr or done.stdout).strip()


def wanted(model, xs):
    if isinstance(getattr(model, "_inputs_struct", None), dict):
        given = {models.input_name(x): v for x, v in zip(model.inputs, xs)}
    else:
        given = xs if len(xs) > 1 else xs[0]
    out = model(given, training=False)
    return [np.asarray(v) for v in keras.tree.flatten(out)]


def found(path):
    """By place: Keras gives several results of a shared layer one name."""
    z = np.load(path)
    return [z] if path.endswith(".npy") else [z[n] for n in z.files]


def worst(want, got, least=1e-3):
    """The largest error, in units of what is allowed: 1e-5 of the largest number of the output, or of
    `least` where that is smaller still."""
    most = 0.0
    for a, b in zip(want, got):
        if a.shape != b.shape:
            return f"shape {b.shape}, expected {a.shape}"
        if not np.array_equal(np.isfinite(a), np.isfinite(b)):
            return "nan or inf in other places"
        ok = np.isfinite(a)
        scale = max(least, float(np.max(np.abs(a[ok]), initial=0)))
        most = max(most, float(np.max(np.abs(a[ok].astype("f8") - b[ok]), initial=0)) / scale / 1e-5)
    return most


def shaken(model, xs):
    """How far Keras's own outputs move, in the units of `worst`, when every number that goes in moves by
    half of what float32 can tell: what lies within is rounding."""
    rng, most, want = np.random.default_rng(0), 0.0, wanted(model, xs)
    kept = [np.asarray(w) for w in model.weights]
    for _ in range(4):
        def move(a):
            a = np.asarray(a)
            if not np.issubdtype(a.dtype, np.floating):
                return a
            return (a * (1 + rng.uniform(-6e-8, 6e-8, a.shape))).astype(a.dtype)
        for w, a in zip(model.weights, kept):
            w.assign(move(a))
        moved = worst(want, wanted(model, [move(x) for x in xs]))
        for w, a in zip(model.weights, kept):
            w.assign(a)
        if isinstance(moved, str):
            return np.inf
        most = max(most, moved)
    return most


def compare(args, model, xs, folder):
    path = os.path.join(folder, "m.keras")
    model.save(path)
    np.savez(os.path.join(folder, "x.npz"), **{models.input_name(x): v for x, v in zip(model.inputs, xs)})
    want = wanted(model, xs)
    out = os.path.join(folder, "y.npz" if len(want) > 1 else "y.npy")
    code, text = run(args.antler, "predict", path, "--input", os.path.join(folder, "x.npz"),
                     "--output", out)
    if code:
        return text or f"exit {code}"
    error = worst(want, found(out))
    if isinstance(error, str) or error <= 1 or error > 4 * shaken(model, xs):
        return error
    args.rounded += 1
    return 0.0


def one(args, seed):
    keras.utils.clear_session(free_memory=False)
    try:
        model = models.make(seed, operations=not args.no_operations)
        xs = models.data(model, seed)
        wanted(model, xs)
    except Exception as e:  # Keras refuses some of what is drawn
        if args.verbose:
            traceback.print_exc()
        return None, f"not built: {type(e).__name__}"
    folder = tempfile.mkdtemp()
    error = compare(args, model, xs, folder)
    bad = isinstance(error, str) or error > 1
    if bad and args.keep:
        shutil.copytree(folder, os.path.join(args.keep, str(seed)), dirs_exist_ok=True)
    shutil.rmtree(folder)
    return not bad, error


def main():
    p = options(__doc__)
    p.add_argument("--no-operations", action="store_true")
    p.add_argument("--verbose", action="store_true")
    p.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    args = p.parse_args()
    keras.config.set_floatx(args.dtype)
    keras.config.set_dtype_policy(args.dtype)
    args.rounded = 0
    passed = failed = skipped = 0
    most = 0.0
    for seed in range(args.first, args.first + args.count):
        good, what = one(args, seed)
        if good is None:
            skipped += 1
        elif good:
            passed += 1
            most = max(most, what)
        else:
            failed += 1
            print(f"seed {seed}: {what}", flush=True)
    print(f"worst error {most * 1e-5:.2g} of the largest number; not built by Keras: {skipped}; "
          f"further off, but no more than rounding moves Keras itself: {args.rounded}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
