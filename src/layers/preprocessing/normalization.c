/* Normalization: data to mean 0 and variance 1, by statistics that are said or learned from
 * data. */
#include "antler/layers/preprocessing.h"
#include "core/convert.h"
#include "layers/layer.h"
#include <math.h>

enum { MEAN, VARIANCE, COUNT };
static const double least_deviation = 1e-7;

/* The axes that keep statistics of their own, as a set; the others are averaged over. */
static int kept_axes(ant_layer *l, int rank, unsigned *kept) {
    ant_size axis = ANT__OPTIONS(normalization, l)->axis;
    int n = ant__size_count(axis) ? ant__size_count(axis) : 1;
    *kept = 0;
    for (int k = 0; axis != ANT_NONE && k < n; k++) {
        int at = ant__axis(ant__size_at(axis, k), rank);
        if (at < 0)
            return ant__layer_fail(l, ANT_E_SHAPE, "axis is %d, but its input has %d axes",
                                   ant__size_at(axis, k), rank);
        *kept |= ANT_AXIS(at);
    }
    return 0;
}

/* The input's shape with every axis that is averaged over as 1, and the shape of the statistics. */
static void statistic_shapes(const ant_dims *in, unsigned kept, ant_dims *wide, ant_dims *packed) {
    *wide = *in;
    packed->rank = 0;
    for (int i = 0; i < in->rank; i++)
        if (kept & ANT_AXIS(i))
            packed->dim[packed->rank++] = in->dim[i];
        else
            wide->dim[i] = 1;
}

static int check_said(ant_layer *l, const ant_dims *packed) {
    const ant_normalization_options *o = ANT__OPTIONS(normalization, l);
    int64_t last = packed->rank ? packed->dim[packed->rank - 1] : 1;
    if (o->mean.count != o->variance.count)
        return ant__layer_fail(l, ANT_E_OPTION, "mean has %d numbers and variance %d: both or none",
                               o->mean.count, o->variance.count);
    if (o->mean.count > 1 && o->mean.count != last)
        return ant__layer_fail(l, ANT_E_SHAPE, "mean has %d numbers for an axis of %lld",
                               o->mean.count, (long long)last);
    return 0;
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    unsigned kept;
    ant_dims wide, packed = ANT__SCALAR;
    int code = kept_axes(l, in->rank, &kept);
    if (code)
        return code;
    statistic_shapes(in, kept, &wide, &packed);
    if ((code = check_said(l, &packed)) || ANT__OPTIONS(normalization, l)->mean.count)
        return code;
    const ant_weight_spec specs[] = {
        [MEAN] = {.name = "mean", .dims = packed, .initializer = "zeros", .fixed = true},
        [VARIANCE] = {.name = "variance", .dims = packed, .initializer = "ones", .fixed = true},
        [COUNT] = {.name = "count",
                   .dims = ANT__SCALAR,
                   .initializer = "zeros",
                   .fixed = true,
                   .whole = true},
    };
    for (int k = MEAN; k <= COUNT && !code; k++)
        code = ant__weight_add(l, &specs[k]);
    return code;
}

/* A statistic, so that it broadcasts to the input. */
static ant_value *statistic(ant_layer_call *c, int k, const ant_floats *said, unsigned kept) {
    ant_dims wide, packed = ANT__SCALAR;
    statistic_shapes(&c->in[0]->dims, kept, &wide, &packed);
    if (!said->count)
        return ant__reshape_to(c->program, ant__weight_read(c, k), &wide);
    if (said->count == 1)
        return ant_op_number(c->program, said->data[0]);
    int last = wide.rank - 1; /* the last axis kept has the numbers, the others share them */
    while (!(kept & ANT_AXIS(last)))
        last--;
    for (int i = 0; i < last; i++)
        wide.dim[i] = 1;
    return ant_op_constant(c->program, said->data, wide.dim, wide.rank);
}

