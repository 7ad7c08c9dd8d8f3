"""Random layers of Keras for a value of a given shape: every class that Antler reads, with options
drawn at random. `unary(rng, shape)` gives a new layer for one value; shapes are without the batch."""
from keras import layers as L

ACTIVATIONS = [None, "relu", "tanh", "sigmoid", "elu", "selu", "softplus", "softsign", "gelu", "silu",
               "leaky_relu", "hard_sigmoid", "relu6", "mish", "exponential", "linear", "hard_silu",
               "log_sigmoid", "celu"]
RECURRENT = ["tanh", "relu", "sigmoid", "softsign", "hard_sigmoid"]


def some(rng, *choices):
    return choices[rng.integers(len(choices))]


def yes(rng, p=0.5):
    return bool(rng.random() < p)


def activation(rng):
    return ACTIVATIONS[rng.integers(len(ACTIVATIONS))]


def whole(rng, low, high):
    return int(rng.integers(low, high + 1))


# --- any rank ---
def dense(rng, shape):
    return L.Dense(whole(rng, 1, 7), activation=activation(rng), use_bias=yes(rng, 0.8))


def activation_layer(rng, shape):
    return some(rng, lambda: L.Activation(activation(rng) or "linear"),
                lambda: L.ReLU(max_value=some(rng, None, 1.5), negative_slope=some(rng, 0.0, 0.2),
                               threshold=some(rng, 0.0, 0.3)),
                lambda: L.LeakyReLU(negative_slope=0.15), lambda: L.ELU(alpha=0.7),
                lambda: L.Softmax(axis=-1), lambda: L.PReLU(), )()


def batch_normalization(rng, shape):
    return L.BatchNormalization(axis=some(rng, -1, len(shape)), center=yes(rng, 0.8),
                                scale=yes(rng, 0.8), epsilon=some(rng, 1e-3, 1e-2))


def layer_normalization(rng, shape):
    options = dict(axis=some(rng, -1, len(shape)), center=yes(rng, 0.8), scale=yes(rng, 0.8))
    # of one entry nothing is left but beta, and in Keras the rounding of a variance
    return L.LayerNormalization(**options) if shape[-1] > 1 else L.Identity()


def quiet(rng, shape):
    return some(rng, lambda: L.Dropout(0.4), lambda: L.GaussianNoise(0.3), lambda: L.Identity(),
                lambda: L.GaussianDropout(0.2), lambda: L.ActivityRegularization(l2=0.01))()


def rescaling(rng, shape):
    return L.Rescaling(scale=0.5, offset=-0.25)


def flatten(rng, shape):
    return L.Flatten()


# --- vectors ---
def repeat_vector(rng, shape):
    return L.RepeatVector(whole(rng, 2, 5))


def reshape_vector(rng, shape):
    return L.Reshape((1, -1)) if yes(rng) else L.Reshape((shape[0], 1))


# --- sequences (T, F) ---
def conv1d(rng, shape):
    size = whole(rng, 1, min(3, shape[0]))
    padding = some(rng, "same", "causal", "valid")
    strides, dilation = some(rng, (1, 1), (2, 1), (1, 2))
    if padding == "valid" and (size - 1) * dilation + 1 > shape[0]:
        dilation = 1
    return L.Conv1D(whole(rng, 1, 5), size, strides=strides, dilation_rate=dilation, padding=padding,
                    activation=activation(rng), use_bias=yes(rng, 0.8))


def pooling1d(rng, shape):
    kind = some(rng, L.MaxPooling1D, L.AveragePooling1D)
    return kind(some(rng, 1, 2), strides=some(rng, None, 1), padding="same")


def global_pooling1d(rng, shape):
    return some(rng, L.GlobalMaxPooling1D, L.GlobalAveragePooling1D)(keepdims=yes(rng, 0.2))


def recurrent(rng, shape, sequences=None):
    kind = some(rng, L.LSTM, L.GRU, L.SimpleRNN)
    options = dict(return_sequences=yes(rng) if sequences is None else sequences,
                   go_backwards=yes(rng, 0.3), activation=some(rng, *RECURRENT),
                   use_bias=yes(rng, 0.8), dropout=some(rng, 0.0, 0.2),
                   recurrent_dropout=some(rng, 0.0, 0.0, 0.2))
    if kind is L.GRU:
        options["reset_after"] = yes(rng)
    if kind is L.LSTM:
        options["unit_forget_bias"] = yes(rng)
    if kind is not L.SimpleRNN:
        options["recurrent_activation"] = some(rng, "sigmoid", "hard_sigmoid")
    return kind(whole(rng, 1, 5), **options)


