"""Operations on nodes. `Operation` here says what each is in Keras, in the words of Antler's options;
an operation with the name and options of keras.ops needs no line of its own. Every operation of
src/layers/operation needs a case, or the suite fails."""
import ast
import re

import keras
import numpy as np
from keras import ops

from cases import layer


def key_of(text):
    """':, 1:, None' as what stands between Python's brackets."""
    return eval(f"_[{text}]", {"_": type("Key", (), {"__getitem__": lambda _, key: key})()})


def slice_of(x, start, shape, axis=None):
    place = [slice(None)] * len(x.shape)
    for a, s, n in zip(axis or range(len(place)), start, shape):
        s += x.shape[a] if s < 0 else 0
        place[a] = slice(s, None if n < 0 else s + n)
    return x[tuple(place)]


def pad_of(x, pad_width, mode="constant", value=None):
    n = len(x.shape)
    pairs = [pad_width * 2 if len(pad_width) == 1 else pad_width] * n if len(pad_width) < 3 else [
        pad_width[2 * k:2 * k + 2] for k in range(n)]
    if mode == "edge":  # TensorFlow has none
        return ops.convert_to_tensor(np.pad(x, pairs, mode))
    return ops.pad(x, pairs, mode, constant_values=value)


def broadcast_of(x, shape):
    more = len(shape) - len(x.shape)
    return ops.broadcast_to(x, [x.shape[k - more] if s < 0 else s for k, s in enumerate(shape)])


def one(x):
    return x[0] if isinstance(x, list) and len(x) == 1 else x


def parts(function):
    return lambda x, count=None, indices=None, **k: function(x, indices or count, **k)


def tensordot(a, b, count=2, axis=None, axis_2=None):
    return ops.tensordot(a, b, [axis, axis_2] if axis else count)


def norm(x, order=None, axis=None, keepdims=False):
    order = order if order in (None, "fro") else float(order)
    return ops.norm(x, order, axis if axis is None or isinstance(axis, int) else tuple(axis), keepdims)


def clipped(f):
    return lambda *x, **k: f(*x, **{{"value": "initial"}.get(n, n): v for n, v in k.items()})


def many(f, **names):
    """The values in a list; options by Keras's names."""
    return lambda *x, **k: f(list(x), **{names.get(n, n): v for n, v in k.items()})


def renamed(f, **names):
    return lambda *x, **k: f(*x, **{names.get(n, n): v for n, v in k.items()})


