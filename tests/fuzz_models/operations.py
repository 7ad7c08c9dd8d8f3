#!/usr/bin/env python3
"""Random small graphs of keras.ops, written by Keras, run by Antler, compared: values and types; then
written by Antler and opened by Keras, which must compute the same.

    python tests/fuzz_models/operations.py --antler build/src/tool/antler --from 0 --count 1000

Needs keras==3.15.1 with TensorFlow. Each operation is drawn with shapes, axes and options at random and
run twice, on symbols and on numbers, so that no graph leaves what float32 can tell. Prints a line per
difference, with the seed that gives it again; exits 1 when there was one. --keep DIR keeps the files of
differences; --only NAME draws that operation in every graph.
"""
import collections
import os
import shutil
import sys
import tempfile

import read  # noqa: I001: sets what Keras is to run on
import keras
import numpy as np
from keras import ops

BATCH = 3
TABLE = {}


class Value:
    """A tensor of the graph with its numbers; `exact`: rounding has not touched it."""

    def __init__(self, symbol, number, exact):
        self.symbol, self.number, self.exact = symbol, number, exact

    shape = property(lambda self: tuple(self.number.shape))
    rank = property(lambda self: len(self.number.shape))
    kind = property(lambda self: keras.backend.standardize_dtype(self.number.dtype)[0])


class Graph:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.inputs, self.pool, self.used = [], [], []
        sizes = [int(n) for n in self.rng.choice([1, 2, 3, 4, 5], 4)]
        for k, dtype in enumerate(("float32", "float32", "int32", "bool", "float32")):
            rank = self.int(1, 4)
            shape = tuple(sizes[:rank]) if k < 2 else tuple(int(n) for n in self.rng.choice(sizes, rank))
            x = self.rng.permutation(int(np.prod((BATCH, *shape)))).reshape(BATCH, *shape)
            a = (x % 7 - 3) if dtype == "int32" else x % 3 > 0 if dtype == "bool" else (x / x.size * 4 - 1.9)
            a = a.astype(dtype)
            symbol = keras.Input(shape, dtype=dtype, name=f"in{k}")
            self.inputs.append((symbol, a))
            self.pool.append(Value(symbol, ops.convert_to_tensor(a), True))

    def int(self, low, high):
        return int(self.rng.integers(low, high))

    def flip(self, p=0.5):
        return bool(self.rng.random() < p)

    def choose(self, from_):
        return from_[self.int(0, len(from_))]

    def value(self, kinds="f", low=2, high=5, exact=False, test=lambda v: True):
        """A value of the pool; refused when there is none."""
        some = [v for v in self.pool if v.kind in kinds and low <= v.rank <= high and (v.exact or not exact) and test(v)]
        if not some:
            raise Refused
        return self.choose(some)

    def axis(self, v, low=1):
        k = self.int(low, v.rank)
        return k - v.rank if self.flip() else k

    def axes(self, v, low=1):
        n = self.int(1, v.rank - low + 1)
        some = sorted(int(k) for k in self.rng.permutation(range(low, v.rank))[:n])
        return [k - v.rank if self.flip(0.3) else k for k in some]

    def reduced(self, v):
        return self.choose([self.axis(v), self.axes(v)]), self.flip()

    def number(self):
        return self.choose([2, 0.5, -1.5, 3, 1.0, -2])


class Refused(Exception):
    pass


def rule(*names, rounds=True):
    """Draws f(graph) -> (function of tensors, values). rounds: its results are not exact."""
    def keep(f):
        for name in names:
            TABLE[name] = (f, rounds)
        return f
    return keep


def ops_of(name):
    f = ops
    for part in name.split("."):
        f = getattr(f, part)
    return f


