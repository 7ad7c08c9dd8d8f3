/* Recurrent cells, and the walk over a sequence with one.
 *
 * A cell is a layer: call it with a step's input and, as initial_state, its states; its results are
 * its output and its new states. RNN, and SimpleRNN, LSTM and GRU, which make their cell
 * themselves, walk over the steps with it: in a scan, or where the cell knows how, in one op. */
#ifndef ANT_LAYERS_CELL_H
#define ANT_LAYERS_CELL_H
#include "core/ops/recurrent.h"
#include "layers/layer.h"

/* One walk. Sequences are (batch, steps, …). */
typedef struct ant_walk {
    ant_value *x, *mask;             /* mask: bool (batch, steps), or NULL */
    ant_value *state[ANT_MAX_PORTS]; /* at the start, then after the last step */
    int n_states;
    bool zero_start;  /* the states at the start are zeros */
    bool reverse;     /* from the last step to the first */
    bool zero_masked; /* masked steps give zeros, else what the last step gave */
    ant_value *y;     /* the outputs, in the order of the walk */
    ant_value *last;  /* the last of them */
} ant_walk;

typedef struct ant_cell_class {
    /* Puts the sizes of its states, at most ANT_MAX_PORTS; returns how many there are. */
    int (*states)(const ant_layer *cell, int64_t *size);
    /* The whole walk at once, masks in states but not in y and last; false: not with these options,
     * nothing was written. NULL: never. */
    bool (*walk)(ant_layer_call *c, ant_walk *w);
} ant_cell_class;

/* NULL when it is no cell. */
const ant_cell_class *ant__cell_class(const ant_layer *l);
/* Writes the walk of c's inner layer `child`. 0 or the error. */
int ant__walk_write(ant_layer_call *c, int child, ant_walk *w);

/* --- what cells share --- */
/* Declares kernel (features, gates * units), recurrent_kernel (units, gates * units) and, with
 * use_bias, the bias by the options of these names. */
int ant__cell_weights(ant_layer *l, const ant_dims *in, int gates, const ant_dims *bias,
                      void (*adjust)(ant_weight *w));
enum { ANT__CELL_KERNEL, ANT__CELL_RECURRENT, ANT__CELL_BIAS };
/* One state of `units`. */
int ant__cell_one_state(const ant_layer *cell, int64_t *size);
/* The cell's states are given and fit; 0 or the error. */
int ant__cell_check(ant_layer_call *c);
/* x times weight `kernel`, (batch, gates * units), with dropout at `rate` over x. per_gate: each
 * gate has a mask of its own. One mask per sequence: it is drawn outside of the steps. */
typedef struct ant_cell_product {
    int kernel, gates;
    double rate;
    bool per_gate;
} ant_cell_product;
ant_value *ant__cell_multiply(ant_layer_call *c, ant_value *x, const ant_cell_product *k);
/* The masks of dropout at `rate` over (batch, features) of x, scaled by 1 / (1 - rate); their
 * number: 0 when nothing is dropped. */
int ant__cell_masks(ant_layer_call *c, const ant_value *x, double rate, int count,
                    ant_value **mask);
/* Columns [k units, (k + n) units). */
ant_value *ant__cell_part(ant_program *p, ant_value *z, int64_t units, int k, int n);
/* What an activation is for the recurrent ops; false when it is not among theirs. */
bool ant__cell_gate(const char *activation, ant_gate *out);
/* A walk's inputs, with dropout at `rate` over x, its weights, first state and mask. */
ant_recurrence ant__cell_recurrence(ant_layer_call *c, ant_walk *w, double rate);

/* --- rows that their classes share, in Keras's order --- */
#define ANT__CELL_START_ROWS(T)                                                                    \
    ANT__ROW(T, use_bias, "whether a bias is added"), ANT__INITIALIZER_ROW(T, kernel),             \
        ANT__INITIALIZER_ROW(T, recurrent), ANT__INITIALIZER_ROW(T, bias)
#define ANT__CELL_LIMIT_ROWS(T)                                                                    \
    ANT__REGULARIZER_ROW(T, kernel), ANT__REGULARIZER_ROW(T, recurrent),                           \
        ANT__REGULARIZER_ROW(T, bias), ANT__CONSTRAINT_ROW(T, kernel),                             \
        ANT__CONSTRAINT_ROW(T, recurrent), ANT__CONSTRAINT_ROW(T, bias),                           \
        ANT__ROW(T, dropout, "share of the inputs that is dropped", ANT__BETWEEN(0, 1)),           \
        ANT__ROW(T, recurrent_dropout, "share of the states that is dropped", ANT__BETWEEN(0, 1))
#define ANT__CELL_UNITS_ROWS(T)                                                                    \
    ANT__ROW(T, units, "numbers of a state", ANT__AT_LEAST(1)),                                    \
        ANT__ROW(T, activation, "of the candidate and the output", .part = ANT_ACTIVATION)
#define ANT__CELL_GATE_ROW(T)                                                                      \
    ANT__ROW(T, recurrent_activation, "of the gates", .part = ANT_ACTIVATION)
#define ANT__CELL_SEED_ROW(T) ANT__ROW(T, seed, "of the dropout; none: the graph's")
#define ANT__RNN_ROWS(T)                                                                           \
    ANT__ROW(T, return_sequences, "every step's output, not only the last"),                       \
        ANT__ROW(T, return_state, "the last states as further results"),                           \
        ANT__ROW(T, go_backwards, "from the last step to the first"),                              \
        ANT__ROW(T, stateful, "a batch starts where the one before ended"),                        \
        ANT__ROW(T, unroll, "for Keras's files: changes no result")
#define ANT__RNN_CUDNN_ROW(T)                                                                      \
    ANT__ROW(T, use_cudnn, "for Keras's files: changes no result", .words = "auto false")
#define ANT__RNN_MASK_ROW(T) ANT__ROW(T, zero_output_for_mask, "masked steps give zeros")

/* --- recurrent layers --- */
/* A class that walks: RNN's options, and the class of the cell it makes (NULL: it is given one). */
typedef struct ant_rnn_class {
    ant_layer_class layer; /* first: what layers see */
    const char *cell;
} ant_rnn_class;
#define ANT__RNN_CLASS(cell_name)                                                                  \
    {                                                                                              \
        {.outputs = ant__rnn_outputs,                                                              \
         .build = ant__rnn_build,                                                                  \
         .call = ant__rnn_call,                                                                    \
         .mask = ANT__MASK_OWN,                                                                    \
         .inputs_min = 1,                                                                          \
         .inputs_max = ANT_MAX_PORTS - 1,                                                          \
         .attributes = "cell",                                                                     \
         .arguments = "sequences initial_state*"},                                                 \
            .cell = (cell_name)                                                                    \
    }
int ant__rnn_outputs(const ant_layer *l);
int ant__rnn_build(ant_layer *l, const ant_dims *in, int n_in);
int ant__rnn_call(ant_layer_call *c);
/* (batch, steps, …) without its axis 1. */
ant_dims ant__step_dims(const ant_dims *in);
/* (batch, steps, …) <-> (steps, batch, …); NULL stays NULL. */
ant_value *ant__swap_steps(ant_program *p, ant_value *v);
/* Adds an inner layer under a name that no other one has: prefix + its name or its class's. */
int ant__rnn_child(ant_layer *l, ant_layer *child, const char *prefix);
/* A flag by its option's name; false when the class has no such option. */
bool ant__rnn_flag(const ant_layer *l, const char *name);
#endif
