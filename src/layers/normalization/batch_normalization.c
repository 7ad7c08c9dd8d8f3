/* BatchNormalization: the coarse op in training; fine ops, which fuse with what follows, where the
 * moments are given or a mask has a say in them. */
#include "antler/layers/normalization.h"
#include "core/convert.h"
#include "core/ops/ops.h"
#include "layers/layer.h"
#include <math.h>

/* Where the weights stand; -1: not there. */
typedef struct places {
    int gamma, beta, mean, variance;
    int deviation, renorm_mean, renorm_deviation; /* of renorm */
} places;

static places places_of(const ant_batch_normalization_options *o) {
    int n = o->scale + o->center;
    return (places){.gamma = o->scale ? 0 : -1,
                    .beta = o->center ? o->scale : -1,
                    .mean = n,
                    .variance = n + 1,
                    .deviation = n + 2,
                    .renorm_mean = n + 3,
                    .renorm_deviation = n + 4};
}

/* --- building --- */

static int add_parameters(ant_layer *l, const ant_batch_normalization_options *o, ant_dims dims) {
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
    int code = o->scale ? ant__weight_add(l, &gamma) : 0;
    return code || !o->center ? code : ant__weight_add(l, &beta);
}

static int add_averages(ant_layer *l, const ant_batch_normalization_options *o, ant_dims dims) {
    ant_weight_spec mean = {.name = "moving_mean",
                            .dims = dims,
                            .initializer = o->moving_mean_initializer,
                            .fixed = true};
    ant_weight_spec variance = {.name = "moving_variance",
                                .dims = dims,
                                .initializer = o->moving_variance_initializer,
                                .fixed = true};
    int code = ant__weight_add(l, &mean);
    return code ? code : ant__weight_add(l, &variance);
}

/* A deviation starts as the root of what a variance would start as. */
static void take_root(ant_weight *w) {
    const ant_variable *v = &w->variable;
    for (int64_t i = 0; i < ant__dims_count(&v->dims); i++)
        ant__real_put(v->data, v->dtype, i, sqrt(ant__real_at(v->data, v->dtype, i)));
}

static int add_renorm(ant_layer *l, const ant_batch_normalization_options *o, ant_dims dims) {
    ant_weight_spec deviation = {.name = "moving_stddev",
                                 .dims = dims,
                                 .initializer = o->moving_variance_initializer,
                                 .fixed = true,
                                 .adjust = take_root};
    ant_weight_spec mean = {.name = "renorm_mean",
                            .dims = dims,
                            .initializer = o->moving_mean_initializer,
                            .fixed = true};
    int code = ant__weight_add(l, &deviation);
    if (!code)
        code = ant__weight_add(l, &mean);
    deviation.name = "renorm_stddev";
    return code ? code : ant__weight_add(l, &deviation);
}

enum { RMIN, RMAX, DMAX };

/* A limit of renorm_clipping; ANT_NONE: none. */
static double limit_of(const ant_batch_normalization_options *o, int which) {
    return o->renorm_clipping.count ? o->renorm_clipping.data[which] : ANT_NONE;
}

static int check_renorm(ant_layer *l, const ant_batch_normalization_options *o) {
    double rmin = limit_of(o, RMIN), rmax = limit_of(o, RMAX), dmax = limit_of(o, DMAX);
    if (!o->renorm && (o->renorm_clipping.count || o->renorm_momentum != 0.99))
        return ant__layer_fail(l, ANT_E_OPTION,
                               "renorm_clipping and renorm_momentum say nothing without renorm");
    if (rmin != ANT_NONE && rmax != ANT_NONE && rmax < rmin)
        return ant__layer_fail(l, ANT_E_OPTION, "renorm_clipping: rmax %g is below rmin %g", rmax,
                               rmin);
    if (dmax != ANT_NONE && dmax < 0)
        return ant__layer_fail(l, ANT_E_OPTION, "renorm_clipping: dmax is %g, must be at least 0",
                               dmax);
    return 0;
}