# --- one value ---
for _names, _kinds, _exact, _before in (
        ("absolute negative square sign", "fi", False, None),
        ("exp expm1 exp2 sin cos tanh arctan sinh cosh arcsinh sigmoid erf erfc softplus deg2rad rad2deg sinc cbrt", "f", False, None),
        ("floor ceil trunc round isnan isfinite isinf signbit logical_not angle sort_free", "f", True, None),
        ("sqrt rsqrt log log2 log10 log1p reciprocal", "f", False, lambda x: ops.abs(x) + 0.3),
        ("arcsin arccos arctanh erfinv", "f", False, lambda x: ops.tanh(x) * 0.8),
        ("arccosh", "f", False, lambda x: ops.abs(x) + 1.2), ("bitwise_not", "i", True, None),
        ("relu relu6 sparse_sigmoid softsign silu log_sigmoid hard_sigmoid hard_silu selu tanh_shrink hard_tanh sparse_plus mish_free",
         "f", False, None)):
    for _name in _names.split():
        if _name.endswith("_free"):
            continue

        def _draw(g, name=_name, kinds=_kinds, exact=_exact, before=_before):
            f = ops_of(name)
            return (lambda x: f(before(x) if before else x)), [g.value(kinds, exact=exact)]
        TABLE[_name] = (_draw, not _exact and _name not in ("absolute", "negative", "sign", "relu", "relu6"))


@rule("leaky_relu", "elu", "celu", "gelu", "squareplus", "soft_shrink", "hard_shrink", "threshold", "glu", "sparsemax")
def activations(g):
    v = g.value("f", exact=True)
    k = g.choose([0.3, 0.7])
    f = g.choose([lambda x: ops.leaky_relu(x, k), lambda x: ops.elu(x, k), lambda x: ops.celu(x, k),
                  lambda x: ops.gelu(x, True), lambda x: ops.gelu(x, False), lambda x: ops.squareplus(x, 2),
                  lambda x: ops.soft_shrink(x, k), lambda x: ops.hard_shrink(x, k), lambda x: ops.threshold(x, k, -1.5),
                  lambda x: ops.sparsemax(x, -1)])
    if v.shape[-1] % 2 == 0 and g.flip(0.3):
        f = lambda x: ops.glu(x, axis=-1)  # noqa: E731
    return f, [v]


@rule("softmax", "log_softmax", "logsumexp")
def softmaxes(g):
    v = g.value("f")
    a = g.choose([g.axis(v), -1])
    f = g.choose([ops.softmax, ops.log_softmax])
    return g.choose([lambda x: f(x, axis=a), lambda x: ops.logsumexp(x, axis=a, keepdims=True), lambda x: f(x)]), [v]


@rule("cast", rounds=False)
def cast(g):
    v = g.value("fib", exact=True)
    to = g.choose(["float32", "int32", "int64", "bool"])
    return lambda x: ops.cast(x, to), [v]


@rule("clip", rounds=False)
def clip(g):
    low, high = g.choose([(-1, 1), (-0.5, 0.75)]) if g.flip() else (-1, 2)
    return lambda x: ops.clip(x, low, high), [g.value("f")]


@rule("likes", rounds=False)
def likes(g):
    f = g.choose([ops.zeros_like, ops.ones_like])
    to = g.choose([None, "int32", "bool", "float32"])
    if g.flip():
        return lambda x: f(x, dtype=to), [g.value("fib")]
    n = g.number()
    return lambda x: ops.full_like(x, n), [g.value("f")]


@rule("round", rounds=True)
def rounded(g):
    n = g.choose([1, 2, -1])
    return lambda x: ops.round(x, n), [g.value("f", exact=True)]


# --- two values ---
def pair(g, kinds="f", exact=False):
    """Two values that broadcast: of one shape, or one made smaller."""
    a = g.value(kinds, exact=exact)
    same = [v for v in g.pool if v.shape == a.shape and v.kind in kinds and (v.exact or not exact)]
    b = g.choose(same)
    shape = b.shape
    how = g.int(0, 4)
    if how == 1:
        k = g.int(0, b.rank)
        index = tuple(slice(0, 1) if i == k else slice(None) for i in range(b.rank))
        return (lambda x, f: f(x[0], x[1][index])), [a, b]
    if how == 2 and g.flip():
        return (lambda x, f: f(ops.expand_dims(x[0], 1), ops.expand_dims(x[1], 2))), [a, b] if len(shape) > 1 else [a, a]
    return (lambda x, f: f(x[0], x[1])), [a, b]


