/* Add, Subtract, Multiply, Average, Maximum, Minimum. */
#include "antler/layers/merging.h"
#include "layers/layer.h"

/* --- shapes --- */
static int misfit(ant_layer *l, const ant_dims *a, const ant_dims *b) {
    char left[ANT__DIMS_TEXT], right[ANT__DIMS_TEXT];
    return ant__layer_fail(l, ANT_E_SHAPE, "cannot merge %s and %s", ant__dims_text(a, left),
                           ant__dims_text(b, right));
}

static bool batches_differ(const ant_dims *a, const ant_dims *b) {
    return a->dim[0] >= 0 && b->dim[0] >= 0 && a->dim[0] != b->dim[0];
}

static ant_dims without_batch(const ant_dims *a) {
    ant_dims s = {.rank = a->rank - 1};
    for (int i = 0; i < s.rank; i++)
        s.dim[i] = a->dim[i + 1];
    return s;
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    ant_dims all = {0};
    for (int i = 0; i < n_in; i++) {
        if (!in[i].rank || !in[0].rank || batches_differ(&in[0], &in[i]))
            return misfit(l, &in[0], &in[i]);
        ant_dims one = without_batch(&in[i]);
        if (!ant__dims_broadcast(&all, &one))
            return misfit(l, &in[0], &in[i]);
    }
    return 0;
}

/* Inputs of lower rank get axes of 1 behind their batch axis. */
static void align(ant_layer_call *c) {
    int rank = 0;
    for (int i = 0; i < c->n_in; i++)
        rank = ant_value_rank(c->in[i]) > rank ? ant_value_rank(c->in[i]) : rank;
    for (int i = 0; i < c->n_in; i++)
        while (c->in[i] && ant_value_rank(c->in[i]) < rank)
            c->in[i] = ant_op_expand(c->program, c->in[i], 1);
}

/* --- masks --- */
static ant_value *all_masks(ant_layer_call *c) {
    ant_value *mask = c->mask[0];
    for (int i = 1; mask && i < c->n_in; i++)
        mask = c->mask[i] ? ant_op_logical_or(c->program, mask, c->mask[i]) : NULL;
    return mask;
}

/* As wide as its input: (batch, steps) becomes (batch, steps, 1), which broadcasts. */
static ant_value *wide_mask(ant_layer_call *c, int k) {
    return c->mask[k] ? ant_op_expand(c->program, c->mask[k], -1) : NULL;
}

/* --- the layers --- */
typedef ant_value *binary(ant_program *p, ant_value *a, ant_value *b);

static ant_value *chain(ant_layer_call *c, binary *op) {
    align(c);
    ant_value *y = c->in[0];
    for (int i = 1; i < c->n_in; i++)
        y = op(c->program, y, c->in[i]);
    c->out_mask[0] = all_masks(c);
    return y;
}

static int call_add(ant_layer_call *c) {
    c->out[0] = chain(c, ant_op_add);
    return 0;
}

static int call_subtract(ant_layer_call *c) {
    c->out[0] = chain(c, ant_op_sub);
    return 0;
}

static int call_average(ant_layer_call *c) {
    ant_value *n = ant_op_number(c->program, c->n_in);
    c->out[0] = ant_op_div(c->program, chain(c, ant_op_add), n);
    return 0;
}

/* A masked entry is left out: it counts as 1, and where all are masked the result is 0. */
static int call_multiply(ant_layer_call *c) {
    ant_program *p = c->program;
    ant_value *all = all_masks(c);
    align(c);
    for (int i = 0; i < c->n_in; i++)
        if (c->mask[i])
            c->in[i] = ant_op_where(p, wide_mask(c, i), c->in[i], ant_op_number(p, 1));
    ant_value *y = chain(c, ant_op_mul);
    if (all)
        y = ant_op_where(p, ant_op_expand(p, all, -1), y, ant_op_number(p, 0));
    c->out[0] = y;
    return 0;
}

/* There is no number that never wins: a masked entry takes the other side's value instead. */
static ant_value *extreme(ant_layer_call *c, binary *op) {
    ant_program *p = c->program;
    ant_value *all = all_masks(c);
    align(c);
    ant_value *y = c->in[0], *kept = wide_mask(c, 0);
    for (int i = 1; i < c->n_in; i++) {
        ant_value *x = c->in[i], *mask = wide_mask(c, i);
        if (mask)
            x = ant_op_where(p, mask, x, y);
        if (kept)
            y = ant_op_where(p, kept, y, x);
        kept = mask && kept ? ant_op_logical_or(p, kept, mask) : NULL;
        y = op(p, y, x);
    }
    c->out_mask[0] = all;
    return y;
}

static int call_maximum(ant_layer_call *c) {
    c->out[0] = extreme(c, ant_op_maximum);
    return 0;
}

static int call_minimum(ant_layer_call *c) {
    c->out[0] = extreme(c, ant_op_minimum);
    return 0;
}

enum { MOST = ANT_MAX_PORTS - 1 };
#define ELEMENTWISE(name, most)                                                                    \
    static const ant_layer_class name = {.build = build,                                           \
                                         .call = call_##name,                                      \
                                         .mask = ANT__MASK_OWN,                                    \
                                         .inputs_min = 2,                                          \
                                         .inputs_max = (most)}
ELEMENTWISE(add, MOST);
ELEMENTWISE(subtract, 2);
ELEMENTWISE(multiply, MOST);
ELEMENTWISE(average, MOST);
ELEMENTWISE(maximum, MOST);
ELEMENTWISE(minimum, MOST);

static const ant_row merge_rows[] = {ANT__LAYER_ROWS(merge)};

static const ant_class classes[] = {
    ANT__CLASS(Add, merge, MERGE, ANT_LAYER, &add),
    ANT__CLASS(Subtract, merge, MERGE, ANT_LAYER, &subtract),
    ANT__CLASS(Multiply, merge, MERGE, ANT_LAYER, &multiply),
    ANT__CLASS(Average, merge, MERGE, ANT_LAYER, &average),
    ANT__CLASS(Maximum, merge, MERGE, ANT_LAYER, &maximum),
    ANT__CLASS(Minimum, merge, MERGE, ANT_LAYER, &minimum),
};

const ant_family ant__merging_family = ANT__FAMILY("merging", classes);
