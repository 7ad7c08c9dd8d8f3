/* Activations, written in fine ops: fusion makes one kernel of a chain. */
#include "antler/activations.h"
#include "core/ops/fine.h"
#include "core/ops/ops.h"
#include "layers/layer.h"

ant_value *ant__activation_write(ant_layer_call *c, const char *text, ant_value *x) {
    ant_part part;
    if (!text)
        return x;
    if (!ant__part_read(c->context, ANT_ACTIVATION, text, &part))
        return NULL;
    const ant_writer_class *impl = part.cls->impl;
    return impl->write(c->program, &part, ant_op_real(c->program, x));
}

/* --- without options --- */
static ant_value *linear(ant_program *p, const ant_part *part, ant_value *x) {
    (void)p, (void)part;
    return x;
}

static ant_value *exponential(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_exp(p, x);
}

static ant_value *sigmoid(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_sigmoid(p, x);
}

static ant_value *softplus(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_softplus(p, x);
}

static ant_value *tanh_of(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_tanh(p, x);
}

static ant_value *relu6(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant__bound(p, x, 6);
}

/* x > 0: x; else below(x), which must be finite for every x, or its gradient would be no number. */
static ant_value *above_zero(ant_program *p, ant_value *x, ant_value *below) {
    return ant_op_where(p, ant_op_greater(p, x, ant_op_number(p, 0)), x, below);
}

ant_value *ant__elu_write(ant_program *p, ant_value *x, double alpha) {
    ant_value *below = ant_op_expm1(p, ant_op_minimum(p, x, ant_op_number(p, 0)));
    return above_zero(p, x, ant_op_scale(p, below, alpha));
}

static ant_value *selu(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_scale(p, ant__elu_write(p, x, 1.6732632423543772), 1.0507009873554805);
}

static ant_value *silu(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_mul(p, x, ant_op_sigmoid(p, x));
}

static ant_value *mish(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_mul(p, x, ant_op_tanh(p, ant_op_softplus(p, x)));
}

static ant_value *softsign(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_div(p, x, ant_op_shift(p, ant_op_abs(p, x), 1));
}

static ant_value *log_sigmoid(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_neg(p, ant_op_softplus(p, ant_op_neg(p, x)));
}

static ant_value *by_sixths(ant_program *p, ant_value *x) {
    return ant_op_scale(p, ant_op_clip(p, ant_op_shift(p, x, 3), 0, 6), 1.0 / 6);
}

static ant_value *hard_sigmoid(ant_program *p, const ant_part *part, ant_value *x) {
    double slope = ANT__PART_OPTIONS(hard_sigmoid_activation, part)->slope;
    if (slope == ANT_NONE)
        return by_sixths(p, x);
    return ant_op_clip(p, ant_op_shift(p, ant_op_scale(p, x, slope), 0.5), 0, 1);
}

static ant_value *hard_silu(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_mul(p, x, by_sixths(p, x));
}

static ant_value *sparse_sigmoid(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_clip(p, ant_op_scale(p, ant_op_shift(p, x, 1), 0.5), 0, 1);
}

static ant_value *sparse_plus(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    ant_value *zero = ant_op_number(p, 0), *one = ant_op_number(p, 1);
    ant_value *middle = ant_op_scale(p, ant_op_square(p, ant_op_shift(p, x, 1)), 0.25);
    ant_value *upper = ant_op_where(p, ant_op_less(p, x, one), middle, x);
    return ant_op_where(p, ant_op_less_equal(p, x, ant_op_number(p, -1)), zero, upper);
}

static ant_value *hard_tanh(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_clip(p, x, -1, 1);
}

static ant_value *tanh_shrink(ant_program *p, const ant_part *part, ant_value *x) {
    (void)part;
    return ant_op_sub(p, x, ant_op_tanh(p, x));
}