for _name, _kinds, _exact, _divides in (
        ("add", "fi", False, False), ("subtract", "fi", False, False), ("multiply", "fi", False, False),
        ("maximum", "fi", False, False), ("minimum", "fi", False, False), ("fmax", "f", False, False), ("fmin", "f", False, False),
        ("divide", "f", False, True), ("divide_no_nan", "f", False, True), ("arctan2", "f", False, True),
        ("hypot", "f", False, False), ("logaddexp", "f", False, False), ("logaddexp2", "f", False, False),
        ("less", "fi", True, False), ("greater_equal", "fi", True, False), ("equal", "fib", True, False),
        ("not_equal", "fib", True, False), ("less_equal", "fi", True, False), ("greater", "fi", True, False),
        ("logical_and", "b", True, False), ("logical_or", "b", True, False), ("logical_xor", "b", True, False),
        ("bitwise_and", "i", True, False), ("bitwise_or", "i", True, False), ("bitwise_xor", "i", True, False),
        ("gcd", "i", True, False), ("lcm", "i", True, False), ("isclose", "f", True, False)):
    def _draw2(g, name=_name, kinds=_kinds, exact=_exact, divides=_divides):
        f = ops_of(name)
        if divides:
            h = f
            f = lambda a, b: h(a, ops.abs(b) + 0.4)  # noqa: E731
        if name in ("add", "subtract", "multiply", "maximum", "less", "equal", "greater") and g.flip(0.4):
            n, v = g.number(), g.value("fi", exact=exact)
            if g.flip(0.3):
                n = np.asarray(g.rng.integers(-3, 4, v.shape[g.int(1, v.rank):]), g.choose(["float32", "int32", "int64"]))
            turned = g.flip()
            return (lambda x: f(n, x) if turned else f(x, n)), [v]
        call, values = pair(g, kinds, exact)
        return (lambda *x: call(x, f)), values
    TABLE[_name] = (_draw2, not _exact and _name not in ("maximum", "minimum", "fmax", "fmin"))


@rule("python", rounds=True)
def python_operators(g):
    v, n = g.value("f"), g.number()
    return g.choose([lambda x: x * n + x, lambda x: n - x, lambda x: x / 4, lambda x: -x, lambda x: x**2,
                     lambda x: abs(x), lambda x: 1 / (abs(x) + 1), lambda x: 2 ** ops.tanh(x)]), [v]


@rule("whole", rounds=False)
def whole_numbers(g):
    v, n = g.value("fi", exact=True), g.choose([2, 3, 0.75])
    return g.choose([lambda x: x // n, lambda x: x % n, lambda x: ops.floor_divide(x, n), lambda x: ops.mod(x, n),
                     lambda x: x > 0, lambda x: x != 1, lambda x: ops.fmod(x, n)]), [v]


@rule("mixed")
def mixed_types(g):
    a = g.value("fib")
    same = [v for v in g.pool if v.shape == a.shape and v.kind != a.kind]
    if not same:
        raise Refused
    return g.choose([ops.add, ops.multiply, ops.subtract, ops.maximum]), [a, g.choose(same)]


@rule("power")
def power(g):
    n = g.choose([2, 3, 0.5, -1])
    call, values = pair(g)
    if g.flip():
        return lambda x: ops.power(ops.abs(x) + 0.3, n), values[:1]
    return lambda *x: call(x, lambda a, b: ops.power(ops.abs(a) + 0.3, ops.tanh(b))), values


@rule("where", rounds=False)
def where(g):
    v = g.value("f")
    n = g.number()
    f = g.choose([lambda x, y: ops.where(y > 0, x, n), lambda x, y: ops.where(y > 0, n, x), lambda x, y: ops.where(y > 0, 1, 2),
                  lambda x, y: ops.where(y > 0, 1.0, 0.0), lambda x, y: ops.where(y > 0, x, y)])
    same = [u for u in g.pool if u.shape == v.shape and u.exact and u.kind == "f"]
    if not same:
        raise Refused
    return f, [v, g.choose(same)]


