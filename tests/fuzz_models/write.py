#!/usr/bin/env python3
"""Random models, built and trained by Antler, written as .keras, opened by Keras, compared: what they
predict, and the losses of the next ten training steps, on from the same optimizer's state.

    python tests/fuzz_models/write.py --antler build/src/tool/antler --from 0 --count 500

Needs keras==3.15.1 with a backend. Prints a line per difference, with the seed that gives it again,
and what was tried at the end; exits 1 when there was one. --keep DIR keeps the files of differences.
"""
import collections
import json
import os
import shutil
import sys
import tempfile
import warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
warnings.filterwarnings("error", message="Skipping variable loading")
import keras  # noqa: E402
import numpy as np  # noqa: E402

import texts  # noqa: E402
from read import found, options, run, worst  # noqa: E402

ROWS, STEPS = 12, 10


class Skipped(Exception):
    """There is nothing to compare, with the reason."""


class Trial:
    def __init__(self, args, seed, folder):
        self.antler, self.folder = args.antler, folder
        rng = np.random.default_rng(seed)
        quiet = texts.yes(rng, args.train)
        self.model = texts.make(rng, quiet=quiet)
        # Keras on TensorFlow squares and clips the gradient of an Embedding occurrence by occurrence
        sparse = "Embedding" in json.dumps(self.model.tree())
        self.trains = quiet and not (sparse and keras.backend.backend() == "tensorflow")
        tree = dict(self.model.tree(), name=f"m{seed}")
        self.config = dict(model=tree)
        if self.trains:
            self.config["compile"] = texts.compiled(rng, self.model)
        self.x, self.y = texts.data(rng, self.model.ports, self.model.outs, ROWS)
        self.tried = collections.Counter()

    def at(self, name):
        return os.path.join(self.folder, name)

    def call(self, *command):
        code, text = run(self.antler, *command)
        if code:
            raise RuntimeError(f"antler {command[0]}: {text or code}")

    def write_data(self):
        names = list(self.model.inputs) if hasattr(self.model, "inputs") else [None]
        x = {f"x/{n}" if n else "x": v for n, v in zip(names, self.x)}
        y = {f"y/out{k}" if names[0] else "y": v for k, v in enumerate(self.y)}
        np.savez(self.at("xy.npz"), **x, **y)
        np.savez(self.at("x.npz"), **{k[2:] if names[0] else "x": v for k, v in x.items()})

    def make(self):
        with open(self.at("m.yaml"), "w") as f:
            json.dump(self.config, f, ensure_ascii=False)
        self.write_data()
        if self.trains:
            self.call("train", self.at("m.yaml"), "--data", self.at("xy.npz"), "--epochs", "4",
                      "--no-shuffle", "--batch-size", "5", "--seed", "3", "--quiet",
                      "--output", self.at("m.safetensors"))
        else:
            self.call("convert", self.at("m.yaml"), self.at("m.safetensors"), "--seed", "3")
        self.call("convert", self.at("m.safetensors"), self.at("m.keras"))

    def theirs(self):
        """What Keras predicts; or, where TensorFlow has no kernel for a CPU, nothing."""
        try:
            return self.keras(self.x if len(self.x) > 1 else self.x[0], training=False)
        except Exception as e:
            if type(e).__name__ == "UnimplementedError":
                raise Skipped("not run by TensorFlow on a CPU")
            raise

    def both_refuse(self):
        """A mask, say, that fits while the batch is unknown."""
        try:
            self.theirs()
        except ValueError:
            raise Skipped("refused by both")

    def predictions(self):
        several = len(self.model.outs) > 1
        out = self.at("p.npz" if several else "p.npy")
        try:
            self.call("predict", self.at("m.safetensors"), "--input", self.at("x.npz"), "--output", out)
        except RuntimeError:
            self.both_refuse()
            raise
        got = self.theirs()
        # 3e-7 is what rounding leaves where Keras takes 1 from numbers near it: elu, normalization
        return worst([np.asarray(v) for v in keras.tree.flatten(got)], found(out), least=3e-2)

    def losses(self):
        """The loss of each step, all rows being one batch."""
        self.call("train", self.at("m.safetensors"), "--data", self.at("xy.npz"), "--epochs",
                  str(STEPS), "--no-shuffle", "--batch-size", str(ROWS), "--quiet", "--log",
                  self.at("log.csv"), "--output", self.at("n.safetensors"))
        with open(self.at("log.csv")) as f:
            rows = [line.strip().split(",") for line in f]
        mine = np.array([float(r[rows[0].index("loss")]) for r in rows[1:]])
        y = self.y if len(self.y) > 1 else self.y[0]
        x = self.x if len(self.x) > 1 else self.x[0]
        self.keras.run_eagerly = True
        theirs = self.keras.fit(x, y, batch_size=ROWS, epochs=STEPS, shuffle=False, verbose=0)
        theirs = np.array(theirs.history["loss"])
        if not np.array_equal(np.isfinite(mine), np.isfinite(theirs)):
            return f"losses {mine}, Keras has {theirs}"
        scale = np.maximum(np.abs(theirs), 0.05)  # terms of a sum may cancel
        error = float(np.max(np.abs(mine - theirs) / scale, initial=0, where=np.isfinite(mine)))
        return error / 1e-4 if error <= 1e-4 else f"losses {mine}, Keras has {theirs}"

    def compare(self):
        self.make()
        self.keras = keras.models.load_model(self.at("m.keras"))
        error = self.predictions()
        self.tried["predicts"] += 1
        if isinstance(error, str) or error > 1 or not self.trains:
            return error, 0
        self.tried["trains"] += 1
        self.tried[self.config["compile"]["optimizer"].split("(")[0]] += 1
        return error, self.losses()


def one(args, seed, tried):
    keras.utils.clear_session(free_memory=False)
    folder = tempfile.mkdtemp()
    try:
        trial = Trial(args, seed, folder)
        errors = trial.compare()
        tried.update(trial.tried)
    except Skipped as e:
        tried[str(e)] += 1
        errors = None
    except Exception as e:
        errors = f"{type(e).__name__}: {e}", 0
    bad = errors and any(isinstance(e, str) or e > 1 for e in errors)
    if bad and args.keep:
        shutil.copytree(folder, os.path.join(args.keep, str(seed)), dirs_exist_ok=True)
    shutil.rmtree(folder)
    return not bad, errors


def main():
    p = options(__doc__)
    p.add_argument("--train", type=float, default=0.5, help="share of the models that are trained")
    p.add_argument("--verbose", action="store_true")
    args = p.parse_args()
    passed = failed = 0
    tried, most = collections.Counter(), [0.0, 0.0]
    for seed in range(args.first, args.first + args.count):
        good, errors = one(args, seed, tried)
        if args.verbose:
            print(seed, errors, flush=True)
        if errors is None:
            continue
        if good:
            passed += 1
            most = [max(a, b) for a, b in zip(most, errors)]
        else:
            failed += 1
            print(f"seed {seed}: {errors[0]}; losses: {errors[1]}"[:1500], flush=True)
    print(dict(tried))
    print(f"worst prediction {most[0] * 1e-5:.2g} of the largest number, worst loss {most[1] * 1e-4:.2g}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
