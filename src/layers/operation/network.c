/* Operations of networks: softmax, norms and normalization, attention, cross-entropies. */
#include "core/ops/fine.h"
#include "layers/operation/operation.h"
#include <math.h>
#include <string.h>

static ant_value *number(ant_program *p, double x) {
    return ant_op_number(p, x);
}

static double epsilon_of(const ant_operands *o, double otherwise) {
    return ant__number_or(o->options->epsilon, otherwise);
}

/* --- softmax --- */
/* Over one axis by its own op; over several the largest entry is taken out first. */
static ant_value *softmax_of(ant_operands *o, bool log) {
    ant_program *p = o->program;
    ant_value *x = o->in[0];
    unsigned axes;
    if (o->options->axis.count < 2) {
        int axis = ant__axis_said(o, x, -1);
        return axis < 0 ? NULL : (log ? ant_op_log_softmax : ant_op_softmax)(p, x, axis);
    }
    if (!ant__axes_set(o, x, &axes))
        return NULL;
    ant_value *top = ant_op_stop_gradient(p, ant_op_max(p, x, axes, true));
    ant_value *away = ant_op_sub(p, x, top), *e = ant_op_exp(p, away);
    ant_value *sum = ant_op_sum(p, e, axes, true);
    return log ? ant_op_sub(p, away, ant_op_log(p, sum)) : ant_op_div(p, e, sum);
}

static ant_value *softmax(ant_operands *o) {
    return softmax_of(o, false);
}

static ant_value *log_softmax(ant_operands *o) {
    return softmax_of(o, true);
}

/* --- norms --- */
typedef struct norm {
    ant_operands *o;
    unsigned axes;
    double order;
    bool said, keep;
} norm;

/* The option order: a number, inf, -inf; "fro" is the root of the sum of squares. */
static bool read_order(norm *n) {
    const char *order = n->o->options->order;
    n->said = order && strcmp(order, "fro") != 0;
    n->order = 2;
    if (!n->said || ant__number_read(order, &n->order))
        return true;
    ant__operation_fail(n->o, ANT_E_OPTION, "order is '%s', must be a number, inf, -inf or fro",
                        order);
    return false;
}

static ant_value *root_of_squares(const norm *n, ant_value *x) {
    ant_program *p = n->o->program;
    return ant_op_sqrt(p, ant_op_sum(p, ant_op_square(p, x), n->axes, n->keep));
}

static ant_value *vector_norm(const norm *n, ant_value *x) {
    ant_program *p = n->o->program;
    ant_value *size = ant_op_abs(p, x);
    if (!n->said || n->order == 2)
        return root_of_squares(n, x);
    if (isinf(n->order))
        return (n->order > 0 ? ant_op_max : ant_op_min)(p, size, n->axes, n->keep);
    if (n->order == 0)
        return ant_op_sum(p, ant_op_real(p, ant_op_not_equal(p, x, number(p, 0))), n->axes,
                          n->keep);
    ant_value *sum = ant_op_sum(p, ant_op_pow(p, size, number(p, n->order)), n->axes, n->keep);
    return ant_op_pow(p, sum, number(p, 1 / n->order));
}

/* The largest (or smallest) sum of sizes along the columns (1, -1) or the rows (inf, -inf). */
static ant_value *matrix_norm(const norm *n, ant_value *x, int row, int column) {
    ant_program *p = n->o->program;
    if (!n->said)
        return root_of_squares(n, x);
    bool columns = fabs(n->order) == 1;
    if (!columns && !isinf(n->order))
        return ant__operation_fail(n->o, ANT_E_OPTION,
                                   "order %s of matrices needs singular values, which are not "
                                   "built",
                                   n->o->options->order);
    ant_value *sum = ant_op_sum(p, ant_op_abs(p, x), ANT_AXIS(columns ? row : column), true);
    unsigned other = ANT_AXIS(columns ? column : row);
    ant_value *y = (n->order > 0 ? ant_op_max : ant_op_min)(p, sum, other, true);
    return n->keep ? y : ant_op_sum(p, y, n->axes, false);
}

