#!/usr/bin/env python3
"""Writes tests/golden/keras: small files of real Keras with inputs and what it makes of them.

    python tests/golden/keras_files.py [PATTERN]

Needs keras, tensorflow and tf-keras. NAME.keras or NAME.h5 is the model. NAME.npz holds its inputs
(in/<input name>), its predictions (out/<k>, in the order of the outputs) and, where the model was
trained, rows to go on training with: x/<input name>, y/<k>, and loss: the losses
of the next steps in Keras, one step each on all rows.

Keras stores the members of its archives as they are; all but a few are deflated here.
"""
import fnmatch
import json
import os
import sys
import zipfile

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")

import h5py  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tf_keras  # noqa: E402
from custom_layers import (Averaged, Gate, OldBlock, Plain, ResidualBlock, Scaled, Stack,  # noqa: E402
                           TokenAndPosition, TransformerBlock)
from keras import layers as L  # noqa: E402
from keras import ops  # noqa: E402
from tf_keras import layers as L2  # noqa: E402

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "keras")
STEPS = 5
STORED = ["sequential", "embedding", "shared_layer", "compiled_adam"]
CASES = {}


def case(f):
    CASES[f.__name__] = f
    return f


# --- numbers ---
def number_shape(shape, batch):
    return [batch] + [5 if d is None else d for d in shape[1:]]


def some(rng, tensor, batch):
    dtype = tensor.dtype if isinstance(tensor.dtype, str) else tensor.dtype.name
    shape = number_shape(tensor.shape, batch)
    if "int" in dtype:
        return rng.integers(0, 6, shape).astype("int32")
    if dtype == "bool":
        return rng.random(shape) < 0.6
    return (rng.integers(-40, 41, shape) / 16).astype("float32")


def set_weights(model, rng):
    for w in model.weights:
        name = getattr(w, "path", None) or w.name
        if "float" not in str(w.dtype):
            continue
        values = rng.integers(-32, 33, w.shape) / 64
        w.assign(values + 1.5 if "variance" in name else values)


def input_names(model):
    if hasattr(model, "input_names"):
        return model.input_names
    return [t._keras_history[0].name for t in model.inputs]


def as_fed(model, names, xs):
    for structure in ("_inputs_struct", "_nested_inputs"):
        if isinstance(getattr(model, structure, None), dict):
            return dict(zip(names, xs))
    return xs if len(xs) > 1 else xs[0]


# --- files ---
def train(model, rng, names):
    """Some steps so that the optimizer has a state; then the rows and losses of the next ones."""
    xs = [some(rng, t, 8) for t in model.inputs]
    out = tf.nest.flatten(model(as_fed(model, names, [x[:1] for x in xs])))
    ys = [(rng.integers(-16, 17, [8] + list(o.shape[1:])) / 16).astype("float32") for o in out]
    if model.loss == "sparse_categorical_crossentropy":
        ys = [rng.integers(0, o.shape[-1], [8]).astype("int32") for o in out]
    y = ys if len(ys) > 1 else ys[0]
    if isinstance(getattr(model, "_outputs_struct", None), dict):
        y = keras.tree.pack_sequence_as(model._outputs_struct, ys)
    x = as_fed(model, names, xs)

    def step():
        return model.fit(x, y, batch_size=8, epochs=1, shuffle=False, verbose=0).history["loss"][0]

    step(), step()
    return xs, ys, step


def under_xla(model):
    """What TensorFlow's own kernels cannot compute on a CPU."""
    twin = keras.models.clone_model(model)
    twin.compile(jit_compile=True)
    return twin


def save(name, model, ending=".keras", draw=True, change=None, trained=False, twin=None):
    """`change` makes the config an older one; `twin` predicts with the model's weights."""
    rng = np.random.default_rng(sum(map(ord, name)))
    if draw:
        set_weights(model, rng)
    names = input_names(model)
    kept = {}
    if trained:
        xs, ys, step = train(model, rng, names)
    path = os.path.join(FOLDER, name + ending)
    model.save(path)
    if ending == ".keras" and name not in STORED:
        deflate(path)
    given = [some(rng, t, 3) for t in model.inputs]
    if twin:
        twin.set_weights(model.get_weights())
    made = tf.nest.flatten((twin or model).predict(as_fed(model, names, given), verbose=0))
    kept.update({f"in/{n}": x for n, x in zip(names, given)})
    kept.update({f"out/{k}": np.asarray(y) for k, y in enumerate(made)})
    if trained:
        kept.update({f"x/{n}": x for n, x in zip(names, xs)})
        kept.update({f"y/{k}": y for k, y in enumerate(ys)})
        kept["loss"] = np.array([step() for _ in range(STEPS)], "float64")
    if change:
        change_config(path, change)
    np.savez_compressed(os.path.join(FOLDER, name + ".npz"), **kept)


def deflate(path):
    with zipfile.ZipFile(path) as z:
        members = [(i, z.read(i)) for i in z.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for info, content in members:
            z.writestr(info, content, zipfile.ZIP_DEFLATED, 9)


def change_config(path, change):
    """What an older version would have written."""
    with h5py.File(path, "r+") as f:
        config = json.loads(f.attrs["model_config"])
        f.attrs["model_config"] = json.dumps(change(config) or config)


def branches(name, shape, layers, dtype="float32", **options):
    """One model with an output for each layer: files have a head that would be written each time."""
    i = keras.Input(shape, dtype=dtype, name="x")
    save(name, keras.Model(i, [l(i) for l in layers]), **options)


# --- layers ---
@case
def core():
    branches("dense", (3, 4), [
        L.Dense(3), L.Dense(2, "relu", use_bias=False),
        L.Dense(3, "softmax", kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2),
                bias_regularizer="l2", activity_regularizer=keras.regularizers.L1(0.01)),
        L.Dense(2, kernel_constraint=keras.constraints.MaxNorm(1.5, axis=0), bias_constraint="non_neg",
                kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=3),
                bias_initializer=keras.initializers.Constant(0.5)),
        L.Dense(2, activation=L.LeakyReLU(negative_slope=0.4), trainable=False),
        L.Dense(2, activation=L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.25)),
        L.Dense(2, activation=L.Softmax(axis=1)),
        L.EinsumDense("abc,cd->abd", output_shape=(None, 3), bias_axes="d", activation="tanh"),
        L.EinsumDense("abc,dc->adb", output_shape=(2, 3)),
        L.Dense(2, kernel_initializer=keras.initializers.Orthogonal(0.5),
                kernel_regularizer=keras.regularizers.OrthogonalRegularizer(0.1, "columns")),
    ])
    branches("embedding", (5,), [
        L.Embedding(7, 3), L.Embedding(6, 2, embeddings_initializer="normal", embeddings_constraint="unit_norm"),
    ], dtype="int32")


