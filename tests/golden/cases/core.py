from cases import layer

CASES = [
    layer("Dense(3)", (4, 5)),
    layer("Dense(3, activation='relu', use_bias=False)", (4, 5)),
    layer("Dense(2, 'softmax')", (3, 4)),
    layer("Dense(6, activation='gelu')", (2, 3, 4)),
    layer("Dense(1, activation='sigmoid')", (2, 2, 3, 4)),
    layer("Dense(2, kernel_regularizer='l2', bias_constraint='non_neg')", (3, 2)),
    layer("Activation('tanh')", (3, 4)),
    layer("Activation('softmax')", (2, 3, 4)),
    layer("Embedding(7, 3)", ((2, 5), "int:7")),
    layer("Embedding(5, 4, mask_zero=True)", ((3, 6), "int:5")),
    layer("Embedding(6, 2)", ((2, 3, 2), "int:6")),
    layer("Masking()", ((3, 5, 2), "zeros:3")),
    layer("Masking(mask_value=0.0)", ((4, 4, 1), "zeros:4")),
    layer("Identity()", (2, 3)),
]
