import keras

from cases import layer


def with_alpha(cls):
    """Keras forgets the constructor's lora_alpha when a layer is built: this one keeps it."""
    class Kept(cls):
        def build(self, input_shape=None):
            alpha = self.lora_alpha
            super().build(input_shape)
            self.lora_alpha = alpha
    return Kept


LORA = {k: with_alpha(getattr(keras.layers, k)) for k in ("Dense", "EinsumDense", "Embedding")}
CASES = [
    layer("Dense(3)", (4, 5)),
    layer("Dense(3, activation='relu', use_bias=False)", (4, 5)),
    layer("Dense(2, 'softmax')", (3, 4)),
    layer("Dense(6, activation='gelu')", (2, 3, 4)),
    layer("Dense(1, activation='sigmoid')", (2, 2, 3, 4)),
    layer("Dense(2, kernel_regularizer='l2', bias_constraint='non_neg')", (3, 2)),
    layer("Dense(3, lora_rank=2)", (4, 5)),
    layer("Dense(4, activation='tanh', use_bias=False, lora_rank=3, lora_alpha=2)", (2, 3, 4), names=LORA),
    layer("EinsumDense('abc,cde->abde', output_shape=(None, 2, 3), lora_rank=2, lora_alpha=3)", (2, 3, 4),
          names=LORA),
    layer("EinsumDense('ab,bc->ac', output_shape=3, bias_axes='c')", (2, 4)),
    layer("EinsumDense('abc,cd->abd', output_shape=(None, 5), bias_axes='d', activation='tanh')", (2, 3, 4)),
    layer("EinsumDense('abc,cde->abde', output_shape=(None, 2, 3), bias_axes='de')", (2, 3, 4)),
    layer("EinsumDense('abcd,cde->abe', output_shape=(None, 5), bias_axes='e')", (2, 3, 2, 4)),
    layer("EinsumDense('...x,xy->...y', output_shape=3, bias_axes='y')", (2, 3, 2, 4)),
    layer("EinsumDense('ab...,bc->ac...', output_shape=3, bias_axes='c')", (2, 4, 3, 2)),
    layer("EinsumDense('abc,bcd->abd', output_shape=(3, 2), bias_axes='bd')", (2, 3, 4)),
    layer("EinsumDense('abc,dc->adb', output_shape=(2, 3), bias_axes='d')", (2, 3, 4)),
    layer("EinsumDense('abc,ce->ae', output_shape=2)", (2, 3, 4)),
    layer("EinsumDense('abcd,dbe->aebc', output_shape=(2, 3, None), bias_axes='eb')", (2, 3, 2, 4)),
    layer("Activation('tanh')", (3, 4)),
    layer("Activation('softmax')", (2, 3, 4)),
    layer("Embedding(7, 3)", ((2, 5), "int:7")),
    layer("Embedding(5, 4, mask_zero=True)", ((3, 6), "int:5")),
    layer("Embedding(6, 2)", ((2, 3, 2), "int:6")),
    layer("Embedding(6, 4, lora_rank=2, mask_zero=True)", ((3, 5), "int:6")),
    layer("Embedding(6, 3, lora_rank=1, lora_alpha=0.5)", ((3, 5), "int:6"), names=LORA),
    layer("Masking()", ((3, 5, 2), "zeros:3")),
    layer("Masking(mask_value=0.0)", ((4, 4, 1), "zeros:4")),
    layer("Identity()", (2, 3)),
]