/* --- with options --- */
ant_value *ant__relu_write(ant_program *p, ant_value *x, double negative_slope, double max_value,
                           double threshold) {
    bool six = threshold == 0 && max_value == 6; /* Keras's relu6 has another slope at 6 */
    ant_value *y = six ? ant__bound(p, x, 6)
                   : threshold == 0
                       ? ant_op_relu(p, x)
                       : ant_op_where(p, ant_op_greater(p, x, ant_op_number(p, threshold)), x,
                                      ant_op_number(p, 0));
    if (max_value != ANT_NONE && !six)
        y = ant_op_clip(p, y, 0, max_value);
    if (negative_slope == 0)
        return y;
    if (max_value == ANT_NONE && threshold == 0)
        return above_zero(p, x, ant_op_scale(p, x, negative_slope));
    ant_value *below = ant_op_relu(p, ant_op_shift(p, ant_op_neg(p, x), threshold));
    return ant_op_sub(p, y, ant_op_scale(p, below, negative_slope));
}

static ant_value *relu(ant_program *p, const ant_part *part, ant_value *x) {
    const ant_relu_activation_options *o = part->options;
    return ant__relu_write(p, x, o->negative_slope, o->max_value, o->threshold);
}

static ant_value *leaky_relu(ant_program *p, const ant_part *part, ant_value *x) {
    const ant_leaky_relu_activation_options *o = part->options;
    return ant__relu_write(p, x, o->negative_slope, ANT_NONE, 0);
}

static ant_value *elu(ant_program *p, const ant_part *part, ant_value *x) {
    return ant__elu_write(p, x, ANT__PART_OPTIONS(elu_activation, part)->alpha);
}

static ant_value *celu(ant_program *p, const ant_part *part, ant_value *x) {
    double alpha = ANT__PART_OPTIONS(elu_activation, part)->alpha;
    ant_value *zero = ant_op_number(p, 0);
    ant_value *below = ant_op_scale(p, ant_op_minimum(p, x, zero), 1 / alpha);
    return ant_op_add(p, ant_op_maximum(p, x, zero),
                      ant_op_scale(p, ant_op_expm1(p, below), alpha));
}

static ant_value *gelu(ant_program *p, const ant_part *part, ant_value *x) {
    return ant__op_gelu(p, x, ANT__PART_OPTIONS(gelu_activation, part)->approximate);
}

static ant_value *squareplus(ant_program *p, const ant_part *part, ant_value *x) {
    double b = ANT__PART_OPTIONS(squareplus_activation, part)->b;
    ant_value *root = ant_op_sqrt(p, ant_op_shift(p, ant_op_square(p, x), b));
    return ant_op_scale(p, ant_op_add(p, x, root), 0.5);
}

static ant_value *soft_shrink(ant_program *p, const ant_part *part, ant_value *x) {
    double t = ANT__PART_OPTIONS(shrink_activation, part)->threshold;
    ant_value *low = ant_op_less(p, x, ant_op_number(p, -t));
    ant_value *high = ant_op_greater(p, x, ant_op_number(p, t));
    ant_value *rest = ant_op_where(p, low, ant_op_shift(p, x, t), ant_op_number(p, 0));
    return ant_op_where(p, high, ant_op_shift(p, x, -t), rest);
}

static ant_value *hard_shrink(ant_program *p, const ant_part *part, ant_value *x) {
    double t = ANT__PART_OPTIONS(shrink_activation, part)->threshold;
    ant_value *far = ant_op_greater(p, ant_op_abs(p, x), ant_op_number(p, t));
    return ant_op_where(p, far, x, ant_op_number(p, 0));
}

static ant_value *threshold(ant_program *p, const ant_part *part, ant_value *x) {
    const ant_threshold_activation_options *o = part->options;
    ant_value *above = ant_op_greater(p, x, ant_op_number(p, o->threshold));
    return ant_op_where(p, above, x, ant_op_number(p, o->default_value));
}

/* --- along an axis --- */
/* Counted from 0; -1 and an error where x has no such axis, or x is dead. */
static int axis_of(ant_program *p, const ant_part *part, ant_value *x) {
    int axis = ANT__PART_OPTIONS(axis_activation, part)->axis;
    if (!x)
        return -1;
    int found = ant__axis(axis, x->dims.rank);
    char shape[ANT__DIMS_TEXT];
    if (found < 0)
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "%s: no axis %d in %s", part->cls->name, axis,
                  ant__dims_text(&x->dims, shape));
    return found;
}

