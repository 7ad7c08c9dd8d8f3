#!/usr/bin/env python3
"""Networks as people write them, trained a little by Keras, then in both: predictions, evaluate, the
losses of three more epochs, and predictions of what Antler trained, back in Keras.

    KERAS_BACKEND=jax python tests/fuzz_models/typical.py --antler build/src/tool/antler [NAME…]

Needs keras==3.15.1 with a backend (on TensorFlow, Embeddings learn otherwise: see README.md). A line
per network; exits 1 when there was a difference.
"""
import argparse
import csv
import os
import sys
import tempfile

import read  # sets Keras's environment
import keras
import numpy as np
from keras import layers as L
from keras import ops

ROWS, BATCH, EPOCHS = 20, 10, 3
NETWORKS = {}
rng = np.random.default_rng(0)


def network(make):
    NETWORKS[make.__name__] = make
    return make


def reals(*shape):
    return rng.random((ROWS, *shape)).astype("float32")


def ints(most, *shape):
    return rng.integers(0, most, (ROWS, *shape)).astype("int32")


def one_hot(classes, *shape):
    return np.eye(classes, dtype="float32")[ints(classes, *shape)]


def compiled(inputs, outputs, *how, **more):
    model = keras.Model(inputs, outputs)
    model.compile(*how, **more)
    return model


# --- images ---
@network
def autoencoder():
    i = x = keras.Input((28, 28, 1))
    for filters in (16, 8):
        x = L.Conv2D(filters, 3, activation="relu", padding="same")(x)
        x = L.MaxPooling2D(2, padding="same")(x)
    for filters, kind in ((8, "nearest"), (16, "bilinear")):
        x = L.Conv2D(filters, 3, activation="relu", padding="same")(x)
        x = L.UpSampling2D(2, interpolation=kind)(x)
    o = L.Conv2D(1, 3, activation="sigmoid", padding="same")(x)
    x = reals(28, 28, 1)
    return compiled(i, o, "adam", "binary_crossentropy"), x, x