@case
def lora():
    """Keras merges what was learnt into the kernel as it saves."""
    i = keras.Input((5, 6), name="x")
    w = keras.Input((4,), dtype="int32", name="w")
    outs = [L.Dense(3, lora_rank=2, activation="tanh")(i), L.Dense(1, lora_rank=4, use_bias=False)(i),
            L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de", lora_rank=2, lora_alpha=3)(i),
            L.Conv1D(4, 3, lora_rank=2, lora_alpha=1)(i), L.Conv1D(2, 2, groups=2, lora_rank=1)(i),
            L.Conv2D(3, 2, lora_rank=1)(L.Reshape((5, 3, 2))(i)), L.Embedding(6, 3, lora_rank=2)(w)]
    late = L.Dense(2)
    outs.append(late(i))
    late.enable_lora(2, lora_alpha=5)
    save("lora", keras.Model([i, w], outs))
    keras.utils.clear_session()
    i = keras.Input((4,), name="x")
    save("new_h5_lora", keras.Model(i, [L.Dense(3, lora_rank=2)(i), L.Dense(2, lora_rank=1, use_bias=False)(i)]), ".h5")


@case
def activations():
    words = ["celu", "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "leaky_relu", "linear",
             "log_softmax", "mish", "relu", "relu6", "selu"]
    branches("activations", (4,), [L.Activation(w) for w in words])
    words = ["sigmoid", "silu", "softmax", "softplus", "softsign", "swish", "tanh", "glu", "hard_tanh",
             "squareplus", "log_sigmoid"]
    branches("activations_2", (4,), [L.Activation(w) for w in words])
    branches("activation_layers", (3, 4), [
        L.ELU(0.3), L.LeakyReLU(0.1), L.PReLU(), L.PReLU(shared_axes=[1], alpha_initializer="ones"),
        L.ReLU(), L.ReLU(2.0, 0.1, 0.25), L.Softmax(), L.Softmax(axis=(1, 2)), L.Softmax(axis=1),
        L.Identity(),
    ])


@case
def convolutional():
    branches("conv1d", (9, 4), [
        L.Conv1D(3, 3), L.Conv1D(2, 3, strides=2, padding="same", activation="relu"),
        L.Conv1D(2, 3, padding="causal", dilation_rate=2), L.Conv1D(4, 2, groups=2, use_bias=False),
        L.SeparableConv1D(3, 3, depth_multiplier=2),
        L.DepthwiseConv1D(3, strides=2, padding="same"), L.SeparableConv1D(2, 2, padding="same"),
    ])
    branches("conv2d", (7, 6, 4), [
        L.Conv2D(3, (3, 2)), L.Conv2D(2, 3, strides=(2, 1), padding="same", activation="tanh"),
        L.Conv2D(2, 2, dilation_rate=(2, 1)), L.Conv2D(4, 3, groups=2, padding="same"),
        L.DepthwiseConv2D(3, depth_multiplier=2), L.DepthwiseConv2D((2, 3), strides=2, padding="same", use_bias=False),
        L.SeparableConv2D(3, 3, dilation_rate=2), L.SeparableConv2D(2, 3, strides=2, padding="same"),
    ])


@case
def channels_first():
    """TensorFlow computes these on a GPU alone: the numbers are those of the same layers the other
    way round."""
    makers = [lambda f: L.Conv2D(2, (3, 2), padding="same", strides=(2, 1), data_format=f),
              lambda f: L.DepthwiseConv2D(2, depth_multiplier=2, data_format=f),
              lambda f: L.SeparableConv2D(3, 2, data_format=f),
              lambda f: L.MaxPooling2D((2, 1), data_format=f)]
    i = keras.Input((3, 6, 5), name="x")
    last = L.Permute((2, 3, 1))(i)
    model = keras.Model(i, [make("channels_first")(i) for make in makers])
    twin = keras.Model(i, [L.Permute((3, 1, 2))(make("channels_last")(last)) for make in makers])
    save("channels_first", model, twin=twin)
    first = dict(data_format="channels_first")
    for name, shape, layers in (
        ("channels_first1d", (4, 9), [
            L.Conv1D(3, 3, **first), L.Conv1D(2, 3, strides=2, padding="same", use_bias=False, **first),
            L.Conv1D(2, 2, dilation_rate=2, groups=2, **first), L.SeparableConv1D(3, 3, strides=2, **first),
            L.SeparableConv1D(2, 2, dilation_rate=2, padding="same", **first),
            L.DepthwiseConv1D(3, depth_multiplier=2, **first),
            L.DepthwiseConv1D(2, dilation_rate=3, padding="same", **first), L.MaxPooling1D(3, strides=2, **first),
            L.AveragePooling1D(2, **first), L.AveragePooling1D(3, padding="same", **first),
            L.GlobalMaxPooling1D(**first), L.ZeroPadding1D((2, 1), **first)]),
        ("channels_first2d", (2, 5, 6), [
            L.Conv2D(3, 2, dilation_rate=2, **first), L.DepthwiseConv2D(2, strides=2, padding="same", **first),
            L.SeparableConv2D(2, 2, dilation_rate=(2, 1), **first), L.AveragePooling2D((2, 3), **first),
            L.AveragePooling2D(2, strides=2, padding="same", **first), L.Cropping2D(((1, 0), (1, 2)), **first),
            L.GlobalAveragePooling2D(**first), L.SpatialDropout2D(0.3, **first), L.UpSampling2D((1, 2), **first)])):
        i = keras.Input(shape, name="x")
        model = keras.Model(i, [layer(i) for layer in layers])
        save(name, model, twin=under_xla(model))


