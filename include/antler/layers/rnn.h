/* Recurrent layers: SimpleRNN, LSTM, GRU, RNN over any cell, Bidirectional, TimeDistributed.
 *
 *     ant_model *m = ant_sequential(g, ant_lstm(g, 50, .return_sequences = true,
 *                                               .input_shape = {60, 3}),
 *                                      ant_bidirectional(g, ant_gru(g, 16)),
 *                                      ant_dense(g, 1));
 *
 * A recurrent layer walks over axis 1 of its input (batch, steps, features) and keeps a state of
 * `units` numbers per sample: (h) in SimpleRNN and GRU, (h, c) in LSTM.
 *
 * Results: the last step's output (batch, units); with return_sequences every step's, (batch,
 * steps, units); with return_state the last state follows as further results (ant_output(y, 1) …).
 * Start: zeros, or ant_call(layer, x, .initial_state = {h, c}), or, with stateful, where the
 * batch before ended (ant_reset_states zeroes it; another batch size is an error).
 * Masks (batch, steps): a masked step keeps the state and repeats the last output (zeros before the
 * first step that counts; zeros at every masked step with zero_output_for_mask). The mask goes on
 * with return_sequences, else it ends here. As in Keras 3, a call that says initial_state looks at
 * no mask that comes with its input, only at one that it says: .mask = {m}.
 * go_backwards walks from the last step to the first; its sequence stays in the order of the walk.
 * dropout and recurrent_dropout draw one mask per sequence, used at every step: over the inputs and
 * over h. With recurrent_dropout in LSTM and GRU each gate has a mask of its own.
 *
 * Weights, in this order, under the cell's name ("lstm/lstm_cell/kernel"): kernel (features, n
 * units), recurrent_kernel (units, n units), bias (n units), n = 1 (SimpleRNN), 4 (LSTM: i, f, c,
 * o), 3 (GRU: z, r, h; its bias is (2, 3 units) with reset_after).
 *
 * Errors: an input of another rank than 3, an unknown number of features, states of other shapes or
 * another count. unroll and use_cudnn are there for Keras's files: they change no result.
 * LSTM and GRU run as one op when their activations are among tanh, sigmoid, relu, linear and
 * hard_sigmoid; with others, and with recurrent_dropout while training, step by step, slower.
 *
 * Source: keras/src/layers/rnn; Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997; Cho et
 * al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014.
 */
#ifndef ANTLER_LAYERS_RNN_H
#define ANTLER_LAYERS_RNN_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif

/* --- SimpleRNN: h' = activation(x W + h U + b) --- */
typedef struct ant_simple_rnn_options {
    ANT_LAYER_OPTIONS;
    int units;
    const char *activation;
    bool use_bias;
    const char *kernel_initializer, *recurrent_initializer, *bias_initializer;
    const char *kernel_regularizer, *recurrent_regularizer, *bias_regularizer;
    const char *kernel_constraint, *recurrent_constraint, *bias_constraint;
    double dropout, recurrent_dropout; /* share of x and of h that is dropped, 0 … 1 */
    bool return_sequences, return_state, go_backwards, stateful, unroll;
    int seed;                  /* of the dropout */
    bool zero_output_for_mask; /* in Keras a keyword of the base class */
    char ant_end;
} ant_simple_rnn_options;
#define ANT__RNN_WEIGHT_DEFAULTS                                                                   \
    .units = ANT_REQUIRED, .activation = "tanh", .use_bias = true,                                 \
    .kernel_initializer = "glorot_uniform", .recurrent_initializer = "orthogonal",                 \
    .bias_initializer = "zeros", .seed = ANT_NONE
#define ANT_SIMPLE_RNN_DEFAULTS ANT_LAYER_DEFAULTS, ANT__RNN_WEIGHT_DEFAULTS
#define ant_simple_rnn(...)                                                                        \
    ANT__LAYER("SimpleRNN", ant_simple_rnn_options, ANT_SIMPLE_RNN_DEFAULTS, .graph = __VA_ARGS__)

/* --- LSTM ---
 * z = x W + h U + b in four parts i, f, c, o; with s the recurrent activation, a the activation:
 *     c' = s(z_f) c + s(z_i) a(z_c)        h' = s(z_o) a(c') */
