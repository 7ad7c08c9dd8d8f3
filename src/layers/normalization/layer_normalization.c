/* LayerNormalization: the coarse op on (rows…, n), where the n are the entries of the axes. */
#include "antler/layers/normalization.h"
#include "core/ops/ops.h"
#include "layers/layer.h"
#include "layers/normalization/axes.h"

/* --- building --- */

static int add_weights(ant_layer *l, const ant_layer_normalization_options *o, ant_dims dims) {
    ant_weight_spec gamma = {.name = "gamma",
                             .dims = dims,
                             .initializer = o->gamma_initializer,
                             .regularizer = o->gamma_regularizer,
                             .constraint = o->gamma_constraint};
    ant_weight_spec beta = {.name = "beta",
                            .dims = dims,
                            .initializer = o->beta_initializer,
                            .regularizer = o->beta_regularizer,
                            .constraint = o->beta_constraint};
    int code = o->scale || o->rms_scaling ? ant__weight_add(l, &gamma) : 0;
    return code || !o->center || o->rms_scaling ? code : ant__weight_add(l, &beta);
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const ant_layer_normalization_options *o = ANT__OPTIONS(layer_normalization, l);
    char shape[ANT__DIMS_TEXT];
    ant_axes a = ant__axes_real(o->axis, in->rank), said = ant__axes_said(o->axis);
    if (a.n == 0)
        return ant__layer_fail(l, ANT_E_SHAPE, "an axis is outside of the input %s",
                               ant__dims_text(in, shape));
    if (ant__axes_twice(&a))
        return ant__layer_fail(l, ANT_E_OPTION, "an axis is said twice");
    ant_dims dims = {.rank = said.n};
    for (int k = 0; k < said.n; k++) {
        dims.dim[k] = in->dim[ant__axis(said.at[k], in->rank)];
        if (dims.dim[k] < 0)
            return ant__layer_fail(l, ANT_E_SHAPE, "the size of axis %d of the input %s is unknown",
                                   said.at[k], ant__dims_text(in, shape));
    }
    return add_weights(l, o, dims);
}

/* --- calling --- */

static int check(ant_layer_call *c, const ant_layer_normalization_options *o) {
    const ant_dims *in = &c->in[0]->dims, *built = &c->layer->built_dims;
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    ant_axes now = ant__axes_real(o->axis, in->rank), then = ant__axes_real(o->axis, built->rank);
    bool fits = now.n > 0 && !ant__axes_twice(&now);
    for (int k = 0; k < now.n; k++)
        fits &= in->dim[now.at[k]] == built->dim[then.at[k]];
    if (fits)
        return 0;
    return ant__call_fail(c, ANT_E_SHAPE, "was built for %s, got %s", ant__dims_text(built, a),
                          ant__dims_text(in, b));
}

/* The order that brings the axes to the end, and the one that takes them back; false when they
 * stand there already. */
static bool orders(int rank, const ant_axes *a, int there[ANT_MAX_AXES], int back[ANT_MAX_AXES]) {
    unsigned set = ant__axes_bits(a);
    bool moves = false;
    for (int k = 0, rows = 0, own = rank - a->n; k < rank; k++) {
        int to = set & ANT_AXIS(k) ? own++ : rows++;
        there[to] = k;
        back[k] = to;
        moves |= to != k;
    }
    return moves;
}

/* A weight as one axis of n, or a constant in its place. */
static ant_value *flat_weight(ant_layer_call *c, int place, int64_t n, double otherwise) {
    if (place < 0)
        return ant_op_fill(c->program, &n, 1, otherwise);
    return ant_op_reshape(c->program, ant__weight_read(c, place), &n, 1);
}

static ant_value *normalize(ant_layer_call *c, const ant_layer_normalization_options *o,
                            ant_value *x, const ant_axes *a) {
    ant_program *p = c->program;
    int there[ANT_MAX_AXES], back[ANT_MAX_AXES], rank = x->dims.rank;
    bool moves = orders(rank, a, there, back);
    if (moves)
        x = ant_op_transpose(p, x, there);
    if (!x)
        return NULL;
    ant_dims whole = x->dims, rows = whole;
    rows.rank = rank - a->n + 1;
    rows.dim[rows.rank - 1] = ant__dims_span(&whole, rank - a->n, rank);
    int64_t n = rows.dim[rows.rank - 1];
    ant_value *gamma = flat_weight(c, o->scale ? 0 : -1, n, 1);
    ant_value *beta = flat_weight(c, o->center ? o->scale : -1, n, 0);
    ant_value *y = ant__op_layer_norm(p, ant__reshape_to(p, x, &rows), gamma, beta, o->epsilon);
    y = ant__reshape_to(p, y, &whole);
    return moves ? ant_op_transpose(p, y, back) : y;
}

/* Keras's deprecated form, by the variance. */
static ant_value *rms_scale(ant_layer_call *c, const ant_layer_normalization_options *o,
                            ant_value *x, const ant_axes *a) {
    ant_program *p = c->program;
    int64_t shape[ANT_MAX_AXES];
    for (int k = 0; k < x->dims.rank; k++)
        shape[k] = ant__axes_bits(a) & ANT_AXIS(k) ? x->dims.dim[k] : 1;
    ant_value *variance = ant_op_variance(p, x, ant__axes_bits(a), true);
    ant_value *y = ant_op_mul(p, x, ant_op_rsqrt(p, ant_op_shift(p, variance, o->epsilon)));
    return ant_op_mul(p, y, ant_op_reshape(p, ant__weight_read(c, 0), shape, x->dims.rank));
}

static int call(ant_layer_call *c) {
    const ant_layer_normalization_options *o = ANT__OPTIONS(layer_normalization, c->layer);
    ant_value *x = ant_op_real(c->program, c->in[0]);
    int code = check(c, o);
    if (code || !x)
        return code;
    ant_axes a = ant__axes_real(o->axis, x->dims.rank);
    c->out[0] = o->rms_scaling ? rms_scale(c, o, x, &a) : normalize(c, o, x, &a);
    return 0;
}

static const ant_layer_class layer_normalization = {
    .build = build, .call = call, .mask = ANT__MASK_PASS};

static const ant_row layer_normalization_rows[] = {
    ANT__ROW(layer_normalization, axis, "over which the moments are taken"),
    ANT__ROW(layer_normalization, epsilon, "added to the variance"),
    ANT__ROW(layer_normalization, center, "whether there is a beta"),
    ANT__ROW(layer_normalization, scale, "whether there is a gamma"),
    ANT__INITIALIZER_ROW(layer_normalization, beta),
    ANT__INITIALIZER_ROW(layer_normalization, gamma),
    ANT__REGULARIZER_ROW(layer_normalization, beta),
    ANT__REGULARIZER_ROW(layer_normalization, gamma),
    ANT__CONSTRAINT_ROW(layer_normalization, beta),
    ANT__CONSTRAINT_ROW(layer_normalization, gamma),
    ANT__ROW(layer_normalization, rms_scaling, "divide by the deviation only (deprecated)"),
    ANT__LAYER_ROWS(layer_normalization),
};

static const ant_class classes[] = {ANT__CLASS(
    LayerNormalization, layer_normalization, LAYER_NORMALIZATION, ANT_LAYER, &layer_normalization)};

const ant_family ant__layer_normalization_family = ANT__FAMILY("layer_normalization", classes);