def bidirectional(rng, shape):
    inner = recurrent(rng, shape)
    inner.go_backwards = False
    return L.Bidirectional(inner, merge_mode=some(rng, "concat", "sum", "mul", "ave"))


def cells(rng, shape):
    made = [some(rng, L.LSTMCell, L.GRUCell, L.SimpleRNNCell)(whole(rng, 1, 4))
            for _ in range(whole(rng, 1, 3))]
    return L.RNN(made if len(made) > 1 else made[0], return_sequences=yes(rng))


def time_distributed(rng, shape):
    return L.TimeDistributed(L.Dense(whole(rng, 1, 4), activation=activation(rng)))


def edges1d(rng, shape):
    if shape[0] > 3 and yes(rng):
        return L.Cropping1D((1, 1))
    return some(rng, lambda: L.ZeroPadding1D((1, 2)), lambda: L.UpSampling1D(2))()


def permute(rng, shape):
    order = [int(k) + 1 for k in rng.permutation(len(shape))]
    return L.Permute(tuple(order))


def masking(rng, shape):
    return L.Masking(mask_value=0.0)


def depthwise1d(rng, shape):
    size = whole(rng, 1, min(3, shape[0]))
    if yes(rng):
        return L.DepthwiseConv1D(size, depth_multiplier=whole(rng, 1, 2), padding="same",
                                 activation=activation(rng), use_bias=yes(rng, 0.8))
    return L.SeparableConv1D(whole(rng, 1, 4), size, depth_multiplier=whole(rng, 1, 2),
                             padding=some(rng, "same", "valid"), activation=activation(rng))


def einsum_dense(rng, shape):
    return L.EinsumDense("abc,cd->abd", output_shape=(None, whole(rng, 1, 4)),
                         bias_axes=some(rng, None, "d"), activation=activation(rng))


# --- images (H, W, C) ---
def conv2d(rng, shape):
    first = yes(rng, 0.15)
    space, channels = (shape[1:], shape[0]) if first else (shape[:2], shape[2])
    size = [whole(rng, 1, min(3, s)) for s in space]
    strides, dilation = some(rng, (1, 1), (2, 1), (1, 2))
    padding = some(rng, "same", "valid")
    if any((k - 1) * dilation + 1 > s for k, s in zip(size, space)):
        dilation = 1
    groups = channels if yes(rng, 0.2) and not first else 1
    return L.Conv2D(groups * whole(rng, 1, 3), size, strides=strides, dilation_rate=dilation,
                    padding=padding, groups=groups, activation=activation(rng),
                    use_bias=yes(rng, 0.8), data_format="channels_first" if first else None)


def depthwise2d(rng, shape):
    size = [whole(rng, 1, min(3, s)) for s in shape[:2]]
    options = dict(depth_multiplier=whole(rng, 1, 2), strides=some(rng, 1, 2),
                   padding=some(rng, "same", "valid"), activation=activation(rng),
                   use_bias=yes(rng, 0.8))
    if yes(rng):
        return L.DepthwiseConv2D(size, **options)
    return L.SeparableConv2D(whole(rng, 1, 4), size, **options)


def pooling2d(rng, shape):
    kind = some(rng, L.MaxPooling2D, L.AveragePooling2D)
    size = (min(2, shape[0]), min(some(rng, 1, 2), shape[1]))
    return kind(size, strides=some(rng, None, 1, (1, 2)), padding=some(rng, "same", "valid"))


def global_pooling2d(rng, shape):
    return some(rng, L.GlobalMaxPooling2D, L.GlobalAveragePooling2D)(keepdims=yes(rng, 0.2))


def edges2d(rng, shape):
    if min(shape[:2]) > 3 and yes(rng):
        return L.Cropping2D(((1, 0), (0, 1)))
    return some(rng, lambda: L.ZeroPadding2D(((1, 0), (2, 1))),
                lambda: L.UpSampling2D((2, 1), interpolation="nearest"))()


ANY = [dense, dense, activation_layer, batch_normalization, layer_normalization, quiet, rescaling]
BY_RANK = {
    1: ANY + [repeat_vector, reshape_vector],
    2: ANY + [conv1d, pooling1d, global_pooling1d, recurrent, recurrent, bidirectional, cells,
              time_distributed, depthwise1d, einsum_dense, edges1d, permute, masking, flatten],
    3: ANY + [conv2d, conv2d, depthwise2d, pooling2d, global_pooling2d, edges2d, permute, flatten],
}


def unary(rng, shape):
    makers = BY_RANK.get(len(shape), [flatten])
    return makers[rng.integers(len(makers))](rng, shape)


def fits(shape):
    """Small enough to go on with."""
    size = 1
    for n in shape:
        if not n or n < 1:
            return False
        size *= n
    return size <= 600 and len(shape) <= 3