typedef struct ant_lstm_options {
    ANT_LAYER_OPTIONS;
    int units;
    const char *activation, *recurrent_activation;
    bool use_bias;
    const char *kernel_initializer, *recurrent_initializer, *bias_initializer;
    bool unit_forget_bias; /* the forget gate's bias starts at 1 */
    const char *kernel_regularizer, *recurrent_regularizer, *bias_regularizer;
    const char *kernel_constraint, *recurrent_constraint, *bias_constraint;
    double dropout, recurrent_dropout;
    int seed;
    bool return_sequences, return_state, go_backwards, stateful, unroll;
    const char *use_cudnn; /* "auto" or "false" */
    bool zero_output_for_mask;
    char ant_end;
} ant_lstm_options;
#define ANT__GATE_DEFAULTS ANT__RNN_WEIGHT_DEFAULTS, .recurrent_activation = "sigmoid"
#define ANT_LSTM_DEFAULTS                                                                          \
    ANT_LAYER_DEFAULTS, ANT__GATE_DEFAULTS, .unit_forget_bias = true, .use_cudnn = "auto"
#define ant_lstm(...) ANT__LAYER("LSTM", ant_lstm_options, ANT_LSTM_DEFAULTS, .graph = __VA_ARGS__)

/* --- GRU ---
 *     z = s(x W_z + h U_z)    r = s(x W_r + h U_r)    h' = z h + (1 - z) n
 *     n = a(x W_h + r (h U_h))  with reset_after, else  n = a(x W_h + (r h) U_h)
 * Biases: one to each x W and, with reset_after, another to each h U. */
typedef struct ant_gru_options {
    ANT_LAYER_OPTIONS;
    int units;
    const char *activation, *recurrent_activation;
    bool use_bias;
    const char *kernel_initializer, *recurrent_initializer, *bias_initializer;
    const char *kernel_regularizer, *recurrent_regularizer, *bias_regularizer;
    const char *kernel_constraint, *recurrent_constraint, *bias_constraint;
    double dropout, recurrent_dropout;
    int seed;
    bool return_sequences, return_state, go_backwards, stateful, unroll;
    bool reset_after; /* the reset gate acts after the product (as in cuDNN) */
    const char *use_cudnn;
    bool zero_output_for_mask;
    char ant_end;
} ant_gru_options;
#define ANT_GRU_DEFAULTS                                                                           \
    ANT_LAYER_DEFAULTS, ANT__GATE_DEFAULTS, .reset_after = true, .use_cudnn = "auto"
#define ant_gru(...) ANT__LAYER("GRU", ant_gru_options, ANT_GRU_DEFAULTS, .graph = __VA_ARGS__)

/* --- cells: one step ---
 * (batch, features) and the states as .initial_state -> the output (batch, units), the new states.
 *     ant_node *y = ant_call(ant_lstm_cell(g, 8), x, .initial_state = {h, c});
 * Mostly for ant_rnn. Options and weights as above. */
typedef struct ant_simple_rnn_cell_options {
    ANT_LAYER_OPTIONS;
    int units;
    const char *activation;
    bool use_bias;
    const char *kernel_initializer, *recurrent_initializer, *bias_initializer;
    const char *kernel_regularizer, *recurrent_regularizer, *bias_regularizer;
    const char *kernel_constraint, *recurrent_constraint, *bias_constraint;
    double dropout, recurrent_dropout;
    int seed;
    char ant_end;
} ant_simple_rnn_cell_options;
#define ANT_SIMPLE_RNN_CELL_DEFAULTS ANT_LAYER_DEFAULTS, ANT__RNN_WEIGHT_DEFAULTS
#define ant_simple_rnn_cell(...)                                                                   \
    ANT__LAYER("SimpleRNNCell", ant_simple_rnn_cell_options, ANT_SIMPLE_RNN_CELL_DEFAULTS,         \
               .graph = __VA_ARGS__)

typedef struct ant_lstm_cell_options {
    ANT_LAYER_OPTIONS;
    int units;
    const char *activation, *recurrent_activation;
    bool use_bias;
    const char *kernel_initializer, *recurrent_initializer, *bias_initializer;
    bool unit_forget_bias;
    const char *kernel_regularizer, *recurrent_regularizer, *bias_regularizer;
    const char *kernel_constraint, *recurrent_constraint, *bias_constraint;
    double dropout, recurrent_dropout;
    int seed;
    char ant_end;
} ant_lstm_cell_options;
#define ANT_LSTM_CELL_DEFAULTS ANT_LAYER_DEFAULTS, ANT__GATE_DEFAULTS, .unit_forget_bias = true
#define ant_lstm_cell(...)                                                                         \
    ANT__LAYER("LSTMCell", ant_lstm_cell_options, ANT_LSTM_CELL_DEFAULTS, .graph = __VA_ARGS__)

