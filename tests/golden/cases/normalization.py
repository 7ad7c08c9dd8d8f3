from cases import layer

CASES = [
    layer(text, *inputs, training=t, **more)
    for t in (False, True)
    for text, inputs, more in [
        ("BatchNormalization()", ((6, 3),), {}),
        ("BatchNormalization(momentum=0.7, epsilon=0.01)", ((4, 3, 2, 3),), {}),
        ("BatchNormalization(axis=1)", ((4, 3, 2),), {}),
        ("BatchNormalization(center=False)", ((5, 4),), {}),
        ("BatchNormalization(scale=False)", ((5, 4),), {}),
        ("BatchNormalization(center=False, scale=False)", ((5, 2),), {}),
        ("BatchNormalization()", ((3, 5, 2),), {"mask": (3, 5)}),
        ("BatchNormalization(trainable=False)", ((5, 3),), {}),
    ]
] + [
    layer("LayerNormalization()", (3, 5)),
    layer("LayerNormalization(epsilon=1e-5, center=False)", (2, 3, 4)),
    layer("LayerNormalization(scale=False)", (2, 3, 4)),
    layer("LayerNormalization(axis=1)", (2, 3, 4)),
    layer("LayerNormalization(axis=[1, 2])", (2, 3, 4)),
    layer("LayerNormalization(axis=(-2, -1))", (2, 2, 3, 4)),
    layer("LayerNormalization(axis=(1, 3))", (2, 2, 3, 4)),
    layer("LayerNormalization(axis=(1, -1))", (2, 2, 3, 4)),
    layer("LayerNormalization(axis=(1, 2), rms_scaling=True)", (2, 3, 4)),
]