static int build(ant_layer *l, const ant_dims *in, int n_in) {
    (void)n_in;
    const ant_batch_normalization_options *o = ANT__OPTIONS(batch_normalization, l);
    char shape[ANT__DIMS_TEXT];
    int axis = ant__axis(o->axis, in->rank), code = check_renorm(l, o);
    if (code)
        return code;
    if (axis < 0)
        return ant__layer_fail(l, ANT_E_SHAPE, "axis %d is outside of the input %s", o->axis,
                               ant__dims_text(in, shape));
    ant_dims dims = ANT__DIMS(in->dim[axis]);
    code = add_parameters(l, o, dims);
    if (!code)
        code = add_averages(l, o, dims);
    return code || !o->renorm ? code : add_renorm(l, o, dims);
}

/* --- calling --- */

typedef struct norm {
    ant_layer_call *call;
    const ant_batch_normalization_options *options;
    ant_program *program;
    ant_value *x;
    int axis;
    int64_t channels;
    ant_value *gamma, *beta; /* (channels) */
} norm;

static ant_value *weight_or(const norm *b, int place, double otherwise) {
    if (place >= 0)
        return ant__weight_read(b->call, place);
    return ant_op_fill(b->program, &b->channels, 1, otherwise);
}

/* (channels) as it meets x: (…, channels, 1, …). */
static ant_value *along_axis(const norm *b, ant_value *v) {
    int64_t shape[ANT_MAX_AXES];
    int rank = ant_value_rank(b->x) - b->axis;
    shape[0] = b->channels;
    for (int k = 1; k < rank; k++)
        shape[k] = 1;
    return ant_op_reshape(b->program, v, shape, rank);
}

/* gamma (x - mean) / sqrt(variance + epsilon) + beta, moments (channels) */
static ant_value *normalize(const norm *b, ant_value *mean, ant_value *variance) {
    ant_program *p = b->program;
    ant_value *rstd = ant_op_rsqrt(p, ant_op_shift(p, variance, b->options->epsilon));
    if (b->axis == ant_value_rank(b->x) - 1)
        return ant__op_normalize(p, b->x, mean, rstd, b->gamma, b->beta);
    ant_value *scale = ant_op_mul(p, b->gamma, rstd);
    ant_value *y = ant_op_sub(p, b->x, along_axis(b, mean));
    y = ant_op_mul(p, y, along_axis(b, scale));
    return ant_op_add(p, y, along_axis(b, b->beta));
}

static ant_value *follow(const norm *b, int place, ant_value *now, double momentum) {
    ant_value *old = ant__weight_read(b->call, place);
    ant_value *kept = ant_op_scale(b->program, old, momentum);
    ant_value *fresh = ant_op_scale(b->program, now, 1 - momentum);
    ant_value *moved = ant_op_add(b->program, kept, fresh);
    ant__weight_assign(b->call, place, moved);
    return moved;
}

static void follow_moments(const norm *b, places k, ant_value *mean, ant_value *variance) {
    follow(b, k.mean, mean, b->options->momentum);
    follow(b, k.variance, variance, b->options->momentum);
}

/* --- renorm: (x r + d) gamma + beta, x normalized by the batch's moments --- */
static ant_value *limited(ant_program *p, ant_value *v, double least, double most) {
    if (least != ANT_NONE)
        v = ant_op_maximum(p, v, ant_op_number(p, least));
    return most == ANT_NONE ? v : ant_op_minimum(p, v, ant_op_number(p, most));
}

