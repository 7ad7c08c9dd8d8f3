/* LSTM and its cell. Gates in the order i, f, c, o; states h, c. */
#include "antler/layers/rnn.h"
#include "core/convert.h"
#include "layers/rnn/cell.h"

enum { GATES = 4 };

/* --- the cell --- */
static void forget_bias(ant_weight *w) {
    int64_t units = w->variable.dims.dim[0] / GATES;
    for (int64_t j = units; j < 2 * units; j++)
        ant__real_put(w->variable.data, w->variable.dtype, j, 1);
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const ant_lstm_cell_options *o = ANT__OPTIONS(lstm_cell, l);
    return ant__cell_weights(l, in, GATES, &ANT__DIMS((int64_t)GATES * o->units),
                             o->unit_forget_bias ? forget_bias : NULL);
}

static int states(const ant_layer *cell, int64_t *size) {
    size[0] = size[1] = ANT__OPTIONS(lstm_cell, cell)->units;
    return 2;
}

static ant_value *gate(ant_layer_call *c, const char *activation, ant_value *z, int k) {
    int64_t units = ANT__OPTIONS(lstm_cell, c->layer)->units;
    return ant__activation_write(c, activation, ant__cell_part(c->program, z, units, k, 1));
}

static ant_value *products(ant_layer_call *c) {
    const ant_lstm_cell_options *o = ANT__OPTIONS(lstm_cell, c->layer);
    bool per_gate = o->recurrent_dropout > 0;
    ant_cell_product from_x = {ANT__CELL_KERNEL, GATES, o->dropout, per_gate};
    ant_cell_product from_h = {ANT__CELL_RECURRENT, GATES, o->recurrent_dropout, per_gate};
    ant_value *x = ant__cell_multiply(c, c->in[0], &from_x);
    ant_value *h = ant__cell_multiply(c, c->initial_state[0], &from_h);
    ant_value *z = ant_op_add(c->program, x, h);
    return o->use_bias ? ant_op_add(c->program, z, ant__weight_read(c, ANT__CELL_BIAS)) : z;
}

static int call(ant_layer_call *c) {
    const ant_lstm_cell_options *o = ANT__OPTIONS(lstm_cell, c->layer);
    ant_program *p = c->program;
    int code = ant__cell_check(c);
    if (code)
        return code;
    ant_value *z = products(c);
    ant_value *i = gate(c, o->recurrent_activation, z, 0);
    ant_value *f = gate(c, o->recurrent_activation, z, 1);
    ant_value *candidate = gate(c, o->activation, z, 2);
    ant_value *state =
        ant_op_add(p, ant_op_mul(p, f, c->initial_state[1]), ant_op_mul(p, i, candidate));
    ant_value *out = gate(c, o->recurrent_activation, z, 3);
    c->out[0] = c->out[1] = ant_op_mul(p, out, ant__activation_write(c, o->activation, state));
    c->out[2] = state;
    return 0;
}

static bool walk(ant_layer_call *c, ant_walk *w) {
    const ant_lstm_cell_options *o = ANT__OPTIONS(lstm_cell, c->layer);
    ant_gate activation, gate;
    if (!ant__cell_gate(o->activation, &activation) ||
        !ant__cell_gate(o->recurrent_activation, &gate) ||
        (c->training && o->recurrent_dropout > 0))
        return false;
    ant_recurrence r = ant__cell_recurrence(c, w, o->dropout);
    r.activation = activation;
    r.gate = gate;
    r.bias = o->use_bias ? ant__weight_read(c, ANT__CELL_BIAS) : NULL;
    r.c = w->state[1];
    w->y = ant__lstm(c->program, &r);
    w->state[0] = w->last = r.h;
    w->state[1] = r.c;
    return true;
}

static int outputs(const ant_layer *l) {
    (void)l;
    return 3;
}

static const ant_cell_class as_cell = {.states = states, .walk = walk};
static const ant_layer_class cell = {
    .outputs = outputs, .build = build, .call = call, .cell = &as_cell};
static const ant_rnn_class layer = ANT__RNN_CLASS("LSTMCell");

/* --- options --- */
#define BIAS_ROW(T) ANT__ROW(T, unit_forget_bias, "whether the forget gate's bias starts at 1")
static const ant_row lstm_cell_rows[] = {
    ANT__CELL_UNITS_ROWS(lstm_cell), ANT__CELL_GATE_ROW(lstm_cell),
    ANT__CELL_START_ROWS(lstm_cell), BIAS_ROW(lstm_cell),
    ANT__CELL_LIMIT_ROWS(lstm_cell), ANT__CELL_SEED_ROW(lstm_cell),
    ANT__LAYER_ROWS(lstm_cell)};
static const ant_row lstm_rows[] = {ANT__CELL_UNITS_ROWS(lstm), ANT__CELL_GATE_ROW(lstm),
                                    ANT__CELL_START_ROWS(lstm), BIAS_ROW(lstm),
                                    ANT__CELL_LIMIT_ROWS(lstm), ANT__CELL_SEED_ROW(lstm),
                                    ANT__RNN_ROWS(lstm),        ANT__RNN_CUDNN_ROW(lstm),
                                    ANT__RNN_MASK_ROW(lstm),    ANT__LAYER_ROWS(lstm)};

static const ant_class classes[] = {
    ANT__CLASS(LSTMCell, lstm_cell, LSTM_CELL, ANT_LAYER, &cell),
    ANT__CLASS(LSTM, lstm, LSTM, ANT_LAYER, &layer),
};

const ant_family ant__lstm_family = ANT__FAMILY("lstm", classes);
