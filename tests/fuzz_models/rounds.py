#!/usr/bin/env python3
"""Random models there and back: weights, the optimizer's state and its steps must be the same bits.

    python tests/fuzz_models/rounds.py --antler build/src/tool/antler --from 0 --count 300

Even seeds: built and compiled by Keras, with numbers for all of the optimizer's state, written as .keras, read and written by Antler,
opened by Keras. Odd seeds: built and trained by Antler, written as .keras, opened and written by Keras,
read by Antler. Needs keras==3.15.1 with TensorFlow. Prints a line per difference, with the seed that
gives it again; exits 1 when there was one. Operations that Antler only reads are refused by name when
they are to be written, and counted apart. --keep DIR keeps the files of differences.
"""
import collections
import json
import os
import shutil
import tempfile

import read  # noqa: I001: sets what Keras is to run on
import keras
import numpy as np

import models
import texts

OPTIMIZERS = ["SGD", "SGD(momentum=0.9)", "RMSprop", "RMSprop(momentum=0.3, centered=True)", "Adam",
              "Adam(amsgrad=True)", "AdamW", "Adamax", "Nadam", "Adagrad", "Adadelta", "Ftrl", "Lion",
              "Lamb", "Adam(use_ema=True)", "SGD(gradient_accumulation_steps=3, momentum=0.5)"]


class Different(Exception):
    pass


def call(args, *command):
    code, text = read.run(args.antler, *command)
    if code:
        raise Different(f"antler {command[0]}: {text or code}")


def same(what, a, b):
    """Lists of arrays."""
    if len(a) != len(b):
        raise Different(f"{len(b)} {what}, were {len(a)}")
    for k, (x, y) in enumerate(zip(a, b)):
        if x.shape != y.shape or x.dtype != y.dtype or x.tobytes() != y.tobytes():
            raise Different(f"{what} {k} of {x.shape} is another one, of {y.shape}")


def numbers(variables):
    return [np.asarray(v) for v in variables]


def optimizer_of(model):
    return model.optimizer.variables if getattr(model, "optimizer", None) else []


# --- Keras, Antler, Keras ---
def compiled(model, rng):
    """The optimizer's name, its state filled; None: it has none."""
    said = OPTIMIZERS[rng.integers(len(OPTIMIZERS))]
    cls, _, options = said.partition("(")
    optimizer = eval(f"keras.optimizers.{cls}({options or ')'}")
    line = isinstance(model, keras.Sequential)  # which has no structure of outputs
    several = not line and isinstance(model.output, (list, tuple, dict))
    loss = keras.tree.map_structure(lambda _: "mse", model.output) if several else "mse"
    model.compile(optimizer, loss=loss)
    if not model.trainable_variables:
        return None
    optimizer.build(model.trainable_variables)
    for v in optimizer.variables[1:]:
        if v.dtype == "float32" and len(v.shape):
            v.assign(rng.normal(0, 0.3, v.shape).astype("float32"))
    optimizer.iterations.assign(int(rng.integers(1, 90)))
    return cls


def from_keras(args, seed, folder, tried):
    rng = np.random.default_rng(seed)
    model = models.make(seed)
    kind = compiled(model, rng)
    here, there = (os.path.join(folder, f) for f in ("a.keras", "b.keras"))
    model.save(here)
    code, text = read.run(args.antler, "convert", here, there)
    if "cannot be written for Keras" in text:
        tried["refused by name when written"] += 1
        return
    if code:
        raise Different(f"antler convert: {text}")
    back = keras.models.load_model(there)
    by_place(model, back)
    same("optimizer variables", numbers(optimizer_of(model)), numbers(optimizer_of(back)))
    tried[f"from Keras, {kind or 'no optimizer state'}"] += 1


def by_place(model, back):
    """Weights in the order of the layers' names: nested models may be listed in another one."""
    def sorted_weights(m):
        return sorted(m.weights, key=lambda w: w.path)
    a, b = numbers(model.weights), numbers(back.weights)
    if [w.path for w in model.weights] != [w.path for w in back.weights]:
        a, b = numbers(sorted_weights(model)), numbers(sorted_weights(back))
    same("weights", a, b)


