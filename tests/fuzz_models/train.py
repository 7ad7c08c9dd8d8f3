#!/usr/bin/env python3
"""Training goes on: compiled models of Keras with the state of every optimizer, trained on in Keras and
in Antler, compared step by step; then Antler's model back in Keras.

    python tests/fuzz_models/train.py --antler build/src/tool/antler

Needs keras==3.15.1 with a backend. Prints a line per optimizer: the worst relative difference of ten
losses, of the weights after them, and of three more steps in Keras. Exits 1 when one is above 1e-4.
"""
import argparse
import csv
import os
import subprocess
import sys
import tempfile
import warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
warnings.filterwarnings("ignore")
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers as L  # noqa: E402
from keras import optimizers as O  # noqa: E402

OPTIMIZERS = [
    lambda: O.SGD(0.05), lambda: O.SGD(0.05, momentum=0.9), lambda: O.SGD(0.05, 0.9, nesterov=True),
    lambda: O.SGD(0.05, clipnorm=0.1), lambda: O.SGD(0.05, global_clipnorm=0.1),
    lambda: O.SGD(0.05, clipvalue=0.01), lambda: O.SGD(0.05, weight_decay=0.01),
    lambda: O.SGD(0.05, momentum=0.9, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=4),
    lambda: O.SGD(0.05, momentum=0.9, gradient_accumulation_steps=2),
    lambda: O.RMSprop(0.01), lambda: O.RMSprop(0.01, momentum=0.5, centered=True),
    lambda: O.Adam(0.01), lambda: O.Adam(0.01, amsgrad=True), lambda: O.AdamW(0.01),
    lambda: O.Adam(O.schedules.ExponentialDecay(0.01, 5, 0.7)),
    lambda: O.Adam(O.schedules.CosineDecay(0.01, 20, warmup_target=0.02, warmup_steps=5)),
    lambda: O.Adamax(0.01), lambda: O.Nadam(0.01), lambda: O.Adagrad(0.05), lambda: O.Adadelta(0.5),
    lambda: O.Ftrl(0.05), lambda: O.Lion(0.001), lambda: O.Lamb(0.01),
]


def dense(classes):
    x = keras.Input((6,), name="x")
    h = L.BatchNormalization()(L.Dense(8, "relu", kernel_regularizer="l2")(x))
    return keras.Model(x, L.Dense(classes, "softmax", name="y")(h)), "sparse_categorical_crossentropy"


def recurrent(classes):
    x = keras.Input((5, 6), name="x")
    h = L.LSTM(4)(L.GRU(4, return_sequences=True)(x))
    return keras.Model(x, L.Dense(1, name="y")(h)), "mse"


def images(classes):
    x = keras.Input((6, 6, 2), name="x")
    h = L.Flatten()(L.MaxPooling2D()(L.Conv2D(3, 3, activation="tanh", padding="same")(x)))
    return keras.Model(x, L.Dense(1, "sigmoid", name="y")(h)), "binary_crossentropy"


def batch(model, loss, rows=16):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, *model.input_shape[1:])).astype("float32")
    if loss.startswith("sparse"):
        return x, rng.integers(0, 3, (rows, 1)).astype("int32")
    y = rng.normal(size=(rows, 1)).astype("float32")
    return x, (y > 0).astype("float32") if loss.startswith("binary") else y


def fit(model, x, y, steps):
    return model.fit(x, y, batch_size=len(x), epochs=steps, shuffle=False, verbose=0).history["loss"]


def relative(a, b):
    a, b = np.asarray(a, "f8"), np.asarray(b, "f8")
    return float(np.max(np.abs(a - b)) / max(1e-6, float(np.max(np.abs(a)))))


def one(args, make, optimizer):
    model, loss = make(3)
    model.compile(optimizer(), loss)
    x, y = batch(model, loss)
    fit(model, x, y, 3)
    with tempfile.TemporaryDirectory() as d:
        there, back, log, data = (os.path.join(d, f) for f in ("m.keras", "n.keras", "l.csv", "d.npz"))
        model.save(there)
        np.savez(data, x=x, y=y)
        done = subprocess.run([args.antler, "train", there, "--data", data, "--epochs", "10",
                               "--batch-size", str(len(x)), "--no-shuffle", "--log", log, "--output",
                               back], capture_output=True, text=True)
        if done.returncode:
            return done.stderr.strip()
        with open(log, newline="") as f:
            got = [float(row["loss"]) for row in csv.DictReader(f)]
        losses = relative(fit(model, x, y, 10), got)
        twin = keras.models.load_model(back)
        weights = max(relative(a, b) for a, b in zip(model.get_weights(), twin.get_weights()))
        return losses, weights, relative(fit(model, x, y, 3), fit(twin, x, y, 3))


def name_of(optimizer):
    config = optimizer.get_config()
    plain = type(optimizer)().get_config()
    said = [f"{k}={v['class_name'] if isinstance(v, dict) else v}" for k, v in config.items()
            if k != "name" and v != plain.get(k)]
    return f"{type(optimizer).__name__}({', '.join(said)})"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--antler", default="build/src/tool/antler")
    args = p.parse_args()
    passed = failed = 0
    for optimizer in OPTIMIZERS:
        for make in (dense, recurrent, images):
            found = one(args, make, optimizer)
            good = not isinstance(found, str) and max(found) <= 1e-4
            passed, failed = passed + good, failed + (not good)
            text = found if isinstance(found, str) else "losses %.1e, weights %.1e, on %.1e" % found
            print(f"{'ok' if good else 'DIFFERS'} {name_of(optimizer())} {make.__name__}: {text}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
