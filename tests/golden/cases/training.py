"""Small models trained 20 steps on one batch: the loss before each step, for every optimizer."""
import zlib

import keras
import numpy as np
import tensorflow as tf

L = keras.layers


def numbers(key, shape, low=-1.0, high=1.0):
    return np.random.default_rng(zlib.crc32(key.encode())).uniform(low, high, shape).astype("float32")


def ids(key, n, shape):
    return np.random.default_rng(zlib.crc32(key.encode())).integers(0, n, shape).astype("int32")


MLP = """\
Sequential:
  - Input(4)
  - Dense(8, relu)
  - Dense(3, softmax)
"""


def mlp():
    return keras.Sequential([L.Input((4,)), L.Dense(8, "relu"), L.Dense(3, "softmax")])


PENALTIES = """\
Sequential:
  - Input(4)
  - Dense: {units: 6, activation: tanh, kernel_regularizer: L2(0.05), bias_regularizer: L1(0.02), kernel_constraint: MaxNorm(0.8)}
  - Dense: {units: 4, activation: relu, activity_regularizer: L1(0.01), trainable: false}
  - Dense: {units: 1, kernel_constraint: NonNeg()}
"""


def penalties():
    R, C = keras.regularizers, keras.constraints
    return keras.Sequential([
        L.Input((4,)),
        L.Dense(6, "tanh", kernel_regularizer=R.L2(0.05), bias_regularizer=R.L1(0.02),
                kernel_constraint=C.MaxNorm(0.8)),
        L.Dense(4, "relu", activity_regularizer=R.L1(0.01), trainable=False),
        L.Dense(1, kernel_constraint=C.NonNeg())])


TWIN = """\
inputs: {left: [5], right: [5]}
layers:
  tower: Dense(6, relu)
  join: Concatenate()
  trunk: Dense(5, tanh)
  same: Dense(1, sigmoid)
  kind: Dense(3, softmax)
calls:
  h: trunk(join(tower(left), tower(right)))
outputs: {same: same(h), kind: kind(h)}
"""


def twin():
    a, b = L.Input((5,), name="left"), L.Input((5,), name="right")
    tower = L.Dense(6, "relu", name="tower")
    h = L.Dense(5, "tanh", name="trunk")(L.Concatenate(name="join")([tower(a), tower(b)]))
    return keras.Model([a, b], [L.Dense(1, "sigmoid", name="same")(h),
                                L.Dense(3, "softmax", name="kind")(h)])


STACK = """\
Sequential:
  - Input(6)
  - Embedding(9, 4, mask_zero=true)
  - LSTM(5, relu, return_sequences=true)
  - GRU(4)
  - Dense(1)
"""


def stack():
    return keras.Sequential([L.Input((6,)), L.Embedding(9, 4, mask_zero=True),
                             L.LSTM(5, "relu", return_sequences=True), L.GRU(4), L.Dense(1)])


IMAGE = """\
Sequential:
  - Input([6, 6, 2])
  - Conv2D(4, 3, padding=same, use_bias=false)
  - BatchNormalization(momentum=0.8)
  - Activation(relu)
  - MaxPooling2D(2)
  - Conv2D(3, 2, activation=relu)
  - GlobalAveragePooling2D()
  - LayerNormalization()
  - Dense(3, softmax)
"""


def image():
    return keras.Sequential([
        L.Input((6, 6, 2)), L.Conv2D(4, 3, padding="same", use_bias=False),
        L.BatchNormalization(momentum=0.8), L.Activation("relu"), L.MaxPooling2D(2),
        L.Conv2D(3, 2, activation="relu"), L.GlobalAveragePooling2D(), L.LayerNormalization(),
        L.Dense(3, "softmax")])


# What TimeDistributed holds is called without its own activity penalty; what is inside that is not.
STEPS = """\
Sequential:
  - Input([3, 4])
  - TimeDistributed: {layer: {Dense: {units: 3, activation: tanh, activity_regularizer: L2(0.5)}}}
  - TimeDistributed: {layer: {ActivityRegularization: {l1: 0.3}}}
  - TimeDistributed: {layer: {Sequential: [{Dense: {units: 2, activity_regularizer: L2(0.1)}}]}}
"""


def steps():
    return keras.Sequential([
        L.Input((3, 4)), L.TimeDistributed(L.Dense(3, "tanh", activity_regularizer=keras.regularizers.L2(0.5))),
        L.TimeDistributed(L.ActivityRegularization(l1=0.3)),
        L.TimeDistributed(keras.Sequential([L.Dense(2, activity_regularizer=keras.regularizers.L2(0.1))]))])


MODELS = {
    "mlp": (MLP, mlp, lambda: [numbers("mlp/x", (16, 4))], lambda: [ids("mlp/y", 3, (16,))],
            ["sparse_categorical_crossentropy"], [["accuracy"]]),
    "penalties": (PENALTIES, penalties, lambda: [numbers("p/x", (12, 4))],
                  lambda: [numbers("p/y", (12, 1))], ["mse"], [["mae"]]),
    "twin": (TWIN, twin, lambda: [numbers("t/a", (10, 5)), numbers("t/b", (10, 5))],
             lambda: [ids("t/same", 2, (10, 1)).astype("float32"), ids("t/kind", 3, (10,))],
             ["binary_crossentropy", "sparse_categorical_crossentropy"], [["accuracy"], ["accuracy"]]),
    "stack": (STACK, stack, lambda: [np.sort(ids("s/x", 9, (8, 6)), axis=1)[:, ::-1].copy()],
              lambda: [numbers("s/y", (8, 1))], ["mse"], [["mae"]]),
    "image": (IMAGE, image, lambda: [numbers("i/x", (6, 6, 6, 2))], lambda: [ids("i/y", 3, (6,))],
              ["sparse_categorical_crossentropy"], [["accuracy"]]),
    "steps": (STEPS, steps, lambda: [numbers("td/x", (5, 3, 4))], lambda: [numbers("td/y", (5, 3, 2))],
              ["mse"], [["mae"]]),
}

