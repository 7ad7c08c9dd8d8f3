from cases import layer

S = [(3, 4)]
CASES = []
for cls, states in (("SimpleRNN", 1), ("LSTM", 2), ("GRU", 1)):
    st = S * states
    CASES += [
        layer(f"{cls}(4)", (3, 5, 2)),
        layer(f"{cls}(4, return_sequences=True)", (3, 5, 2)),
        layer(f"{cls}(4, return_state=True)", (3, 5, 2)),
        layer(f"{cls}(4, return_sequences=True, return_state=True, go_backwards=True)", (3, 5, 2)),
        layer(f"{cls}(4, use_bias=False)", (3, 4, 2)),
        layer(f"{cls}(4, activation='relu')", (3, 5, 2)),
        layer(f"{cls}(4, activation='sigmoid', return_sequences=True)", (2, 5, 3)),
        layer(f"{cls}(4, activation='elu')", (2, 3, 3)),
        layer(f"{cls}(4)", (3, 5, 2), mask=(3, 5)),
        layer(f"{cls}(4, return_sequences=True)", (3, 5, 2), mask=(3, 5)),
        layer(f"{cls}(4, return_sequences=True, go_backwards=True)", (3, 5, 2), mask=(3, 5)),
        layer(f"{cls}(4, return_state=True)", (3, 5, 2), states=st),
        layer(f"{cls}(4, return_sequences=True)", (3, 5, 2), states=st, mask=(3, 5)),
        layer(f"{cls}(4, unroll=True)", (3, 3, 2)),
        layer(f"{cls}(17, return_sequences=True)", (5, 3, 9)),
        layer(f"{cls}(4)", (3, 1, 2)),
        layer(f"RNN({cls}Cell(4), return_sequences=True)", (3, 4, 2)),
        layer(f"RNN([{cls}Cell(4), {cls}Cell(3)], return_state=True)", (3, 4, 2)),
        layer(f"Bidirectional({cls}(3, return_sequences=True))", (2, 4, 2)),
        layer(f"Bidirectional({cls}(3), merge_mode='sum')", (2, 4, 2), mask=(2, 4)),
        layer(f"Bidirectional({cls}(3, return_sequences=True, return_state=True), merge_mode='mul')", (2, 4, 2)),
        layer(f"Bidirectional({cls}(3, return_sequences=True), merge_mode='ave')", (2, 4, 2), mask=(2, 4)),
        layer(f"Bidirectional({cls}(3), merge_mode=None)", (2, 4, 2)),
    ]
CASES += [
    layer("LSTM(4, recurrent_activation='hard_sigmoid')", (3, 5, 2)),
    layer("LSTM(4, recurrent_activation='tanh', activation='linear', return_sequences=True)", (3, 5, 2)),
    layer("GRU(4, reset_after=False)", (3, 5, 2)),
    layer("GRU(4, reset_after=False, return_sequences=True)", (3, 5, 2), mask=(3, 5)),
    layer("GRU(4, reset_after=False, use_bias=False, activation='relu')", (3, 5, 2)),
    layer("GRU(4, recurrent_activation='relu')", (3, 4, 2)),
    layer("Bidirectional(LSTM(3), backward_layer=LSTM(3, activation='relu', go_backwards=True))", (2, 4, 2)),
    layer("RNN(StackedRNNCells([LSTMCell(3), GRUCell(4)]))", (2, 4, 2)),
    layer("RNN(LSTMCell(4), return_sequences=True, zero_output_for_mask=True)", (3, 5, 2), mask=(3, 5)),
    layer("TimeDistributed(Dense(3))", (2, 4, 5)),
    layer("TimeDistributed(Dense(2, activation='relu'))", (2, 3, 2, 4)),
    layer("TimeDistributed(Conv2D(2, 3))", (2, 3, 5, 4, 1)),
    layer("TimeDistributed(LSTM(3))", (2, 3, 4, 2)),
    layer("TimeDistributed(BatchNormalization())", (3, 4, 2), training=True),
]
# Masks that hold from the first step of the walk on, and states that are not zeros then.
for cls, states in (("SimpleRNN", 1), ("LSTM", 2), ("GRU", 1)):
    CASES += [
        layer(f"{cls}(4, return_sequences=True, go_backwards=True, return_state=True)", (6, 5, 2),
              states=[(6, 4)] * states, mask=(6, 5)),
        layer(f"{cls}(4, go_backwards=True)", (6, 2, 2), states=[(6, 4)] * states, mask=(6, 2)),
        layer(f"{cls}(4, return_sequences=True, zero_output_for_mask=True)", (3, 5, 2), mask=(3, 5)),
        layer(f"{cls}(4, zero_output_for_mask=True)", (6, 3, 2), mask=(6, 3)),
        layer(f"{cls}(4, unroll=True, return_sequences=True)", (3, 4, 2), mask=(3, 4)),
        layer(f"Bidirectional({cls}(4, return_sequences=True, return_state=True))", (3, 4, 2),
              states=S * 2 * states, mask=(3, 4)),
    ]
CASES += [
    layer("RNN([LSTMCell(4), GRUCell(3)], return_sequences=True, return_state=True, go_backwards=True)",
          (3, 4, 2), mask=(3, 4)),
    layer("RNN(GRUCell(4, reset_after=False, activation='softmax'), zero_output_for_mask=True)",
          (3, 4, 2), mask=(3, 4)),
    layer("LSTM(20, return_sequences=True)", (18, 3, 5), mask=(18, 3)),
    layer("GRU(20, go_backwards=True)", (18, 3, 5)),
    layer("GRU(3, recurrent_activation='hard_sigmoid', activation='relu', return_sequences=True)",
          (3, 4, 2), mask=(3, 4)),
    layer("LSTM(3, unit_forget_bias=False, recurrent_activation='softsign')", (3, 4, 2)),
    layer("Bidirectional(RNN([LSTMCell(3), SimpleRNNCell(2)], return_sequences=True), merge_mode=None)",
          (2, 4, 2), mask=(2, 4)),
    layer("TimeDistributed(Bidirectional(GRU(2)))", (2, 3, 4, 2)),
    layer("TimeDistributed(LSTM(3, return_sequences=True))", (2, 3, 4, 2), mask=(2, 3, 4)),
    layer("TimeDistributed(TimeDistributed(Dense(2)))", (2, 3, 4, 5)),
    layer("TimeDistributed(Flatten())", (2, 3, 2, 2), mask=(2, 3)),
]
