from cases import layer

CASES = [
    layer("Rescaling(0.5)", (3, 4)),
    layer("Rescaling(scale=2.0, offset=-1.0)", (2, 3, 2)),
    layer("Normalization()", (6, 3), adapt=True),
    layer("Normalization(axis=None)", (6, 3), adapt=True),
    layer("Normalization(axis=1)", (4, 3, 2), adapt=True),
    layer("Normalization(axis=(1, 2))", (5, 3, 2), adapt=True),
    layer("Normalization(mean=0.5, variance=2.0)", (3, 4)),
    layer("Normalization(mean=[0.5, 0.1, -0.2], variance=[2.0, 1.0, 0.5])", (4, 3)),
    layer("Normalization(axis=-1, invert=True, mean=0.5, variance=2.0)", (3, 4)),
]
