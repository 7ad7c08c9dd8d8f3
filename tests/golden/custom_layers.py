"""Layer classes as users of Keras write them. tests/golden/twins.c has their twins in C."""
import keras
import tf_keras
from keras import layers as L
from keras import ops

serializable = keras.saving.register_keras_serializable


@serializable(package="my")
class ResidualBlock(L.Layer):
    """Layers as attributes, in a list and in a dict; own weights, one of them not trained."""

    def __init__(self, filters, activation="relu", rate=0.0, sizes=(1, 3), **kwargs):
        super().__init__(**kwargs)
        self.filters, self.rate, self.sizes = filters, rate, tuple(sizes)
        self.activation = keras.activations.get(activation)
        self.second = L.Conv1D(filters, 3, padding="same")  # not in the order of the letters
        self.norm = L.BatchNormalization()
        self.first = L.Conv1D(filters, 3, padding="same")
        self.branches = [L.Conv1D(filters, k, padding="same", use_bias=False) for k in sizes]
        self.gates = {"z": L.Dense(filters), "a": L.Dense(filters, activation="sigmoid")}
        self.drop = L.Dropout(rate)

    def build(self, shape):
        self.scale = self.add_weight(shape=(self.filters,), initializer="ones", name="scale")
        self.offset = self.add_weight(shape=(), initializer="zeros", trainable=False, name="offset")
        self.mix = self.add_weight(shape=(shape[-1], self.filters), name="mix", regularizer=keras.regularizers.L2(0.01))
        for layer, size in [(self.first, shape[-1]), (self.norm, self.filters), (self.second, self.filters)]:
            layer.build((*shape[:-1], size))
        for layer in [*self.branches, *self.gates.values()]:
            layer.build((*shape[:-1], self.filters))

    def call(self, x, training=None):
        y = self.activation(self.norm(self.first(x), training=training))
        for branch in self.branches:
            y = y + branch(y)
        y = self.gates["z"](y) * self.gates["a"](y)
        y = self.second(self.drop(y, training=training)) * self.scale + self.offset
        return ops.matmul(x, self.mix) + y

    def compute_output_shape(self, shape):
        return (*shape[:-1], self.filters)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "rate": self.rate, "sizes": self.sizes,
                "activation": keras.activations.serialize(self.activation)}


@serializable(package="my")
class TokenAndPosition(L.Layer):
    def __init__(self, maxlen, vocabulary, size, **kwargs):
        super().__init__(**kwargs)
        self.maxlen, self.vocabulary, self.size = maxlen, vocabulary, size
        self.token_emb = L.Embedding(vocabulary, size, mask_zero=True)
        self.pos_emb = L.Embedding(maxlen, size)

    def call(self, x):
        return self.token_emb(x) + self.pos_emb(ops.arange(0, ops.shape(x)[-1], 1))

    def compute_mask(self, x, mask=None):
        return self.token_emb.compute_mask(x)

    def get_config(self):
        return {**super().get_config(), "maxlen": self.maxlen, "vocabulary": self.vocabulary, "size": self.size}


@serializable(package="my")
class TransformerBlock(L.Layer):
    """A model inside, attention with its keywords, masks that go through."""

    def __init__(self, size, heads, hidden, rate=0.0, causal=False, **kwargs):
        super().__init__(**kwargs)
        self.size, self.heads, self.hidden, self.rate, self.causal = size, heads, hidden, rate, causal
        self.supports_masking = True
        self.att = L.MultiHeadAttention(num_heads=heads, key_dim=size)
        self.ffn = keras.Sequential([L.Dense(hidden, activation="relu"), L.Dense(size)])
        self.layernorm1 = L.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = L.LayerNormalization(epsilon=1e-6)
        self.dropout1, self.dropout2 = L.Dropout(rate), L.Dropout(rate)

    def call(self, x, training=None):
        y = self.att(x, x, use_causal_mask=self.causal)
        y = self.layernorm1(x + self.dropout1(y, training=training))
        return self.layernorm2(y + self.dropout2(self.ffn(y), training=training))

    def get_config(self):
        return {**super().get_config(), "size": self.size, "heads": self.heads, "hidden": self.hidden,
                "rate": self.rate, "causal": self.causal}


@serializable(package="my")
class Stack(L.Layer):
    """A user's class inside of a user's class."""

    def __init__(self, filters, depth=2, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.depth = filters, depth
        self._blocks = [ResidualBlock(filters, "tanh") for _ in range(depth)]
        self.head = Averaged(filters)

    def call(self, x):
        for block in self._blocks:
            x = block(x)
        return self.head(x)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "depth": self.depth}


@serializable()
class Averaged(L.Layer):
    """Keeps a moving average of what it sees in training."""

    def __init__(self, units, momentum=0.75, **kwargs):
        super().__init__(**kwargs)
        self.units, self.momentum = units, momentum

    def build(self, shape):
        self.average = self.add_weight(shape=(self.units,), initializer="zeros", trainable=False, name="average")

    def call(self, x, training=None):
        if training:
            axes = list(range(len(x.shape) - 1))
            self.average.assign(self.momentum * self.average + (1 - self.momentum) * ops.mean(x, axis=axes))
        return x - self.average

    def get_config(self):
        return {**super().get_config(), "units": self.units, "momentum": self.momentum}


@serializable(package="my")
class Gate(L.Layer):
    """Two inputs by name, two results."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.query, self.key = L.Dense(units), L.Dense(units, use_bias=False)

    def call(self, x, context):
        g = ops.sigmoid(self.query(x) + self.key(context))
        return x * g, g

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@serializable(package="my")
class Scaled(L.Layer):
    """A layer among the options."""

    def __init__(self, layer, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.layer, self.factor = layer, factor

    def call(self, x):
        return self.layer(x) * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor,
                "layer": keras.saving.serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config):
        config["layer"] = keras.saving.deserialize_keras_object(config["layer"])
        return cls(**config)


class Plain(L.Layer):
    """Not registered: Keras wants it in custom_objects. Its config is what its constructor was told."""

    def __init__(self, units=3, names=("a", "b"), **kwargs):
        super().__init__(**kwargs)
        self.dense = L.Dense(units)
        self.lstm = L.LSTM(units, return_sequences=True, return_state=True)

    def call(self, x):
        y, h, c = self.lstm(self.dense(x))
        return ops.concatenate([ops.mean(y, axis=1), h, c], axis=-1)


@tf_keras.utils.register_keras_serializable("old")
class OldBlock(tf_keras.layers.Layer):
    """Of Keras 2: weights in build, layers in a list, one of them frozen by the class."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.norm = tf_keras.layers.BatchNormalization()
        self.denses = [tf_keras.layers.Dense(units), tf_keras.layers.Dense(units, "tanh")]
        self.fixed = tf_keras.layers.Dense(units, trainable=False)

    def build(self, shape):
        self.shift = self.add_weight("shift", shape=(self.units,), initializer="zeros")
        self.factor = self.add_weight("factor", shape=(), initializer="ones", trainable=False)
        super().build(shape)

    def call(self, x):
        y = self.denses[1](self.norm(self.denses[0](x)))
        return (y + self.fixed(y)) * self.factor + self.shift

    def get_config(self):
        return {**super().get_config(), "units": self.units}
