"""Writes tests/golden/data/*.txt: inputs, weights, outputs and gradients from real Keras 3.15.1.

    pip install keras==3.15.1 tensorflow-cpu==2.21.0     (in a virtual environment outside the tree)
    python tests/golden/generate.py [FAMILY…]

The suite never needs Python: what this writes is committed. A case's layer is one text that both
sides read: Python evaluates it with Keras's classes, Antler parses it by its own grammar.
"""
import importlib
import os
import pathlib
import sys
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

HERE = pathlib.Path(__file__).parent
tf.get_logger().setLevel("ERROR")
NAMES = {k: getattr(keras.layers, k) for k in dir(keras.layers)}


def numbers(key, shape, low=-1.0, high=1.0):
    """Numbers that depend on the key alone."""
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    return rng.uniform(low, high, shape).astype("float32")


class Writer:
    def __init__(self, family):
        self.path = HERE / "data" / f"{family}.txt"
        self.lines = [f"# written by tests/golden/generate.py from Keras {keras.__version__}"]

    def word(self, key, value):
        self.lines.append(f"{key} {value}")

    def array(self, key, a):
        a = np.asarray(a)
        self.lines.append(f"{key} {a.dtype.name} {a.ndim} " + " ".join(map(str, a.shape)))
        flat = a.reshape(-1)
        text = [f"{v:.9g}" if a.dtype.kind == "f" else str(int(v)) for v in flat]
        for i in range(0, len(text), 12):
            self.lines.append(" ".join(text[i:i + 12]))

    def close(self):
        self.path.write_text("\n".join(self.lines) + "\nend\n")
        print(self.path.name, self.path.stat().st_size)


def make_input(case, k, spec):
    """A spec is a shape, or (shape, kind): 'int:n' below n, 'unit' in (0, 1), 'in:low:high', 'bool',
    'distinct', 'halves' (1.5, 2.5 …), 'extremes' (NaN and infinity among others), 'holes' (distinct
    numbers and NaN), 'shares:axis', 'zeros:n'."""
    shape, kind = spec if isinstance(spec[0], tuple) else (spec, "")
    key = f"{case['name']}/in{k}"
    if kind.startswith("int:"):
        return np.random.default_rng(zlib.crc32(key.encode())).integers(
            0, int(kind[4:]), shape).astype("int32")
    if kind == "distinct":     # no ties: for maxima
        n = int(np.prod(shape))
        return (np.random.default_rng(zlib.crc32(key.encode())).permutation(n) / n - 0.4).reshape(
            shape).astype("float32")
    if kind.startswith("in:"):
        low, high = map(float, kind[3:].split(":"))
        return numbers(key, shape, low, high)
    if kind == "bool":
        return numbers(key, shape) > 0
    if kind == "halves":
        return (np.arange(np.prod(shape)).reshape(shape) - 3.5).astype("float32")
    if kind == "extremes":
        a = numbers(key, shape)
        a.flat[:3] = np.nan, np.inf, -np.inf
        return a
    if kind == "holes":
        a = make_input(case, k, (shape, "distinct"))
        a.flat[1::5] = np.nan
        return a
    if kind.startswith("shares:"):  # they add up to 1 along an axis
        a = numbers(key, shape, 0.05, 0.95)
        return a / a.sum(int(kind[7:]), keepdims=True)
    if kind == "unit":
        return numbers(key, shape, 0.05, 0.95)
    if kind.startswith("zeros:"):  # the last steps of each row are zeros: for Masking
        a = numbers(key, shape)
        for b in range(shape[0]):
            a[b, shape[1] - (b % int(kind[6:])):] = 0
        return a
    return numbers(key, shape)


def make_mask(case, shape):
    m = numbers(case["name"] + "/mask", shape) > -0.4
    m[:, 0] = True
    return m


def attach_masks(case, tensors):
    """Masks that inputs carry: one shape for each, or None."""
    masks = []
    for k, shape in enumerate(case.get("masks", [])):
        m = None if shape is None else numbers(f"{case['name']}/mask{k}", shape) > -0.3
        if m is not None and "empty" not in case:
            m[:, 0] = True
        masks.append(m)
        if m is not None:
            keras.src.backend.set_keras_mask(tensors[k], tf.constant(m))
    return masks


def attention_mask(case):
    """Every row allows something, but where the case says 'empty'."""
    m = numbers(case["name"] + "/attention_mask", case["attention_mask"]) > 0
    if "empty" in case:
        m[..., 0, :] = False
    else:
        m[..., 0] = True
    return m


def set_weights(case, layer):
    values = []
    for k, v in enumerate(layer.weights):
        low = 0.2 if "variance" in v.path or "stddev" in v.path else -0.6
        v.assign(numbers(f"{case['name']}/w{k}", tuple(v.shape), low, 0.8))
        values.append(v.numpy())
    return values