# --- over axes ---
@rule("sum", "mean", "var", "std", "prod", "nansum", "average", "norm", "moments")
def sums(g):
    v = g.value("f", low=3)
    a, keep = g.reduced(v)
    one = a if isinstance(a, int) else a[0]
    order = g.choose([None, 1, 2, 3, float("inf"), float("-inf")])
    w = np.linspace(0.5, 2, v.shape[one]).astype("float32")
    return g.choose([
        lambda x: ops.sum(x, a, keep), lambda x: ops.mean(x, a, keep), lambda x: ops.var(x, a, keep),
        lambda x: ops.prod(x, a, keep), lambda x: ops.std(x, a, keep), lambda x: ops.nansum(x, a, keep),
        lambda x: ops.average(x, one), lambda x: ops.average(x, one, weights=w), lambda x: ops.norm(x, order, one, keep),
        lambda x: ops.moments(x, a if isinstance(a, list) else [a], keep)[g.int(0, 2)] * 1,
        lambda x: ops.logsumexp(x, a, keep), lambda x: x - ops.mean(x), lambda x: x + ops.sum(x, 0, True),
        lambda x: x * ops.max(x, axis=0)]), [v]


@rule("extremes", rounds=False)
def extremes(g):
    v = g.value("fi", low=3, exact=True)
    a, keep = g.reduced(v)
    one = a if isinstance(a, int) else a[0]
    return g.choose([
        lambda x: ops.max(x, a, keep), lambda x: ops.min(x, a, keep), lambda x: ops.amax(x, a, keep),
        lambda x: ops.max(x, a, keep, initial=1), lambda x: ops.argmax(x, one, keep), lambda x: ops.argmin(x, one, keep),
        lambda x: ops.count_nonzero(x, a), lambda x: ops.any(x > 0, a, keep), lambda x: ops.all(x > 0, a, keep),
        lambda x: ops.argmax(x, axis=-1), lambda x: ops.sum(x > 0, a), lambda x: ops.nanmax(x, a, keep),
        lambda x: ops.amin(x, a), lambda x: x - ops.min(x)]), [v]


@rule("int_sums", rounds=False)
def int_sums(g):
    v = g.value("ib", low=3)
    a, keep = g.reduced(v)
    one = a if isinstance(a, int) else a[0]
    return g.choose([lambda x: ops.sum(x, a, keep), lambda x: ops.cumsum(x, one), lambda x: ops.prod(x, one),
                     lambda x: ops.max(x, a, keep), lambda x: ops.any(x, a)]), [v]


@rule("int_means")
def int_means(g):
    v = g.value("ib", low=3)
    a, keep = g.reduced(v)
    return g.choose([lambda x: ops.mean(x, a, keep), lambda x: ops.var(x, a), lambda x: ops.std(x, a, keep)]), [v]


@rule("running")
def running(g):
    v = g.value("f")
    a = g.axis(v, 0)
    n = g.int(1, 3)
    return g.choose([lambda x: ops.cumsum(x, a), lambda x: ops.cumprod(x, a), lambda x: ops.diff(x, n, a if v.shape[a] > n else -1)
                     if v.shape[-1] > n else ops.cumsum(x, a)]), [v]


@rule("median", "quantile")
def quantiles(g):
    v = g.value("f", low=3, exact=True)
    a, keep = g.reduced(v)
    q = g.choose([0.25, 0.6, [0.1, 0.9], 1.0])
    how = g.choose(["linear", "lower", "higher", "nearest", "midpoint"])
    return g.choose([lambda x: ops.median(x, a, keep), lambda x: ops.quantile(x, 0.3, a, how, keep),
                     lambda x: ops.moveaxis(ops.quantile(x, q, a, how), 0, -1) if isinstance(q, list)
                     else ops.quantile(x, q, a, how)]), [v]


