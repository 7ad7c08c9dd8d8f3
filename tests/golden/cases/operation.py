"""Operations on nodes. `Operation` here says what each is in Keras, in the words of Antler's options;
an operation with the name and options of keras.ops needs no line of its own. Every operation of
src/layers/operation needs a case, or the suite fails."""
import keras
from keras import ops

from cases import layer


def slice_of(x, axis, start=0, count=1, step=1):
    start += x.shape[axis] if start < 0 else 0
    place = [slice(None)] * len(x.shape)
    place[axis] = slice(start, start + count * step, step)
    return x[tuple(place)]


def pad_of(x, axis, before=0, after=0, value=0):
    pairs = [(0, 0)] * len(x.shape)
    pairs[axis] = (before, after)
    return ops.pad(x, pairs, "constant", constant_values=value)


def broadcast_of(x, shape):
    more = len(shape) - len(x.shape)
    return ops.broadcast_to(x, [x.shape[k - more] if s < 0 else s for k, s in enumerate(shape)])


TABLE = {
    "broadcast_to": broadcast_of,
    "cast": lambda x, to: ops.cast(x, to),
    "concatenate": lambda *x, axis=-1: ops.concatenate(x, axis),
    "one_hot": lambda x, count: ops.one_hot(x, count),
    "pad": pad_of,
    "repeat": lambda x, axis, count: ops.repeat(x, count, axis),
    "reshape": lambda x, shape: ops.reshape(x, shape),
    "slice": slice_of,
    "stack": lambda *x, axis=0: ops.stack(x, axis),
    "take": lambda table, index: ops.take(table, index, axis=0),
    "transpose": lambda x, axis=None: ops.transpose(x, axis),
}


class Operation(keras.layers.Layer):
    def __init__(self, op, x1=None, x2=None, **options):
        super().__init__()
        self.op, self.numbers, self.options = op, (x1, x2), options

    def call(self, inputs):
        values = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        first = self.op == "where"
        for k, x in enumerate(self.numbers):
            if x is not None:
                values.insert(first + k, x)
        return TABLE.get(self.op, getattr(ops, self.op, None))(*values, **self.options)


def operation(op, *inputs, **options):
    text = "".join(f", {k}={v!r}" for k, v in options.items())
    return layer(f"Operation('{op}'{text})", *inputs, names={"Operation": Operation})


def real(*shape, low=-2.5, high=2.5):
    return shape, f"in:{low}:{high}"


def whole(*shape):
    return shape, "int:5"


def truth(*shape):
    return shape, "bool"


def distinct(*shape):
    return shape, "distinct"


positive = dict(low=0.2, high=3)
CASES = []
for op in ("add", "subtract", "multiply", "maximum", "minimum", "arctan2"):
    CASES += [operation(op, real(2, 3), real(2, 3)), operation(op, real(2, 3), x1=0.5),
              operation(op, real(2, 3), x2=-1.5), operation(op, real(2, 1, 3), real(2, 4, 1))]
for op in ("add", "subtract", "multiply", "maximum", "minimum", "floor_divide", "mod", "divide"):
    CASES += [operation(op, whole(2, 3), x2=2), operation(op, whole(2, 3), x1=7)
              if op not in ("floor_divide", "mod", "divide") else
              operation(op, whole(2, 3), real(2, 3, **positive))]
for op in ("divide", "floor_divide", "mod"):
    CASES += [operation(op, real(2, 3), real(2, 3)), operation(op, real(2, 3), x2=-0.7),
              operation(op, real(2, 3), x1=1.5)]
CASES += [operation("power", real(2, 3, **positive), real(2, 3)), operation("power", real(2, 3), x2=3.0),
          operation("power", real(2, 3), x1=2.0), operation("power", real(2, 3, **positive), x2=-0.5),
          operation("matmul", real(3, 4), real(4, 2)), operation("matmul", real(2, 3, 4), real(2, 4, 2))]
for op in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"):
    CASES += [operation(op, whole(3, 4), whole(3, 4)), operation(op, real(2, 3), real(2, 3)),
              operation(op, whole(3, 4), x2=2)]
for op in ("logical_and", "logical_or", "logical_xor"):
    CASES += [operation(op, truth(3, 4), truth(3, 4)), operation(op, whole(3, 4), truth(3, 4))]
for op in ("absolute", "negative", "sign", "square", "exp", "expm1", "sin", "cos", "tan", "arctan",
           "sinh", "cosh", "tanh", "arcsinh", "sigmoid", "softplus", "erf", "relu", "floor", "ceil",
           "round", "trunc", "reciprocal", "stop_gradient"):
    CASES += [operation(op, real(2, 3)), operation(op, real(2, 2, 3, low=-6, high=6))]
