/* The losses of antler/losses.h: t is the target, y the output (p where it is a probability). */
#include "core/ops/ops.h"
#include "train/loss.h"

#define OPTIONS(T) const ant_##T##_options *o = c->options

static ant_value *last_mean(ant_program *p, ant_value *x) {
    return ant_op_mean(p, x, ANT_LAST, false);
}

static unsigned axis_set(ant_loss_call *c, int axis) {
    int k = ant__axis(axis, c->output->dims.rank);
    if (k < 0)
        ant__fail(ant__program_error(c->program), ANT_E_OPTION,
                  "%s: axis %d, but the output has %d axes", c->cls->name, axis,
                  c->output->dims.rank);
    return ANT_AXIS(k < 0 ? 0 : k);
}

/* --- regression --- */
static ant_value *squared_error(ant_loss_call *c) {
    ant_program *p = c->program;
    return last_mean(p, ant_op_square(p, ant_op_sub(p, c->target, c->output)));
}

static ant_value *absolute_error(ant_loss_call *c) {
    ant_program *p = c->program;
    return last_mean(p, ant_op_abs(p, ant_op_sub(p, c->target, c->output)));
}

static ant_value *percentage_error(ant_loss_call *c) {
    ant_program *p = c->program;
    ant_value *error = ant_op_abs(p, ant_op_sub(p, c->target, c->output));
    ant_value *size = ant_op_maximum(p, ant_op_abs(p, c->target), ant_op_number(p, ANT__EPSILON));
    return ant_op_scale(p, last_mean(p, ant_op_div(p, error, size)), 100);
}

static ant_value *log_of(ant_program *p, ant_value *x) {
    return ant_op_log(p, ant_op_shift(p, ant_op_maximum(p, x, ant_op_number(p, ANT__EPSILON)), 1));
}

static ant_value *logarithmic_error(ant_loss_call *c) {
    ant_program *p = c->program;
    ant_value *error = ant_op_sub(p, log_of(p, c->target), log_of(p, c->output));
    return last_mean(p, ant_op_square(p, error));
}

static ant_value *log_cosh(ant_loss_call *c) {
    ant_program *p = c->program;
    ant_value *e = ant_op_sub(p, c->output, c->target);
    ant_value *soft = ant_op_softplus(p, ant_op_scale(p, e, -2));
    return last_mean(p, ant_op_shift(p, ant_op_add(p, e, soft), -log(2)));
}

static ant_value *huber(ant_loss_call *c) {
    OPTIONS(huber);
    ant_program *p = c->program;
    ant_value *e = ant_op_sub(p, c->target, c->output), *size = ant_op_abs(p, e);
    ant_value *near = ant_op_less_equal(p, size, ant_op_number(p, o->delta));
    ant_value *parabola = ant_op_scale(p, ant_op_square(p, e), 0.5);
    ant_value *line = ant_op_shift(p, ant_op_scale(p, size, o->delta), -0.5 * o->delta * o->delta);
    return last_mean(p, ant_op_where(p, near, parabola, line));
}

static ant_value *poisson(ant_loss_call *c) {
    ant_program *p = c->program;
    ant_value *l = ant_op_log(p, ant_op_shift(p, c->output, ANT__EPSILON));
    return last_mean(p, ant_op_sub(p, c->output, ant_op_mul(p, c->target, l)));
}

/* x over its length along the axes, which is taken as at least 1e-7. */
static ant_value *unit(ant_program *p, ant_value *x, unsigned axes) {
    ant_value *square = ant_op_sum(p, ant_op_square(p, x), axes, true);
    ant_value *least = ant_op_number(p, ANT__EPSILON * ANT__EPSILON);
    return ant_op_mul(p, x, ant_op_rsqrt(p, ant_op_maximum(p, square, least)));
}

static ant_value *cosine_similarity(ant_loss_call *c) {
    OPTIONS(cosine_similarity);
    ant_program *p = c->program;
    unsigned axes = axis_set(c, o->axis);
    ant_value *both = ant_op_mul(p, unit(p, c->target, axes), unit(p, c->output, axes));
    return ant_op_neg(p, ant_op_sum(p, both, axes, false));
}

/* --- hinges --- */
/* Where all targets of the batch are 0 or 1, 0 becomes -1. */
static ant_value *signs(ant_program *p, ant_value *t) {
    ant_value *zero = ant_op_equal(p, t, ant_op_number(p, 0));
    ant_value *one = ant_op_equal(p, t, ant_op_number(p, 1));
    ant_value *bits = ant_op_all(p, ant_op_logical_or(p, zero, one), ANT_ALL_AXES, false);
    return ant_op_where(p, bits, ant_op_shift(p, ant_op_scale(p, t, 2), -1), t);
}