@case
def dilated():
    branches("dilated", (9, 3), [
        L.DepthwiseConv1D(3, dilation_rate=2), L.DepthwiseConv1D(2, dilation_rate=3, padding="same", depth_multiplier=2),
        L.SeparableConv1D(2, 3, dilation_rate=2), L.SeparableConv1D(4, 2, dilation_rate=3, padding="same"),
        L.Conv1D(2, 3, dilation_rate=2, padding="causal"),
    ])


@case
def pooling():
    branches("pooling1d", (7, 3), [
        L.MaxPooling1D(), L.MaxPooling1D(3, strides=2, padding="same"), L.AveragePooling1D(2),
        L.AveragePooling1D(3, padding="same"), L.GlobalAveragePooling1D(), L.GlobalMaxPooling1D(keepdims=True),
        L.MaxPooling1D(2, data_format="channels_first"), L.GlobalAveragePooling1D("channels_first"),
    ])
    branches("pooling2d", (5, 6, 3), [
        L.MaxPooling2D(), L.MaxPooling2D((3, 2), strides=(2, 1), padding="same"), L.AveragePooling2D(2),
        L.AveragePooling2D(3, strides=2, padding="same"), L.GlobalAveragePooling2D(keepdims=True),
        L.GlobalMaxPooling2D(), L.GlobalMaxPooling2D("channels_first"),
    ])


@case
def normalization():
    branches("normalization", (3, 4), [
        L.BatchNormalization(), L.BatchNormalization(axis=1, epsilon=0.01, momentum=0.9),
        L.BatchNormalization(center=False), L.BatchNormalization(scale=False, trainable=False),
        L.LayerNormalization(), L.LayerNormalization(axis=[1, 2], epsilon=1e-5),
        L.LayerNormalization(center=False, axis=1), L.LayerNormalization(scale=False),
        L.RMSNormalization(), L.RMSNormalization(axis=[-2, -1], epsilon=1e-3),
        L.UnitNormalization(), L.UnitNormalization(axis=[1, 2]),
    ])
    i = keras.Input((4,), name="x")
    clipping = {"rmin": 0.5, "rmax": 1.5, "dmax": 0.25}
    n = L.BatchNormalization(renorm=True)(i)
    n = L.BatchNormalization(renorm=True, renorm_clipping=clipping, renorm_momentum=0.8, momentum=0.9)(n)
    n = L.BatchNormalization(renorm=True, renorm_clipping={"dmax": 0.5}, axis=1, scale=False)(n)
    m = keras.Model(i, n)
    m.compile("sgd", "mse")
    save("renorm", m, trained=True)


@case
def preprocessing():
    n = L.Normalization()
    n.adapt(np.arange(12, dtype="float32").reshape(3, 4) ** 2)
    i = keras.Input((4,), name="x")
    save("preprocessing", keras.Model(i, [n(i), L.Rescaling(0.5, offset=-1)(i), L.Normalization(mean=[1.0, 2, 3, 4], variance=[1.0, 4, 9, 2])(i),
                                          L.Normalization(axis=None, mean=2.0, variance=4.0)(i)]), draw=False)
    i = keras.Input((2, 3), dtype="uint8", name="x")
    save("uint8", keras.Model(i, L.Rescaling(1 / 255)(i)))


@case
def reshaping():
    branches("reshaping", (4, 6), [
        L.Flatten(), L.Reshape((3, -1)), L.Reshape((2, 2, 6)), L.Permute((2, 1)), L.Cropping1D((1, 2)),
        L.ZeroPadding1D(2), L.UpSampling1D(3), L.Flatten("channels_first"),
    ])
    branches("reshaping2d", (4, 3, 2), [
        L.Cropping2D(((1, 1), (0, 1))), L.ZeroPadding2D((1, 2)), L.UpSampling2D((2, 3)),
        L.Flatten(), L.Permute((3, 1, 2)),
        L.ZeroPadding2D(((1, 0), (2, 1)), data_format="channels_first"),
    ])
    branches("repeat", (3,), [L.RepeatVector(4)])
    branches("upsampling", (3, 4, 2), [
        L.UpSampling2D(2, interpolation="bilinear"), L.UpSampling2D((2, 3), interpolation="lanczos3"),
        L.UpSampling2D(4, interpolation="bicubic", data_format="channels_first"),
    ])


@case
def merging():
    a, b, c = (keras.Input((3, 4), name=n) for n in "abc")
    d = keras.Input((3, 2), name="d")
    outs = [L.Add()([a, b, c]), L.Subtract()([a, b]), L.Multiply()([a, b, c]), L.Average()([a, b, c]),
            L.Maximum()([a, b]), L.Minimum()([a, b, c]), L.Concatenate()([a, d]), L.Concatenate(axis=1)([a, b]),
            L.Dot(axes=2)([a, b]), L.Dot(axes=(1, 1), normalize=True)([a, d]), L.Dot(axes=-1)([a, c]),
            L.Dot(axes=(-2, -2))([a, d]), L.Dot(axes=(1, -1))([L.Permute((2, 1))(b), a])]
    save("merging", keras.Model([a, b, c, d], outs))


@case
def regularization():
    branches("regularization", (3, 4), [
        L.Dropout(0.3, seed=1), L.SpatialDropout1D(0.2), L.GaussianNoise(0.5), L.GaussianDropout(0.4),
        L.AlphaDropout(0.1), L.ActivityRegularization(0.1, 0.2), L.Dropout(0.5, noise_shape=(None, 1, 4)),
    ])
    branches("regularization2d", (3, 4, 2), [L.SpatialDropout2D(0.2)])
    branches("regularization3d", (2, 3, 2, 2), [L.SpatialDropout3D(0.2)])


@case
def attention():
    q, v, k = (keras.Input(s, name=n) for n, s in (("q", (4, 6)), ("v", (5, 6)), ("k", (5, 6))))
    outs = [L.Attention()([q, v]), L.Attention(use_scale=True, score_mode="concat")([q, v, k]),
            L.AdditiveAttention()([q, v, k]), L.AdditiveAttention(use_scale=False)([q, v]), L.MultiHeadAttention(2, 3)(q, v),
            L.MultiHeadAttention(2, 3, value_dim=4, output_shape=5, use_bias=False)(q, v, k),
            L.MultiHeadAttention(2, 2)(q, q, use_causal_mask=True),
            L.MultiHeadAttention(1, 3)(query=q, key=k, value=v),
            *L.MultiHeadAttention(2, 3)(q, v, return_attention_scores=True),
            L.GroupQueryAttention(2, 4, 2)(q, v),
            L.Attention()([q, q], use_causal_mask=True)]
    save("attention", keras.Model([q, v, k], outs))