# --- shapes ---
@rule("reshape", rounds=False)
def reshape(g):
    v = g.value("fib")
    n = int(np.prod(v.shape[1:]))
    divisors = [d for d in range(1, n + 1) if n % d == 0]
    d = g.choose(divisors) if n else 1
    return g.choose([lambda x: ops.reshape(x, (-1, n)), lambda x: ops.reshape(x, (-1, d, n // d)),
                     lambda x: ops.reshape(x, (-1, d, n // d, 1))]), [v]


@rule("axes_moved", rounds=False)
def axes_moved(g):
    v = g.value("fib")
    order = [0] + [int(k) + 1 for k in g.rng.permutation(v.rank - 1)]
    a, b = g.int(1, v.rank), g.int(1, v.rank)
    lists = ([a], [b])
    f = [lambda x: ops.transpose(x, order), lambda x: ops.swapaxes(x, a, b - v.rank), lambda x: ops.moveaxis(x, a, b),
         lambda x: ops.moveaxis(x, *lists), lambda x: ops.transpose(ops.transpose(x)), lambda x: ops.flip(x, a),
         lambda x: ops.flip(x), lambda x: ops.flip(x, [0, a]), lambda x: ops.flipud(x), lambda x: ops.fliplr(x)]
    if v.rank > 2:
        f += [lambda x: ops.rot90(x, g.choose([1, 3]), (1, 2))]
    return g.choose(f), [v]


@rule("new_axes", rounds=False)
def new_axes(g):
    v = g.value("fib", high=4)
    a = g.int(1, v.rank + 1)
    return g.choose([lambda x: ops.expand_dims(x, a), lambda x: ops.expand_dims(x, -1), lambda x: ops.expand_dims(x, [1, -1]),
                     lambda x: ops.squeeze(ops.expand_dims(x, a), a), lambda x: ops.squeeze(ops.expand_dims(x, -1), -1)]), [v]


@rule("joined", rounds=False)
def joined(g):
    v = g.value("fi", high=4)
    others = [u for u in g.pool if u.shape == v.shape and u.kind in "fi"]
    many = [v] + [g.choose(others) for _ in range(g.int(1, 3))]
    a = g.axis(v)
    f = [lambda *x: ops.concatenate(x, a), lambda *x: ops.stack(x, 1), lambda *x: ops.stack(x, -1),
         lambda *x: ops.concatenate(x), lambda *x: ops.append(x[0], x[1], a)]
    if v.kind == "f" and all(u.kind == "f" for u in many):
        f += [lambda *x: ops.hstack(x)]
        if v.rank < 4:
            f += [lambda *x: ops.dstack(x)]
    return g.choose(f), many


@rule("get_item", rounds=False)
def get_item(g):
    v = g.value("fib")
    key = [g.choose([slice(None), slice(None), slice(None, None, -1)])]
    for n in v.shape[1:]:
        how = g.int(0, 6)
        ends = sorted(int(k) for k in g.rng.integers(-n, n + 1, 2))
        key.append([slice(None), g.int(-n, n) if n else slice(None), slice(*ends), slice(ends[0], None, g.int(1, 3)),
                    slice(None, None, -g.int(1, 3)), slice(ends[1], ends[0], -1)][how])
    if g.flip(0.3):
        key.insert(g.int(1, len(key) + 1), None)
    if g.flip(0.3):
        key[-1] = Ellipsis
    if g.flip(0.2):
        key = [Ellipsis, key[-1]] if key[-1] is not Ellipsis else key
    key = tuple(key) if len(key) > 1 or g.flip() else key[0]
    return lambda x: x[key], [v]


@rule("split", rounds=False)
def split(g):
    v = g.value("fib", low=2)
    a = g.axis(v)
    n = v.shape[a]
    if n < 2:
        raise Refused
    parts = [d for d in range(2, n + 1) if n % d == 0]
    d, k = g.choose(parts), g.int(0, 2)
    cut = sorted({int(c) for c in g.rng.integers(1, n, 2)})
    f = [lambda x: ops.split(x, d, a)[k], lambda x: ops.split(x, cut, a)[-1], lambda x: ops.array_split(x, 2, a)[k]]
    if v.rank > 2:
        f += [lambda x: ops.unstack(x, n, a)[k], lambda x: ops.unstack(x, axis=a)[k]]
    if v.shape[1] % 2 == 0:
        f += [lambda x: ops.hsplit(x, 2)[k]]
    return g.choose(f), [v]


@rule("repeated", rounds=False)
def repeated(g):
    v = g.value("fib")
    a, n = g.axis(v), g.int(1, 4)
    times = [1] + [g.int(1, 3) for _ in v.shape[1:]]
    each = [g.int(0, 3) for _ in range(v.shape[a])]
    each[0] += 1
    return g.choose([lambda x: ops.tile(x, times), lambda x: ops.repeat(x, n, a), lambda x: ops.repeat(x, each, a),
                     lambda x: ops.tile(x, [1, n])]) if v.rank == 2 else g.choose(
        [lambda x: ops.tile(x, times), lambda x: ops.repeat(x, n, a), lambda x: ops.repeat(x, each, a)]), [v]


@rule("pad", rounds=False)
def pad(g):
    v = g.value("fi")
    mode = g.choose(["constant", "reflect", "symmetric"])
    most = [1] + [n - (mode == "reflect") for n in v.shape[1:]]
    widths = [[0, 0]] + [[g.int(0, min(3, n) + 1), g.int(0, min(3, n) + 1)] for n in most[1:]]
    value = g.choose([None, 2, 3]) if mode == "constant" else None
    return lambda x: ops.pad(x, widths, mode, constant_values=value), [v]


@rule("roll", rounds=False)
def roll(g):
    v = g.value("fi")
    a, n = g.axis(v, 0), g.int(-4, 5)
    return g.choose([lambda x: ops.roll(x, n, a), lambda x: ops.roll(x, n), lambda x: ops.roll(x, [1, n], [0, 1])]), [v]


@rule("triangle", rounds=False)
def triangle(g):
    v = g.value("fi", low=3)
    k = g.int(-2, 3)
    return g.choose([lambda x: ops.tril(x, k), lambda x: ops.triu(x, k), lambda x: ops.diagonal(x, k, 1, 2)
                     if -v.shape[1] < k < v.shape[2] else ops.tril(x), lambda x: ops.trace(x, 0, 1, 2) + 0]), [v]


@rule("broadcast", rounds=False)
def broadcast(g):
    v = g.value("f", high=4)
    n = g.int(1, 4)
    return g.choose([lambda x: ops.broadcast_to(ops.sum(x), (n,)) + ops.expand_dims(ops.ravel(x)[:BATCH] * 0, -1)
                     if n == 1 else ops.expand_dims(x, 1) + ops.zeros_like(ops.expand_dims(x, 1)),
                     lambda x: ops.slice(x, [0] * v.rank, [-1] + [1] * (v.rank - 1)) if False else x[:, :1]]), [v]


# --- indices and order ---
@rule("take", rounds=False)
def take(g):
    v = g.value("fi")
    a = g.axis(v)
    n = v.shape[a]
    if not n:
        raise Refused
    index = [g.int(-n, n) for _ in range(g.int(1, 4))]
    table = np.asarray(g.rng.integers(0, n, (2, 2)), g.choose(["int32", "int64"]))
    along = np.asarray(g.rng.integers(0, n, [1 if k else BATCH for k in range(v.rank)]), "int32")
    f = [lambda x: ops.take(x, index, a), lambda x: ops.take_along_axis(x, along, a)]
    if v.rank < 4:
        f += [lambda x: ops.take(x, table, a)]
    return g.choose(f), [v]


@rule("gathered", rounds=False)
def gathered(g):
    """Entries by indices that are computed."""
    v = g.value("f", low=3, exact=True)
    return g.choose([lambda x: ops.take_along_axis(x, ops.expand_dims(ops.argmax(x, -1), -1), -1),
                     lambda x: ops.take_along_axis(x, ops.argsort(x, 1), 1),
                     lambda x: ops.take(ops.convert_to_tensor(np.arange(8, dtype="float32") / 3), ops.argmax(x, -1), 0)]), [v]


@rule("order", rounds=False)
def order(g):
    v = g.value("fi", exact=True)
    a = g.axis(v, 0)
    k = g.int(1, v.shape[-1] + 1) if v.shape[-1] else 1
    return g.choose([lambda x: ops.sort(x, a), lambda x: ops.argsort(x, a) if a % v.rank else ops.sort(x, a),
                     lambda x: ops.top_k(x, k)[0], lambda x: ops.top_k(x, k)[1], lambda x: ops.sort(x)]), [v]


@rule("hot", rounds=False)
def hot(g):
    v = g.value("i", high=4)
    a = g.choose([-1, -1, 1])
    to = g.choose([None, "float32", "int32", "bool"])
    n = g.int(2, 6)
    return g.choose([lambda x: ops.one_hot(x, n), lambda x: ops.one_hot(x, n, axis=a, dtype=to),
                     lambda x: ops.multi_hot(x, num_classes=n)]), [v]


# --- products ---
@rule("matmul", "dot", "einsum", "tensordot", "outer", "inner")
def products(g):
    v = g.value("f", low=3, high=4)
    n = v.shape[-1]
    w = g.rng.uniform(-1, 1, (n, g.int(1, 4))).astype("float32")
    turn = list(range(v.rank - 2)) + [v.rank - 1, v.rank - 2]
    letters = "".join(str(c) for c in g.rng.permutation(list("bcdefgh"))[:v.rank])
    rest, other = letters[1:], "z"
    out = letters[0] + "".join(str(c) for c in g.rng.permutation(list(rest))[:g.int(0, len(rest) + 1)])
    f = [lambda x: ops.matmul(x, w), lambda x: x @ ops.transpose(x, turn), lambda x: ops.matmul(x, w[:, 0]),
         lambda x: ops.dot(x, w), lambda x: ops.tensordot(x, w, 1), lambda x: ops.tensordot(x, w, [[-1], [0]]),
         lambda x: ops.inner(x, w.T.copy()), lambda x: ops.einsum(f"...{other},{other}k->...k", x, w),
         lambda x: ops.einsum(f"{letters}->{out}", x), lambda x: ops.einsum(f"{letters},{letters}->{out}", x, x),
         lambda x: ops.einsum(f"{letters},{letters[:-1]}{other}->{out}{other}", x, x) if len(out) < 4 else ops.matmul(x, w),
         lambda x: ops.einsum(f"{letters},{letters[-1]}{other}->{letters[:-1]}{other}", x, w)]
    return g.choose(f), [v]


@rule("normalize", "layer_normalization", "rms_normalization", "batch_normalization")
def normalizations(g):
    v = g.value("f", low=2, test=lambda v: v.shape[-1] > 1)
    n, e = v.shape[-1], g.choose([None, 0.01])
    w, b = (g.rng.uniform(0.3, 1, n).astype("float32") for _ in range(2))
    return g.choose([lambda x: ops.normalize(x), lambda x: ops.normalize(x, 1, 3), lambda x: ops.normalize(x, -1, 1, e),
                     lambda x: ops.layer_normalization(x, w, b, epsilon=0.1), lambda x: ops.rms_normalization(x, w, epsilon=0.1),
                     lambda x: ops.batch_normalization(x, w, b, -1), lambda x: ops.batch_normalization(x, w, b, -1, scale=w),
                     lambda x: ops.batch_normalization(x, w, b, axis=-1, offset=b, scale=w, epsilon=0.1)]), [v]


@rule("attention")
def attention(g):
    v = g.value("f", low=3, high=3)
    causal = g.flip()
    heads = [lambda x: ops.expand_dims(x, 2), lambda x: ops.stack([x, x * 0.5], 2)]
    h = g.choose(heads)
    return lambda x: ops.dot_product_attention(h(x), h(x * 2), h(x), is_causal=causal), [v]


@rule("crossentropy")
def crossentropy(g):
    v = g.value("f", low=2)
    return g.choose([lambda x: ops.binary_crossentropy(ops.sigmoid(x), ops.tanh(x) * 0.4 + 0.5),
                     lambda x: ops.binary_crossentropy(ops.sigmoid(x), x * 1, from_logits=True),
                     lambda x: ops.categorical_crossentropy(ops.softmax(x), x * 1, from_logits=True)]), [v]


# --- graphs ---
def sane(v):
    a = ops.convert_to_numpy(v)
    if a.ndim < 1 or a.shape[0] != BATCH or a.ndim > 5 or a.size > 4000 or not a.size:
        return False
    if a.dtype.kind == "f":
        return bool(np.all(np.isfinite(a))) and float(np.max(np.abs(a))) < 1e3
    return a.dtype.kind == "b" or int(np.max(np.abs(a.astype("i8")))) < 10**6


def grow(g, name):
    f, rounds = TABLE[name]
    function, values = f(g)
    number = function(*[v.number for v in values])
    if not sane(number):
        raise Refused
    symbol = function(*[v.symbol for v in values])
    if not keras.backend.is_keras_tensor(symbol) or any(n is None for n in symbol.shape[1:]):
        raise Refused
    exact = not rounds and all(v.exact for v in values)
    g.pool.append(Value(symbol, number, exact))
    g.used.append(name)


def make(seed, only=None):
    g = Graph(seed)
    names, steps = sorted(TABLE), g.int(2, 7)
    for step in range(100):
        if len(g.used) >= steps:
            break
        try:
            grow(g, only if only and step < 10 and only not in g.used else g.choose(names))
        except Exception:  # what Keras does not build is no graph
            continue
    made = g.pool[len(g.inputs):]
    outs = [v for v in made if g.flip(0.4)] + made[-1:]
    outs = list({id(v): v for v in outs}.values())
    model = keras.Model([s for s, _ in g.inputs], [v.symbol for v in outs])
    return g, model


def types(want, got):
    same = {"float64": "float32", "float16": "float32"}
    for a, b in zip(want, got):
        if same.get(a.dtype.name, a.dtype.name) != b.dtype.name:
            return f"type {b.dtype}, expected {a.dtype}"
    return None


def compare(args, g, model, folder):
    path, given, out = (os.path.join(folder, n) for n in ("m.keras", "x.npz", "y.npz"))
    xs = {s.name: a for s, a in g.inputs}
    model.save(path)
    np.savez(given, **xs)
    want = [np.asarray(v) for v in keras.tree.flatten(keras.models.load_model(path)(list(xs.values())))]
    if len(want) == 1:
        out = out[:-1] + "y"
    code, text = read.run(args.antler, "predict", path, "--input", given, "--output", out)
    if code:
        return text or f"exit {code}"
    got = read.found(out)
    error = types(want, got) or back(args, path, list(xs.values()), want)
    return error or read.worst([a.astype("f8") for a in want], got)


def back(args, path, xs, want):
    """What is wrong with the file that Antler writes of the model."""
    again = path[:-6] + "-back.keras"
    code, text = read.run(args.antler, "convert", path, again)
    if code:
        return text or f"convert: exit {code}"
    try:
        got = [np.asarray(v) for v in keras.tree.flatten(keras.models.load_model(again)(xs))]
    except Exception as e:
        return f"Keras does not take it back: {type(e).__name__}: {str(e)[-200:]}"
    same = all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(want, got))
    return None if same and len(got) == len(want) else "another result when it came back to Keras"


def one(args, seed):
    keras.utils.clear_session(free_memory=False)
    try:
        g, model = make(seed, args.only)
    except Exception as e:
        return None, f"not built: {type(e).__name__}", []
    folder = tempfile.mkdtemp()
    try:
        error = compare(args, g, model, folder)
    except Exception as e:  # Keras cannot save or open its own file
        return None, f"{type(e).__name__}", g.used
    finally:
        bad = "error" not in locals() or isinstance(error, str) or error > 1
        if bad and args.keep:
            shutil.copytree(folder, os.path.join(args.keep, str(seed)), dirs_exist_ok=True)
        shutil.rmtree(folder)
    return not bad, error, g.used


def main():
    p = read.options(__doc__)
    p.add_argument("--only", default=None)
    args = p.parse_args()
    tally, drawn, most = collections.Counter(), collections.Counter(), 0.0
    for seed in range(args.first, args.first + args.count):
        good, what, used = one(args, seed)
        tally[good] += 1
        drawn.update(used if good else [])
        if good:
            most = max(most, what)
        elif good is False:
            print(f"seed {seed}: {what}; {' '.join(used)}", flush=True)
    print(f"worst error {most * 1e-5:.2g} of the largest number; not built or not opened by Keras: {tally[None]}")
    print(f"{sum(drawn.values())} operations of {len(drawn)} kinds; {tally[True]} passed, {tally[False]} failed")
    sys.exit(tally[False] > 0)


if __name__ == "__main__":
    main()
