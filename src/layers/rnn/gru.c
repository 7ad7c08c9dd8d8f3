/* GRU and its cell. Gates in the order z, r, then the candidate. */
#include "antler/layers/rnn.h"
#include "layers/rnn/cell.h"

enum { GATES = 3 };

/* --- the cell --- */
/* With reset_after the products of x and of h have a bias each: its two rows. */
static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const ant_gru_cell_options *o = ANT__OPTIONS(gru_cell, l);
    int64_t wide = (int64_t)GATES * o->units;
    ant_dims bias = o->reset_after ? ANT__DIMS(2, wide) : ANT__DIMS(wide);
    return ant__cell_weights(l, in, GATES, &bias, NULL);
}

/* Row `row` of the bias: 0 of x, 1 of h; NULL where there is none. */
static ant_value *bias_row(ant_layer_call *c, int row) {
    const ant_gru_cell_options *o = ANT__OPTIONS(gru_cell, c->layer);
    ant_program *p = c->program;
    if (!o->use_bias || (row && !o->reset_after))
        return NULL;
    ant_value *bias = ant__weight_read(c, ANT__CELL_BIAS);
    return o->reset_after ? ant_op_squeeze(p, ant_op_slice(p, bias, 0, row, 1, 1), 0) : bias;
}

static ant_value *add_bias(ant_program *p, ant_value *z, ant_value *bias) {
    return bias ? ant_op_add(p, z, bias) : z;
}

static ant_value *part(ant_layer_call *c, ant_value *z, int k, int n) {
    return ant__cell_part(c->program, z, ANT__OPTIONS(gru_cell, c->layer)->units, k, n);
}

/* The recurrent term of the candidate when the reset gate acts before the product: (r h) U_h. */
static ant_value *reset_before(ant_layer_call *c, ant_value *r, ant_value *h) {
    ant_program *p = c->program;
    ant_value *kernel = part(c, ant__weight_read(c, ANT__CELL_RECURRENT), 2, 1);
    return ant_op_matmul(p, ant_op_mul(p, r, h), kernel, false, false);
}

/* h as the three products see it: masks[g] h, or h itself without masks. */
static ant_value *masked(ant_program *p, ant_value *h, ant_value *const *masks, int n, int g) {
    return n ? ant_op_mul(p, h, masks[g]) : h;
}

/* h U for the gates [0, gates), each with its mask. */
static ant_value *recurrent(ant_layer_call *c, ant_value *const *masks, int n, int gates) {
    ant_program *p = c->program;
    ant_value *h = c->initial_state[0], *kernel = ant__weight_read(c, ANT__CELL_RECURRENT);
    ant_value *product[GATES];
    if (!n)
        return ant_op_matmul(p, h, part(c, kernel, 0, gates), false, false);
    for (int g = 0; g < gates; g++)
        product[g] =
            ant_op_matmul(p, masked(p, h, masks, n, g), part(c, kernel, g, 1), false, false);
    return ant_op_concat(p, product, gates, -1);
}

/* z h + (1 - z) n */
static ant_value *mix(ant_program *p, ant_value *z, ant_value *h, ant_value *n) {
    ant_value *rest = ant_op_sub(p, ant_op_number(p, 1), z);
    return ant_op_add(p, ant_op_mul(p, z, h), ant_op_mul(p, rest, n));
}

static int call(ant_layer_call *c) {
    const ant_gru_cell_options *o = ANT__OPTIONS(gru_cell, c->layer);
    ant_program *p = c->program;
    ant_value *h = c->initial_state[0], *masks[GATES];
    ant_cell_product from_x = {ANT__CELL_KERNEL, GATES, o->dropout, o->recurrent_dropout > 0};
    int code = ant__cell_check(c);
    if (code)
        return code;
    ant_value *x = add_bias(p, ant__cell_multiply(c, c->in[0], &from_x), bias_row(c, 0));
    int n = ant__cell_masks(c, h, o->recurrent_dropout, GATES, masks);
    ant_value *inner = recurrent(c, masks, n, o->reset_after ? GATES : GATES - 1);
    inner = add_bias(p, inner, bias_row(c, 1));
    ant_value *gates = ant__activation_write(c, o->recurrent_activation,
                                             ant_op_add(p, part(c, x, 0, 2), part(c, inner, 0, 2)));
    ant_value *z = part(c, gates, 0, 1), *r = part(c, gates, 1, 1);
    ant_value *term = o->reset_after ? ant_op_mul(p, r, part(c, inner, 2, 1))
                                     : reset_before(c, r, masked(p, h, masks, n, 2));
    ant_value *candidate =
        ant__activation_write(c, o->activation, ant_op_add(p, part(c, x, 2, 1), term));
    c->out[0] = c->out[1] = mix(p, z, h, candidate);
    return 0;
}

static bool walk(ant_layer_call *c, ant_walk *w) {
    const ant_gru_cell_options *o = ANT__OPTIONS(gru_cell, c->layer);
    ant_gate activation, gate;
    if (!o->reset_after || !ant__cell_gate(o->activation, &activation) ||
        !ant__cell_gate(o->recurrent_activation, &gate) ||
        (c->training && o->recurrent_dropout > 0))
        return false;
    ant_recurrence r = ant__cell_recurrence(c, w, o->dropout);
    r.activation = activation;
    r.gate = gate;
    r.bias = bias_row(c, 0);
    r.recurrent_bias = bias_row(c, 1);
    w->y = ant__gru(c->program, &r);
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
static const ant_rnn_class layer = ANT__RNN_CLASS("GRUCell");

/* --- options --- */
#define RESET_ROW(T) ANT__ROW(T, reset_after, "the reset gate acts after the product")
static const ant_row gru_cell_rows[] = {
    ANT__CELL_UNITS_ROWS(gru_cell), ANT__CELL_GATE_ROW(gru_cell), ANT__CELL_START_ROWS(gru_cell),
    ANT__CELL_LIMIT_ROWS(gru_cell), RESET_ROW(gru_cell),          ANT__CELL_SEED_ROW(gru_cell),
    ANT__LAYER_ROWS(gru_cell)};
static const ant_row gru_rows[] = {ANT__CELL_UNITS_ROWS(gru),
                                   ANT__CELL_GATE_ROW(gru),
                                   ANT__CELL_START_ROWS(gru),
                                   ANT__CELL_LIMIT_ROWS(gru),
                                   ANT__CELL_SEED_ROW(gru),
                                   ANT__RNN_ROWS(gru),
                                   RESET_ROW(gru),
                                   ANT__RNN_CUDNN_ROW(gru),
                                   ANT__RNN_MASK_ROW(gru),
                                   ANT__LAYER_ROWS(gru)};

static const ant_class classes[] = {
    ANT__CLASS(GRUCell, gru_cell, GRU_CELL, ANT_LAYER, &cell),
    ANT__CLASS(GRU, gru, GRU, ANT_LAYER, &layer),
};

const ant_family ant__gru_family = ANT__FAMILY("gru", classes);
