from cases import layer

CASES = [
    layer("Dropout(0.5)", (3, 4)),
    layer("Dropout(0.0)", (3, 4), training=True),
]
