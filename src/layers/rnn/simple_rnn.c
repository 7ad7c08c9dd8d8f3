/* SimpleRNN and its cell: h' = activation(x W + h U + b). */
#include "antler/layers/rnn.h"
#include "layers/rnn/cell.h"

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    return ant__cell_weights(l, in, 1, &ANT__DIMS(ANT__OPTIONS(simple_rnn_cell, l)->units), NULL);
}

static int call(ant_layer_call *c) {
    const ant_simple_rnn_cell_options *o = ANT__OPTIONS(simple_rnn_cell, c->layer);
    ant_program *p = c->program;
    ant_cell_product from_x = {ANT__CELL_KERNEL, 1, o->dropout, false};
    ant_cell_product from_h = {ANT__CELL_RECURRENT, 1, o->recurrent_dropout, false};
    int code = ant__cell_check(c);
    if (code)
        return code;
    ant_value *z = ant__cell_multiply(c, c->in[0], &from_x);
    if (o->use_bias)
        z = ant_op_add(p, z, ant__weight_read(c, ANT__CELL_BIAS));
    z = ant_op_add(p, z, ant__cell_multiply(c, c->initial_state[0], &from_h));
    c->out[0] = c->out[1] = ant__activation_write(c, o->activation, z);
    return 0;
}

static bool walk(ant_layer_call *c, ant_walk *w) {
    const ant_simple_rnn_cell_options *o = ANT__OPTIONS(simple_rnn_cell, c->layer);
    ant_gate activation;
    if (!ant__cell_gate(o->activation, &activation) || (c->training && o->recurrent_dropout > 0))
        return false;
    ant_recurrence r = ant__cell_recurrence(c, w, o->dropout);
    r.activation = activation;
    r.bias = o->use_bias ? ant__weight_read(c, ANT__CELL_BIAS) : NULL;
    w->y = ant__simple_rnn(c->program, &r);
    w->state[0] = w->last = r.h;
    return true;
}

static int outputs(const ant_layer *l) {
    (void)l;
    return 2;
}

static const ant_cell_class as_cell = {.states = ant__cell_one_state, .walk = walk};
static const ant_layer_class cell = {
    .outputs = outputs, .build = build, .call = call, .cell = &as_cell};
static const ant_rnn_class layer = ANT__RNN_CLASS("SimpleRNNCell");

static const ant_row simple_rnn_cell_rows[] = {
    ANT__CELL_UNITS_ROWS(simple_rnn_cell), ANT__CELL_START_ROWS(simple_rnn_cell),
    ANT__CELL_LIMIT_ROWS(simple_rnn_cell), ANT__CELL_SEED_ROW(simple_rnn_cell),
    ANT__LAYER_ROWS(simple_rnn_cell)};
static const ant_row simple_rnn_rows[] = {
    ANT__CELL_UNITS_ROWS(simple_rnn), ANT__CELL_START_ROWS(simple_rnn),
    ANT__CELL_LIMIT_ROWS(simple_rnn), ANT__RNN_ROWS(simple_rnn),
    ANT__CELL_SEED_ROW(simple_rnn),   ANT__RNN_MASK_ROW(simple_rnn),
    ANT__LAYER_ROWS(simple_rnn)};

static const ant_class classes[] = {
    ANT__CLASS(SimpleRNNCell, simple_rnn_cell, SIMPLE_RNN_CELL, ANT_LAYER, &cell),
    ANT__CLASS(SimpleRNN, simple_rnn, SIMPLE_RNN, ANT_LAYER, &layer),
};

const ant_family ant__simple_rnn_family = ANT__FAMILY("simple_rnn", classes);
