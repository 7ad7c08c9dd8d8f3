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
        ("BatchNormalization(synchronized=True)", ((6, 3),), {}),
        ("BatchNormalization(renorm=True)", ((6, 3),), {}),
        ("BatchNormalization(renorm=True, renorm_momentum=0.8, momentum=0.7, scale=False, axis=1)",
         ((4, 3, 2),), {}),
        ("BatchNormalization(renorm=True, center=False)", ((3, 5, 2),), {"mask": (3, 5)}),
        ("BatchNormalization(renorm=True, renorm_clipping={'rmin': 0.6, 'rmax': 1.5, 'dmax': 0.5})",
         ((4, 2, 3, 4),),
         {"said": "BatchNormalization(renorm=True, renorm_clipping=[rmin=0.6, rmax=1.5, dmax=0.5])"}),
        ("BatchNormalization(renorm=True, renorm_clipping={'rmax': 1.1})", ((6, 3),),
         {"said": "BatchNormalization(renorm=True, renorm_clipping=[rmax=1.1])"}),
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
    layer("RMSNormalization()", (3, 5)),
    layer("RMSNormalization(epsilon=0.1)", (2, 3, 40)),
    layer("RMSNormalization(axis=[-2, -1])", (2, 2, 3, 4)),
    layer("RMSNormalization(axis=[1, 2])", (2, 3, 4)),
    layer("UnitNormalization()", (3, 5)),
    layer("UnitNormalization(axis=1)", (2, 3, 4)),
    layer("UnitNormalization(axis=[1, 2])", (2, 3, 4)),
    layer("UnitNormalization()", (2, 3, 4)),
]
