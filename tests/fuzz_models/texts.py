"""Random models as Antler's YAML (JSON, which YAML takes): graphs with shared layers, models inside
models, masks, states, several inputs and outputs, odd names; and how they are compiled. The same seed
gives the same model. Keras only tells the shapes."""
import json

import numpy as np
from keras import layers as L

from layers import fits, some, whole, yes

INITIALIZERS = ["glorot_uniform", "HeNormal", "LecunUniform(seed=3)", "RandomNormal(stddev=0.2)",
                "VarianceScaling(scale=0.5, mode=fan_avg, distribution=uniform)",
                "TruncatedNormal(stddev=0.3)", "RandomUniform(minval=-0.4, maxval=0.3)"]
BIASES = ["zeros", "ones", "Constant(0.1)", "RandomNormal(stddev=0.1)"]
REGULARIZERS = [None] * 6 + ["L2(0.01)", "L1(0.002)", "L1L2(l1=0.001, l2=0.01)"]
CONSTRAINTS = [None] * 8 + ["MaxNorm(1.5)", "NonNeg", "UnitNorm(axis=0)",
                            "MinMaxNorm(min_value=0.2, max_value=1.2)"]
ACTIVATIONS = [None, "relu", "tanh", "sigmoid", "elu", "selu", "softplus", "softsign", "gelu", "silu",
               "hard_sigmoid", "relu6", "mish", "linear", "log_sigmoid", "celu", "softmax",
               "leaky_relu(negative_slope=0.3)", "relu(max_value=1.5, negative_slope=0.1)",
               "elu(alpha=0.5)", "soft_shrink", "hard_tanh", "sparse_plus", "squareplus"]
GATES = ["tanh", "relu", "sigmoid", "softsign", "hard_sigmoid", "elu(alpha=0.7)"]
ODD = ["with space", "dot.ted", "a-b", "xx:0", "ümlaut", "quote'", "[0]", "two, three", "né", "#1", "1"]


def quoted(name):
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


# --- layers: class and options for a value of a shape; `quiet` draws no random numbers ---
def weights_of(rng, *kinds):
    o = {}
    for k in kinds:
        o[k + "_initializer"] = some(rng, *(BIASES if k in ("bias", "beta") else INITIALIZERS))
        o[k + "_regularizer"] = some(rng, *REGULARIZERS)
        o[k + "_constraint"] = None if k == "recurrent" else some(rng, *CONSTRAINTS)
    return o


def dense(rng, shape, quiet):
    return "Dense", dict(units=whole(rng, 1, 7), activation=some(rng, *ACTIVATIONS),
                         use_bias=yes(rng, 0.8), activity_regularizer=some(rng, *REGULARIZERS),
                         **weights_of(rng, "kernel", "bias"))


def activation(rng, shape, quiet):
    return some(rng, ("Activation", dict(activation=some(rng, *ACTIVATIONS[1:]))),
                ("ReLU", dict(max_value=some(rng, None, 1.5), negative_slope=some(rng, 0.0, 0.2),
                              threshold=some(rng, 0.0, 0.3))),
                ("LeakyReLU", dict(negative_slope=0.15)), ("ELU", dict(alpha=0.7)),
                ("Softmax", dict(axis=some(rng, -1, 1))),
                ("PReLU", dict(alpha_initializer="Constant(0.2)",
                               shared_axes=some(rng, None, [1]))))


def batch_normalization(rng, shape, quiet):
    return "BatchNormalization", dict(
        axis=some(rng, -1, len(shape)), momentum=some(rng, 0.99, 0.8), epsilon=some(rng, 1e-3, 1e-2),
        center=yes(rng, 0.8), scale=yes(rng, 0.8), beta_regularizer=some(rng, *REGULARIZERS),
        gamma_constraint=some(rng, *CONSTRAINTS[:-2]), moving_mean_initializer=some(rng, *BIASES[:2]))


def layer_normalization(rng, shape, quiet):
    axis = some(rng, -1, len(shape), list(range(1, len(shape) + 1)))
    return "LayerNormalization", dict(axis=axis, epsilon=1e-2, center=yes(rng, 0.8),
                                      scale=yes(rng, 0.8), rms_scaling=yes(rng, 0.1))


