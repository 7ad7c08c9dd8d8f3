from cases import layer

CASES = [layer(f"{n}()", *shapes)
         for n in ("Add", "Multiply", "Average", "Maximum", "Minimum")
         for shapes in (((3, 4), (3, 4)), ((2, 3, 4), (2, 3, 4), (2, 3, 4)), ((2, 3, 1), (2, 1, 4)))] + [
    layer("Subtract()", (3, 4), (3, 4)),
    layer("Subtract()", (2, 1, 4), (2, 3, 4)),
    layer("Concatenate()", (3, 4), (3, 2)),
    layer("Concatenate(axis=1)", (2, 3, 4), (2, 1, 4), (2, 2, 4)),
    layer("Concatenate(axis=-2)", (2, 3, 4), (2, 2, 4)),
    layer("Dot(axes=1)", (3, 4), (3, 4)),
    layer("Dot(axes=-1, normalize=True)", (3, 4), (3, 4)),
    layer("Dot(axes=(2, 1))", (2, 3, 4), (2, 4, 5)),
    layer("Dot(axes=2)", (2, 3, 4), (2, 5, 4)),
    layer("Dot(axes=(1, 2), normalize=True)", (2, 3, 4), (2, 5, 3)),
]