static ant_value *norm_of(norm *n, ant_value *x) {
    const ant_ints *axis = &n->o->options->axis;
    int count = axis->count ? axis->count : ant_value_rank(x);
    if (count == 1)
        return vector_norm(n, x);
    if (count == 2)
        return matrix_norm(n, x, ant__axis_of(n->o, x, axis->count ? axis->data[0] : 0),
                           ant__axis_of(n->o, x, axis->count ? axis->data[1] : 1));
    if (!n->said)
        return root_of_squares(n, x);
    return ant__operation_fail(n->o, ANT_E_SHAPE, "order %s over %d axes, must be 1 or 2",
                               n->o->options->order, count);
}

static ant_value *norm_op(ant_operands *o) {
    norm n = {.o = o, .keep = o->options->keepdims};
    if (!ant__axes_set(o, o->in[0], &n.axes) || !read_order(&n))
        return NULL;
    return norm_of(&n, o->in[0]);
}

/* x over its norm, which is at least epsilon. */
static ant_value *normalize(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *x = o->in[0];
    norm n = {.o = o, .keep = true, .axes = ANT_LAST};
    if ((o->options->axis.count && !ant__axes_set(o, x, &n.axes)) || !read_order(&n))
        return NULL;
    double epsilon = epsilon_of(o, 1e-7);
    if (n.order == 2) {
        ant_value *sum = ant_op_sum(p, ant_op_square(p, x), n.axes, true);
        ant_value *inverse = ant_op_minimum(p, ant_op_rsqrt(p, sum), number(p, 1 / epsilon));
        return ant_op_mul(p, x, inverse);
    }
    n.said = true;
    ant_value *size = o->options->axis.count > 1 ? norm_of(&n, x) : vector_norm(&n, x);
    return ant_op_div(p, x, ant_op_maximum(p, size, number(p, epsilon)));
}

/* --- normalization --- */
/* A vector along one axis of x, or what stands for some of its axes, in x's rank. */
static ant_value *along(ant_operands *o, ant_value *v, unsigned axes) {
    const ant_dims *x = &o->in[0]->dims;
    ant_dims dims = {.rank = x->rank};
    if (!v || v->dims.rank == x->rank || axes == ANT_AXIS(x->rank - 1))
        return v;
    for (int k = 0; k < x->rank; k++)
        dims.dim[k] = axes >> k & 1 ? x->dim[k] : 1;
    return ant__reshape_to(o->program, v, &dims);
}

/* x scale + shift, either of which may be missing. */
static ant_value *affine(ant_operands *o, ant_value *x, int scale, int shift, unsigned axes) {
    if (scale >= 0 && o->in[scale])
        x = ant_op_mul(o->program, x, along(o, o->in[scale], axes));
    if (shift >= 0 && o->in[shift])
        x = ant_op_add(o->program, x, along(o, o->in[shift], axes));
    return x;
}

static ant_value *over_root(ant_program *p, ant_value *x, ant_value *square, double epsilon) {
    return ant_op_mul(p, x, ant_op_rsqrt(p, ant_op_shift(p, square, epsilon)));
}

static ant_value *batch_normalization(ant_operands *o) {
    ant_program *p = o->program;
    int axis = ant__axis_said(o, o->in[0], -1);
    if (axis < 0)
        return NULL;
    ant_value *mean = along(o, o->in[1], ANT_AXIS(axis));
    ant_value *variance = along(o, o->in[2], ANT_AXIS(axis));
    ant_value *away = ant_op_sub(p, o->in[0], mean);
    return affine(o, over_root(p, away, variance, epsilon_of(o, 1e-3)), 4, 3, ANT_AXIS(axis));
}

static bool last_or_said(ant_operands *o, unsigned *axes) {
    *axes = ANT_AXIS(ant_value_rank(o->in[0]) - 1);
    return !o->options->axis.count || ant__axes_set(o, o->in[0], axes);
}

