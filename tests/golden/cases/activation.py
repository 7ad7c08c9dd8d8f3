from cases import layer

NAMES = ["relu", "sigmoid", "tanh", "softmax", "elu", "selu", "softplus", "softsign", "silu", "gelu",
         "exponential", "leaky_relu", "relu6", "hard_sigmoid", "hard_silu", "hard_tanh",
         "hard_shrink", "soft_shrink", "tanh_shrink", "sparse_plus", "sparse_sigmoid", "squareplus",
         "celu", "glu", "log_sigmoid", "log_softmax", "mish", "linear", "threshold", "sparsemax"]

CASES = [layer(f"Activation('{n}')", (3, 8)) for n in NAMES if n != "threshold"] + [
    layer("ReLU()", (3, 4)),
    layer("ReLU(max_value=0.5, negative_slope=0.1, threshold=0.2)", (4, 5)),
    layer("ReLU(negative_slope=0.25)", (2, 3, 4)),
    layer("LeakyReLU()", (3, 4)),
    layer("LeakyReLU(negative_slope=0.05)", (2, 3, 2)),
    layer("ELU(alpha=0.7)", (3, 4)),
    layer("PReLU()", (3, 4)),
    layer("PReLU(shared_axes=[1])", (2, 3, 4)),
    layer("Softmax()", (3, 4)),
    layer("Softmax(axis=1)", (2, 3, 4)),
    layer("Softmax()", (2, 5), mask=(2, 5)),
]