def noise(rng, shape, quiet):
    rate = 0.0 if quiet else 0.3
    return some(rng, ("Dropout", dict(rate=rate, seed=some(rng, None, 5))),
                ("GaussianNoise", dict(stddev=rate)), ("GaussianDropout", dict(rate=rate)),
                ("AlphaDropout", dict(rate=rate)),
                ("Dropout", dict(rate=rate, noise_shape=[None] + [1] + [None] * (len(shape) - 1))))


def plain(rng, shape, quiet):
    return some(rng, ("Identity", {}), ("Rescaling", dict(scale=0.5, offset=-0.25)),
                ("ActivityRegularization", dict(l1=0.001, l2=0.01)),
                ("Normalization", dict(axis=some(rng, -1, len(shape)))),
                ("Normalization", dict(mean=[0.5], variance=[2.0], invert=yes(rng))))


def flatten(rng, shape, quiet):
    return "Flatten", {}


def repeat_vector(rng, shape, quiet):
    return "RepeatVector", dict(n=whole(rng, 2, 5))


def reshape_vector(rng, shape, quiet):
    return "Reshape", dict(target_shape=some(rng, [1, -1], [shape[0], 1]))


def conv1d(rng, shape, quiet):
    size = whole(rng, 1, min(3, shape[0]))
    strides, dilation = some(rng, (1, 1), (2, 1), (1, 2))
    padding = some(rng, "same", "causal", "valid")
    if (size - 1) * dilation + 1 > shape[0]:
        dilation = 1
    return "Conv1D", dict(filters=whole(rng, 1, 5), kernel_size=size, strides=strides,
                          dilation_rate=dilation, padding=padding, activation=some(rng, *ACTIVATIONS),
                          use_bias=yes(rng, 0.8), **weights_of(rng, "kernel", "bias"))


def pooling1d(rng, shape, quiet):
    return some(rng, "MaxPooling1D", "AveragePooling1D"), dict(
        pool_size=some(rng, 1, 2), strides=some(rng, None, 1), padding="same")


def global_pooling1d(rng, shape, quiet):
    return some(rng, "GlobalMaxPooling1D", "GlobalAveragePooling1D"), dict(keepdims=yes(rng, 0.2))


def cell_options(rng, kind, quiet):
    rate = 0.0 if quiet else some(rng, 0.0, 0.2)
    o = dict(units=whole(rng, 1, 5), activation=some(rng, *GATES), use_bias=yes(rng, 0.8),
             dropout=rate, recurrent_dropout=some(rng, 0.0, rate),
             **weights_of(rng, "kernel", "recurrent", "bias"))
    if kind == "GRU":
        o["reset_after"] = yes(rng)
    if kind == "LSTM":
        o["unit_forget_bias"] = yes(rng)
    if kind != "SimpleRNN":
        o["recurrent_activation"] = some(rng, "sigmoid", "hard_sigmoid")
    return o


def recurrent(rng, shape, quiet, **more):
    kind = some(rng, "LSTM", "GRU", "SimpleRNN")
    return kind, dict(cell_options(rng, kind, quiet), return_sequences=yes(rng),
                      go_backwards=yes(rng, 0.3), zero_output_for_mask=yes(rng, 0.2), **more)


def bidirectional(rng, shape, quiet):
    kind, o = recurrent(rng, shape, quiet)
    o.pop("go_backwards")
    if yes(rng, 0.5):
        o["name"] = "way"
    made = dict(layer={kind: o}, merge_mode=some(rng, "concat", "sum", "mul", "ave"))
    if yes(rng, 0.3):
        made["backward_layer"] = {kind: dict(o, go_backwards=True, name="back")}
    return "Bidirectional", made


def cells(rng, shape, quiet):
    made = []
    for _ in range(whole(rng, 1, 3)):
        kind = some(rng, "LSTM", "GRU", "SimpleRNN")
        made.append({kind + "Cell": cell_options(rng, kind, quiet)})
    return "RNN", dict(cell=made, return_sequences=yes(rng))