static ant_value *layer_normalization(ant_operands *o) {
    ant_program *p = o->program;
    unsigned axes;
    if (!last_or_said(o, &axes))
        return NULL;
    ant_value *away = ant_op_sub(p, o->in[0], ant_op_mean(p, o->in[0], axes, true));
    ant_value *variance = ant_op_mean(p, ant_op_square(p, away), axes, true);
    return affine(o, over_root(p, away, variance, epsilon_of(o, 1e-7)), 1, 2, axes);
}

static ant_value *rms_normalization(ant_operands *o) {
    ant_program *p = o->program;
    unsigned axes;
    if (!last_or_said(o, &axes))
        return NULL;
    ant_value *square = ant_op_mean(p, ant_op_square(p, o->in[0]), axes, true);
    ant_value *y = over_root(p, o->in[0], square, epsilon_of(o, 1e-7));
    return o->in[1] ? ant_op_mul(p, y, o->in[1]) : y;
}

/* --- attention: query (B, T, N, H), key and value (B, S, K, H); N is K or a multiple of it --- */
/* Each head of key and value as often as the query has heads for it; (B, N, S, H). */
static ant_value *heads(ant_operands *o, ant_value *v) {
    int64_t wants = ant_value_size(o->in[0], 2), has = ant_value_size(v, 2);
    if (has > 1 && wants > has)
        v = ant_op_repeat(o->program, v, 2, wants / has);
    return ant_op_transpose(o->program, v, (const int[]){0, 2, 1, 3});
}

/* Far below, but finite, so that all may be masked. */
static ant_value *masked(ant_operands *o, ant_value *logits) {
    ant_program *p = o->program;
    ant_value *mask = o->in[4] ? ant_op_cast(p, o->in[4], ANT_BOOL) : NULL;
    if (o->options->causal) {
        int64_t t = ant_value_size(logits, 2), s = ant_value_size(logits, 3);
        ant_value *row = ant__reshape_to(p, ant__counting(p, t, 1), &ANT__DIMS(t, 1));
        ant_value *seen = ant_op_less_equal(p, ant__counting(p, s, 1), row);
        mask = mask ? ant_op_logical_and(p, mask, seen) : seen;
    }
    return mask ? ant_op_where(p, mask, logits, number(p, -0.7 * 3.38953e38)) : logits;
}

static ant_value *attention(ant_operands *o) {
    ant_program *p = o->program;
    for (int k = 0; k < 3; k++) {
        o->in[k] = ant_op_real(p, o->in[k]);
        if (ant_value_rank(o->in[k]) != 4)
            return ant__operation_fail(o, ANT_E_SHAPE, "value %d has %d axes, must have 4", k,
                                       ant_value_rank(o->in[k]));
    }
    double scale = ant__number_or(o->options->value, 1 / sqrt((double)ant_value_size(o->in[1], 3)));
    ant_value *query = ant_op_transpose(p, o->in[0], (const int[]){0, 2, 1, 3});
    ant_value *logits = ant_op_matmul(p, query, heads(o, o->in[1]), false, true);
    logits = ant_op_scale(p, logits, scale);
    if (o->in[3])
        logits = ant_op_add(p, logits, ant_op_real(p, o->in[3]));
    ant_value *weights = ant_op_softmax(p, masked(o, logits), -1);
    ant_value *y = ant_op_matmul(p, weights, heads(o, o->in[2]), false, false);
    return ant_op_transpose(p, y, (const int[]){0, 2, 1, 3});
}

/* --- cross-entropies of targets and outputs --- */
static ant_value *within(ant_program *p, ant_value *v) {
    return ant_op_clip(p, v, 1e-7, 1 - 1e-7);
}

static ant_value *binary_crossentropy(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *t = o->in[0], *y = o->in[1];
    if (o->options->from_logits) /* max(y, 0) - y t + log(1 + exp(-|y|)) */
        return ant_op_add(p, ant_op_sub(p, ant_op_relu(p, y), ant_op_mul(p, y, t)),
                          ant_op_log1p(p, ant_op_exp(p, ant_op_neg(p, ant_op_abs(p, y)))));
    y = within(p, y);
    ant_value *one = number(p, 1);
    ant_value *hit = ant_op_mul(p, t, ant_op_log(p, y));
    ant_value *miss = ant_op_mul(p, ant_op_sub(p, one, t), ant_op_log(p, ant_op_sub(p, one, y)));
    return ant_op_neg(p, ant_op_add(p, hit, miss));
}

