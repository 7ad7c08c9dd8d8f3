from cases import layer

CASES = [
    layer("Conv2D(3, 3)", (2, 6, 5, 2)),
    layer("Conv2D(4, (2, 3), strides=2, padding='same', activation='relu')", (2, 7, 6, 3)),
    layer("Conv2D(2, 3, dilation_rate=2)", (1, 8, 7, 2)),
    layer("Conv2D(2, 3, dilation_rate=(1, 2), padding='same')", (2, 5, 6, 1)),
    layer("Conv2D(4, 3, groups=2, padding='same', use_bias=False)", (2, 5, 5, 4)),
    layer("Conv2D(6, (3, 1), groups=3, strides=(2, 1))", (2, 6, 4, 3)),
    layer("Conv2D(3, 1)", (2, 4, 3, 5)),
    layer("Conv2D(2, 5, padding='same', strides=3)", (1, 10, 11, 1)),
    layer("Conv2D(16, 3, padding='same', activation='relu')", (2, 8, 8, 1)),
    layer("Conv2D(33, 3)", (1, 5, 5, 17)),
    layer("Conv1D(3, 3)", (2, 7, 2)),
    layer("Conv1D(2, 4, strides=3, padding='same')", (2, 9, 3)),
    layer("Conv1D(3, 3, padding='causal', dilation_rate=2)", (2, 8, 2)),
    layer("Conv1D(4, 2, padding='causal', strides=2, activation='tanh')", (3, 6, 2)),
    layer("Conv1D(4, 3, groups=2, padding='same')", (2, 5, 4)),
    layer("Conv1D(2, 3, dilation_rate=3)", (1, 10, 1)),
]
for text, shape in [("Conv2D(3, (3, 2), padding='same', data_format='channels_first')", (2, 2, 5, 4)),
                    ("Conv2D(2, 3, strides=2, data_format='channels_first')", (1, 3, 7, 6)),
                    ("Conv1D(3, 3, data_format='channels_first')", (2, 2, 6))]:
    CASES.append(layer(text, shape, turned=True))