def time_distributed(rng, shape, quiet):
    maker = some(rng, dense, dense, batch_normalization) if len(shape) == 2 else conv1d
    cls, o = maker(rng, shape[1:], quiet)
    o.pop("activity_regularizer", None)  # Keras does not count it there
    return "TimeDistributed", dict(layer={cls: o})


def edges1d(rng, shape, quiet):
    if shape[0] > 3 and yes(rng):
        return "Cropping1D", dict(cropping=some(rng, 1, [1, 0]))
    return some(rng, ("ZeroPadding1D", dict(padding=some(rng, 2, [1, 2]))),
                ("UpSampling1D", dict(size=2)))


def permute(rng, shape, quiet):
    return "Permute", dict(dims=[int(k) + 1 for k in rng.permutation(len(shape))])


def masking(rng, shape, quiet):
    return "Masking", dict(mask_value=0.0)


def spatial_dropout(rng, shape, quiet):
    return f"SpatialDropout{len(shape) - 1}D", dict(rate=0.0 if quiet else 0.3)


def conv2d(rng, shape, quiet):
    first = yes(rng, 0.15) and not quiet  # TensorFlow has no gradient of it on a CPU
    space, channels = (shape[1:], shape[0]) if first else (shape[:2], shape[2])
    size = [whole(rng, 1, min(3, s)) for s in space]
    strides, dilation = some(rng, ([1, 1], 1), (2, 1), (1, [2, 1]))
    if any((k - 1) * 2 + 1 > s for k, s in zip(size, space)):
        dilation = 1
    groups = channels if yes(rng, 0.2) and not first else 1
    return "Conv2D", dict(filters=groups * whole(rng, 1, 3), kernel_size=size, strides=strides,
                          dilation_rate=dilation, padding=some(rng, "same", "valid"), groups=groups,
                          activation=some(rng, *ACTIVATIONS[:16]), use_bias=yes(rng, 0.8),
                          data_format="channels_first" if first else None,
                          **weights_of(rng, "kernel", "bias"))


def pooling2d(rng, shape, quiet):
    size = [min(2, shape[0]), min(some(rng, 1, 2), shape[1])]
    return some(rng, "MaxPooling2D", "AveragePooling2D"), dict(
        pool_size=size, strides=some(rng, None, 1, [1, 2]), padding=some(rng, "same", "valid"))


def global_pooling2d(rng, shape, quiet):
    return some(rng, "GlobalMaxPooling2D", "GlobalAveragePooling2D"), dict(keepdims=yes(rng, 0.2))


def edges2d(rng, shape, quiet):
    if min(shape[:2]) > 3 and yes(rng):
        return "Cropping2D", dict(cropping=some(rng, 1, [1, 0], [[1, 0], [0, 1]]))
    return some(rng, ("ZeroPadding2D", dict(padding=some(rng, 1, [1, 2], [[1, 0], [2, 1]]))),
                ("UpSampling2D", dict(size=[2, 1])))


ANY = [dense, dense, dense, activation, activation, batch_normalization, layer_normalization, noise,
       plain]
BY_RANK = {
    1: ANY + [repeat_vector, reshape_vector],
    2: ANY + [conv1d, pooling1d, global_pooling1d, recurrent, recurrent, bidirectional, cells,
              time_distributed, edges1d, permute, masking, flatten, spatial_dropout],
    3: ANY + [conv2d, conv2d, pooling2d, global_pooling2d, edges2d, permute, flatten,
              time_distributed, spatial_dropout],
}

SHAPELESS = ("_initializer", "_regularizer", "_constraint", "activation", "seed", "noise_shape",
             "mean", "variance")


def keras_layer(cls, o):
    """Keras's own, only to be asked for shapes."""
    o = {k: v for k, v in o.items() if not k.endswith(SHAPELESS) and k != "trainable"}
    for k in ("layer", "backward_layer"):
        if k in o:
            o[k] = keras_layer(*next(iter(o[k].items())))
    if "cell" in o:
        o["cell"] = [keras_layer(*next(iter(c.items()))) for c in o["cell"]]
    if cls in ("Activation", "Normalization"):
        cls, o = "Identity", {}
    return getattr(L, cls)(**o)