@case
def recurrent():
    i = keras.Input((5, 3), name="x")
    outs = [L.SimpleRNN(2)(i), L.SimpleRNN(2, "relu", return_sequences=True, use_bias=False, go_backwards=True)(i),
            L.LSTM(3)(i), L.LSTM(2, return_sequences=True, unit_forget_bias=False, recurrent_activation="hard_sigmoid")(i),
            *L.LSTM(2, return_state=True, activation="softsign")(i),
            L.GRU(3)(i), L.GRU(2, reset_after=False, return_sequences=True)(i), *L.GRU(2, return_state=True, use_bias=False)(i)]
    save("recurrent", keras.Model(i, outs))
    states = [keras.Input((2,), name=n) for n in ("h", "c")]
    first = L.LSTM(2, return_state=True, return_sequences=True)
    s = first(i, initial_state=states)
    again = first(i, initial_state=[s[1], s[2]])
    save("states", keras.Model([i, *states], [s[0], again[0], L.GRU(2)(i, initial_state=s[1])]))


@case
def stateful():
    """A second call goes on where the first one ended."""
    i = keras.Input(batch_shape=(3, 5, 2), name="x")
    layers = [L.SimpleRNN(2, stateful=True, return_sequences=True), L.LSTM(2, stateful=True, return_sequences=True),
              L.GRU(2, stateful=True, return_sequences=True), L.RNN(L.LSTMCell(2), stateful=True, return_sequences=True),
              L.Bidirectional(L.GRU(1, stateful=True, return_sequences=True))]
    outs = [layer(layer(i)) for layer in layers]
    save("stateful", keras.Model(i, [*outs, L.GRU(3, stateful=True)(i)]))


@case
def recurrent_wrappers():
    i = keras.Input((5, 3), name="x")
    outs = [L.Bidirectional(L.LSTM(2, return_sequences=True))(i), L.Bidirectional(L.GRU(2), merge_mode="sum")(i),
            L.Bidirectional(L.SimpleRNN(2), merge_mode="mul", backward_layer=L.GRU(2, go_backwards=True))(i),
            *L.Bidirectional(L.GRU(2), merge_mode=None)(i),
            *L.Bidirectional(L.LSTM(2, return_state=True), merge_mode="ave")(i)]
    save("bidirectional", keras.Model(i, outs))
    outs = [L.RNN(L.LSTMCell(2))(i), L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_sequences=True)(i),
            L.RNN(L.StackedRNNCells([L.SimpleRNNCell(2), L.SimpleRNNCell(3, "relu")]), go_backwards=True)(i),
            L.TimeDistributed(L.Dense(2))(i),
            L.TimeDistributed(keras.Sequential([keras.Input((3,)), L.Dense(2, "tanh"), L.Dense(3)]))(i)]
    save("cells", keras.Model(i, outs))


@case
def masks():
    words = keras.Input((6,), dtype="int32", name="words")
    e = L.Embedding(6, 4, mask_zero=True)(words)
    every = L.LSTM(3, return_sequences=True)(e)
    outs = [L.LSTM(3)(e), L.GRU(2, reset_after=False)(e), L.SimpleRNN(2, go_backwards=True)(e), every,
            L.GRU(2)(L.Dropout(0.2)(every)),
            *(L.Bidirectional(L.LSTM(2), merge_mode=m)(e) for m in ("sum", "mul", "ave", "concat")),
            L.Bidirectional(L.GRU(2, return_sequences=True))(e), L.GlobalAveragePooling1D()(e)]
    save("masks", keras.Model(words, outs))
    x = keras.Input((5, 3), name="x")
    m = L.Masking(0.25)(x)
    outs = [L.LSTM(2, return_sequences=True)(m), L.TimeDistributed(L.Dense(2))(m), L.GRU(2)(L.TimeDistributed(L.Dense(2))(m)),
            L.LSTM(2)(L.Add()([m, m])), L.LSTM(2)(L.Concatenate()([m, L.Dense(2)(m)])),
            L.RNN([L.LSTMCell(3), L.GRUCell(2)])(m)]
    save("masking", keras.Model(x, outs))


@case
def masked_attention():
    q, v = (keras.Input((n,), dtype="int32", name=name) for n, name in ((4, "q"), (5, "v")))
    table = L.Embedding(6, 4, mask_zero=True)
    # MultiHeadAttention takes the masks away from what it was called on: here each has its own.
    outs = [layer(table(q), table(v)) for layer in (L.MultiHeadAttention(2, 3), L.GroupQueryAttention(2, 2, 1))]
    outs += [layer([table(q), table(v)]) for layer in (L.Attention(use_scale=True), L.AdditiveAttention())]
    outs += [L.MultiHeadAttention(1, 2, value_dim=3)(table(q), table(v), table(v)),
             L.GlobalAveragePooling1D()(L.MultiHeadAttention(2, 2)(table(q), table(q), use_causal_mask=True))]
    save("masked_attention", keras.Model([q, v], outs))


def block(x, names):
    """Attention, then a dense layer, each around a sum and a normalization."""
    a = L.MultiHeadAttention(2, 3, name=names + "_attention")(x, x)
    x = L.LayerNormalization(name=names + "_norm")(L.Add(name=names + "_sum")([x, L.Dropout(0.1)(a)]))
    return L.LayerNormalization()(x + L.Dense(4)(L.Dense(6, "relu")(x)))