typedef struct ant_gru_cell_options {
    ANT_LAYER_OPTIONS;
    int units;
    const char *activation, *recurrent_activation;
    bool use_bias;
    const char *kernel_initializer, *recurrent_initializer, *bias_initializer;
    const char *kernel_regularizer, *recurrent_regularizer, *bias_regularizer;
    const char *kernel_constraint, *recurrent_constraint, *bias_constraint;
    double dropout, recurrent_dropout;
    bool reset_after;
    int seed;
    char ant_end;
} ant_gru_cell_options;
#define ANT_GRU_CELL_DEFAULTS ANT_LAYER_DEFAULTS, ANT__GATE_DEFAULTS, .reset_after = true
#define ant_gru_cell(...)                                                                          \
    ANT__LAYER("GRUCell", ant_gru_cell_options, ANT_GRU_CELL_DEFAULTS, .graph = __VA_ARGS__)

/* Cells one above the other as one cell: each gets the output of the one below. Its states are all
 * their states, the lowest cell's first.
 *     ant_rnn(g, ant_stacked_rnn_cells(g, .cells = {ant_lstm_cell(g, 8), ant_gru_cell(g, 4)})) */
typedef struct ant_stacked_rnn_cells_options {
    ANT_LAYER_OPTIONS;
    ant_layer *cells[ANT_MAX_LIST];
    char ant_end;
} ant_stacked_rnn_cells_options;
#define ANT_STACKED_RNN_CELLS_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_stacked_rnn_cells(...)                                                                 \
    ANT__LAYER("StackedRNNCells", ant_stacked_rnn_cells_options, ANT_STACKED_RNN_CELLS_DEFAULTS,   \
               .graph = __VA_ARGS__)

/* --- RNN: the walk over steps with any cell ---
 *     ant_rnn(g, {ant_lstm_cell(g, 8)}, .return_sequences = true)
 * Several cells in the braces are stacked. The input is (batch, steps, …): what the cell takes. */
typedef struct ant_rnn_options {
    ANT_LAYER_OPTIONS;
    ant_layer *cell[ANT_MAX_LIST];
    bool return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask;
    char ant_end;
} ant_rnn_options;
#define ANT_RNN_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_rnn(G, ...)                                                                            \
    ANT__LAYER("RNN", ant_rnn_options, ANT_RNN_DEFAULTS, .graph = (G), .cell = __VA_ARGS__)

/* --- Bidirectional: a recurrent layer run both ways ---
 * Both are copies of `layer` with weights of their own ("forward_lstm", "backward_lstm"), the
 * second with go_backwards; backward_layer is taken as it is and must differ in go_backwards
 * and agree in return_sequences, return_state and stateful. The backward sequence is turned round,
 * then both are joined by merge_mode: "concat" (batch, …, 2 units), "sum", "mul", "ave", or NULL:
 * two results. States follow, the forward ones first; initial_state is given in the same order.
 * With return_sequences masked steps give zeros. */
typedef struct ant_bidirectional_options {
    ANT_LAYER_OPTIONS;
    ant_layer *layer;
    const char *merge_mode;
    ant_layer *backward_layer;
    char ant_end;
} ant_bidirectional_options;
#define ANT_BIDIRECTIONAL_DEFAULTS ANT_LAYER_DEFAULTS, .merge_mode = "concat"
#define ant_bidirectional(...)                                                                     \
    ANT__LAYER("Bidirectional", ant_bidirectional_options, ANT_BIDIRECTIONAL_DEFAULTS,             \
               .graph = __VA_ARGS__)

/* --- TimeDistributed: a layer applied to every step ---
 * (batch, steps, …) -> (batch, steps, …): the same weights at each step. A layer that draws random
 * numbers or keeps moving averages does so step by step, as in Keras. A mask goes on unchanged; a
 * mask of more axes than (batch, steps) also reaches the layer. The layer's own
 * activity_regularizer is not counted, as in Keras; those of layers inside it are, at every
 * step. */
typedef struct ant_time_distributed_options {
    ANT_LAYER_OPTIONS;
    ant_layer *layer;
    char ant_end;
} ant_time_distributed_options;
#define ANT_TIME_DISTRIBUTED_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_time_distributed(...)                                                                  \
    ANT__LAYER("TimeDistributed", ant_time_distributed_options, ANT_TIME_DISTRIBUTED_DEFAULTS,     \
               .graph = __VA_ARGS__)
#endif
