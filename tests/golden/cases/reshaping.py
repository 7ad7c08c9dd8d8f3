from cases import layer

CASES = [
    layer("Flatten()", (2, 3, 4)),
    layer("Flatten(data_format='channels_first')", (2, 3, 4, 2)),
    layer("Flatten()", (3, 4)),
    layer("Reshape((4, 3))", (2, 12)),
    layer("Reshape((-1, 2))", (2, 3, 4)),
    layer("Reshape((2, 3, -1))", (2, 12)),
    layer("Permute((2, 1))", (2, 3, 4)),
    layer("Permute((3, 1, 2))", (2, 3, 4, 5)),
    layer("RepeatVector(3)", (2, 4)),
]