@case
def lost_masks():
    """Two attentions on one tensor, of which the one that runs later sees no mask of it any more."""
    words = keras.Input((5,), dtype="int32", name="words")

    def masked():
        return L.Embedding(6, 4, mask_zero=True)(words)

    x = masked()
    two = block(block(x, "first"), "second")
    save("lost_masks", keras.Model(words, [two, L.GlobalAveragePooling1D()(two), L.GRU(2)(two)]))
    x, y, z = masked(), masked(), masked()
    late = L.MultiHeadAttention(1, 3)(x, L.Dense(4)(L.Dense(4)(x)))
    outs = [L.MultiHeadAttention(2, 3)(x, x), late, L.Attention()([x, x]), L.GroupQueryAttention(2, 2, 1)(x, x),
            L.MultiHeadAttention(2, 3)(y, L.Dropout(0.2)(y)), L.GRU(2)(y), L.AdditiveAttention()([y, y]),
            L.Maximum()([y, z]), L.Dense(2)(y), L.GlobalAveragePooling1D()(L.Dense(2)(y))]
    save("lost_masks_2", keras.Model(words, outs))
    i, j = keras.Input((5, 4)), keras.Input((5, 4))
    inner = keras.Model([i, j], [L.MultiHeadAttention(2, 2)(i, i), L.Identity()(j), L.Attention()([i, j])], name="inner")
    i = keras.Input((5, 4))
    g = L.GroupQueryAttention(1, 2, 1)(i, i)
    takes = keras.Model(i, [g, L.MultiHeadAttention(1, 2)(i, g)], name="takes")
    x, y = masked(), masked()
    outs = [*takes(masked()), *inner([x, y]), L.MultiHeadAttention(2, 3)(x, y), L.Attention()([y, x]), *inner([y, x])]
    save("lost_masks_inside", keras.Model(words, [L.GlobalAveragePooling1D()(o) for o in outs]))


# --- graphs ---
def pair():
    t = L.Dense(4, name="t")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    A = keras.Model(a, L.Dense(4, name="a1")(t(a)), name="A")
    B = keras.Model(b, L.Dense(4, name="b1")(t(b)), name="B")
    return t, A, B


@case
def sequential():
    save("sequential", keras.Sequential([keras.Input((4,), name="the input"), L.Dense(3, "relu"), L.Dense(2, "softmax")]))
    m = keras.Sequential([L.Dense(3, "relu"), L.Dense(2)], name="no_input")
    m.build((None, 4))
    save("sequential_built", m)
    i = keras.Input((4,), name="x")
    inner = keras.Sequential([L.Dense(3), keras.Sequential([L.Dense(2), L.Dense(4)], name="deep")], name="inner")
    save("sequential_nested", keras.Model(i, inner(inner(i))))


@case
def shared():
    i = keras.Input((4,), name="x")
    d, h = L.Dense(4, name="d"), L.Dense(4, "relu", name="h")(i)
    save("shared_layer", keras.Model(i, [d(d(d(i))), d(i), h, i, L.Add()([h, h])]))
    t, A, B = pair()
    save("shared_in_models", keras.Model(i, B(A(i))))
    save("shared_before_model", keras.Model(i, A(t(i))))
    save("shared_behind_model", keras.Model(i, t(A(i))))
    C = keras.Model(i, B(A(i)), name="C")
    x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
    save("nested_twice", keras.Model([x, y], [C(A(x)), A(C(y)), B(x)]))
    s = keras.Input((3, 4), name="s")
    d = L.Dense(4, name="d")
    save("shared_in_wrapper", keras.Model(s, d(L.TimeDistributed(d)(s))))
    save("model_in_wrapper", keras.Model(s, L.TimeDistributed(A)(s)))


@case
def structures():
    i = {"p": keras.Input((4,), name="p"), "q": keras.Input((4,), name="q")}
    inner = keras.Model(i, {"o": L.Subtract()([i["q"], i["p"]]), "n": i["p"], "l": [L.Dense(2)(i["q"]), i["q"]]}, name="inner")
    save("dicts", inner)
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    r = inner({"q": a, "p": b})
    save("dicts_inside", keras.Model([b, a], {"z": r["o"], "m": [r["n"], r["l"][0]], "b": L.Add()([a, r["l"][1]])}))
    listed = keras.Model([i["q"], i["p"]], L.Subtract()([i["q"], i["p"]]))
    save("dict_for_list", keras.Model([a, b], listed({"p": a, "q": b})))
    x = keras.Input((4,), name="odd, name: [1]")
    save("names", keras.Model(x, [L.Dense(2, name="x.1->y")(x), L.Dense(2, name=">2")(x)], name="a-model.1"))
    many = keras.Input((4,), name="x")
    split = L.LSTM(2, return_state=True, return_sequences=True, name="lstm")(L.Reshape((2, 2))(many))
    save("several_results", keras.Model(many, [split[2], split[0], split[2]]))


@case
def trainable():
    i = keras.Input((4,), name="x")
    inner = keras.Sequential([keras.Input((4,)), L.Dense(4), L.BatchNormalization(), L.Dense(3)], name="inner")
    inner.trainable = False
    m = keras.Model(i, L.Dense(2)(L.Dense(3, trainable=False)(inner(i))))
    m.compile("sgd", "mse")
    save("frozen", m, trained=True)


@case
def keywords():
    i = keras.Input((3, 4), name="x")
    h = L.Dropout(0.5)(i, training=True)
    h = L.BatchNormalization()(h, training=False)
    inner = keras.Sequential([keras.Input((3, 4)), L.Dense(4), L.Dropout(0.3)])
    h = inner(h, training=True)
    save("training_keyword", keras.Model(i, L.LSTM(2)(h, training=False)))


# --- compiled ---
def small(outputs=1):
    i = keras.Input((4,), name="x")
    h = L.Dense(5, "tanh", name="h")(i)
    outs = [L.Dense(k + 1, name=f"y{k}")(h) for k in range(outputs)]
    return keras.Model(i, outs[0] if outputs == 1 else outs)