def shape_after(cls, o, shape):
    out = keras_layer(cls, o).compute_output_shape((None, *shape))
    return tuple(out[1:])


def unary(rng, shape, quiet):
    makers = BY_RANK.get(len(shape), [flatten])
    return makers[rng.integers(len(makers))](rng, shape, quiet)


# --- models ---
class Value:
    def __init__(self, text, shape, dtype="float32"):
        self.text, self.shape, self.dtype = text, tuple(shape), dtype


class Maker:
    def __init__(self, rng, depth=0, quiet=False):
        self.rng, self.depth, self.quiet = rng, depth, quiet
        self.inputs, self.layers, self.calls = {}, {}, {}
        self.ports, self.values, self.used = [], [], set()
        self.shared, self.models = [], []

    def name(self, base):
        taken = set(self.inputs) | set(self.layers) | set(self.calls)
        if yes(self.rng, 0.15):
            base = some(self.rng, *ODD)
        name, k = base, 0
        while name in taken:
            k += 1
            name = f"{base}_{k}"
        return name

    def input(self, shape, dtype="float32"):
        name = self.name("in")
        self.inputs[name] = dict(shape=list(shape), dtype=dtype)
        v = Value(quoted(name), shape, dtype)
        self.ports.append(v)
        if dtype == "float32":
            self.values.append(v)
        return v

    def tokens(self):
        x = self.input((whole(self.rng, 3, 6),), "int32")
        o = dict(input_dim=11, output_dim=whole(self.rng, 2, 4), mask_zero=yes(self.rng, 0.6),
                 embeddings_regularizer=some(self.rng, *REGULARIZERS))
        self.call(self.layer("Embedding", o), [x], [(*x.shape, o["output_dim"])])

    def some_input(self):
        makers = [lambda: self.input((whole(self.rng, 2, 6),)),
                  lambda: self.input((whole(self.rng, 3, 6), whole(self.rng, 2, 4))),
                  lambda: self.input((whole(self.rng, 4, 6), whole(self.rng, 4, 6),
                                      whole(self.rng, 1, 3)))]
        if not self.depth:
            makers.append(self.tokens)
        some(self.rng, *makers)()

    def layer(self, cls, o):
        name = self.name(cls.lower())
        if yes(self.rng, 0.1):
            o = dict(o, trainable=False)
        self.layers[name] = {cls: {k: v for k, v in o.items() if v is not None}}
        return name

    def call(self, layer, operands, shapes, keywords=""):
        name = self.name("c")
        self.calls[name] = f'{quoted(layer)}({", ".join(v.text for v in operands)}{keywords})'
        made = []
        for k, shape in enumerate(shapes):
            made.append(Value(quoted(name) + (f"[{k}]" if k else ""), shape))
            if fits(shape):
                self.values.append(made[-1])
        self.used |= {id(v) for v in operands}
        return made

    def pick(self):
        from_last = self.values[-3:] if yes(self.rng, 0.6) else self.values
        return some(self.rng, *from_last)

    def alike(self, shape):
        return [v for v in self.values if v.shape == tuple(shape)]

    # --- one more value ---
    def new_layer(self):
        x = self.pick()
        cls, o = unary(self.rng, x.shape, self.quiet)
        out = shape_after(cls, o, x.shape)
        if fits(out):
            name = self.layer(cls, o)
            self.call(name, [x], [out])
            self.shared.append((name, x.shape, out))

    def again(self):
        if self.shared:
            name, shape, out = self.shared[self.rng.integers(len(self.shared))]
            self.call(name, [some(self.rng, *self.alike(shape))], [out])

    def merge(self):
        x = self.pick()
        kind = some(self.rng, "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum",
                    "Concatenate", "Concatenate")
        n = 2 if kind == "Subtract" else whole(self.rng, 2, 3)
        operands = [x] + [some(self.rng, *self.alike(x.shape)) for _ in range(n - 1)]
        out = x.shape
        if kind == "Concatenate":
            out = (*x.shape[:-1], x.shape[-1] * n)
        if fits(out):
            self.call(self.layer(kind, {}), operands, [out])

    def dot(self):
        flat = [v for v in self.values if len(v.shape) == 1]
        if not flat:
            return
        x = some(self.rng, *flat)
        y = some(self.rng, *self.alike(x.shape))
        if x is not y:  # the cosine of a vector with itself is 1, give or take rounding
            self.call(self.layer("Dot", dict(axes=1, normalize=yes(self.rng))), [x, y], [(1,)])

    def state(self):
        """A recurrent layer whose states start another one."""
        walks = [v for v in self.values if len(v.shape) == 2]
        if not walks:
            return
        x, y = some(self.rng, *walks), some(self.rng, *walks)
        kind, o = recurrent(self.rng, x.shape, self.quiet, return_state=True)
        first = self.layer(kind, o)
        u = o["units"]
        out = (x.shape[0], u) if o["return_sequences"] else (u,)
        made = self.call(first, [x], [out] + [(u,)] * (2 if kind == "LSTM" else 1))
        second = dict(cell_options(self.rng, kind, self.quiet), units=u)
        states = ", ".join(v.text for v in made[1:])
        self.call(self.layer(kind, second), [y], [(u,)], f", initial_state=[{states}]")
        self.used |= {id(v) for v in made}

    def model(self):
        if self.depth > 1:
            return
        if self.models and yes(self.rng):
            name, inner = some(self.rng, *self.models)
        else:
            inner = make(self.rng, self.depth + 1, self.quiet)
            name = self.name("model")
            self.layers[name] = inner.tree()
            self.models.append((name, inner))
        operands = []
        for x in inner.ports:
            same = self.alike(x.shape)
            operands.append(some(self.rng, *same) if same else self.input(x.shape))
        self.call(name, operands, [v.shape for v in inner.outs])

    def fill(self):
        for _ in range(whole(self.rng, 1, 3)):
            self.some_input()
        steps = [self.new_layer] * 6 + [self.again, self.again, self.merge, self.merge, self.dot,
                                        self.state, self.model]
        for _ in range(whole(self.rng, 3, 12)):
            some(self.rng, *steps)()
        made = [v for v in self.values if v not in self.ports] or self.values
        loose = [v for v in made if id(v) not in self.used] or made[-1:]
        self.outs = loose[-whole(self.rng, 1, 4):]
        return self

    def tree(self):
        outs = {f"out{k}": v.text for k, v in enumerate(self.outs)}
        t = dict(inputs=self.inputs, layers=self.layers, calls=self.calls, outputs=outs)
        return dict(t, trainable=False) if self.depth and yes(self.rng, 0.15) else t