/* max(1 - t * y, 0) */
static ant_value *missing(ant_loss_call *c) {
    ant_program *p = c->program;
    ant_value *agree = ant_op_mul(p, signs(p, c->target), c->output);
    return ant_op_maximum(p, ant_op_shift(p, ant_op_neg(p, agree), 1), ant_op_number(p, 0));
}

static ant_value *hinge(ant_loss_call *c) {
    return last_mean(c->program, missing(c));
}

static ant_value *squared_hinge(ant_loss_call *c) {
    return last_mean(c->program, ant_op_square(c->program, missing(c)));
}

static ant_value *categorical_hinge(ant_loss_call *c) {
    ant_program *p = c->program;
    ant_value *right = ant_op_sum(p, ant_op_mul(p, c->target, c->output), ANT_LAST, false);
    ant_value *rest = ant_op_shift(p, ant_op_neg(p, c->target), 1);
    ant_value *wrong = ant_op_max(p, ant_op_mul(p, rest, c->output), ANT_LAST, false);
    ant_value *gap = ant_op_shift(p, ant_op_sub(p, wrong, right), 1);
    return ant_op_maximum(p, gap, ant_op_number(p, 0));
}

/* --- probabilities --- */
static ant_value *clip_open(ant_program *p, ant_value *x) {
    return ant_op_clip(p, x, ANT__EPSILON, 1 - ANT__EPSILON);
}

static ant_value *kl_divergence(ant_loss_call *c) {
    ant_program *p = c->program;
    ant_value *t = ant_op_clip(p, c->target, ANT__EPSILON, 1);
    ant_value *y = ant_op_clip(p, c->output, ANT__EPSILON, 1);
    ant_value *ratio = ant_op_log(p, ant_op_div(p, t, y));
    return ant_op_sum(p, ant_op_mul(p, t, ratio), ANT_LAST, false);
}

/* t * (1 - s) + s * share */
static ant_value *smooth(ant_program *p, ant_value *t, double s, double share) {
    return s == 0 ? t : ant_op_shift(p, ant_op_scale(p, t, 1 - s), s * share);
}

static ant_value *binary_entries(ant_program *p, ant_value *t, ant_value *y, bool from_logits) {
    ant_value *logits = ant__logits_of(y, false);
    if (logits || from_logits)
        return ant__op_sigmoid_cross_entropy(p, logits ? logits : y, t);
    y = clip_open(p, y);
    ant_value *not_t = ant_op_shift(p, ant_op_neg(p, t), 1);
    ant_value *not_y = ant_op_shift(p, ant_op_neg(p, y), 1);
    ant_value *one = ant_op_mul(p, t, ant_op_log(p, y));
    return ant_op_neg(p, ant_op_add(p, one, ant_op_mul(p, not_t, ant_op_log(p, not_y))));
}

static ant_value *binary_crossentropy(ant_loss_call *c) {
    OPTIONS(binary_crossentropy);
    ant_program *p = c->program;
    ant_value *t = smooth(p, c->target, o->label_smoothing, 0.5);
    return ant_op_mean(p, binary_entries(p, t, c->output, o->from_logits), axis_set(c, o->axis),
                       false);
}

/* (1 - q)^gamma with q the probability given to the truth */
static ant_value *focus(ant_program *p, ant_value *q, double gamma) {
    ant_value *miss = ant_op_shift(p, ant_op_neg(p, q), 1);
    return ant_op_pow(p, miss, ant_op_number(p, gamma));
}

/* t * a + (1 - t) * b */
static ant_value *choose(ant_program *p, ant_value *t, ant_value *a, ant_value *b) {
    ant_value *not_t = ant_op_shift(p, ant_op_neg(p, t), 1);
    return ant_op_add(p, ant_op_mul(p, t, a), ant_op_mul(p, not_t, b));
}

static ant_value *binary_focal(ant_loss_call *c) {
    OPTIONS(binary_focal_crossentropy);
    ant_program *p = c->program;
    ant_value *t = smooth(p, c->target, o->label_smoothing, 0.5);
    ant_value *y = o->from_logits ? ant_op_sigmoid(p, c->output) : c->output;
    ant_value *q = choose(p, t, y, ant_op_shift(p, ant_op_neg(p, y), 1));
    ant_value *v = ant_op_mul(p, focus(p, q, o->gamma), binary_entries(p, t, y, false));
    if (o->apply_class_balancing)
        v = ant_op_mul(p, choose(p, t, ant_op_number(p, o->alpha), ant_op_number(p, 1 - o->alpha)),
                       v);
    return ant_op_mean(p, v, axis_set(c, o->axis), false);
}

static double classes_of(const ant_loss_call *c, int axis) {
    int k = ant__axis(axis, c->output->dims.rank);
    return k < 0 || c->output->dims.dim[k] < 1 ? 1 : (double)c->output->dims.dim[k];
}