@case
def optimizers():
    o, s = keras.optimizers, keras.optimizers.schedules
    for opt in [o.SGD(0.1), o.SGD(0.05, momentum=0.9, nesterov=True), o.RMSprop(0.01, rho=0.8, momentum=0.5, centered=True),
                o.Adam(0.01, beta_1=0.8, amsgrad=True), o.AdamW(0.02, weight_decay=0.01), o.Adagrad(0.1), o.Adadelta(1.0),
                o.Adamax(0.05), o.Nadam(0.02), o.Ftrl(0.1, l1_regularization_strength=0.01), o.Lion(0.01),
                o.Adam(s.ExponentialDecay(0.1, 3, 0.5, staircase=True), clipnorm=0.5),
                o.SGD(s.PiecewiseConstantDecay([2, 4], [0.2, 0.1, 0.05]), clipvalue=0.1),
                o.Adam(0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=3, global_clipnorm=0.3),
                o.SGD(s.CosineDecay(0.1, 10, alpha=0.1, warmup_target=0.2, warmup_steps=3)),
                o.Adam(s.PolynomialDecay(0.1, 5, power=2.0, cycle=True)), o.SGD(s.InverseTimeDecay(0.1, 2, 0.5)),
                o.SGD(s.CosineDecayRestarts(0.1, 4))]:
        m = small()
        m.compile(opt, "mse")
        rate = opt.get_config()["learning_rate"]
        name = type(opt).__name__.lower() + ("" if isinstance(rate, float) else "_" + rate["class_name"].lower())
        if opt.use_ema:
            name += "_ema"
        if getattr(opt, "nesterov", False):
            name += "_nesterov"
        save("compiled_" + name, m, trained=True)


@case
def losses():
    m = small(3)
    m.compile("adam", loss=["mse", keras.losses.Huber(reduction="sum"), None], loss_weights=[1, 0.5, 1],
              metrics=[["mae", keras.metrics.RootMeanSquaredError()], [], ["mse"]])
    save("losses_list", m, trained=True)
    m = small(2)
    m.compile(keras.optimizers.SGD(0.01), loss={"y1": "mae", "y0": keras.losses.LogCosh()}, metrics={"y0": "mse"}, weighted_metrics={"y1": ["mae"]},
              loss_weights={"y0": 1.0, "y1": 0.3})
    save("losses_dict", m, trained=True)
    i = keras.Input((4,), name="x")
    m = keras.Model(i, {"b": L.Dense(2)(i), "a": L.Dense(1)(i)})
    m.compile("sgd", loss={"b": "mse", "a": "mae"})
    save("losses_keys", m, trained=True)
    heads = {"b": L.Dense(2, name="a"), "a": L.Dense(1, name="b"), "c": L.Dense(1)}
    m = keras.Model([i], {k: head(i) for k, head in heads.items()})
    m.compile("sgd", loss={"b": "mse", "a": "mae", "c": None}, loss_weights={"b": 0.5, "a": 2.0, "c": 1.0},
              metrics={"a": ["mse"], "b": ["mae", "msle"]})
    save("losses_crossed", m, trained=True)
    m = keras.Model({"x": i}, {"q": [L.Dense(2)(i), {"r": L.Dense(1)(i)}], "p": L.Dense(1)(i)})
    m.compile("sgd", loss=[keras.losses.Huber(), "mse", "mae"], loss_weights=[1.0, 0.5, 2.0],
              metrics={"q": [["mae"], {"r": ["mse", "mae"]}], "p": ["mae"]})
    save("losses_nested", m, trained=True)
    m = keras.Model([i], [{"q": L.Dense(2)(i)}, [L.Dense(1)(i)]])
    m.compile("sgd", loss=["mse", "mae"], metrics=[["mae"], ["mse"]])
    save("losses_nested_list", m, trained=True)
    m = small(2)
    m.compile("rmsprop", keras.losses.mean_squared_error, metrics=["mae", "mse"])
    save("losses_one", m, trained=True)
    m = keras.Sequential([keras.Input((4,), name="x"), L.Dense(3, "softmax", name="y")])
    m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)])
    save("losses_classes", m, trained=True)
    m = small()
    m.compile(loss="mse")
    save("compiled_untrained", m)


# --- older files ---
@case
def old_sequential():
    def without_input(config):
        layers = config["config"]["layers"][1:]
        layers[0]["config"]["batch_input_shape"] = [None, 4]
        config["config"]["layers"] = layers

    def as_list(config):
        without_input(config)
        config["config"] = config["config"]["layers"]

    def make():
        return tf_keras.Sequential([L2.Dense(3, "relu", input_shape=(4,), name="d"), L2.Dense(2, "softmax", name="e")])

    save("old_sequential", make(), ".h5")
    save("old_batch_input_shape", make(), ".h5", change=without_input)
    save("old_sequential_list", make(), ".h5", change=as_list)


@case
def old_graph():
    a, b = tf_keras.Input((4,), name="a"), tf_keras.Input((6, 3), name="b")
    t, s = L2.Dense(5, "relu", name="t"), tf_keras.Sequential([L2.Dense(4), L2.Dense(5)], name="s")
    inner = tf_keras.Model(a, [t(a), s(a)], name="inner")
    x, y = inner(a)
    x2, y2 = inner(L2.Activation("tanh")(a))
    lstm = L2.LSTM(4, return_state=True, return_sequences=True, recurrent_activation="hard_sigmoid")
    o = lstm(b)
    o2 = lstm(b, initial_state=[o[1], o[2]])
    z = L2.Concatenate()([x, y, L2.Flatten()(o2[0]), x2, y2])
    m = tf_keras.Model({"a": a, "b": b}, {"z": z, "q": x}, name="m")
    save("old_graph", m, ".h5")
    save("old_class_model", m, ".h5", change=lambda c: json.loads(json.dumps(c).replace('"Functional"', '"Model"')))
    save("old_v3", m)


@case
def old_frozen():
    i = tf_keras.Input((4,), name="x")
    e = tf_keras.Sequential([tf_keras.Input((4,)), L2.Dense(4), L2.BatchNormalization(), L2.Dense(3, trainable=False), L2.Dense(2)])
    save("old_partly_frozen", tf_keras.Model(i, L2.Dense(2)(e(i))), ".h5")
    e.trainable = False
    save("old_frozen", tf_keras.Model(i, L2.Dense(2)(e(i))), ".h5")