class Line:
    """A Sequential."""

    def __init__(self, rng, depth, quiet):
        self.frozen = depth and yes(rng, 0.15)
        shape = some(rng, (5,), (5, 3), (6, 5, 2))
        self.ports, self.items = [Value("", shape)], [{"Input": dict(shape=list(shape))}]
        for _ in range(whole(rng, 1, 5)):
            cls, o = unary(rng, shape, quiet)
            out = shape_after(cls, o, shape)
            if fits(out):
                self.items.append({cls: {k: v for k, v in o.items() if v is not None}})
                shape = out
        if len(self.items) == 1:
            self.items.append({"Dense": dict(units=2)})
            shape = (*shape[:-1], 2)
        self.outs = [Value("", shape)]

    def tree(self):
        t = dict(Sequential=self.items)
        return dict(t, trainable=False) if self.frozen else t


def make(rng, depth=0, quiet=False):
    return Line(rng, depth, quiet) if yes(rng, 0.2) else Maker(rng, depth, quiet).fill()


# --- training ---
SCHEDULES = ["ExponentialDecay(0.02, 4, 0.9)", "InverseTimeDecay(0.02, 3, 0.5, staircase=true)",
             "PolynomialDecay(0.02, 7, 0.001, power=2, cycle=true)", "CosineDecay(0.02, 9, alpha=0.1)",
             "PiecewiseConstantDecay(boundaries=[2, 5], values=[0.02, 0.01, 0.005])",
             "CosineDecayRestarts(0.02, 4, t_mul=2, m_mul=0.8)"]