/* r and d go into gamma and beta. No gradient goes through them. */
static void correct(norm *b, places k, ant_value *mean, ant_value *deviation) {
    ant_program *p = b->program;
    const ant_batch_normalization_options *o = b->options;
    double dmax = limit_of(o, DMAX);
    ant_value *is = ant_op_maximum(p, ant__weight_read(b->call, k.renorm_deviation),
                                   ant_op_number(p, sqrt(o->epsilon)));
    ant_value *r = ant_op_div(p, deviation, is);
    ant_value *d = ant_op_div(p, ant_op_sub(p, mean, ant__weight_read(b->call, k.renorm_mean)), is);
    r = ant_op_stop_gradient(p, limited(p, r, limit_of(o, RMIN), limit_of(o, RMAX)));
    d = ant_op_stop_gradient(p, limited(p, d, dmax == ANT_NONE ? ANT_NONE : -dmax, dmax));
    b->beta = ant_op_add(p, ant_op_mul(p, d, b->gamma), b->beta);
    b->gamma = ant_op_mul(p, r, b->gamma);
}

static void follow_renorm(const norm *b, places k, ant_value *mean, ant_value *deviation) {
    ant_program *p = b->program;
    const ant_batch_normalization_options *o = b->options;
    follow(b, k.renorm_mean, mean, o->renorm_momentum);
    follow(b, k.renorm_deviation, deviation, o->renorm_momentum);
    follow(b, k.mean, mean, o->momentum);
    ant_value *moved = follow(b, k.deviation, deviation, o->momentum);
    ant_value *variance = ant_op_shift(p, ant_op_square(p, moved), -o->epsilon);
    ant__weight_assign(b->call, k.variance, ant_op_relu(p, variance));
}

/* All axes but the channels'. */
static unsigned other_axes(const norm *b) {
    unsigned all = (1u << ant_value_rank(b->x)) - 1;
    return all & ~ANT_AXIS(b->axis);
}

/* Sum over the entries that the mask keeps, over their count. */
static ant_value *masked_mean(const norm *b, ant_value *mask, ant_value *v, ant_value *count) {
    ant_program *p = b->program;
    ant_value *kept = ant_op_where(p, mask, v, ant_op_number(p, 0));
    return ant_op_div(p, ant_op_sum(p, kept, other_axes(b), false), count);
}

static void masked_moments(const norm *b, ant_value **mean, ant_value **variance) {
    const double never_zero = 1e-7; /* Keras's epsilon() */
    ant_program *p = b->program;
    ant_value *mask = ant_op_expand(p, b->call->mask[0], -1);
    ant_value *ones = ant__broadcast_to(p, ant_op_real(p, mask), &b->x->dims);
    ant_value *count = ant_op_shift(p, ant_op_sum(p, ones, other_axes(b), false), never_zero);
    *mean = masked_mean(b, mask, b->x, count);
    ant_value *away = ant_op_sub(p, b->x, along_axis(b, *mean));
    *variance = masked_mean(b, mask, ant_op_square(p, away), count);
}

/* With a mask, or with renorm. */
static void train_finely(norm *b, places k) {
    ant_program *p = b->program;
    ant_value *mean, *variance;
    if (b->call->mask[0]) {
        masked_moments(b, &mean, &variance);
    } else {
        mean = ant_op_mean(p, b->x, other_axes(b), false);
        variance = ant_op_variance(p, b->x, other_axes(b), false);
    }
    if (b->options->renorm) {
        ant_value *deviation = ant_op_sqrt(p, ant_op_shift(p, variance, b->options->epsilon));
        correct(b, k, mean, deviation);
        follow_renorm(b, k, mean, deviation);
    } else {
        follow_moments(b, k, mean, variance);
    }
    b->call->out[0] = normalize(b, mean, variance);
}

/* The order that brings the channels to the end, and the one that takes them back. */
static void orders(const norm *b, int there[ANT_MAX_AXES], int back[ANT_MAX_AXES]) {
    int rank = ant_value_rank(b->x);
    for (int k = 0; k < rank; k++) {
        int from = k < b->axis ? k : k == rank - 1 ? b->axis : k + 1;
        there[k] = from;
        back[from] = k;
    }
}