static int call(ant_layer_call *c) {
    const ant_normalization_options *o = ANT__OPTIONS(normalization, c->layer);
    ant_program *p = c->program;
    ant_value *x = c->in[0] = ant_op_real(p, c->in[0]);
    unsigned kept;
    int code = kept_axes(c->layer, ant_value_rank(x), &kept);
    if (code || !x)
        return code;
    ant_value *mean = statistic(c, MEAN, &o->mean, kept);
    ant_value *deviation = ant_op_sqrt(p, statistic(c, VARIANCE, &o->variance, kept));
    deviation = ant_op_maximum(p, deviation, ant_op_number(p, least_deviation));
    c->out[0] = o->invert ? ant_op_add(p, mean, ant_op_mul(p, x, deviation))
                          : ant_op_div(p, ant_op_sub(p, x, mean), deviation);
    return 0;
}

/* --- learning the statistics --- */
/* Where entry i of the data belongs among the packed statistics. */
static int64_t packed_index(const ant_dims *in, unsigned kept, int64_t i) {
    int64_t index = 0, step = 1;
    for (int axis = in->rank - 1; axis >= 0; axis--) {
        if (kept & ANT_AXIS(axis)) { /* NOLINT: a rank is small */
            index += i % in->dim[axis] * step;
            step *= in->dim[axis];
        }
        i /= in->dim[axis];
    }
    return index;
}

/* out[k] = Σ over the entries of statistic k of (x − mean[k])^power, over their number. */
static void moments(double *out, const double *x, const ant_dims *in, unsigned kept, int64_t n,
                    const double *mean) {
    int64_t total = ant__dims_count(in);
    for (int64_t k = 0; k < n; k++)
        out[k] = 0;
    for (int64_t i = 0; i < total; i++) {
        int64_t k = packed_index(in, kept, i);
        double d = mean ? x[i] - mean[k] : 0;
        out[k] += (mean ? d * d : x[i]) * (double)n / (double)total;
    }
}

static int adapt(ant_layer *l, const double *x, const ant_dims *in) {
    if (ANT__OPTIONS(normalization, l)->mean.count)
        return ant__layer_fail(l, ANT_E_STATE, "its mean and variance were said: nothing to adapt");
    unsigned kept;
    int code = kept_axes(l, in->rank, &kept);
    if (code)
        return code;
    ant_variable *mean = &l->weights.at[MEAN]->variable;
    ant_variable *variance = &l->weights.at[VARIANCE]->variable;
    ant_dims wide, packed = ANT__SCALAR;
    statistic_shapes(in, kept, &wide, &packed);
    char had[ANT__DIMS_TEXT], got[ANT__DIMS_TEXT];
    if (!ant__dims_equal(&packed, &mean->dims))
        return ant__layer_fail(l, ANT_E_SHAPE, "its statistics are of shape %s, the data's of %s",
                               ant__dims_text(&mean->dims, had), ant__dims_text(&packed, got));
    int64_t n = ant__dims_count(&packed);
    double *m = ant__alloc_array((size_t)n * 2, sizeof *m);
    if (!m)
        return ant__fail_memory(&l->context->error);
    moments(m, x, in, kept, n, NULL);
    moments(m + n, x, in, kept, n, m);
    for (int64_t k = 0; k < n; k++) {
        ant__real_put(mean->data, mean->dtype, k, m[k]);
        ant__real_put(variance->data, variance->dtype, k, m[n + k]);
    }
    ant__real_put(l->weights.at[COUNT]->variable.data, mean->dtype, 0, (double)in->dim[0]);
    ant__free(m);
    return 0;
}

static const ant_layer_class normalization = {
    .build = build, .call = call, .mask = ANT__MASK_PASS, .adapt = adapt};

static const ant_row normalization_rows[] = {
    ANT__ROW(normalization, axis, "whose entries have statistics of their own", .none = true),
    ANT__ROW(normalization, mean, "in place of what ant_adapt learns"),
    ANT__ROW(normalization, variance, "in place of what ant_adapt learns"),
    ANT__ROW(normalization, invert, "whether normalized data becomes what it was"),
    ANT__LAYER_ROWS(normalization),
};

static const ant_class classes[] = {
    ANT__CLASS(Normalization, normalization, NORMALIZATION, ANT_LAYER, &normalization)};

const ant_family ant__normalization_statistics_family = ANT__FAMILY("preprocessing", classes);
