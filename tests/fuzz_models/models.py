"""Random models of Keras: graphs with shared layers, models inside models, masks, operations on
values, several inputs and outputs. The same seed gives the same model."""
import keras
import numpy as np
from keras import layers as L
from keras import ops

from layers import fits, some, unary, whole, yes

ODD = ["plain", "with space", "dot.ted", "a-b", "x:0", "ümlaut", "quote'", "[0]", "@at", "né", "#", "1"]


def input_name(x):
    """Of the InputLayer; a tensor's own name is another one."""
    return x._keras_history.operation.name


class Maker:
    def __init__(self, seed, depth=0, operations=True):
        self.rng = np.random.default_rng(seed)
        self.depth = depth
        self.operations = operations
        self.values = []  # every value so far
        self.used = set()
        self.shared = []  # (layer, shape it was made for)
        self.models = []
        self.names = set()

    # --- inputs ---
    def name(self):
        """Sometimes a name that no program would choose."""
        if not yes(self.rng, 0.15):
            return None
        name = some(self.rng, *ODD) + str(whole(self.rng, 0, 9))
        if name in self.names:
            return None
        self.names.add(name)
        return name

    def input(self, shape, dtype="float32"):
        x = keras.Input(shape, dtype=dtype, name=self.name())
        self.values.append(x)
        return x

    def tokens(self):
        x = keras.Input((whole(self.rng, 3, 6),), dtype="int32", name=self.name())
        self.values.append(L.Embedding(11, whole(self.rng, 2, 4), mask_zero=yes(self.rng, 0.6))(x))
        return x

    def inputs(self):
        makers = [lambda: self.input((whole(self.rng, 2, 6),)),
                  lambda: self.input((whole(self.rng, 3, 6), whole(self.rng, 2, 4))),
                  lambda: self.input((whole(self.rng, 4, 7), whole(self.rng, 4, 7), whole(self.rng, 1, 3)))]
        if not self.depth:
            makers.append(self.tokens)
        return [some(self.rng, *makers)() for _ in range(whole(self.rng, 1, 3))]

    # --- one more value ---
    def pick(self):
        """Mostly a late one, so that graphs grow deep."""
        from_last = self.values[-3:] if yes(self.rng, 0.6) else self.values
        return some(self.rng, *from_last)

    def add(self, made, *operands):
        for value in keras.tree.flatten(made):
            if fits(value.shape[1:]):
                self.values.append(value)
        for x in operands:
            self.used.add(id(x))

    def new_layer(self):
        x = self.pick()
        layer = unary(self.rng, x.shape[1:])
        if yes(self.rng, 0.15) and layer.name not in self.names:
            name = self.name()
            if name:
                layer = layer.__class__.from_config({**layer.get_config(), "name": name})
        self.add(layer(x), x)
        self.shared.append((layer, x.shape))

    def again(self):
        if not self.shared:
            return
        layer, shape = self.shared[self.rng.integers(len(self.shared))]
        same = [v for v in self.values if v.shape == shape]
        if same:
            x = some(self.rng, *same)
            self.add(layer(x), x)

    def merge(self):
        x = self.pick()
        same = [v for v in self.values if v.shape == x.shape]
        y = some(self.rng, *same)
        kind = some(self.rng, L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum,
                    L.Concatenate, L.Concatenate)
        self.add(kind()([x, y]), x, y)

    def dot(self):
        flat = [v for v in self.values if len(v.shape) == 2]
        if len(flat) < 2:
            return
        x = some(self.rng, *flat)
        y = some(self.rng, *[v for v in flat if v.shape == x.shape])
        self.add(L.Dot(axes=1, normalize=yes(self.rng))([x, y]), x, y)

    def state(self):
        """A recurrent layer that gives its states, which start another one."""
        walks = [v for v in self.values if len(v.shape) == 3]
        if not walks:
            return
        x, units = some(self.rng, *walks), whole(self.rng, 1, 4)
        kind = some(self.rng, L.LSTM, L.GRU, L.SimpleRNN)
        out, *states = kind(units, return_state=True, return_sequences=yes(self.rng))(x)
        self.add([out, *states], x)
        y = some(self.rng, *walks)
        self.add(kind(units)(y, initial_state=states), y)

    def multi_head(self, q, v):
        """Where a sequence is as long as there are heads, each of one number, Keras on TensorFlow adds
        the biases of heads along the steps: its ops.add takes every (n, 1) for a bias of axis 1. Its
        other backends do not, so no such layer is drawn."""
        heads, size = whole(self.rng, 1, 3), whole(self.rng, 1, 4)
        if size == 1 < heads and heads in (q.shape[1], v.shape[1]):
            size = 2
        return L.MultiHeadAttention(heads, size, value_dim=some(self.rng, None, 2),
                                    use_bias=yes(self.rng))

    def attention(self):
        walks = [v for v in self.values if len(v.shape) == 3]
        if not walks:
            return
        q = some(self.rng, *walks)
        v = some(self.rng, *walks)
        causal = yes(self.rng, 0.3)
        if yes(self.rng, 0.6):
            layer = self.multi_head(q, v)
            # Keras says the scores' shape as if there were as many keys as queries
            if yes(self.rng, 0.2) and q.shape[1] == v.shape[1]:
                out = layer(q, v, use_causal_mask=causal, return_attention_scores=True)
            else:
                out = layer(q, value=v, use_causal_mask=causal)
        else:
            same = [x for x in walks if x.shape[2] == q.shape[2]]
            v = some(self.rng, *same)
            layer = some(self.rng, L.Attention(use_scale=yes(self.rng)), L.AdditiveAttention())
            out = layer([q, v], use_causal_mask=causal)
        self.add(out, q, v)

    def arithmetic(self):
        if not self.operations:
            return self.new_layer()
        x = self.pick()
        y = some(self.rng, *[v for v in self.values if v.shape == x.shape])
        made = some(self.rng, lambda: x * 2.0 + y, lambda: 1.0 - x, lambda: x / 3.0, lambda: x - y,
                    lambda: -x, lambda: ops.exp(ops.tanh(x)), lambda: ops.maximum(x, 0.25),
                    lambda: ops.abs(x), lambda: ops.clip(x, -0.5, 0.75), lambda: ops.sin(x),
                    lambda: ops.square(x) * y, lambda: ops.where(x > 0, x, y),
                    lambda: ops.sqrt(ops.abs(x) + 1.0), lambda: ops.log(ops.square(x) + 1.0),
                    lambda: x[:, 1:] if x.shape[1] > 1 else x, lambda: x[:, -1:], lambda: x[:, ::-1],
                    lambda: ops.concatenate([x, y], axis=1), lambda: ops.softmax(x),
                    lambda: ops.expand_dims(x, 1), lambda: ops.mean(x, axis=-1, keepdims=True),
                    lambda: ops.max(x, axis=1, keepdims=True), lambda: ops.stack([x, y], axis=1))()
        self.add(made, x, y)

    def model(self):
        """A model inside this one, new or one seen before."""
        if self.depth > 1:
            return
        if self.models and yes(self.rng):
            inner = some(self.rng, *self.models)
        else:
            inner = make(int(self.rng.integers(1 << 31)), self.depth + 1, self.operations)
            self.models.append(inner)
        operands = []
        for x in inner.inputs:
            same = [v for v in self.values if v.shape[1:] == x.shape[1:] and v.dtype == x.dtype]
            if not same:
                same = [keras.Input(x.shape[1:], dtype=x.dtype)]
                self.more.append(same[0])
                self.values.append(same[0])
            operands.append(some(self.rng, *same))
        options = {"training": False} if yes(self.rng, 0.3) else {}
        made = inner(operands if len(operands) > 1 else operands[0], **options)
        self.add(made, *operands)

    # --- all of it ---
    def outputs(self):
        loose = [v for v in self.values if id(v) not in self.used and v.dtype == "float32"]
        pool = [v for v in self.values if v.dtype == "float32"]
        outs = loose[-whole(self.rng, 1, 4):] or [some(self.rng, *pool)]
        for _ in range(whole(self.rng, 0, 1)):
            outs.append(some(self.rng, *pool))
        unique = []
        for v in outs:
            if not any(v is u for u in unique):
                unique.append(v)
        return unique

    def functional(self):
        self.more = []
        first = self.inputs()
        steps = [self.new_layer] * 5 + [self.again, self.merge, self.merge, self.dot, self.state, self.attention,
                                        self.arithmetic, self.arithmetic, self.model]
        for _ in range(whole(self.rng, 3, 14)):
            some(self.rng, *steps)()
        return self.closed(first + self.more, self.outputs())

    def closed(self, inputs, outputs):
        """Inputs and outputs as lists, single values, dicts, or one inside the other."""
        if not self.depth and yes(self.rng, 0.15):
            inputs = {input_name(x): x for x in inputs}
        elif len(inputs) == 1 and yes(self.rng):
            inputs = inputs[0]
        if not self.depth and yes(self.rng, 0.15):
            outputs = {f"out {k}": y for k, y in enumerate(outputs)}
        elif len(outputs) == 1 and yes(self.rng):
            outputs = outputs[0]
        return keras.Model(inputs, outputs, name=self.name())

    def sequential(self):
        shape = some(self.rng, (5,), (5, 3), (6, 5, 2))
        m = keras.Sequential([keras.Input(shape)], name=self.name())
        x = shape
        for _ in range(whole(self.rng, 1, 5)):
            layer = unary(self.rng, x)
            out = layer.compute_output_shape((None, *x))
            if not fits(out[1:]):
                continue
            m.add(layer)
            x = tuple(m.output_shape[1:])
        if not m.layers:
            m.add(L.Dense(2))
        return m


def shake(model, rng):
    """Numbers for every weight, so that none hides behind a zero."""
    for w in model.weights:
        x = rng.normal(0.0, 0.4, w.shape)
        if "variance" in w.path:
            x = np.abs(x) + 0.5
        if np.issubdtype(np.dtype(w.dtype if w.dtype != "bool" else "int32"), np.floating):
            w.assign(x.astype(w.dtype))


def make(seed, depth=0, operations=True):
    maker = Maker(seed, depth, operations)
    m = maker.sequential() if yes(maker.rng, 0.2) else maker.functional()
    shake(m, maker.rng)
    return m


def data(model, seed, rows=3):
    """An array per input; some sequences end in rows of zeros, which masks leave out."""
    rng = np.random.default_rng(seed)
    xs = []
    for x in model.inputs:
        shape = (rows, *x.shape[1:])
        if x.dtype == "int32":
            xs.append(rng.integers(0, 11, shape).astype("int32"))
            continue
        a = rng.normal(0.0, 1.0, shape).astype("float32")
        if a.ndim == 3 and yes(rng):
            a[0, -1] = 0
        xs.append(a)
    return xs
