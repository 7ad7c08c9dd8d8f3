from cases import layer

CASES = [
    layer("Dropout(0.5)", (3, 4)),
    layer("Dropout(0.0)", (3, 4), training=True),
    layer("SpatialDropout1D(0.3)", (2, 3, 4)),
    layer("SpatialDropout2D(0.3)", (2, 3, 4, 2)),
    layer("SpatialDropout3D(0.3)", (2, 3, 2, 4, 2)),
    layer("SpatialDropout3D(0.0, data_format='channels_first')", (2, 3, 2, 4, 2), training=True),
    layer("AlphaDropout(0.2)", (3, 4)),
    layer("GaussianDropout(0.2)", (3, 4)),
    layer("GaussianNoise(0.2)", (3, 4)),
    layer("ActivityRegularization(l1=0.1, l2=0.2)", (3, 4)),
]