# --- Antler, Keras, Antler ---
def config_of(rng, seed):
    made = texts.make(rng, quiet=True)
    sparse = "Embedding" in json.dumps(made.tree())
    config = dict(model=dict(made.tree(), name=f"m{seed}"))
    if not sparse:
        config["compile"] = texts.compiled(rng, made)
    return made, config


def write_data(made, rng, folder):
    xs, ys = texts.data(rng, made.ports, made.outs, 8)
    names = list(made.inputs) if hasattr(made, "inputs") else [None]
    x = {f"x/{n}" if n else "x": v for n, v in zip(names, xs)}
    y = {f"y/out{k}" if names[0] else "y": v for k, v in enumerate(ys)}
    np.savez(os.path.join(folder, "xy.npz"), **x, **y)


def tensors(path):
    """A safetensors file's arrays by name, as bytes. Keras has float32 where Antler counts in float64: the
    learning rate, Nadam's product of momenta."""
    with open(path, "rb") as f:
        n = int.from_bytes(f.read(8), "little")
        head, data = json.loads(f.read(n)), f.read()
    found = {}
    for k, v in head.items():
        if k != "__metadata__":
            bits = data[slice(*v["data_offsets"])]
            if v["dtype"] == "F64":
                bits = np.frombuffer(bits, "<f8").astype("<f4").tobytes()
            found[k] = (v["dtype"], tuple(v["shape"]), bits)
    return found


def from_antler(args, seed, folder, tried):
    rng = np.random.default_rng(seed)
    made, config = config_of(rng, seed)
    at = {n: os.path.join(folder, n) for n in ("m.yaml", "a.safetensors", "a.keras", "b.keras",
                                               "b.safetensors")}
    with open(at["m.yaml"], "w") as f:
        json.dump(config, f, ensure_ascii=False)
    if "compile" in config:
        write_data(made, rng, folder)
        call(args, "train", at["m.yaml"], "--data", os.path.join(folder, "xy.npz"), "--epochs", "2",
             "--batch-size", "3", "--seed", "3", "--quiet", "--output", at["a.safetensors"])
    else:
        call(args, "convert", at["m.yaml"], at["a.safetensors"], "--seed", "3")
    call(args, "convert", at["a.safetensors"], at["a.keras"])
    keras.models.load_model(at["a.keras"]).save(at["b.keras"])
    call(args, "convert", at["b.keras"], at["b.safetensors"])
    a, b = tensors(at["a.safetensors"]), tensors(at["b.safetensors"])
    compare_tensors(a, b)
    tried[f"from Antler, {config.get('compile', {}).get('optimizer', 'not compiled').split('(')[0]}"] += 1


def compare_tensors(a, b):
    if set(a) != set(b):
        # layers that Keras names otherwise keep their places
        a, b = dict(enumerate(a.values())), dict(enumerate(b.values()))
    if set(a) != set(b):
        raise Different(f"{len(b)} tensors, were {len(a)}")
    for k in a:
        if a[k] != b[k]:
            raise Different(f"tensor {k} is another one: {a[k][:2]}, {b[k][:2]}")


def one(args, seed, tried):
    keras.utils.clear_session(free_memory=False)
    folder, text = tempfile.mkdtemp(), None
    try:
        (from_antler if seed % 2 else from_keras)(args, seed, folder, tried)
    except Different as e:
        text = str(e)
    except Exception as e:
        text = f"{type(e).__name__}: {e}"
        if not seed % 2 and not os.path.exists(os.path.join(folder, "a.keras")):
            text = None  # Keras refuses some of what is drawn
            tried["not built by Keras"] += 1
    if text and args.keep:
        shutil.copytree(folder, os.path.join(args.keep, str(seed)), dirs_exist_ok=True)
    shutil.rmtree(folder)
    return text


def main():
    p = read.options(__doc__)
    args = p.parse_args()
    tried, failed = collections.Counter(), 0
    for seed in range(args.first, args.first + args.count):
        text = one(args, seed, tried)
        if text:
            failed += 1
            print(f"seed {seed}: {text}"[:800], flush=True)
    print(dict(tried))
    none = tried["not built by Keras"] + tried["refused by name when written"]
    print(f"{sum(tried.values()) - none} passed, {failed} failed")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