static void train(const norm *b, places k) {
    ant_program *p = b->program;
    int there[ANT_MAX_AXES], back[ANT_MAX_AXES];
    bool last = b->axis == ant_value_rank(b->x) - 1;
    orders(b, there, back);
    ant_value *mean, *variance, *x = last ? b->x : ant_op_transpose(p, b->x, there);
    ant_value *y =
        ant__op_batch_norm(p, x, b->gamma, b->beta, b->options->epsilon, &mean, &variance);
    b->call->out[0] = last ? y : ant_op_transpose(p, y, back);
    follow_moments(b, k, mean, variance);
}

static int check(ant_layer_call *c, int axis) {
    const ant_dims *in = &c->in[0]->dims, *w = &c->layer->weights.at[0]->variable.dims;
    char a[ANT__DIMS_TEXT], m[ANT__DIMS_TEXT];
    if (axis < 0 || in->dim[axis] != w->dim[0])
        return ant__call_fail(c, ANT_E_SHAPE, "was built for %lld channels, got %s",
                              (long long)w->dim[0], ant__dims_text(in, a));
    if (c->mask[0] && c->mask[0]->dims.rank != in->rank - 1)
        return ant__call_fail(c, ANT_E_SHAPE,
                              "the mask %s must have one axis less than the input %s",
                              ant__dims_text(&c->mask[0]->dims, m), ant__dims_text(in, a));
    return 0;
}

static int call(ant_layer_call *c) {
    const ant_batch_normalization_options *o = ANT__OPTIONS(batch_normalization, c->layer);
    places k = places_of(o);
    int axis = ant__axis(o->axis, c->in[0]->dims.rank), code = check(c, axis);
    if (code)
        return code;
    norm b = {.call = c, .options = o, .program = c->program, .axis = axis};
    b.x = ant_op_real(c->program, c->in[0]);
    if (!b.x)
        return 0;
    b.channels = c->in[0]->dims.dim[axis];
    b.gamma = weight_or(&b, k.gamma, 1);
    b.beta = weight_or(&b, k.beta, 0);
    if (!c->training || !c->layer->trainable)
        c->out[0] = normalize(&b, ant__weight_read(c, k.mean), ant__weight_read(c, k.variance));
    else if (c->mask[0] || o->renorm)
        train_finely(&b, k);
    else
        train(&b, k);
    return 0;
}

static const ant_layer_class batch_normalization = {
    .build = build, .call = call, .mask = ANT__MASK_PASS};

static const ant_row batch_normalization_rows[] = {
    ANT__ROW(batch_normalization, axis, "of the channels"),
    ANT__ROW(batch_normalization, momentum, "of the moving averages"),
    ANT__ROW(batch_normalization, epsilon, "added to the variance"),
    ANT__ROW(batch_normalization, center, "whether there is a beta"),
    ANT__ROW(batch_normalization, scale, "whether there is a gamma"),
    ANT__INITIALIZER_ROW(batch_normalization, beta),
    ANT__INITIALIZER_ROW(batch_normalization, gamma),
    ANT__INITIALIZER_ROW(batch_normalization, moving_mean),
    ANT__INITIALIZER_ROW(batch_normalization, moving_variance),
    ANT__REGULARIZER_ROW(batch_normalization, beta),
    ANT__REGULARIZER_ROW(batch_normalization, gamma),
    ANT__CONSTRAINT_ROW(batch_normalization, beta),
    ANT__CONSTRAINT_ROW(batch_normalization, gamma),
    ANT__ROW(batch_normalization, renorm, "batch renormalization"),
    ANT__ROW(batch_normalization, renorm_clipping, "limits of its corrections",
             .words = "rmin rmax dmax"),
    ANT__ROW(batch_normalization, renorm_momentum, "of its moving averages"),
    ANT__ROW(batch_normalization, synchronized, "moments over several machines: here there is one"),
    ANT__LAYER_ROWS(batch_normalization),
};

static const ant_class classes[] = {ANT__CLASS(
    BatchNormalization, batch_normalization, BATCH_NORMALIZATION, ANT_LAYER, &batch_normalization)};

const ant_family ant__batch_normalization_family = ANT__FAMILY("batch_normalization", classes);