for op in ("absolute", "negative", "sign", "square"):
    CASES.append(operation(op, whole(2, 3)))
for op in ("sqrt", "rsqrt", "log", "log1p"):
    CASES += [operation(op, real(2, 3, **positive))]
for op in ("arcsin", "arccos", "arctanh"):
    CASES.append(operation(op, real(2, 5, low=-0.95, high=0.95)))
CASES += [operation("arccosh", real(2, 5, low=1.1, high=4)), operation("logical_not", truth(2, 3)),
          operation("logical_not", whole(2, 3)), operation("round", ((2, 4), "halves")),
          operation("isnan", ((3, 4), "extremes")), operation("isfinite", ((3, 4), "extremes"))]
for op in ("sum", "mean", "prod", "var", "std", "logsumexp"):
    CASES += [operation(op, real(2, 3)), operation(op, real(2, 3, 4), axis=-1),
              operation(op, real(2, 3, 4), axis=[0, 2], keepdims=True), operation(op, real(2, 3, 4), axis=1)]
for op in ("max", "min"):
    CASES += [operation(op, distinct(2, 3)), operation(op, distinct(2, 3, 4), axis=-1),
              operation(op, distinct(2, 3, 4), axis=[0, 2], keepdims=True), operation(op, whole(2, 3), axis=1)]
for op in ("any", "all"):
    CASES += [operation(op, truth(2, 3)), operation(op, truth(3, 4), axis=1),
              operation(op, truth(2, 3, 2), axis=[0, 2], keepdims=True)]
CASES += [operation("sum", whole(3, 4), axis=1), operation("mean", whole(3, 4), axis=1),
          operation("prod", whole(3, 4), axis=1)]
for op in ("argmax", "argmin"):
    CASES += [operation(op, distinct(3, 4), axis=1), operation(op, whole(3, 4), axis=0)]
CASES += [operation("cumsum", real(3, 4), axis=0), operation("cumsum", real(2, 3, 2), axis=-2)]
CASES += [operation(op, real(2, 3, 4), axis=a) for op in ("expand_dims", "flip") for a in (1, -1)]
CASES += [operation("squeeze", real(2, 1, 4), axis=1), operation("squeeze", real(2, 3, 1), axis=-1)]
CASES += [operation(op, real(2, 3, 4), **o) for op in ("softmax", "log_softmax") for o in ({}, {"axis": 1})]
CASES += [
    operation("concatenate", real(2, 3), real(2, 2)), operation("concatenate", real(2, 3), real(1, 3), axis=0),
    operation("concatenate", real(2, 3, 1), real(2, 1, 1), real(2, 2, 1), axis=1),
    operation("stack", real(2, 3), real(2, 3)), operation("stack", real(2, 3), real(2, 3), real(2, 3), axis=-1),
    operation("where", truth(2, 3), real(2, 3), real(2, 3)), operation("where", truth(2, 3), real(2, 3), x2=0.5),
    operation("where", truth(2, 1), real(2, 3), x1=-1.0), operation("where", truth(2, 3), x1=1.0, x2=2.0),
    operation("clip", real(3, 4), x_min=-0.5, x_max=1.0), operation("cast", real(2, 3), to="int32"),
    operation("cast", whole(2, 3), to="float32"), operation("cast", whole(2, 3), to="bool"),
    operation("cast", real(2, 3), to="int64"), operation("cast", truth(2, 3), to="float32"),
    operation("reshape", real(2, 6), shape=[-1, 3, 2]), operation("reshape", real(2, 3, 2), shape=[2, -1]),
    operation("broadcast_to", real(2, 1, 3), shape=[-1, 4, -1]),
    operation("broadcast_to", real(2, 3), shape=[2, 2, 3]),
    operation("transpose", real(2, 3, 4)), operation("transpose", real(2, 3, 4), axis=[0, 2, 1]),
    operation("slice", real(2, 6), axis=1, start=1, count=2, step=2),
    operation("slice", real(3, 4), axis=1, start=-1), operation("slice", real(3, 4, 2), axis=-2, count=3),
    operation("repeat", real(2, 3), axis=1, count=3), operation("repeat", real(2, 3), axis=0, count=2),
    operation("pad", real(2, 3), axis=1, before=1, after=2), operation("pad", real(2, 3), axis=0, after=1, value=0.5),
    operation("take", real(5, 3), whole(2, 4)), operation("one_hot", whole(2, 4), count=5),
]