OPTIMIZERS = {"SGD": [{}, dict(momentum=0.9), dict(momentum=0.8, nesterov=True)],
              "RMSprop": [{}, dict(rho=0.8, momentum=0.3), dict(centered=True, epsilon=1e-4)],
              "Adam": [{}, dict(amsgrad=True), dict(beta_1=0.8, beta_2=0.95, epsilon=1e-4)],
              "AdamW": [{}, dict(weight_decay=0.02, amsgrad=True)], "Adamax": [{}], "Nadam": [{}],
              "Adagrad": [{}, dict(initial_accumulator_value=0.3)], "Adadelta": [{}],
              "Ftrl": [{}, dict(l1_regularization_strength=0.01, l2_regularization_strength=0.02),
                       dict(beta=0.1, l2_shrinkage_regularization_strength=0.02)],
              "Lion": [{}], "Lamb": [{}]}
COMMON = [{}, {}, {}, dict(clipnorm=0.5), dict(clipvalue=0.1), dict(global_clipnorm=0.7),
          dict(use_ema=True, ema_momentum=0.9), dict(use_ema=True, ema_overwrite_frequency=3),
          dict(gradient_accumulation_steps=3), dict(weight_decay=0.01), dict(loss_scale_factor=8.0)]
LOSSES = ["mean_squared_error", "mean_absolute_error", "Huber(delta=0.7)", "log_cosh",
          "BinaryCrossentropy(from_logits=true, label_smoothing=0.1)", "MeanSquaredError(reduction=sum)",
          "cosine_similarity", "CategoricalCrossentropy(from_logits=true)", "squared_hinge"]
METRICS = ["mae", "mse", "RootMeanSquaredError", "cosine_similarity", "BinaryAccuracy(threshold=0.3)"]


def text_of(cls, options):
    said = ", ".join(f"{k}={json.dumps(v) if not isinstance(v, str) else v}" for k, v in options.items())
    return f"{cls}({said})"


def optimizer(rng, sparse):
    """`sparse`: TensorFlow's gradient of an Embedding, which Keras does not scale back."""
    cls = some(rng, *OPTIMIZERS)
    rate = some(rng, *SCHEDULES) if yes(rng, 0.25) else some(rng, 0.003, 0.01)
    return text_of(cls, {"learning_rate": rate, **some(rng, *OPTIMIZERS[cls]),
                         **some(rng, *(COMMON[:-1] if sparse else COMMON))})


def compiled(rng, model):
    """compile: for all outputs; a Sequential's has no name to be said by."""
    losses = [some(rng, *LOSSES) for _ in model.outs]
    metrics = [[some(rng, *METRICS)] if yes(rng) else [] for _ in model.outs]
    sparse = "Embedding" in json.dumps(model.tree())
    c = dict(optimizer=optimizer(rng, sparse), loss=losses if len(losses) > 1 else losses[0])
    if len(losses) > 1 and yes(rng):
        c["loss_weights"] = [some(rng, 1, 0.5, 2) for _ in losses]
    if any(metrics):
        c["metrics"] = metrics if len(losses) > 1 else metrics[0]
    return c


def data(rng, ports, outs, rows):
    x = {}
    for k, v in enumerate(ports):
        if v.dtype == "int32":
            a = rng.integers(0, 11, (rows, *v.shape)).astype("int32")
            a[:, 0] = rng.integers(1, 11, rows)  # something is left of every row
        else:
            a = rng.normal(0, 1, (rows, *v.shape)).astype("float32")
            if len(v.shape) == 2:
                a[: rows // 2, 1:] *= rng.random((rows // 2, v.shape[0] - 1, 1)) > 0.3
        x[k] = a
    # TensorFlow's gradient of a crossentropy takes it that targets sum to 1
    y = [rng.random((rows, *v.shape)) + 0.1 for v in outs]
    return list(x.values()), [(t / t.sum(-1, keepdims=True)).astype("float32") for t in y]