/* What the output is a softmax of, or the output where it was said to be logits; else NULL. */
static ant_value *logits_of(ant_loss_call *c, bool from_logits) {
    ant_value *logits = ant__logits_of(c->output, true);
    return logits ? logits : from_logits ? c->output : NULL;
}

/* log of the probabilities, from logits where there are any, else from clipped ones over their
 * sum */
static ant_value *log_shares(ant_loss_call *c, ant_value *logits, int axis) {
    ant_program *p = c->program;
    if (logits)
        return ant_op_log_softmax(p, logits, axis);
    ant_value *y = ant_op_div(p, c->output, ant_op_sum(p, c->output, axis_set(c, axis), true));
    return ant_op_log(p, clip_open(p, y));
}

static ant_value *categorical_crossentropy(ant_loss_call *c) {
    OPTIONS(categorical_crossentropy);
    ant_program *p = c->program;
    unsigned axes = axis_set(c, o->axis);
    ant_value *t = smooth(p, c->target, o->label_smoothing, 1 / classes_of(c, o->axis));
    ant_value *logits = logits_of(c, o->from_logits);
    if (logits && ant__axis(o->axis, logits->dims.rank) == logits->dims.rank - 1)
        return ant__op_softmax_cross_entropy(p, logits, t);
    ant_value *l = log_shares(c, logits, o->axis);
    return ant_op_neg(p, ant_op_sum(p, ant_op_mul(p, t, l), axes, false));
}

static ant_value *categorical_focal(ant_loss_call *c) {
    OPTIONS(categorical_focal_crossentropy);
    ant_program *p = c->program;
    unsigned axes = axis_set(c, o->axis);
    ant_value *t = smooth(p, c->target, o->label_smoothing, 1 / classes_of(c, o->axis));
    ant_value *y = o->from_logits ? ant_op_softmax(p, c->output, o->axis) : c->output;
    y = clip_open(p, ant_op_div(p, y, ant_op_sum(p, y, axes, true)));
    ant_value *each = ant_op_neg(p, ant_op_mul(p, t, ant_op_log(p, y)));
    ant_value *v = ant_op_mul(p, ant_op_scale(p, focus(p, y, o->gamma), o->alpha), each);
    return ant_op_sum(p, v, axes, false);
}

static ant_value *sparse_crossentropy(ant_loss_call *c) {
    OPTIONS(sparse_categorical_crossentropy);
    ant_program *p = c->program;
    ant_value *t = c->target, *y = logits_of(c, o->from_logits);
    if (ant__axis(o->axis, c->output->dims.rank) != c->output->dims.rank - 1) {
        ant__fail(ant__program_error(p), ANT_E_OPTION, "%s: axis %d, must be the last",
                  c->cls->name, o->axis);
        return NULL;
    }
    y = y ? y : ant_op_log(p, clip_open(p, ant_op_real(p, c->output)));
    if (o->ignore_class != ANT_NONE) {
        ant_value *ignored = ant_op_cast(p, ant_op_number(p, o->ignore_class), ANT_INT32);
        c->mask = ant_op_not_equal(p, t, ignored);
        t = ant_op_mul(p, t, ant_op_cast(p, c->mask, ANT_INT32));
    }
    ant_value *v = ant__op_softmax_cross_entropy(p, y, t);
    return c->mask ? ant_op_where(p, c->mask, v, ant_op_number(p, 0)) : v;
}

/* The one of the three that the shapes call for, with its defaults. */
static ant_value *crossentropy(ant_loss_call *c) {
    static const ant_binary_crossentropy_options dense = {ANT_BINARY_CROSSENTROPY_DEFAULTS};
    static const ant_sparse_categorical_crossentropy_options sparse = {
        ANT_SPARSE_CATEGORICAL_CROSSENTROPY_DEFAULTS};
    const char *who = c->cls->name;
    ant_class_kind kind = ant__class_kind(c->target, c->output);
    if (kind == ANT__SPARSE) {
        c->options = &sparse;
        c->target = ant__labels(c->program, who, c->target, c->output);
        return c->target ? sparse_crossentropy(c) : NULL;
    }
    c->options = &dense;
    if (!ant__align_equal(c->program, who, &c->target, &c->output))
        return NULL;
    return kind == ANT__BINARY ? binary_crossentropy(c) : categorical_crossentropy(c);
}

/* --- the classes --- */
#define REDUCTION_ROW(T)                                                                           \
    ANT__ROW(T, reduction, "how values become one number",                                         \
             .words = "sum_over_batch_size mean mean_with_sample_weight sum none"),                \
        ANT__PART_ROWS(T)
#define LOGITS_ROW(T) ANT__ROW(T, from_logits, "whether outputs are logits")
#define SMOOTHING_ROW(T)                                                                           \
    ANT__ROW(T, label_smoothing, "share of a target that goes to all classes", ANT__BETWEEN(0, 1))
