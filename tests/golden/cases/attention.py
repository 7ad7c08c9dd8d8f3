from cases import layer

SCORES = ["return_attention_scores"]
CAUSAL = ["use_causal_mask"]


def heads(text, *inputs, **more):
    """query, value and perhaps key, as arguments of their own. The gradient of the key's bias is zero:
    what remains of it is rounding."""
    return layer(text, *inputs, apart=True, atol=1e-6, **more)


CASES = [
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 4, 5)),
    heads("MultiHeadAttention(num_heads=3, key_dim=2, value_dim=4)", (2, 3, 5), (2, 6, 7), (2, 6, 4)),
    heads("MultiHeadAttention(1, 4, use_bias=False, output_shape=3)", (2, 3, 5), (2, 2, 5)),
    heads("MultiHeadAttention(2, 2, output_shape=(3, 2))", (2, 3, 4), (2, 5, 6)),
    heads("MultiHeadAttention(2, 3, use_gate=True, value_dim=5)", (2, 4, 5), (2, 4, 5)),
    heads("MultiHeadAttention(2, 3)", (2, 5, 4), (2, 5, 4), call=CAUSAL),
    heads("MultiHeadAttention(2, 3)", (2, 5, 4), (2, 3, 4), call=CAUSAL),
    heads("MultiHeadAttention(2, 3)", (2, 3, 4), (2, 6, 4), call=CAUSAL + SCORES),
    heads("MultiHeadAttention(2, 3)", (2, 3, 4), (2, 5, 4), call=SCORES),
    heads("MultiHeadAttention(2, 3, sliding_window=2)", (2, 6, 4), (2, 6, 4)),
    heads("MultiHeadAttention(2, 3, sliding_window=2)", (2, 6, 4), (2, 6, 4), call=CAUSAL),
    heads("MultiHeadAttention(2, 3, sliding_window=3)", (2, 7, 4), (2, 4, 4), call=SCORES),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 6, 5), masks=[(2, 4), (2, 6)]),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 6, 5), (2, 6, 5), masks=[None, (2, 6), (2, 6)]),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 6, 5), masks=[(2, 4), None], call=SCORES),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 4, 5), masks=[(2, 4), (2, 4)], call=CAUSAL + SCORES),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 6, 5), attention_mask=(2, 4, 6)),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 6, 5), attention_mask=(4, 6)),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 6, 5), attention_mask=(2, 2, 4, 6)),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 6, 5), attention_mask=(1, 4, 1)),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 6, 5), attention_mask=(2, 4, 6), call=SCORES,
          masks=[(2, 4), (2, 6)]),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 6, 5), attention_mask=(2, 4, 6), empty=1),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 6, 5), attention_mask=(2, 4, 6), call=SCORES, empty=1),
    heads("MultiHeadAttention(2, 3)", (2, 4, 5), (2, 6, 5), masks=[(2, 4), (2, 6)], empty=1),
    heads("MultiHeadAttention(2, 3, dropout=0.5)", (2, 4, 5), (2, 6, 5), attention_mask=(2, 4, 6), empty=1),
    heads("MultiHeadAttention(2, 3)", (2, 3, 2, 5), (2, 4, 3, 6)),
    heads("MultiHeadAttention(2, 3, attention_axes=(2,))", (2, 3, 4, 5), (2, 3, 2, 6)),
    heads("MultiHeadAttention(2, 3, attention_axes=-2, output_shape=2)", (2, 3, 4, 5), (2, 3, 2, 6),
          call=SCORES),
    heads("MultiHeadAttention(2, 3, attention_axes=1)", (2, 3, 4, 5), (2, 2, 4, 5), call=SCORES),
    heads("MultiHeadAttention(1, 2, attention_axes=(2, 1))", (2, 3, 2, 4), (2, 2, 3, 4), call=SCORES),
    heads("MultiHeadAttention(2, 3, attention_axes=(2,))", (2, 3, 4, 5), (2, 3, 2, 6),
          attention_mask=(4, 2)),
    heads("MultiHeadAttention(3, 16)", (2, 33, 4), (2, 17, 5)),
    heads("MultiHeadAttention(2, 17, value_dim=19)", (1, 65, 4), (1, 70, 3), call=CAUSAL),
    heads("MultiHeadAttention(1, 64)", (1, 18, 4), (1, 18, 4), masks=[None, (1, 18)]),
    heads("GroupQueryAttention(3, 4, 2)", (2, 4, 5), (2, 6, 5)),
    heads("GroupQueryAttention(2, 6, 1, use_bias=False)", (2, 4, 5), (2, 6, 5), (2, 6, 7), call=SCORES),
    heads("GroupQueryAttention(2, 4, 4, use_gate=True)", (2, 4, 5), (2, 4, 5), call=CAUSAL),
    heads("GroupQueryAttention(3, 4, 2, sliding_window=2)", (2, 4, 5), (2, 4, 5), masks=[(2, 4), (2, 4)]),
    heads("GroupQueryAttention(16, 4, 2)", (1, 20, 4), (1, 35, 4), attention_mask=(1, 20, 35)),
    layer("Attention()", (2, 4, 3), (2, 5, 6), (2, 5, 3)),
    layer("Attention(use_scale=True)", (2, 4, 3), (2, 5, 3)),
    layer("Attention(score_mode='concat')", (2, 4, 3), (2, 5, 3)),
    layer("Attention(score_mode='concat', use_scale=True)", (2, 4, 3), (2, 5, 6), (2, 5, 3), call=SCORES),
    layer("Attention()", (2, 4, 3), (2, 5, 3), call=CAUSAL),
    layer("Attention()", (2, 4, 3), (2, 5, 3), masks=[(2, 4), (2, 5)]),
    layer("Attention(use_scale=True)", (2, 5, 3), (2, 5, 3), masks=[(2, 5), (2, 5)], call=CAUSAL + SCORES),
    layer("Attention()", (2, 2, 4, 3), (2, 2, 5, 3)),
    layer("AdditiveAttention()", (2, 4, 3), (2, 5, 3)),
    layer("AdditiveAttention(use_scale=False)", (2, 4, 3), (2, 5, 6), (2, 5, 3), call=SCORES),
    layer("AdditiveAttention()", (2, 4, 3), (2, 5, 3), masks=[(2, 4), (2, 5)], call=CAUSAL),
]