TABLE = {
    "all": ops.all,
    "array_split": lambda x, count, axis=0: ops.array_split(x, count, axis),
    "average": lambda x, weights=None, axis=None: ops.average(x, axis, weights),
    "batch_normalization": lambda x, mean, variance, offset=None, scale=None, **k: ops.batch_normalization(
        x, mean, variance, offset=offset, scale=scale, **k),
    "broadcast_to": broadcast_of,
    "cast": lambda x, to: ops.cast(x, to),
    "concatenate": lambda *x, axis=-1: ops.concatenate(x, axis),
    "convert_to_tensor": lambda x, to=None: ops.convert_to_tensor(x, to),
    "cumprod": renamed(ops.cumprod, to="dtype"),
    "cumsum": renamed(ops.cumsum, to="dtype"),
    "depth_to_space": renamed(ops.nn.depth_to_space, count="block_size", mode="data_format"),
    "diag": renamed(ops.diag, offset="k"),
    "diagflat": renamed(ops.diagflat, offset="k"),
    "diagonal": lambda x, axis=(0, 1), offset=0: ops.diagonal(x, offset, *axis),
    "diff": lambda x, axis=-1, count=1: ops.diff(x, count, axis),
    "digitize": lambda x, bins: ops.digitize(x, bins),
    "dot_product_attention": renamed(ops.dot_product_attention, causal="is_causal", value="scale"),
    "dsplit": parts(ops.dsplit),
    "dstack": many(ops.dstack),
    "einsum": lambda *x, subscripts: ops.einsum(subscripts, *x),
    "expand_dims": lambda x, axis: ops.expand_dims(x, axis),
    "full": lambda x, shape, to=None: ops.full(shape, x, to),
    "full_like": renamed(ops.full_like, to="dtype"),
    "get_item": lambda x, key: x[key_of(key)],
    "hsplit": parts(ops.hsplit),
    "hstack": many(ops.hstack),
    "in_top_k": lambda t, p, count: ops.in_top_k(t, p, count),
    "max": renamed(ops.max, value="initial"),
    "min": renamed(ops.min, value="initial"),
    "moments": lambda x, axis=None, keepdims=False: ops.moments(
        x, list(range(len(x.shape))) if axis is None else axis, keepdims),
    "moveaxis": lambda x, axis, axis_2: ops.moveaxis(x, axis, axis_2),
    "multi_hot": renamed(ops.multi_hot, count="num_classes", to="dtype"),
    "nan_to_num": renamed(ops.nan_to_num, value="nan", x_min="neginf", x_max="posinf"),
    "nancumprod": renamed(ops.nancumprod, to="dtype"),
    "nancumsum": renamed(ops.nancumsum, to="dtype"),
    "norm": norm,
    "normalize": lambda x, axis=-1, order="2", epsilon=None: ops.normalize(x, axis, int(order), epsilon),
    "one_hot": renamed(ops.one_hot, count="num_classes", to="dtype"),
    "ones_like": renamed(ops.ones_like, to="dtype"),
    "pad": pad_of,
    "percentile": renamed(ops.percentile, mode="method"),
    "prod": renamed(ops.prod, to="dtype"),
    "psnr": lambda a, b, x_max: ops.psnr(a, b, x_max),
    "quantile": renamed(ops.quantile, mode="method"),
    "repeat": lambda x, repeats, axis=None: ops.repeat(x, one(repeats), axis),
    "reshape": lambda x, shape: ops.reshape(x, shape),
    "roll": lambda x, shift, axis=None: ops.roll(x, one(shift), one(axis)),
    "rot90": lambda x, axis=(0, 1), count=1: ops.rot90(x, count, tuple(axis)),
    "round": renamed(ops.round, count="decimals"),
    "searchsorted": renamed(ops.searchsorted, mode="side"),
    "select": lambda *x, value=0: ops.select(x[:len(x) // 2], x[len(x) // 2:], value),
    "slice": slice_of,
    "softmax": lambda x, axis=-1: ops.softmax(x, tuple(axis) if isinstance(axis, list) else axis),
    "space_to_depth": renamed(ops.nn.space_to_depth, count="block_size", mode="data_format"),
    "split": parts(ops.split),
    "stack": lambda *x, axis=0: ops.stack(x, axis),
    "swapaxes": lambda x, axis: ops.swapaxes(x, *axis),
    "tensordot": tensordot,
    "tile": lambda x, repeats: ops.tile(x, repeats),
    "top_k": lambda x, count: ops.top_k(x, count),
    "trace": lambda x, axis=(0, 1), offset=0: ops.trace(x, offset, *axis),
    "transpose": lambda x, axis=None: ops.transpose(x, axis),
    "tril": renamed(ops.tril, offset="k"),
    "triu": renamed(ops.triu, offset="k"),
    "unstack": lambda x, count, axis=0: ops.unstack(x, count, axis),
    "vsplit": parts(ops.vsplit),
    "vstack": many(ops.vstack),
    "zeros_like": renamed(ops.zeros_like, to="dtype"),
    "isin": ops.isin,
}
# Places of values that are not x1, x2 … by the names in which constants are said.
PLACES = {"x": 0, "x1": 0, "x2": 1, "indices": 1, "weights": 1, "q": 1, "bins": 1, "mean": 1, "variance": 2,
          "offset": 3, "scale": 4, "gamma": 1, "beta": 2, "bias": 3, "mask": 4, "condition": 0,
          "sorted_sequence": 0, "values": 1, "target": 0, "output": 1}


def constant(text):
    name, value = text.split("=", 1)
    value = value.strip()
    typed = re.fullmatch(r"(float32|int32|int64|bool)\((.*)\)", value)
    place = int(name[3:-1]) if name.startswith("xs[") else PLACES[name]
    if value == "none":
        return place, None
    words = {"true": "True", "false": "False"}
    made = ast.literal_eval(re.sub("true|false", lambda m: words[m[0]], typed[2] if typed else value))
    return place, np.array(made, typed[1]) if typed else made


class Operation(keras.layers.Layer):
    def __init__(self, op, x1=None, x2=None, constants=(), **options):
        super().__init__()
        first = op in ("where",)
        self.op, self.options = op, options
        self.fixed = [(first + k, x) for k, x in enumerate((x1, x2)) if x is not None]
        self.fixed += [(first * ("condition" not in text) + place, x)
                       for text in constants for place, x in [constant(text)]]

    def call(self, inputs):
        values = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        for k, x in sorted(self.fixed, key=lambda f: f[0]):
            values.insert(k, x)
        if "(" in self.op:
            return keras.activations.get(self.op.split("(")[0])(
                *values, **eval("dict" + self.op[self.op.index("("):]))
        return TABLE.get(self.op, getattr(ops, self.op, None) or getattr(ops.nn, self.op, None))(
            *values, **self.options)


def operation(op, *inputs, **options):
    more = {k: options.pop(k) for k in ("rtol", "atol") if k in options and op not in ("isclose", "allclose")}
    text = "".join(f", {k}={v!r}" for k, v in options.items())
    return layer(f"Operation('{op}'{text})", *inputs, names={"Operation": Operation}, **more)


def real(*shape, low=-2.5, high=2.5):
    return shape, f"in:{low}:{high}"


def whole(*shape):
    return shape, "int:5"


def truth(*shape):
    return shape, "bool"


def distinct(*shape):
    return shape, "distinct"


def odd(*shape):
    return shape, "extremes"


def holes(*shape):
    return shape, "holes"


positive = dict(low=0.2, high=3)
CASES = []

# --- two values ---
for op in ("add", "subtract", "multiply", "maximum", "minimum", "arctan2"):
    CASES += [operation(op, real(2, 3), real(2, 3)), operation(op, real(2, 3), x1=0.5),
              operation(op, real(2, 3), x2=-1.5), operation(op, real(2, 1, 3), real(2, 4, 1))]
for op in ("add", "subtract", "multiply", "maximum", "minimum", "floor_divide", "mod", "divide"):
    CASES += [operation(op, whole(2, 3), x2=2), operation(op, whole(2, 3), x1=7)
              if op not in ("floor_divide", "mod", "divide") else
              operation(op, whole(2, 3), real(2, 3, **positive))]
for op in ("divide", "floor_divide", "mod", "fmod", "divide_no_nan"):
    CASES += [operation(op, real(2, 3), real(2, 3)), operation(op, real(2, 3), x2=-0.7),
              operation(op, real(2, 3), x1=1.5)]
for op in ("fmax", "fmin", "hypot", "logaddexp", "logaddexp2", "heaviside"):
    CASES += [operation(op, real(2, 3), real(2, 3)), operation(op, real(2, 3), x2=0.5),
              operation(op, whole(2, 3), real(2, 1))]
for op in ("gcd", "lcm", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift",
           "bitwise_right_shift"):
    CASES += [operation(op, whole(3, 4), whole(3, 4)), operation(op, whole(2, 3), x2=2)]
for op in ("add", "multiply", "maximum"):
    CASES += [operation(op, truth(2, 3), whole(2, 3)), operation(op, truth(2, 3), x2=2),
              operation(op, whole(2, 3), constants=["x2=0.5"]),
              operation(op, real(2, 3), constants=["x2=[0.5, -1, 2.25]"]),
              operation(op, real(2, 3), constants=["x1=float32([[1], [-0.5]])"]),
              operation(op, whole(2, 3), constants=["x2=int64([1, 2, 3])"])]
CASES.append(operation("multiply", whole(2, 3), constants=["x2=2.0"]))
CASES += [operation("power", real(2, 3, **positive), real(2, 3)), operation("power", real(2, 3), x2=3.0),
          operation("power", real(2, 3), x1=2.0), operation("power", real(2, 3, **positive), x2=-0.5),
          operation("power", whole(2, 3), x2=2), operation("ldexp", real(2, 3), whole(2, 3)),
          operation("divide_no_nan", real(2, 3), whole(2, 3))]
for op in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"):
    CASES += [operation(op, whole(3, 4), whole(3, 4)), operation(op, real(2, 3), real(2, 3)),
              operation(op, whole(3, 4), x2=2)]
CASES += [operation(op, truth(3, 4), truth(3, 4)) for op in ("equal", "not_equal")]
for op in ("logical_and", "logical_or", "logical_xor"):
    CASES += [operation(op, truth(3, 4), truth(3, 4)), operation(op, whole(3, 4), truth(3, 4))]
CASES += [operation("isclose", real(2, 3), constants=["x2=[0.5, 0.6, 0.7]"], rtol=0.5, atol=0.1),
          operation("isclose", whole(2, 3), whole(2, 3)), operation("isclose", odd(2, 3), odd(2, 3), equal_nan=True),
          operation("allclose", real(2, 3), real(2, 3), atol=9.0), operation("allclose", real(2, 3), real(2, 3)),
          operation("isin", whole(2, 3), constants=["x2=[1, 3]"]), operation("isin", whole(2, 3), whole(2), invert=True)]

# --- one value ---
for op in ("absolute", "negative", "sign", "square", "exp", "expm1", "sin", "cos", "tan", "arctan",
           "sinh", "cosh", "tanh", "arcsinh", "sigmoid", "softplus", "erf", "relu", "floor", "ceil",
           "round", "trunc", "reciprocal", "stop_gradient", "fabs", "exp2", "sinc", "deg2rad", "rad2deg",
           "erfc", "angle", "signbit", "copy"):
    CASES += [operation(op, real(2, 3)), operation(op, real(2, 2, 3, low=-6, high=6))]
for op in ("absolute", "negative", "sign", "square", "fabs", "trunc", "round", "floor", "ceil", "exp",
           "bitwise_not", "copy", "isreal"):
    CASES.append(operation(op, whole(2, 3)))
for op in ("sqrt", "rsqrt", "log", "log1p", "log2", "log10", "cbrt"):
    CASES += [operation(op, real(2, 3, **positive))]
for op in ("arcsin", "arccos", "arctanh", "erfinv"):
    CASES.append(operation(op, real(2, 5, low=-0.95, high=0.95)))
for op in ("isnan", "isfinite", "isinf", "isposinf", "isneginf", "isreal", "signbit", "nan_to_num"):
    CASES.append(operation(op, odd(3, 4)))
CASES += [operation("arccosh", real(2, 5, low=1.1, high=4)), operation("logical_not", truth(2, 3)),
          operation("logical_not", whole(2, 3)), operation("round", ((2, 4), "halves")),
          operation("cbrt", real(2, 3)), operation("absolute", truth(2, 3)), operation("square", truth(2, 3)),
          operation("round", real(2, 5), count=1), operation("round", real(2, 5, low=-80, high=80), count=-1),
          operation("nan_to_num", odd(3, 4), value=0.5, x_min=-3.0, x_max=4.0),
          operation("clip", real(3, 4), x_min=-0.5, x_max=1.0), operation("clip", whole(3, 4), x_min=1, x_max=3)]
for to in ("float32", "int32", "int64", "bool"):
    CASES += [operation("cast", x, to=to) for x in (real(2, 3), whole(2, 3), truth(2, 3))]
CASES += [operation("convert_to_tensor", real(2, 3)), operation("convert_to_tensor", whole(2, 3), to="float32")]
for op in ("zeros_like", "ones_like"):
    CASES += [operation(op, real(2, 3)), operation(op, whole(2, 3)), operation(op, real(2, 3), to="bool")]
CASES += [operation("full_like", real(2, 3), x2=1.5), operation("full_like", whole(2, 3), x2=3),
          operation("full_like", real(2, 3), real(3,), to="float32"), operation("full", real(1,), shape=[2, 3])]

# --- activations with options ---
for text in ("leaky_relu(negative_slope=0.3)", "elu(alpha=0.5)", "celu(alpha=2)", "gelu(approximate=True)",
             "gelu(approximate=False)", "squareplus(b=2)", "soft_shrink(threshold=0.4)", "hard_shrink(threshold=0.4)",
             "threshold(threshold=0.3, default_value=7)", "selu()", "silu()", "mish()", "relu6()", "hard_sigmoid()"):
    CASES.append(operation(text, real(2, 5)))
CASES += [operation("glu(axis=1)", real(2, 4, 3)), operation("sparsemax(axis=-1)", real(2, 5))]

# --- over axes ---
for op in ("sum", "mean", "prod", "var", "std", "logsumexp"):
    CASES += [operation(op, real(2, 3)), operation(op, real(2, 3, 4), axis=-1),
              operation(op, real(2, 3, 4), axis=[0, 2], keepdims=True), operation(op, real(2, 3, 4), axis=1)]
for op in ("max", "min", "ptp"):
    CASES += [operation(op, distinct(2, 3)), operation(op, distinct(2, 3, 4), axis=-1),
              operation(op, distinct(2, 3, 4), axis=[0, 2], keepdims=True), operation(op, whole(2, 3), axis=1)]
for op in ("any", "all"):
    CASES += [operation(op, truth(2, 3)), operation(op, truth(3, 4), axis=1), operation(op, whole(3, 2), axis=1),
              operation(op, truth(2, 3, 2), axis=[0, 2], keepdims=True)]
for op in ("sum", "mean", "prod", "var", "std", "max", "cumsum", "cumprod", "count_nonzero", "median"):
    CASES.append(operation(op, whole(3, 4), axis=1))
for op in ("sum", "mean", "prod", "max", "min", "cumsum"):
    CASES.append(operation(op, truth(3, 4), axis=1))
CASES += [operation("max", distinct(2, 3), axis=1, value=0.3), operation("min", distinct(2, 3), value=-0.3),
          operation("prod", whole(2, 3), to="int32"), operation("count_nonzero", whole(3, 4)),
          operation("count_nonzero", whole(2, 3, 2), axis=[0, 2])]
for op in ("nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin"):
    CASES += [operation(op, holes(3, 4)), operation(op, holes(3, 4), axis=1, keepdims=True)]
CASES += [operation(op, whole(3, 4), axis=0) for op in ("nansum", "nanmax", "nanmean")]
for op in ("argmax", "argmin"):
    CASES += [operation(op, distinct(3, 4), axis=1), operation(op, whole(3, 4), axis=0), operation(op, distinct(3, 4)),
              operation(op, distinct(3, 2, 2), axis=-2, keepdims=True), operation(op, distinct(3, 4), keepdims=True)]
CASES += [operation(op, holes(3, 4), axis=1) for op in ("nanargmax", "nanargmin")]
for op in ("cumsum", "cumprod"):
    CASES += [operation(op, real(3, 4), axis=0), operation(op, real(2, 3, 2), axis=-2), operation(op, real(2, 3)),
              operation(op, real(2, 7), axis=1), operation(op, whole(2, 3), axis=1, to="float32")]
CASES += [operation(op, holes(3, 4), axis=1) for op in ("nancumsum", "nancumprod")]
CASES += [operation("average", real(2, 3)), operation("average", real(2, 3), axis=1),
          operation("average", real(2, 3), real(2, 3, **positive), axis=1),
          operation("average", real(2, 3, 2), real(3, **positive), axis=1),
          operation("average", whole(2, 3), constants=["weights=[1, 2, 3]"], axis=-1),
          operation("moments", real(2, 3, 4), axis=[0, 1]), operation("moments", real(2, 3), axis=[1], keepdims=True),
          operation("median", distinct(3, 4)), operation("median", distinct(3, 5), axis=1, keepdims=True),
          operation("quantile", distinct(3, 4), axis=1, constants=["q=0.3"]),
          operation("quantile", distinct(3, 2, 3), axis=[0, 2], keepdims=False, constants=["q=[0.1, 0.5, 1]"]),
          operation("percentile", distinct(3, 5), axis=1, constants=["q=40"])]
for mode in ("lower", "higher", "nearest", "midpoint"):
    CASES.append(operation("quantile", distinct(3, 6), axis=1, mode=mode, constants=["q=0.35"]))
CASES += [operation("norm", real(2, 3)), operation("norm", real(2, 3), axis=1),
          operation("norm", real(2, 3, 4), axis=[1, 2], keepdims=True), operation("norm", real(2, 3), order="fro"),
          operation("norm", whole(2, 3), axis=1, order="0")]
for order in ("1", "3", "inf", "-inf", "-2"):
    CASES.append(operation("norm", distinct(2, 3), axis=1, order=order, keepdims=order == "3"))
for order in ("1", "-1", "inf", "-inf"):
    CASES += [operation("norm", distinct(2, 3, 4), axis=[2, 1], order=order),
              operation("norm", distinct(2, 3, 4), axis=[0, 1], order=order, keepdims=True)]
CASES += [operation("diff", real(2, 4)), operation("diff", real(3, 2), axis=0), operation("diff", real(2, 5), count=2),
          operation("diff", truth(2, 5)), operation("diff", whole(2, 5))]

# --- shapes ---
CASES += [operation(op, real(2, 3, 4), axis=a) for op in ("expand_dims", "flip") for a in (1, -1)]
CASES += [
    operation("expand_dims", real(2, 3), axis=[0, -1]), operation("flip", real(2, 3)), operation("flip", real(2, 3, 2), axis=[0, 2]),
    operation("fliplr", real(2, 3)), operation("flipud", real(2, 3)),
    operation("squeeze", real(2, 1, 4), axis=1), operation("squeeze", real(2, 3, 1), axis=-1),
    operation("squeeze", real(2, 1, 3, 1)), operation("squeeze", real(2, 1, 3, 1), axis=[1, -1]),
    operation("ravel", real(2, 3)), operation("swapaxes", real(2, 3, 4), axis=[1, -1]),
    operation("moveaxis", real(2, 3, 4), axis=[0], axis_2=[-1]), operation("moveaxis", real(2, 3, 4), axis=[0, 1], axis_2=[2, 0]),
    operation("concatenate", real(2, 3), real(2, 2)), operation("concatenate", real(2, 3), real(1, 3), axis=0),
    operation("concatenate", real(2, 3, 1), real(2, 1, 1), real(2, 2, 1), axis=1),
    operation("concatenate", whole(2, 3), real(2, 3)), operation("concatenate", truth(2, 3), truth(2, 2)),
    operation("concatenate", real(2, 3), constants=["xs[0]=float32([[1, 2], [3, 4]])"]),
    operation("append", real(2, 3), real(2, 2)), operation("append", real(2, 3), real(1, 3), axis=0),
    operation("stack", real(2, 3), real(2, 3)), operation("stack", real(2, 3), real(2, 3), real(2, 3), axis=-1),
    operation("stack", whole(2, 3), truth(2, 3)),
    operation("hstack", real(2, 3), real(2, 2)), operation("vstack", real(2, 3), real(1, 3)),
    operation("dstack", real(2, 3), real(2, 3)), operation("dstack", real(2, 3, 1), real(2, 3, 2)),
    operation("reshape", real(2, 6), shape=[-1, 3, 2]), operation("reshape", real(2, 3, 2), shape=[2, -1]),
    operation("broadcast_to", real(2, 1, 3), shape=[-1, 4, -1]), operation("broadcast_to", real(2, 3), shape=[2, 2, 3]),
    operation("transpose", real(2, 3, 4)), operation("transpose", real(2, 3, 4), axis=[0, 2, 1]),
    operation("transpose", real(2, 3, 4), axis=[-1, 0, 1]),
    operation("rot90", real(2, 3)), operation("rot90", real(2, 3, 4), axis=[1, 2], count=3),
    operation("rot90", real(3, 2, 3), axis=[2, 0], count=2), operation("rot90", real(2, 3), count=-1),
    operation("diagonal", real(2, 3)), operation("diagonal", real(2, 3, 4), axis=[1, 2], offset=1),
    operation("diagonal", real(3, 2, 4), axis=[2, 0], offset=-2), operation("trace", real(3, 4)),
    operation("trace", whole(2, 3, 3), axis=[1, 2], offset=-1), operation("tril", real(2, 3, 4)),
    operation("tril", real(3, 4), offset=-1), operation("triu", real(3, 4), offset=1), operation("triu", whole(3, 4)),
    operation("triu", real(3, 4), offset=-1), operation("diag", real(3,)), operation("diag", real(2,), offset=-2),
    operation("diag", real(3, 4), offset=1), operation("diagflat", real(2, 2), offset=1),
    operation("depth_to_space", real(2, 2, 3, 8), count=2), operation("space_to_depth", real(2, 4, 2, 3), count=2),
    operation("depth_to_space", real(1, 4, 2, 3), count=2, mode="channels_first"),
    operation("space_to_depth", real(1, 2, 2, 4), count=2, mode="channels_first"),
]

# --- pieces ---
for key in (":, 1:3", ":, -1", "1", "..., 0", ":, ::-1", ":, -3:, None", "None, ..., 1:", "::2, 1:-1:2", ":, 3:0:-2",
            ":, 5:9", "-1:, :-1", ":, 2:2"):
    CASES.append(operation("get_item", real(3, 4), key=key))
CASES += [operation("get_item", whole(2, 3, 4), key=":, 1, ..., None, -2:"), operation("get_item", truth(2, 3), key=":, 0")]
CASES += [
    operation("slice", real(2, 6), axis=[1], start=[1], shape=[2]), operation("slice", real(3, 4), axis=[1], start=[-1], shape=[1]),
    operation("slice", real(3, 4, 2), start=[0, 1, 0], shape=[3, 2, -1]),
    operation("split", real(2, 6), count=3, axis=1), operation("split", real(4, 2), count=2),
    operation("split", real(2, 6), indices=[1, 4], axis=-1), operation("hsplit", real(2, 4), count=2),
    operation("vsplit", real(4, 2), indices=[1, 3]), operation("dsplit", real(2, 3, 4), count=2),
    operation("array_split", real(2, 7), count=3, axis=1), operation("unstack", real(2, 3, 2), count=3, axis=1),
    operation("tile", real(2, 3), repeats=[1, 2]), operation("tile", real(2, 3), repeats=[2]),
    operation("tile", real(2, 3), repeats=[2, 1, 3]), operation("repeat", real(2, 3), repeats=[2]),
    operation("repeat", real(2, 3), axis=1, repeats=[3]), operation("repeat", real(2, 3), axis=0, repeats=[2]),
    operation("repeat", real(2, 3), axis=1, repeats=[2, 0, 1]), operation("repeat", truth(2, 3), axis=-1, repeats=[2]),
    operation("pad", real(2, 3), pad_width=[0, 0, 1, 2]), operation("pad", real(2, 3), pad_width=[0, 1, 0, 0], value=0.5),
    operation("pad", whole(2, 3), pad_width=[1], value=7), operation("pad", real(2, 3), pad_width=[1, 0], mode="reflect"),
    operation("pad", real(2, 4), pad_width=[0, 0, 3, 2], mode="reflect"),
    operation("pad", real(2, 4), pad_width=[0, 0, 4, 2], mode="symmetric"),
    operation("pad", real(2, 3), pad_width=[1, 2, 0, 2], mode="symmetric"),
    operation("pad", whole(2, 3), pad_width=[0, 1, 2, 3], mode="edge"),
    operation("roll", real(2, 3), shift=[1]), operation("roll", real(2, 5), shift=[-2], axis=[1]),
    operation("roll", real(3, 4), shift=[1, 7], axis=[0, 1]),
]

# --- indices and order ---
CASES += [
    operation("take", real(5, 3), whole(2, 4), axis=0), operation("take", real(2, 6), whole(3,), axis=1),
    operation("take", real(2, 5, 2), whole(2, 3), axis=-2), operation("take", real(2, 3), whole(2, 2)),
    operation("take", real(2, 4), axis=1, constants=["indices=[-1, 0, 2]"]),
    operation("take", real(2, 4), axis=1, constants=["indices=int64([[1], [3]])"]),
    operation("take_along_axis", real(2, 5), whole(2, 3), axis=1), operation("take_along_axis", real(5, 3), whole(2, 3), axis=0),
    operation("take_along_axis", real(2, 5, 2), whole(2, 1, 1), axis=1),
    operation("take_along_axis", real(6,), constants=["indices=[1, -1]"]),
    operation("one_hot", whole(2, 4), count=5), operation("one_hot", whole(2, 4), count=3, axis=1),
    operation("one_hot", whole(2, 4), count=5, to="bool"), operation("one_hot", whole(2, 3), count=5, axis=0, to="int32"),
    operation("multi_hot", whole(2, 4), count=5), operation("multi_hot", whole(2, 3), count=4, to="int32"),
    operation("sort", real(3, 4)), operation("sort", whole(3, 4), axis=0), operation("sort", real(2, 3, 2), axis=1),
    operation("argsort", real(3, 4)), operation("argsort", whole(3, 4), axis=0), operation("top_k", real(3, 5), count=2),
    operation("top_k", whole(3, 6), count=3), operation("in_top_k", ((3,), "int:4"), real(3, 4), count=2),
    operation("searchsorted", real(3,), constants=["sorted_sequence=[-1.0, 0.5, 0.5, 2]"]),
    operation("searchsorted", real(4,), mode="right", constants=["sorted_sequence=[-1.0, 0.5, 0.5, 2.0]"]),
    operation("digitize", real(2, 4), constants=["bins=[-1.0, 0.0, 1.5]"]),
    operation("where", truth(2, 3), real(2, 3), real(2, 3)), operation("where", truth(2, 3), real(2, 3), x2=0.5),
    operation("where", truth(2, 1), real(2, 3), x1=-1.0), operation("where", truth(2, 3), x1=1.0, x2=2.0),
    operation("where", truth(2, 3), constants=["x1=1", "x2=2"]), operation("where", truth(2, 3), whole(2, 3), x2=0),
    operation("where", real(2, 3), real(2, 3), constants=["x2=[1, 2, 3]"]),
    operation("select", truth(2, 3), truth(2, 3), real(2, 3), real(2, 3), value=0.5),
]

# --- products ---
CASES += [
    operation("matmul", real(3, 4), real(4, 2)), operation("matmul", real(2, 3, 4), real(2, 4, 2)),
    operation("matmul", real(2, 3, 4), real(4, 2)), operation("matmul", real(2, 3, 4), real(4,)),
    operation("matmul", real(3,), real(2, 3, 4)), operation("matmul", real(3,), real(3,)), operation("matmul", whole(2, 3), whole(3, 2)),
    operation("matmul", real(2, 3), constants=["x2=[[1, 2], [0, -1], [0.5, 3]]"]),
    operation("dot", real(2, 3), real(3, 4)), operation("dot", real(2, 3), real(3,)), operation("dot", real(2, 3), x2=2.0),
    operation("dot", real(2, 3), real(2, 3, 2)), operation("inner", real(2, 3), real(4, 3)), operation("vdot", real(2, 3), real(2, 3)),
    operation("outer", real(3,), real(2, 2)), operation("outer", whole(3,), whole(2,)), operation("kron", real(2, 3), real(2, 2)),
    operation("kron", real(2, 2, 3), real(3,)), operation("cross", real(2, 3), real(2, 3)), operation("cross", real(2, 2), real(2, 2)),
    operation("cross", real(3, 4), real(3, 4), axis=0), operation("cross", real(2, 3), real(2, 2)),
    operation("cdist", real(2, 3, 4), real(2, 5, 4)), operation("tensordot", real(2, 3, 4), real(3, 4, 2)),
    operation("tensordot", real(2, 3), real(3, 4), count=1), operation("tensordot", real(2, 3), real(2, 2), count=0),
    operation("tensordot", real(2, 3, 4), real(4, 5, 2), axis=[0, 2], axis_2=[2, 0]),
]
for text, *shapes in (
        ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)), ("bij,bkj->bik", (2, 3, 4), (2, 5, 4)), ("...i,ij->...j", (2, 3, 4), (4, 5)),
        ("btnh,bsnh->bnts", (2, 3, 2, 4), (2, 5, 2, 4)), ("ij->ji", (2, 3)), ("ijk->ik", (2, 3, 4)), ("bii->bi", (2, 3, 3)),
        ("ii", (3, 3)), ("ij,ij->ij", (2, 3), (2, 3)), ("ij,ij->", (2, 3), (2, 3)), ("i,j->ij", (2,), (3,)),
        ("ab,bc,cd->ad", (2, 3), (3, 4), (4, 2)), ("b...,b...->b...", (2, 3, 4), (2, 3, 4)), ("ij,jk", (2, 3), (3, 4)),
        ("abc,cde->abde", (2, 3, 4), (4, 2, 3)), ("bi,bj->b", (2, 3), (2, 4)), ("...ij,...jk->...ik", (2, 3, 4), (1, 4, 2))):
    CASES.append(operation("einsum", *(real(*s) for s in shapes), subscripts=text))