@case
def old_recurrent():
    i = tf_keras.Input((5, 3), name="x")
    outs = [L2.GRU(3)(i), L2.GRU(2, reset_after=False)(i), L2.Bidirectional(L2.LSTM(2, return_sequences=True))(i),
            L2.Bidirectional(L2.GRU(2), merge_mode="sum")(i), L2.RNN([L2.LSTMCell(3), L2.GRUCell(2)])(i),
            L2.TimeDistributed(tf_keras.Sequential([L2.Dense(3), L2.Dense(2)]))(i), L2.SimpleRNN(2)(i),
            L2.Activation("hard_sigmoid")(L2.LSTM(3, recurrent_activation="hard_sigmoid")(i)),
            L2.Activation("hard_sigmoid")(i)]
    save("old_recurrent", tf_keras.Model(i, outs), ".h5")

    def without_reset_after(config):
        for layer in config["config"]["layers"]:
            layer["config"].pop("reset_after", None)

    save("old_gru", tf_keras.Model(i, L2.GRU(2, reset_after=False)(i)), ".h5", change=without_reset_after)


@case
def old_layers():
    i = tf_keras.Input((6, 6, 3), name="x")
    n = L2.BatchNormalization()(L2.Conv2D(4, 3, strides=2, padding="same", activation="relu")(i))
    outs = [L2.Dense(2)(L2.GlobalAveragePooling2D()(n)), L2.LeakyReLU(0.1)(i), L2.ReLU(max_value=1.0)(i), L2.ELU(0.3)(i),
            L2.PReLU()(i), L2.SeparableConv2D(2, 3)(i), L2.DepthwiseConv2D(2)(i), L2.MaxPooling2D()(i), L2.Flatten()(i),
            L2.SpatialDropout2D(0.1)(i), L2.LayerNormalization()(i)]
    save("old_layers", tf_keras.Model(i, outs), ".h5")
    w = tf_keras.Input((5,), dtype="int32", name="w")
    save("old_mask", tf_keras.Model(w, L2.LSTM(3)(L2.Embedding(7, 4, mask_zero=True)(w))), ".h5")


@case
def old_compiled():
    i = tf_keras.Input((4,), name="x")
    m = tf_keras.Model(i, L2.Dense(2, name="y")(L2.Dense(3, "tanh")(i)))
    m.compile(tf_keras.optimizers.SGD(0.1), "mse", metrics=["mae", tf_keras.metrics.RootMeanSquaredError()])
    save("old_compiled", m, ".h5", trained=True)
    m = tf_keras.Model(i, [L2.Dense(2, name="y")(i), L2.Dense(1, name="z")(i)])
    m.compile(tf_keras.optimizers.legacy.SGD(0.1, decay=0.2), {"y": tf_keras.losses.Huber(), "z": "mae"}, loss_weights={"y": 2.0, "z": 1.0})
    save("old_legacy_optimizer", m, ".h5", trained=True)


@case
def old_operations():
    tf = __import__("tensorflow")
    i = tf_keras.Input((4, 3), name="x")
    x = L2.Dense(3)(i)
    p = tf.abs(x) + 0.5
    save("old_operations", tf_keras.Model(i, [
        3.0 - x, x * x / 6.0 + p ** 2.0, -x // 0.3, x % 0.7, tf.where(x > 0, x, 0.5 * i),
        tf.maximum(x, 0.1) - tf.minimum(i, x), tf.cast((x >= 0) & tf.math.not_equal(i, x), "float32"),
        tf.sqrt(p) + tf.math.rsqrt(p) + tf.math.log(p) + tf.math.log1p(p) + tf.exp(-p) + tf.square(x) + tf.sign(x),
        tf.sin(x) + tf.cos(x) + tf.tan(x) + tf.tanh(x) + tf.sinh(x) + tf.cosh(x) + tf.atan(x) + tf.math.erf(x),
        tf.floor(x) + tf.math.ceil(x) + tf.round(x) + tf.math.reciprocal(p) + tf.math.expm1(x) + tf.sigmoid(x),
        tf.nn.relu(x) + tf.nn.relu6(x * 9.0) + tf.nn.elu(x) + tf.nn.selu(x) + tf.nn.gelu(x) + tf.nn.gelu(x, approximate=True),
        tf.nn.silu(x) + tf.nn.softsign(x) + tf.nn.softplus(x) + tf.nn.leaky_relu(x) + tf.nn.leaky_relu(x, alpha=0.3),
        tf.cast(tf.logical_not((x < 0) | (x <= 0.5) ^ tf.math.is_nan(x)), "float32"),
        tf.math.divide_no_nan(x, i) + tf.math.floordiv(x, p) + tf.math.asin(tf.clip_by_value(x, -1, 1)) + tf.math.add(x, i),
    ]), ".h5")


@case
def old_shapes():
    tf = __import__("tensorflow")
    i = tf_keras.Input((4, 3), name="x")
    x = L2.Dense(3)(i)
    flat = tf.reshape(x, [-1, 12])
    save("old_shapes", tf_keras.Model(i, [
        tf.nn.softmax(x) + tf.nn.log_softmax(x, axis=1), tf.concat([flat, flat], 1), tf.stack([x, i], axis=2),
        tf.transpose(x, [0, 2, 1]), tf.tile(flat, [1, 2]), tf.squeeze(tf.expand_dims(flat, 1), 1),
        tf.matmul(x, tf.transpose(i, [0, 2, 1])), tf.reduce_mean(x, axis=1), tf.reduce_sum(x, axis=[1, 2], keepdims=True),
        tf.reduce_max(x, axis=-1) + tf.reduce_min(x, axis=-1) + tf.reduce_logsumexp(x, axis=-1),
        tf.math.reduce_std(x, axis=1) + tf.math.reduce_variance(x, axis=1) + tf.reduce_prod(x, axis=1),
        tf.cast(tf.reduce_any(tf.math.equal(x, i), axis=1), "float32") + tf.cast(tf.reduce_all(tf.math.is_finite(x), axis=1), "float32"),
        x[:, 1:], x[:, -1], x[:, ::2, 0]]), ".h5")