@network
def unet():
    i = keras.Input((32, 32, 3))
    wide = L.Conv2D(8, 3, padding="same", activation="relu")(i)
    deep = L.Conv2D(16, 3, padding="same", activation="relu")(L.MaxPooling2D()(wide))
    o = L.Conv2D(2, 1, activation="softmax")(L.Concatenate()([wide, L.UpSampling2D()(deep)]))
    model = compiled(i, o, "rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, reals(32, 32, 3), ints(2, 32, 32)


@network
def squeeze_and_excite():
    i = keras.Input((16, 16, 8))
    x = L.BatchNormalization()(L.SeparableConv2D(16, 3, padding="same", use_bias=False)(i))
    x = keras.activations.silu(x)
    s = L.Conv2D(4, 1, activation="relu")(L.GlobalAveragePooling2D(keepdims=True)(x))
    x = x * L.Conv2D(16, 1, activation="hard_sigmoid")(s)
    o = L.Dense(5)(L.Flatten()(L.DepthwiseConv2D(3, strides=2, padding="same")(x)))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    model = compiled(i, o, "adam", loss, metrics=[keras.metrics.TopKCategoricalAccuracy(2)])
    return model, reals(16, 16, 8), one_hot(5)


@network
def frames():
    frame = keras.Sequential([keras.Input((12, 12, 1)), L.Conv2D(4, 3, activation="relu"),
                              L.MaxPooling2D(), L.Flatten()])
    i = keras.Input((4, 12, 12, 1))
    o = L.Dense(1)(L.LSTM(6)(L.TimeDistributed(frame)(i)))
    return compiled(i, o, "adagrad", "log_cosh"), reals(4, 12, 12, 1), reals(1)


# --- sequences ---
@network
def text():
    i = keras.Input((20,), dtype="int32")
    x = L.Bidirectional(L.LSTM(8, return_sequences=True))(L.Embedding(100, 16, mask_zero=True)(i))
    o = L.Dense(1, activation="sigmoid")(L.Bidirectional(L.LSTM(8))(x))
    model = compiled(i, o, "adam", "binary_crossentropy", metrics=["accuracy"])
    return model, ints(100, 20), reals(1).round()


@network
def transformer():
    i = keras.Input((10,), dtype="int32")
    place = ops.cumsum(ops.ones_like(i), axis=1) - 1
    x = L.Embedding(50, 16)(i) + L.Embedding(10, 16)(place)
    for _ in range(2):
        x = L.LayerNormalization(epsilon=1e-6)(x + L.MultiHeadAttention(2, 8)(x, x))
        x = L.LayerNormalization()(L.Add()([x, L.Dense(16)(L.Dense(32, activation="gelu")(x))]))
    o = L.Dense(3, activation="softmax")(L.GlobalAveragePooling1D()(x))
    model = compiled(i, o, "adamw", "sparse_categorical_crossentropy",
                     metrics=["sparse_categorical_accuracy"])
    return model, ints(50, 10), ints(3)


@network
def wavenet():
    i = keras.Input((32, 2))
    x, skips = L.Conv1D(8, 2, padding="causal")(i), []
    for d in (1, 2, 4, 8):
        gate, value = (L.Conv1D(8, 2, padding="causal", dilation_rate=d, activation=a)(x)
                       for a in ("sigmoid", "tanh"))
        skips.append(L.Conv1D(8, 1)(L.Multiply()([gate, value])))
        x = L.Add()([x, skips[-1]])
    o = L.Dense(1)(L.Activation("relu")(L.Add()(skips)))
    # Keras forgets Huber's delta when it saves, so it is the default here.
    model = compiled(i, o, "nadam", keras.losses.Huber(),
                     metrics=["mae", keras.metrics.RootMeanSquaredError()])
    return model, reals(32, 2), reals(32, 1)


@network
def translation():
    there, back = keras.Input((None, 5), name="there"), keras.Input((None, 4), name="back")
    _, h, c = L.LSTM(8, return_state=True)(there)
    y = L.LSTM(8, return_sequences=True)(back, initial_state=[h, c])
    o = L.Dense(4, activation="softmax")(y)
    model = compiled([there, back], o, "rmsprop", "categorical_crossentropy")
    return model, [reals(6, 5), reals(7, 4)], one_hot(4, 7)


@network
def attention_pool():
    i = keras.Input((9, 6))
    q = L.Dense(4)(i)
    a = L.Attention(use_scale=True)([q, q])
    weights = L.Softmax(axis=1)(L.Dense(1)(a))
    o = L.Dense(1)(ops.sum(weights * a, axis=1))
    return compiled(i, o, "adamax", "mse"), reals(9, 6), reals(1)


# --- numbers, branches ---
@network
def siamese():
    encoder = keras.Sequential([keras.Input((16,)), L.Dense(16, activation="relu"),
                                L.BatchNormalization(), L.Dense(8)], name="encoder")
    a, b = keras.Input((16,), name="a"), keras.Input((16,), name="b")
    gap = ops.sum(ops.square(encoder(a) - encoder(b)), axis=-1, keepdims=True)
    o = L.Dense(1, activation="sigmoid")(ops.sqrt(gap + 1e-7))
    model = compiled([a, b], o, keras.optimizers.SGD(0.05, momentum=0.9), "binary_crossentropy")
    return model, [reals(16), reals(16)], reals(1).round()


@network
def tickets():
    title, numbers = keras.Input((8,), dtype="int32", name="title"), keras.Input((5,), name="numbers")
    h = L.concatenate([L.GRU(8)(L.Embedding(30, 8)(title)),
                       L.Dense(4, activation="elu", kernel_regularizer="l2")(numbers)])
    outputs = {"priority": L.Dense(1, name="priority", activation="sigmoid")(h),
               "dept": L.Dense(3, name="dept")(h)}
    from_logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = compiled([title, numbers], outputs, "adam",
                     {"priority": "binary_crossentropy", "dept": from_logits},
                     loss_weights={"priority": 1.0, "dept": 0.2},
                     metrics={"priority": ["accuracy"], "dept": ["accuracy"]})
    return model, [ints(30, 8), reals(5)], {"priority": reals(1).round(), "dept": ints(3)}


@network
def schedule():
    i = keras.Input((8,))
    x = L.Dense(16, "selu", kernel_initializer="lecun_normal")(i)
    x = L.LayerNormalization()(L.Dense(16, activation=L.LeakyReLU(0.1))(x))
    rate = keras.optimizers.schedules.CosineDecay(1e-2, 50, warmup_target=2e-2, warmup_steps=5)
    model = compiled(i, L.Dense(1)(x), keras.optimizers.Adam(rate, clipnorm=1.0, weight_decay=1e-3),
                     "mse", metrics=["mape"])
    return model, reals(8), reals(1)


@network
def experts():
    i = keras.Input((6,))
    gate = L.Dense(3, activation="softmax")(i)
    each = ops.stack([L.Dense(4, activation="relu")(i) for _ in range(3)], axis=1)
    o = L.Dense(2)(ops.einsum("be,bed->bd", gate, each))[:, ::-1]
    return compiled(i, o, "ftrl", "mae"), reals(6), reals(2)


# --- the same in both ---
def antler(*command):
    code, said = read.run(ANTLER, *command, "--quiet")
    if code:
        raise RuntimeError(said)
    return said


def write_data(model, x, y):
    names = [t._keras_history.operation.name for t in model.inputs]
    xs = dict(zip(names, x)) if isinstance(x, list) else {names[0]: x}
    ys = {f"y/{k}": v for k, v in y.items()} if isinstance(y, dict) else {"y": y}
    np.savez("x.npz", **xs)
    np.savez("data.npz", **{f"x/{k}": v for k, v in xs.items()}, **ys)


def predicted(model, x):
    p = model.predict(x, verbose=0)
    return [p[k] for k in sorted(p)] if isinstance(p, dict) else p if isinstance(p, list) else [p]


def by_antler(model):
    antler("predict", "m.keras", "--input", "x.npz", "--output", "p.npz")
    z = np.load("p.npz")
    names = sorted(z.files) if isinstance(model.output, dict) else z.files
    return [z[n] for n in names]


def evaluated():
    said = antler("evaluate", "m.keras", "--data", "data.npz", "--batch-size", str(BATCH))
    return {k: float(v) for k, v in (line.split(": ") for line in said.splitlines())}


def losses_of_antler():
    antler("train", "m.keras", "--data", "data.npz", "--epochs", str(EPOCHS), "--batch-size",
           str(BATCH), "--no-shuffle", "--log", "log.csv", "--output", "trained.keras")
    with open("log.csv") as f:
        return [float(row["loss"]) for row in csv.DictReader(f)]


def distance(want, got):
    want, got = np.asarray(want, "f8"), np.asarray(got, "f8")
    if want.shape != got.shape:
        return np.inf
    return float(np.max(np.abs(want - got)) / max(np.max(np.abs(want)), 1e-6))


def check(name):
    keras.utils.set_random_seed(3)
    model, x, y = NETWORKS[name]()
    fit = dict(batch_size=BATCH, verbose=0, shuffle=False)
    model.fit(x, y, epochs=1, **fit)
    model.save("m.keras")
    write_data(model, x, y)
    errors = {"predict": max(map(distance, predicted(model, x), by_antler(model)))}
    want, got = model.evaluate(x, y, batch_size=BATCH, verbose=0, return_dict=True), evaluated()
    errors["evaluate"] = max(distance(want[k], got.get(k, np.inf)) for k in want)
    history = model.fit(x, y, epochs=EPOCHS, **fit).history
    errors["train"] = distance(history["loss"], losses_of_antler())
    back = keras.saving.load_model("trained.keras")
    errors["back"] = max(map(distance, predicted(model, x), predicted(back, x)))
    print(f"{name:20}", " ".join(f"{k} {v:.1e}" for k, v in errors.items()), flush=True)
    return errors["predict"] > 1e-5 or max(errors.values()) > 1e-4


def main():
    global ANTLER
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--antler", required=True)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NETWORKS)}; default: all")
    args = parser.parse_args()
    ANTLER = os.path.abspath(args.antler)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        bad = sum([check(name) for name in args.names or NETWORKS])
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