static ant_value *categorical_crossentropy(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *t = o->in[0], *y = o->in[1];
    int axis = ant__axis_said(o, y, -1);
    if (axis < 0)
        return NULL;
    unsigned set = ANT_AXIS(axis);
    ant_value *log = o->options->from_logits
                         ? ant_op_log_softmax(p, y, axis)
                         : ant_op_log(p, within(p, ant_op_div(p, y, ant_op_sum(p, y, set, true))));
    return ant_op_neg(p, ant_op_sum(p, ant_op_mul(p, t, log), set, false));
}

/* Whole numbers as targets, with or without a last axis of size 1. */
static ant_value *sparse_crossentropy(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *t = o->in[0], *y = ant_op_real(p, o->in[1]);
    bool ints = ant_value_dtype(t) == ANT_INT32 || ant_value_dtype(t) == ANT_INT64;
    if (ant_value_rank(t) < ant_value_rank(y))
        t = ant_op_expand(p, t, -1);
    ant_value *logits = o->options->from_logits ? y : ant_op_log(p, within(p, y));
    ant_value *log = ant_op_log_softmax(p, logits, -1);
    ant_value *own = ant_op_take_along(p, log, ints ? t : ant_op_cast(p, t, ANT_INT32), -1);
    return ant_op_neg(p, ant_op_squeeze(p, own, -1));
}

/* Peak signal to noise. */
static ant_value *psnr(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *square = ant_op_square(p, ant_op_sub(p, o->in[0], o->in[1]));
    ant_value *log = ant_op_log(p, ant_op_mean(p, square, ANT_ALL_AXES, false));
    return ant_op_shift(p, ant_op_scale(p, log, -10 / 2.30258509299404568402),
                        20 * log10(o->options->x_max));
}

/* --- the table --- */
#define ENTROPY(title, more, kind, f)                                                              \
    { .name = title, .values = "target output", .takes = more, .types = kind, .write = f }

static const ant_operation rows[] = {
    {.name = "softmax",
     .values = "x",
     .takes = "axis",
     .axes = -1,
     .types = ANT__TO_REAL,
     .write = softmax},
    {.name = "log_softmax",
     .values = "x",
     .takes = "axis",
     .axes = -1,
     .types = ANT__TO_REAL,
     .write = log_softmax},
    {.name = "norm",
     .values = "x",
     .takes = "axis keepdims order",
     .axes = -1,
     .types = ANT__TO_REAL,
     .write = norm_op},
    {.name = "normalize",
     .values = "x",
     .takes = "axis order epsilon",
     .axes = -1,
     .types = ANT__TO_REAL,
     .write = normalize},
    {.name = "batch_normalization",
     .values = "x mean variance offset? scale?",
     .takes = "axis epsilon",
     .types = ANT__TO_REAL,
     .write = batch_normalization},
    {.name = "layer_normalization",
     .values = "x gamma? beta?",
     .takes = "axis epsilon",
     .axes = -1,
     .types = ANT__TO_REAL,
     .write = layer_normalization},
    {.name = "rms_normalization",
     .values = "x scale?",
     .takes = "axis epsilon",
     .axes = -1,
     .types = ANT__TO_REAL,
     .write = rms_normalization},
    {.name = "dot_product_attention",
     .values = "query key value bias? mask?",
     .takes = "causal value",
     .write = attention},
    ENTROPY("binary_crossentropy", "from_logits", ANT__TO_REAL, binary_crossentropy),
    ENTROPY("categorical_crossentropy", "from_logits axis", ANT__TO_REAL, categorical_crossentropy),
    ENTROPY("sparse_categorical_crossentropy", "from_logits", ANT__AS_THEY_ARE,
            sparse_crossentropy),
    {.name = "psnr", .values = "x1 x2", .must = "x_max", .types = ANT__TO_REAL, .write = psnr},
};
ANT__OPERATIONS(ant__network_operations, rows);