static ant_value *softmax(ant_program *p, const ant_part *part, ant_value *x) {
    int axis = axis_of(p, part, x);
    return axis < 0 ? NULL : ant_op_softmax(p, x, axis);
}

static ant_value *log_softmax(ant_program *p, const ant_part *part, ant_value *x) {
    int axis = axis_of(p, part, x);
    return axis < 0 ? NULL : ant_op_log_softmax(p, x, axis);
}

static ant_value *glu(ant_program *p, const ant_part *part, ant_value *x) {
    int axis = axis_of(p, part, x);
    if (axis < 0)
        return NULL;
    int64_t size = x->dims.dim[axis], half = size / 2;
    char shape[ANT__DIMS_TEXT];
    if (size < 0 || size % 2) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "glu: axis %d of %s must be of even size",
                  axis, ant__dims_text(&x->dims, shape));
        return NULL;
    }
    ant_value *first = ant_op_slice(p, x, axis, 0, half, 1);
    ant_value *second = ant_op_slice(p, x, axis, half, half, 1);
    return ant_op_mul(p, first, ant_op_sigmoid(p, second));
}

/* Swaps an axis with the last. */
static ant_value *swap_last(ant_program *p, ant_value *x, int axis) {
    int order[ANT_MAX_AXES];
    if (!x || axis == x->dims.rank - 1)
        return x;
    for (int k = 0; k < x->dims.rank; k++)
        order[k] = k;
    order[axis] = x->dims.rank - 1;
    order[x->dims.rank - 1] = axis;
    return ant_op_transpose(p, x, order);
}

/* Martins and Astudillo, From softmax to sparsemax (ICML 2016): max(x - t, 0). x_j is in the
 * support when 1 + k x_j > S, k and S the count and sum of what is at least x_j; all pairs are
 * compared instead of sorting. In the paper t makes the sum 1; Keras 3.15 adds up the S of all the
 * support where the paper takes the last, and networks trained in it must come out the same
 * here. */
static ant_value *sparsemax_last(ant_program *p, ant_value *x) {
    ant_value *zero = ant_op_number(p, 0), *other = ant_op_expand(p, x, -2);
    ant_value *above = ant_op_greater_equal(p, other, ant_op_expand(p, x, -1));
    ant_value *k = ant_op_sum(p, ant_op_real(p, above), ANT_LAST, false);
    ant_value *sum = ant_op_sum(p, ant_op_where(p, above, other, zero), ANT_LAST, false);
    ant_value *in = ant_op_greater(p, ant_op_shift(p, ant_op_mul(p, k, x), 1), sum);
    ant_value *count = ant_op_sum(p, ant_op_real(p, in), ANT_LAST, true);
    ant_value *total = ant_op_sum(p, ant_op_where(p, in, sum, zero), ANT_LAST, true);
    ant_value *t = ant_op_div(p, ant_op_shift(p, total, -1), count);
    return ant_op_relu(p, ant_op_sub(p, x, t));
}

static ant_value *sparsemax(ant_program *p, const ant_part *part, ant_value *x) {
    int axis = axis_of(p, part, x);
    if (axis < 0)
        return NULL;
    if (x->dims.rank == ANT_MAX_AXES) {
        ant__fail(ant__program_error(p), ANT_E_LIMIT, "sparsemax: takes at most %d axes",
                  ANT_MAX_AXES - 1);
        return NULL;
    }
    return swap_last(p, sparsemax_last(p, swap_last(p, x, axis)), axis);
}