OPTIMIZERS = [
    "SGD(0.1)", "SGD(0.1, momentum=0.9)", "SGD(0.1, momentum=0.9, nesterov=True)",
    "SGD(0.1, weight_decay=0.01)", "RMSprop(0.01)", "RMSprop(0.01, rho=0.8, momentum=0.5)",
    "RMSprop(0.01, centered=True)", "Adam(0.01)", "Adam(0.01, beta_1=0.8, beta_2=0.99, epsilon=1e-4)",
    "Adam(0.01, amsgrad=True)", "Adam(0.01, clipnorm=0.05)", "Adam(0.01, clipvalue=0.01)",
    "SGD(0.5, global_clipnorm=0.1)", "SGD(0.5, clipnorm=0.05)", "AdamW(0.01)",
    "AdamW(0.01, weight_decay=0.1)", "Adam(learning_rate=ExponentialDecay(0.05, 5, 0.7))",
    "SGD(learning_rate=CosineDecay(0.2, 15, alpha=0.1), momentum=0.5)",
    "Adagrad(0.1)", "Adadelta(1.0)", "Adamax(0.01)", "Nadam(0.01)", "Lion(0.005)", "Lamb(0.01)",
    "Ftrl(0.1)", "Ftrl(0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.02)",
    "Ftrl(0.1, l2_shrinkage_regularization_strength=0.05, beta=0.1, learning_rate_power=-0.4)",
    "Adam(0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=3)",
    "SGD(0.1, gradient_accumulation_steps=3)", "Adam(0.01, gradient_accumulation_steps=2)",
    "Adam(0.01, loss_scale_factor=8.0)",
]

CASES = [{"model": "mlp", "optimizer": o} for o in OPTIMIZERS]
CASES += [{"model": m, "optimizer": o} for m in ("penalties", "twin", "stack", "image")
          for o in ("SGD(0.05)", "Adam(0.01)", "RMSprop(0.005)")]
CASES += [{"model": "steps", "optimizer": "SGD(0.05)"}]
CASES += [{"model": "twin", "optimizer": "Adam(0.01)", "loss_weights": [1.0, 0.5]},
          {"model": "mlp", "optimizer": "Adam(0.01)", "sample_weight": True}]
for c in CASES:
    c["name"] = " ".join([c["model"], c["optimizer"]] + [k for k in ("loss_weights", "sample_weight")
                                                          if k in c])


def sum_first(optimizer):
    """TensorFlow's sparse gradients of an embedding are squared occurrence by occurrence; Keras's
    other backends, and we, add up a row's gradient first. So make them dense."""
    apply = optimizer.apply
    optimizer.apply = lambda grads, weights=None: apply(
        [tf.convert_to_tensor(g) for g in grads], weights)


def write(w, case):
    keras.backend.clear_session()
    yaml, build, xs, ys, losses, metrics = MODELS[case["model"]]
    model, xs, ys = build(), xs(), ys()
    names = dict(vars(keras.optimizers), **vars(keras.optimizers.schedules))
    optimizer = eval(case["optimizer"], {k: v for k, v in names.items() if k[0] != "_"})
    sum_first(optimizer)
    for k, v in enumerate(model.weights):
        v.assign(numbers(f"{case['model']}/w{k}", tuple(v.shape), 0.3 if "variance" in v.path else -0.5, 0.7))
    w.word("case", case["name"])
    w.word("yaml", len(yaml.splitlines()))
    w.lines += yaml.splitlines()
    w.word("optimizer", case["optimizer"])
    for l in losses:
        w.word("loss", l)
    for m in metrics:
        w.word("metrics", " ".join(m))
    several = len(losses) > 1
    model.compile(optimizer=optimizer, loss=losses if several else losses[0],
                  loss_weights=case.get("loss_weights"),
                  metrics=metrics if several else metrics[0])
    for x in xs:
        w.array("in", x)
    for y in ys:
        w.array("target", y)
    sw = None
    if case.get("sample_weight"):
        sw = numbers("sw", (len(ys[0]),), 0, 2)
        w.array("sample_weight", sw)
    if "loss_weights" in case:
        w.array("loss_weights", np.array(case["loss_weights"], "float32"))
    for v in model.weights:
        w.array("weight", v.numpy())
    w.array("predict", np.concatenate([np.ravel(p) for p in model.predict(xs, verbose=0)])
            if several else model.predict(xs, verbose=0))
    steps = []
    for _ in range(20):
        model.reset_metrics()
        steps.append(float(model.train_on_batch(xs if len(xs) > 1 else xs[0], ys if several else ys[0],
                                                sample_weight=sw, return_dict=True)["loss"]))
    w.array("losses", np.array(steps, "float32"))
    logs = model.evaluate(xs if len(xs) > 1 else xs[0], ys if several else ys[0], sample_weight=sw,
                          verbose=0, return_dict=True, batch_size=5)
    for k, v in logs.items():
        w.array(f"evaluate {k}", np.array(v, "float32"))
    w.array("after", np.concatenate([np.ravel(p) for p in model.predict(xs, verbose=0)])
            if several else model.predict(xs, verbose=0))