def layer_case(w, case):
    """One layer, called once: outputs, masks and gradients of sum(output * seed). `said` is what Antler
    reads where Python's form is no text of its grammar; `names` are classes beside Keras's."""
    keras.backend.clear_session()
    # TensorFlow has no channels_first kernels on a CPU: the twin runs between transposes.
    turned = case.get("turned", False)
    text = case["layer"].replace("channels_first", "channels_last") if turned else case["layer"]
    layer = eval(text, {**NAMES, **case.get("names", {})})
    xs = [make_input(case, k, s) for k, s in enumerate(case["inputs"])]
    states = [numbers(f"{case['name']}/state{k}", s) for k, s in enumerate(case.get("states", []))]
    mask = make_mask(case, case["mask"]) if "mask" in case else None
    training = case.get("training", False)
    tensors = [tf.constant(x) for x in xs]
    state_tensors = [tf.constant(s) for s in states]
    flags = case.get("call", [])
    allowed = attention_mask(case) if "attention_mask" in case else None
    masks = []

    def call():
        kw = {}
        if training:
            kw["training"] = True
        if mask is not None:
            kw["mask"] = tf.constant(mask)
        if states:
            kw["initial_state"] = state_tensors
        if allowed is not None:
            kw["attention_mask"] = tf.constant(allowed)
        kw.update((flag, True) for flag in flags)
        masks[:] = attach_masks(case, tensors)
        if turned:
            to = [0] + list(range(2, xs[0].ndim)) + [1]
            back = [0, xs[0].ndim - 1] + list(range(1, xs[0].ndim - 1))
            return tf.transpose(layer(tf.transpose(tensors[0], to), **kw), back)
        if case.get("apart"):
            return layer(*tensors, **kw)
        return layer(tensors[0] if len(tensors) == 1 else tensors, **kw)

    if "adapt" in case:
        layer.adapt(xs[0])
    call()
    values = [] if "adapt" in case else set_weights(case, layer)
    with tf.GradientTape() as tape:
        watched = [t for t in tensors if t.dtype.is_floating] + state_tensors
        tape.watch(watched)
        out = call()
        outs = [o for o in tf.nest.flatten(out)]
        seeds = [numbers(f"{case['name']}/seed{k}", tuple(o.shape)) for k, o in enumerate(outs)]
        total = sum(tf.reduce_sum(tf.cast(o, "float32") * s) for o, s in zip(outs, seeds))
    train = [v.value for v in layer.trainable_weights]
    grads = tape.gradient(total, watched + train)

    w.word("case", case["name"])
    w.word("layer", case.get("said", case["layer"]))
    w.word("training", int(bool(training)))
    if "rtol" in case:
        w.word("rtol", case["rtol"])
    if "atol" in case:
        w.word("atol", case["atol"])
    if "adapt" in case:
        w.word("adapt", 1)
    for x in xs:
        w.array("in", x)
    for s in states:
        w.array("state", s)
    if mask is not None:
        w.array("mask", mask)
    for k, m in enumerate(masks):
        if m is not None:
            w.array(f"mask{k}", m)
    if allowed is not None:
        w.array("attention_mask", allowed)
    if flags:
        w.word("flags", " ".join(flags))
    for v in values:
        w.array("weight", v)
    for o, s in zip(outs, seeds):
        w.array("out", o.numpy())
        w.array("seed", s)
    out_mask = getattr(outs[0], "_keras_mask", None)
    if out_mask is not None:
        w.array("out_mask", np.asarray(out_mask))
    g = iter(grads)
    for x in xs:
        if x.dtype.kind == "f":
            d = next(g)
            w.array("din", np.zeros_like(x) if d is None else tf.convert_to_tensor(d).numpy())
    for s in states:
        d = next(g)
        w.array("dstate", np.zeros_like(s) if d is None else d.numpy())
    for v in layer.trainable_weights:
        d = next(g)
        w.array("dweight", np.zeros(v.shape, "float32") if d is None
                else tf.convert_to_tensor(d).numpy())
    if training and layer.non_trainable_weights:
        set_weights(case, layer)
        call()
        for v in layer.non_trainable_weights:
            if "seed" not in v.path:
                w.array("after", v.numpy())


def main():
    wanted = sys.argv[1:]
    for path in sorted((HERE / "cases").glob("*.py")):
        if path.stem.startswith("_") or (wanted and path.stem not in wanted):
            continue
        module = importlib.import_module(f"cases.{path.stem}")
        w = Writer(path.stem)
        for case in module.CASES:
            try:
                getattr(module, "write", layer_case)(w, case)
            except Exception as e:
                raise SystemExit(f"{path.stem} {case['name']}: {type(e).__name__}: {e}")
        w.close()


sys.path.insert(0, str(HERE))
if __name__ == "__main__":
    main()
