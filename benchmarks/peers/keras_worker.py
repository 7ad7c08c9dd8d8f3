#!/usr/bin/env python3
"""Keras as a benchmark worker: --backend tensorflow or jax, --xla compiles TensorFlow's steps."""
import os

import worker

args = worker.options(backend=dict(default="tensorflow"), xla=dict(action="store_true"))
os.environ["KERAS_BACKEND"] = args.backend
import keras  # noqa: E402
from keras import layers as L  # noqa: E402

if args.backend == "tensorflow":
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
else:
    import jax


def lstms(i, activation):
    h = L.LSTM(50, activation=activation, return_sequences=True)(i)
    return L.Dense(1)(L.LSTM(50, activation=activation)(h))


def cnn(i):
    h = L.MaxPooling2D()(L.Conv2D(32, 3, activation="relu")(i))
    h = L.MaxPooling2D()(L.Conv2D(64, 3, activation="relu")(h))
    return L.Dense(10, "softmax")(L.Dropout(0.5)(L.Flatten()(h)))


def residual(i):
    conv = dict(filters=64, kernel_size=3, padding="same", use_bias=False)
    h = L.ReLU()(L.BatchNormalization()(L.Conv2D(**conv)(i)))
    h = L.ReLU()(L.Add()([L.BatchNormalization()(L.Conv2D(**conv)(h)), i]))
    return L.Dense(10, "softmax")(L.GlobalAveragePooling2D()(h))


def depthwise(i):
    h = L.DepthwiseConv2D(3, padding="same", use_bias=False)(i)
    h = L.Conv2D(128, 1, use_bias=False)(L.ReLU(6.0)(L.BatchNormalization()(h)))
    h = L.GlobalAveragePooling2D()(L.ReLU(6.0)(L.BatchNormalization()(h)))
    return L.Dense(10, "softmax")(h)


def encoder(i):
    n = L.LayerNormalization(epsilon=1e-5)(i)
    h = L.Add()([i, L.MultiHeadAttention(4, 64)(n, n)])
    n = L.LayerNormalization(epsilon=1e-5)(h)
    h = L.Add()([h, L.Dense(256)(L.Dense(1024, "gelu")(n))])
    return L.Dense(10, "softmax")(L.GlobalAveragePooling1D()(h))


def towers(i, j):
    tower = L.Dense(64, "relu")
    h = L.Dense(64, "relu")(L.Concatenate()([tower(i), tower(j)]))
    return [L.Dense(1, "sigmoid")(h), L.Dense(5, "softmax")(h)]


LABELS, MSE, BINARY = "sparse_categorical_crossentropy", "mse", "binary_crossentropy"
NETWORKS = {
    "W1": (lambda i: L.Dense(3, "softmax")(L.Dense(16, "relu")(L.Dense(16, "relu")(i))), LABELS),
    "W2": (lambda i: L.Dense(10, "softmax")(L.Dense(128, "relu")(i)), LABELS),
    "W3": (lambda i: lstms(i, "tanh"), MSE),
    "W3R": (lambda i: lstms(i, "relu"), MSE),
    "W4": (cnn, LABELS),
    "W5": (residual, LABELS),
    "W6": (depthwise, LABELS),
    "W7": (encoder, LABELS),
    "W8": (lambda i: L.Dense(1, "sigmoid")(L.GRU(64)(L.Embedding(10000, 64)(i))), BINARY),
    "W9": (lambda i: L.Dense(1024)(L.Dense(1024, "relu")(L.Dense(1024, "relu")(i))), MSE),
    "W10": (towers, [BINARY, LABELS]),
}
models = {}


def build(w):
    make, loss = NETWORKS[w]
    dtype = "int32" if w == "W8" else "float32"
    inputs = [keras.Input(worker.SHAPES[w], dtype=dtype) for _ in range(2 if w == "W10" else 1)]
    model = keras.Model(inputs if w == "W10" else inputs[0], make(*inputs))
    weights = [1.0, 0.5] if w == "W10" else None
    model.compile("adam", loss, loss_weights=weights, jit_compile=args.xla)
    return model


def one(values):
    return list(values) if len(values) > 1 else values[0]


def infer_tensorflow(model, x):
    f = tf.function(lambda *a: model(one(a), training=False), jit_compile=args.xla)
    held = [tf.constant(v) for v in x]
    return lambda: f(*held)


def infer_jax(model, x):
    trained = [v.value for v in model.trainable_variables]
    other = [v.value for v in model.non_trainable_variables]
    f = jax.jit(lambda t, o, *a: model.stateless_call(t, o, one(a), training=False)[0])
    return lambda: jax.block_until_ready(f(trained, other, *x))


def prepare(w, mode):
    if w not in models:
        models[w] = build(w)
    x, y = worker.data(w, worker.batch_of(w, mode))
    if mode == "train":
        return lambda: models[w].train_on_batch(one(x), one(y))
    return (infer_tensorflow if args.backend == "tensorflow" else infer_jax)(models[w], x)


worker.serve(prepare)
