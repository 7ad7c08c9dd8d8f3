/* What recurrent cells share: weights, dropout masks, products. */
#include "layers/rnn/cell.h"
#include <stdio.h>
#include <string.h>

const ant_cell_class *ant__cell_class(const ant_layer *l) {
    return ((const ant_layer_class *)l->cls->impl)->cell;
}

/* --- weights --- */
static int units_of(const ant_layer *l) {
    return *(const int *)ant__layer_option(l, "units");
}

/* The text of option "recurrent_regularizer": of weight `w`, of kind `kind`. */
static const char *option_text(const ant_layer *l, const char *w, const char *kind) {
    char name[64];
    snprintf(name, sizeof name, "%s_%s", w, kind);
    return *(const char **)ant__layer_option(l, name);
}

static int add_weight(ant_layer *l, const char *option, ant_weight_spec spec) {
    spec.initializer = option_text(l, option, "initializer");
    spec.regularizer = option_text(l, option, "regularizer");
    spec.constraint = option_text(l, option, "constraint");
    return ant__weight_add(l, &spec);
}

int ant__cell_weights(ant_layer *l, const ant_dims *in, int gates, const ant_dims *bias,
                      void (*adjust)(ant_weight *w)) {
    const int units = units_of(l);
    const int64_t wide = (int64_t)gates * units;
    char shape[ANT__DIMS_TEXT];
    if (in->rank != 2)
        return ant__layer_fail(l, ANT_E_SHAPE, "takes (batch, features) at each step, got %s",
                               ant__dims_text(in, shape));
    ant_weight_spec kernel = {.name = "kernel", .dims = ANT__DIMS(in->dim[1], wide)};
    ant_weight_spec recurrent = {.name = "recurrent_kernel", .dims = ANT__DIMS(units, wide)};
    ant_weight_spec last = {.name = "bias", .dims = *bias, .adjust = adjust};
    int code = add_weight(l, "kernel", kernel);
    if (!code)
        code = add_weight(l, "recurrent", recurrent);
    if (!code && *(const bool *)ant__layer_option(l, "use_bias"))
        code = add_weight(l, "bias", last);
    return code;
}

/* --- calls --- */
int ant__cell_one_state(const ant_layer *cell, int64_t *size) {
    size[0] = units_of(cell);
    return 1;
}

static int check_state(ant_layer_call *c, int k, int64_t size) {
    const ant_dims *state = &c->initial_state[k]->dims;
    const ant_dims wanted = ANT__DIMS(c->in[0]->dims.dim[0], size);
    char got[ANT__DIMS_TEXT], must[ANT__DIMS_TEXT];
    if (state->rank == 2 && state->dim[1] == size)
        return 0;
    return ant__call_fail(c, ANT_E_SHAPE, "its state %d must be %s, got %s", k,
                          ant__dims_text(&wanted, must), ant__dims_text(state, got));
}

int ant__cell_check(ant_layer_call *c) {
    int64_t size[ANT_MAX_PORTS];
    int n = ant__cell_class(c->layer)->states(c->layer, size), code = 0;
    const ant_dims *in = &c->in[0]->dims;
    char shape[ANT__DIMS_TEXT];
    if (n != c->n_states)
        return ant__call_fail(c, ANT_E_SHAPE, "takes %d initial_state%s, got %d", n,
                              n == 1 ? "" : "s", c->n_states);
    if (c->layer->weights.n) {
        int64_t features = c->layer->weights.at[ANT__CELL_KERNEL]->variable.dims.dim[0];
        if (in->rank != 2 || in->dim[1] != features)
            return ant__call_fail(c, ANT_E_SHAPE, "its kernel takes %lld features a step, got %s",
                                  (long long)features, ant__dims_text(in, shape));
    }
    for (int k = 0; k < n && !code; k++)
        code = check_state(c, k, size[k]);
    return code;
}

/* --- dropout --- */
static ant_value *draw_mask(ant_layer_call *c, ant_program *p, const ant_value *x, double rate) {
    const int *seed = ant__layer_option(c->layer, "seed");
    const ant_dims dims = ANT__DIMS(x->dims.dim[0], x->dims.dim[x->dims.rank - 1]);
    ant_value *u = ant__random_uniform(p, &dims, ant__call_key(c, *seed));
    ant_value *kept = ant_op_greater_equal(p, u, ant_op_number(p, rate));
    return ant_op_scale(p, ant_op_real(p, kept), rate < 1 ? 1 / (1 - rate) : 0);
}

int ant__cell_masks(ant_layer_call *c, const ant_value *x, double rate, int count,
                    ant_value **mask) {
    if (!c->training || rate <= 0 || !x)
        return 0;
    for (int k = 0; k < count; k++)
        mask[k] = draw_mask(c, c->steady ? c->steady : c->program, x, rate);
    return count;
}

/* --- products --- */
ant_value *ant__cell_part(ant_program *p, ant_value *z, int64_t units, int k, int n) {
    return ant_op_slice(p, z, -1, k * units, n * units, 1);
}

ant_value *ant__cell_multiply(ant_layer_call *c, ant_value *x, const ant_cell_product *k) {
    ant_program *p = c->program;
    ant_value *kernel = ant__weight_read(c, k->kernel), *mask[4] = {NULL}, *part[4];
    int n = ant__cell_masks(c, x, k->rate, k->per_gate ? k->gates : 1, mask);
    int64_t units = units_of(c->layer);
    if (n <= 1)
        return ant_op_matmul(p, n ? ant_op_mul(p, x, mask[0]) : x, kernel, false, false);
    for (int g = 0; g < n; g++)
        part[g] = ant_op_matmul(p, ant_op_mul(p, x, mask[g]),
                                ant__cell_part(p, kernel, units, g, 1), false, false);
    return ant_op_concat(p, part, n, -1);
}

/* --- whole walks --- */
bool ant__cell_gate(const char *activation, ant_gate *out) {
    static const char *const names[ANT__GATES] = {
        [ANT__GATE_LINEAR] = "linear",
        [ANT__GATE_TANH] = "tanh",
        [ANT__GATE_SIGMOID] = "sigmoid",
        [ANT__GATE_RELU] = "relu",
        [ANT__GATE_HARD_SIGMOID] = "hard_sigmoid",
    };
    for (int k = 0; k < ANT__GATES; k++)
        if (!strcmp(activation ? activation : "linear", names[k])) {
            *out = (ant_gate)k;
            return true;
        }
    return false;
}

ant_recurrence ant__cell_recurrence(ant_layer_call *c, ant_walk *w, double rate) {
    ant_program *p = c->program;
    ant_value *x = w->x, *mask;
    if (ant__cell_masks(c, x, rate, 1, &mask))
        x = ant_op_mul(p, x, ant_op_expand(p, mask, 1));
    return (ant_recurrence){.x = x,
                            .kernel = ant__weight_read(c, ANT__CELL_KERNEL),
                            .recurrent = ant__weight_read(c, ANT__CELL_RECURRENT),
                            .h = w->state[0],
                            .mask = w->mask,
                            .reverse = w->reverse};
}