CASES.append(operation("einsum", whole(2, 3), whole(3, 2), subscripts="ij,jk->ik"))

# --- networks ---
CASES += [operation(op, real(2, 3, 4), **o) for op in ("softmax", "log_softmax") for o in ({}, {"axis": 1})]
CASES += [
    operation("softmax", real(2, 3, 4), axis=[1, 2]), operation("normalize", real(2, 3)), operation("normalize", real(2, 3, 2), axis=1),
    operation("normalize", real(2, 3), order="1"), operation("normalize", real(2, 3), order="3", axis=0),
    operation("normalize", real(2, 3), epsilon=3.0),
    operation("batch_normalization", real(4, 3), real(3,), real(3, **positive), axis=-1),
    operation("batch_normalization", real(2, 3, 2), real(3,), real(3, **positive), real(3,), real(3,), axis=1, epsilon=0.1),
    operation("batch_normalization", real(4, 3), real(3,), real(3, **positive), real(3,), constants=["offset=none"], axis=-1),
    operation("layer_normalization", real(2, 4)), operation("layer_normalization", real(2, 4), real(4,), real(4,), epsilon=0.01),
    operation("layer_normalization", real(2, 3, 4), axis=[1, 2]), operation("layer_normalization", real(2, 3, 4), real(3,), axis=1),
    operation("rms_normalization", real(2, 4)), operation("rms_normalization", real(2, 3, 4), real(4,), epsilon=0.1),
    operation("dot_product_attention", real(2, 3, 2, 4), real(2, 5, 2, 4), real(2, 5, 2, 4)),
    operation("dot_product_attention", real(2, 3, 4, 2), real(2, 3, 2, 2), real(2, 3, 2, 2), causal=True, value=0.7),
    operation("dot_product_attention", real(2, 3, 1, 2), real(2, 4, 1, 2), real(2, 4, 1, 2), real(2, 1, 3, 4)),
    operation("binary_crossentropy", ((2, 3), "unit"), ((2, 3), "unit")),
    operation("binary_crossentropy", ((2, 3), "unit"), real(2, 3), from_logits=True),
    operation("categorical_crossentropy", ((2, 3), "unit"), ((2, 3), "unit")),
    operation("categorical_crossentropy", ((2, 3, 2), "shares:1"), real(2, 3, 2), from_logits=True, axis=1),
    operation("sparse_categorical_crossentropy", ((4,), "int:3"), ((4, 3), "unit")),
    operation("sparse_categorical_crossentropy", ((2, 2, 1), "int:3"), real(2, 2, 3), from_logits=True),
    operation("psnr", real(2, 3), real(2, 3), x_max=2.0),
]
