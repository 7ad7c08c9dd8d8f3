/* RMSNormalization and UnitNormalization: by the size of the numbers, without a mean. */
#include "antler/layers/normalization.h"
#include "core/ops/ops.h"
#include "layers/layer.h"
#include "layers/normalization/axes.h"

/* --- RMSNormalization: the coarse op on (rows…, n), where the n are the entries of the axes --- */

/* Are they the last axes, said in their order? */
static bool are_last(ant_size said, int rank) {
    const ant_axes real = ant__axes_real(said, rank), raw = ant__axes_said(said);
    for (int k = 0; k < real.n; k++)
        if (real.at[k] != rank - real.n + k || ant__axis(raw.at[k], rank) != real.at[k])
            return false;
    return real.n > 0;
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const ant_rms_normalization_options *o = ANT__OPTIONS(rms_normalization, l);
    char shape[ANT__DIMS_TEXT];
    const int n = ant__axes_said(o->axis).n;
    if (!are_last(o->axis, in->rank))
        return ant__layer_fail(l, ANT_E_SHAPE, "its axes are not the last ones of the input %s",
                               ant__dims_text(in, shape));
    ant_weight_spec scale = {.name = "scale", .dims = {.rank = n}, .initializer = "ones"};
    for (int k = 0; k < n; k++)
        if ((scale.dims.dim[k] = in->dim[in->rank - n + k]) < 0)
            return ant__layer_fail(l, ANT_E_SHAPE, "the size of axis %d of the input %s is unknown",
                                   in->rank - n + k, ant__dims_text(in, shape));
    return ant__weight_add(l, &scale);
}

static int call(ant_layer_call *c) {
    const ant_rms_normalization_options *o = ANT__OPTIONS(rms_normalization, c->layer);
    ant_program *p = c->program;
    const ant_dims *in = &c->in[0]->dims, *w = &c->layer->weights.at[0]->variable.dims;
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    bool fits = in->rank > w->rank;
    for (int k = 0; fits && k < w->rank; k++)
        fits = in->dim[in->rank - w->rank + k] == w->dim[k];
    if (!fits || !are_last(o->axis, in->rank))
        return ant__call_fail(c, ANT_E_SHAPE, "was built for %s, got %s",
                              ant__dims_text(&c->layer->built_dims, a), ant__dims_text(in, b));
    const int64_t n = ant__dims_count(w);
    ant_dims rows = *in;
    rows.rank = in->rank - w->rank + 1;
    rows.dim[rows.rank - 1] = n;
    ant_value *scale = ant_op_reshape(p, ant__weight_read(c, 0), &n, 1);
    ant_value *x = ant__reshape_to(p, ant_op_real(p, c->in[0]), &rows);
    c->out[0] = ant__reshape_to(p, ant__op_rms_norm(p, x, scale, o->epsilon), in);
    return 0;
}

static const ant_layer_class rms_normalization = {.build = build, .call = call};

static const ant_row rms_normalization_rows[] = {
    ANT__ROW(rms_normalization, axis, "over which the mean of the squares is taken: the last ones"),
    ANT__ROW(rms_normalization, epsilon, "added to the mean of the squares"),
    ANT__LAYER_ROWS(rms_normalization),
};

/* --- UnitNormalization --- */

/* x over its length, which is at least 1e-12, as in Keras. */
static int call_unit(ant_layer_call *c) {
    const ant_unit_normalization_options *o = ANT__OPTIONS(unit_normalization, c->layer);
    ant_program *p = c->program;
    const ant_dims *in = &c->in[0]->dims;
    const ant_axes a = ant__axes_real(o->axis, in->rank);
    char shape[ANT__DIMS_TEXT];
    if (a.n == 0)
        return ant__call_fail(c, ANT_E_SHAPE, "an axis is outside of the input %s",
                              ant__dims_text(in, shape));
    if (ant__axes_twice(&a))
        return ant__call_fail(c, ANT_E_OPTION, "an axis is said twice");
    ant_value *x = ant_op_real(p, c->in[0]);
    ant_value *squares = ant_op_sum(p, ant_op_square(p, x), ant__axes_bits(&a), true);
    ant_value *inverse = ant_op_minimum(p, ant_op_rsqrt(p, squares), ant_op_number(p, 1e12));
    c->out[0] = ant_op_mul(p, x, inverse);
    return 0;
}

static const ant_layer_class unit_normalization = {.call = call_unit, .mask = ANT__MASK_PASS};

static const ant_row unit_normalization_rows[] = {
    ANT__ROW(unit_normalization, axis, "over which the length is taken"),
    ANT__LAYER_ROWS(unit_normalization),
};

static const ant_class classes[] = {
    ANT__CLASS(RMSNormalization, rms_normalization, RMS_NORMALIZATION, ANT_LAYER,
               &rms_normalization),
    ANT__CLASS(UnitNormalization, unit_normalization, UNIT_NORMALIZATION, ANT_LAYER,
               &unit_normalization),
};

const ant_family ant__rms_normalization_family = ANT__FAMILY("rms_normalization", classes);