#define AXIS_ROW(T) ANT__ROW(T, axis, "axis of the classes", ANT__BETWEEN(-8, 7))
#define FOCAL_ROWS(T)                                                                              \
    ANT__ROW(T, alpha, "weight of the class 1", ANT__BETWEEN(0, 1)),                               \
        ANT__ROW(T, gamma, "how little easy samples count", ANT__AT_LEAST(0)), LOGITS_ROW(T),      \
        SMOOTHING_ROW(T), AXIS_ROW(T), REDUCTION_ROW(T)

static const ant_row loss_rows[] = {REDUCTION_ROW(loss)};
static const ant_row huber_rows[] = {
    ANT__ROW(huber, delta, "error at which the parabola becomes a line", ANT__ABOVE(0)),
    REDUCTION_ROW(huber)};
static const ant_row cosine_similarity_rows[] = {
    ANT__ROW(cosine_similarity, axis, "axis of the vectors", ANT__BETWEEN(-8, 7)),
    REDUCTION_ROW(cosine_similarity)};
static const ant_row binary_crossentropy_rows[] = {
    LOGITS_ROW(binary_crossentropy), SMOOTHING_ROW(binary_crossentropy),
    AXIS_ROW(binary_crossentropy), REDUCTION_ROW(binary_crossentropy)};
static const ant_row sparse_categorical_crossentropy_rows[] = {
    LOGITS_ROW(sparse_categorical_crossentropy),
    ANT__ROW(sparse_categorical_crossentropy, ignore_class, "targets of this class do not count"),
    ANT__ROW(sparse_categorical_crossentropy, reduction, "how values become one number",
             .words = "sum_over_batch_size mean mean_with_sample_weight sum none"),
    AXIS_ROW(sparse_categorical_crossentropy), ANT__PART_ROWS(sparse_categorical_crossentropy)};
static const ant_row binary_focal_crossentropy_rows[] = {
    ANT__ROW(binary_focal_crossentropy, apply_class_balancing, "whether alpha weighs the classes"),
    FOCAL_ROWS(binary_focal_crossentropy)};
static const ant_row categorical_focal_crossentropy_rows[] = {
    FOCAL_ROWS(categorical_focal_crossentropy)};

#define LOSS(Name, T, U, f, ...)                                                                   \
    ANT__CLASS(Name, T, U, ANT_LOSS, (&(const ant_loss_class){.values = f}), __VA_ARGS__)
#define PLAIN(Name, f, words) LOSS(Name, loss, LOSS, f, .alias = words)
static const ant_class classes[] = {
    LOSS(BinaryCrossentropy, binary_crossentropy, BINARY_CROSSENTROPY, binary_crossentropy,
         .alias = "bce"),
    LOSS(BinaryFocalCrossentropy, binary_focal_crossentropy, BINARY_FOCAL_CROSSENTROPY,
         binary_focal, .alias = NULL),
    LOSS(CategoricalCrossentropy, binary_crossentropy, CATEGORICAL_CROSSENTROPY,
         categorical_crossentropy, .alias = NULL),
    LOSS(CategoricalFocalCrossentropy, categorical_focal_crossentropy,
         CATEGORICAL_FOCAL_CROSSENTROPY, categorical_focal, .alias = NULL),
    PLAIN(CategoricalHinge, categorical_hinge, NULL),
    LOSS(CosineSimilarity, cosine_similarity, COSINE_SIMILARITY, cosine_similarity, .alias = NULL),
    ANT__CLASS(Crossentropy, loss, LOSS, ANT_LOSS,
               (&(const ant_loss_class){.values = crossentropy, .any_target = true}),
               .alias = "ce"),
    PLAIN(Hinge, hinge, NULL),
    LOSS(Huber, huber, HUBER, huber, .alias = "huber_loss"),
    PLAIN(KLDivergence, kl_divergence, "kld"),
    PLAIN(LogCosh, log_cosh, NULL),
    PLAIN(MeanAbsoluteError, absolute_error, "mae"),
    PLAIN(MeanAbsolutePercentageError, percentage_error, "mape"),
    PLAIN(MeanSquaredError, squared_error, "mse"),
    PLAIN(MeanSquaredLogarithmicError, logarithmic_error, "msle"),
    PLAIN(Poisson, poisson, NULL),
    ANT__CLASS(SparseCategoricalCrossentropy, sparse_categorical_crossentropy,
               SPARSE_CATEGORICAL_CROSSENTROPY, ANT_LOSS,
               (&(const ant_loss_class){.values = sparse_crossentropy, .labels = true})),
    PLAIN(SquaredHinge, squared_hinge, NULL),
};
const ant_family ant__loss_family = ANT__FAMILY("losses", classes);