# --- numbers of float64 ---
def wide_network():
    """Images and words: convolutions, recurrence, attention, norms, masks."""
    image, words = keras.Input((8, 7, 3), name="image"), keras.Input((6,), dtype="int32", name="words")
    x = L.BatchNormalization()(L.Conv2D(4, 3, activation="relu", padding="same")(image))
    x = L.Conv2D(5, 3, activation="elu")(L.DepthwiseConv2D(3, padding="same")(x))
    x = L.GlobalAveragePooling2D()(L.MaxPooling2D()(x))
    e = L.Embedding(7, 4, mask_zero=True)(words)
    e = L.Bidirectional(L.LSTM(3, return_sequences=True))(e)
    e = L.LayerNormalization()(L.MultiHeadAttention(2, 3)(e, e) + e)
    y = L.Concatenate()([x, L.GRU(4)(e), L.SimpleRNN(2)(e)])
    penalty = keras.regularizers.L2(1 / 64)  # exact in float32, where Keras keeps all constants
    return keras.Model([image, words], L.Dense(3, "softmax")(L.Dense(6, "tanh", kernel_regularizer=penalty)(y)))


@case
def float64():
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    model = wide_network()
    model.compile(keras.optimizers.SGD(1 / 8, momentum=1 / 2), "mse")
    save("float64", model, trained=True)
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


@case
def float64_layers():
    """Some layers of float64 in a model of float32: all of it is float64 here."""
    i = keras.Input((4,), name="x")
    x = L.Dense(5, "tanh", dtype="float64")(L.Dense(4)(i))
    model = keras.Model(i, [L.Dense(3)(x), L.Dense(2, dtype="float64")(x)])
    model.compile(keras.optimizers.AdamW(0.01), "mse")
    save("float64_layers", model, trained=True)


@case
def old_float64():
    tf_keras.backend.set_floatx("float64")
    i = tf_keras.Input((5, 3), name="x")
    x = L2.LSTM(4)(i)
    m = tf_keras.Model(i, L2.Dense(2, "softmax")(L2.BatchNormalization()(x)))
    m.compile(tf_keras.optimizers.SGD(1 / 8, momentum=0.5), "mse")
    save("old_float64", m, ".h5", trained=True)
    tf_keras.backend.set_floatx("float32")


@case
def new_h5():
    i = keras.Input((4,), name="x")
    inner = keras.Sequential([keras.Input((4,)), L.Dense(4), L.BatchNormalization(), L.Dense(3)], name="inner")
    d = L.Dense(3)
    m = keras.Model(i, [d(inner(i)), L.Bidirectional(L.GRU(2))(L.Reshape((2, 2))(i))])
    save("new_h5", m, ".h5")


@case
def new_h5_operations():
    i = keras.Input((4,), name="x")
    x = L.Dense(3)(i)
    y = L.Add()([keras.ops.relu6(x + 3.0) / 6.0, x])
    save("new_h5_operations", keras.Model(i, [y, y[:, 1:]]), ".h5")


# --- users' own classes: custom_layers.py ---
@case
def custom_residual():
    i = keras.Input((5, 4), name="x")
    block, x = ResidualBlock(4, name="block"), ResidualBlock(4, activation="tanh", sizes=[2])(i)
    m = keras.Model(i, [block(block(x)), L.Dense(2)(ResidualBlock(6)(i))])
    m.compile(keras.optimizers.Adam(0.01), "mse")
    save("custom_residual", m, trained=True)


@case
def custom_residual_h5():
    i = keras.Input((5, 4), name="x")
    m = keras.Model(i, L.Dense(2, name="y")(ResidualBlock(4, name="block")(i)))
    m.compile("rmsprop", "mse")
    save("custom_residual_h5", m, ".h5", trained=True)


@case
def custom_transformer():
    i = keras.Input((6,), dtype="int32", name="words")
    x = TransformerBlock(4, 2, 8)(TokenAndPosition(8, 10, 4)(i))
    x = TransformerBlock(4, 2, 6, causal=True)(x)
    m = keras.Model(i, L.Dense(2, name="y")(L.GlobalAveragePooling1D()(x)))
    m.compile("adam", "mse")
    save("custom_transformer", m, trained=True)


@case
def custom_nested():
    i = keras.Input((5, 3), name="x")
    inner = keras.Sequential([keras.Input((5, 3)), Stack(3), L.Dense(2)], name="inner")
    steps = L.TimeDistributed(ResidualBlock(2, sizes=(1,)))(L.Reshape((5, 3, 1))(i))
    m = keras.Model(i, [inner(i), Scaled(Averaged(3))(Scaled(L.Dense(3), 0.5)(i)), steps])
    m.compile("sgd", "mse")
    save("custom_nested", m, trained=True)


@case
def custom_ports():
    i, j = keras.Input((5, 3), name="x"), keras.Input((5, 2), name="y")
    a, g = Gate(3, name="first")(i, j)
    b, h = Gate(3)(i, context=j)
    frozen = Gate(3)
    m = keras.Model([i, j], [a, L.Add()([g, h]), Plain(2)(b), frozen(i, j)[0]])
    frozen.trainable = False
    m.compile("adam", "mse")
    save("custom_ports", m, trained=True)


@case
def many_ports():
    columns = [keras.Input((1,), name=f"c{k}", dtype="int32") for k in range(26)]
    x = L.Concatenate()([L.Flatten()(L.Embedding(6, 2)(c)) for c in columns])
    parts = ops.split(L.Dense(40)(x), 20, axis=1)
    y = L.Dense(2)(ops.stack(parts, axis=1))
    m = keras.Model(columns, parts[:17] + [L.Average()([L.Dense(3)(p) for p in parts]), y])
    m.compile("sgd", "mse")
    save("many_ports", m, trained=True)


@case
def old_custom():
    i = tf_keras.Input((5, 4), name="x")
    x = OldBlock(3, name="block")(OldBlock(4)(i))
    m = tf_keras.Model(i, L2.Dense(2, name="y")(x))
    m.compile("sgd", "mse")
    save("old_custom", m, ".h5", trained=True)
    save("old_custom_v3", tf_keras.Model(i, x), ".keras")


def main():
    os.makedirs(FOLDER, exist_ok=True)
    pattern = sys.argv[1] if len(sys.argv) > 1 else "*"
    for name, make in CASES.items():
        if fnmatch.fnmatch(name, pattern):
            keras.utils.clear_session()
            tf_keras.backend.clear_session()
            make()
    size = sum(os.path.getsize(os.path.join(FOLDER, f)) for f in os.listdir(FOLDER))
    print(f"{len(os.listdir(FOLDER))} files, {size} bytes")


main()