/* --- the tables --- */
static const ant_row relu_activation_rows[] = {
    ANT__ROW(relu_activation, negative_slope, "slope below the threshold", ANT__AT_LEAST(0)),
    ANT__ROW(relu_activation, max_value, "largest value", ANT__AT_LEAST(0)),
    ANT__ROW(relu_activation, threshold, "where it begins to rise"),
    ANT__PART_ROWS(relu_activation),
};
static const ant_row leaky_relu_activation_rows[] = {
    ANT__ROW(leaky_relu_activation, negative_slope, "slope below 0"),
    ANT__PART_ROWS(leaky_relu_activation),
};
static const ant_row elu_activation_rows[] = {
    ANT__ROW(elu_activation, alpha, "what it tends to far below 0, negated", ANT__ABOVE(0)),
    ANT__PART_ROWS(elu_activation),
};
static const ant_row gelu_activation_rows[] = {
    ANT__ROW(gelu_activation, approximate, "by tanh instead of erf"),
    ANT__PART_ROWS(gelu_activation),
};
static const ant_row hard_sigmoid_activation_rows[] = {
    ANT__ROW(hard_sigmoid_activation, slope, "how steep it rises; none: 1/6", ANT__ABOVE(0)),
    ANT__PART_ROWS(hard_sigmoid_activation),
};
static const ant_row squareplus_activation_rows[] = {
    ANT__ROW(squareplus_activation, b, "roundness of the corner", ANT__AT_LEAST(0)),
    ANT__PART_ROWS(squareplus_activation),
};
static const ant_row shrink_activation_rows[] = {
    ANT__ROW(shrink_activation, threshold, "what counts as near 0", ANT__AT_LEAST(0)),
    ANT__PART_ROWS(shrink_activation),
};
static const ant_row threshold_activation_rows[] = {
    ANT__ROW(threshold_activation, threshold, "what x must exceed"),
    ANT__ROW(threshold_activation, default_value, "value where it does not"),
    ANT__PART_ROWS(threshold_activation),
};
static const ant_row axis_activation_rows[] = {
    ANT__ROW(axis_activation, axis, "along which"),
    ANT__PART_ROWS(axis_activation),
};

/* WITH: Keras's name is the C function's too; T and U name the struct of its options. */
#define WRITER(f)                                                                                  \
    .impl = &(const ant_writer_class) {                                                            \
        f                                                                                          \
    }
#define PLAIN(title, f)                                                                            \
    { .name = (title), .kind = ANT_ACTIVATION, WRITER(f) }
#define WITH(title, T, U)                                                                          \
    ANT__CLASS(title, T##_activation, U##_ACTIVATION, ANT_ACTIVATION,                              \
               &(const ant_writer_class){title})

static const ant_class classes[] = {
    PLAIN("linear", linear),
    WITH(relu, relu, RELU),
    PLAIN("relu6", relu6),
    WITH(leaky_relu, leaky_relu, LEAKY_RELU),
    WITH(elu, elu, ELU),
    WITH(celu, elu, ELU),
    PLAIN("selu", selu),
    WITH(gelu, gelu, GELU),
    {.name = "silu", .alias = "swish", .kind = ANT_ACTIVATION, WRITER(silu)},
    PLAIN("mish", mish),
    PLAIN("softplus", softplus),
    PLAIN("softsign", softsign),
    WITH(squareplus, squareplus, SQUAREPLUS),
    PLAIN("sigmoid", sigmoid),
    PLAIN("log_sigmoid", log_sigmoid),
    WITH(hard_sigmoid, hard_sigmoid, HARD_SIGMOID),
    {.name = "hard_silu", .alias = "hard_swish", .kind = ANT_ACTIVATION, WRITER(hard_silu)},
    PLAIN("sparse_sigmoid", sparse_sigmoid),
    PLAIN("sparse_plus", sparse_plus),
    PLAIN("tanh", tanh_of),
    PLAIN("hard_tanh", hard_tanh),
    PLAIN("tanh_shrink", tanh_shrink),
    WITH(soft_shrink, shrink, SHRINK),
    WITH(hard_shrink, shrink, SHRINK),
    WITH(threshold, threshold, THRESHOLD),
    PLAIN("exponential", exponential),
    WITH(softmax, axis, AXIS),
    WITH(log_softmax, axis, AXIS),
    WITH(sparsemax, axis, AXIS),
    WITH(glu, axis, AXIS),
};

const ant_family ant__activations_family = ANT__FAMILY("activations", classes);
