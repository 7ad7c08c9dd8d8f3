/* The table of operations, named as in keras.ops. */
#include "layers/operation/operation.h"

/* --- written in a few ops --- */
static ant_value *logical_xor(ant_program *p, ant_value *a, ant_value *b) {
    return ant_op_not_equal(p, ant_op_cast(p, a, ANT_BOOL), ant_op_cast(p, b, ANT_BOOL));
}

static ant_value *matmul(ant_program *p, ant_value *a, ant_value *b) {
    return ant_op_matmul(p, ant_op_real(p, a), ant_op_real(p, b), false, false);
}

static ant_value *deviation(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    return ant_op_sqrt(p, ant_op_variance(p, a, axes, keep));
}

/* The largest entry is taken out first, so that nothing overflows. */
static ant_value *logsumexp(ant_program *p, ant_value *a, unsigned axes, bool keep) {
    ant_value *top = ant_op_stop_gradient(p, ant_op_max(p, a, axes, true));
    ant_value *sum = ant_op_sum(p, ant_op_exp(p, ant_op_sub(p, a, top)), axes, keep);
    return ant_op_add(p, ant_op_log(p, sum), keep ? top : ant_op_sum(p, top, axes, false));
}

static int axis_or(const ant_operands *o, int otherwise) {
    return o->options->axis.count ? o->options->axis.data[0] : otherwise;
}

static ant_value *softmax(ant_operands *o) {
    return ant_op_softmax(o->program, ant_op_real(o->program, o->in[0]), axis_or(o, -1));
}

static ant_value *log_softmax(ant_operands *o) {
    return ant_op_log_softmax(o->program, ant_op_real(o->program, o->in[0]), axis_or(o, -1));
}

static ant_value *concatenate(ant_operands *o) {
    return ant_op_concat(o->program, o->in, o->n, axis_or(o, -1));
}

static ant_value *stack(ant_operands *o) {
    return ant_op_stack(o->program, o->in, o->n, axis_or(o, 0));
}

static ant_value *where(ant_operands *o) {
    ant_value *mask = ant_op_cast(o->program, o->in[0], ANT_BOOL);
    return ant_op_where(o->program, mask, o->in[1], o->in[2]);
}

static ant_value *clip(ant_operands *o) {
    return ant_op_clip(o->program, o->in[0], o->options->x_min, o->options->x_max);
}

static ant_value *cast(ant_operands *o) {
    int dtype = ant__dtype_named(o->options->to);
    return ant__dtype_real(dtype) ? ant_op_real(o->program, o->in[0])
                                  : ant_op_cast(o->program, o->in[0], dtype);
}

/* --- shapes --- */
static ant_value *misshaped(ant_operands *o, const char *option, int count) {
    ant__call_fail(o->call, ANT_E_SHAPE, "%s has %d entries for %d axes", option, count,
                   ant_value_rank(o->in[0]));
    return NULL;
}

static ant_value *reshape(ant_operands *o) {
    const ant_ints *shape = &o->options->shape;
    int64_t sizes[ANT_MAX_AXES];
    if (shape->count > ANT_MAX_AXES)
        return misshaped(o, "shape", shape->count);
    for (int k = 0; k < shape->count; k++)
        sizes[k] = shape->data[k];
    return ant_op_reshape(o->program, o->in[0], sizes, shape->count);
}

/* -1 keeps an axis as it is. */
static ant_value *broadcast_to(ant_operands *o) {
    const ant_ints *shape = &o->options->shape;
    int64_t sizes[ANT_MAX_AXES];
    int more = shape->count - ant_value_rank(o->in[0]);
    if (shape->count > ANT_MAX_AXES || more < 0)
        return misshaped(o, "shape", shape->count);
    for (int k = 0; k < shape->count; k++)
        sizes[k] =
            shape->data[k] < 0 && k >= more ? ant_value_size(o->in[0], k - more) : shape->data[k];
    return ant_op_broadcast(o->program, o->in[0], sizes, shape->count);
}

static ant_value *transpose(ant_operands *o) {
    int order[ANT_MAX_AXES], rank = ant_value_rank(o->in[0]);
    const ant_ints *axis = &o->options->axis;
    if (axis->count && axis->count != rank)
        return misshaped(o, "axis", axis->count);
    for (int k = 0; k < rank; k++)
        order[k] = axis->count ? ant__axis(axis->data[k], rank) : rank - 1 - k;
    return ant_op_transpose(o->program, o->in[0], order);
}

static int or_else(int x, int otherwise) {
    return x == ANT_NONE ? otherwise : x;
}

static ant_value *slice(ant_operands *o) {
    const ant_operation_options *k = o->options;
    return ant_op_slice(o->program, o->in[0], axis_or(o, 0), or_else(k->start, 0),
                        or_else(k->count, 1), or_else(k->step, 1));
}

static ant_value *repeat(ant_operands *o) {
    return ant_op_repeat(o->program, o->in[0], axis_or(o, 0), o->options->count);
}

static ant_value *pad(ant_operands *o) {
    const ant_operation_options *k = o->options;
    return ant_op_pad(o->program, o->in[0], axis_or(o, 0), or_else(k->before, 0),
                      or_else(k->after, 0), k->value == ANT_NONE ? 0 : k->value);
}

static ant_value *one_hot(ant_operands *o) {
    ant_value *index = o->in[0];
    if (ant__dtype_real(ant_value_dtype(index)))
        index = ant_op_cast(o->program, index, ANT_INT32);
    return ant_op_one_hot(o->program, index, o->options->count);
}

static ant_value *take(ant_program *p, ant_value *table, ant_value *index) {
    if (ant__dtype_real(ant_value_dtype(index)))
        index = ant_op_cast(p, index, ANT_INT32);
    return ant_op_gather(p, table, index);
}

/* --- the table --- */
#define UNARY(title, f)                                                                            \
    { .name = title, .min = 1, .max = 1, .unary = ant_op_##f }
#define BINARY(title, f)                                                                           \
    { .name = title, .min = 2, .max = 2, .takes = ANT__OP_NUMBERS, .binary = ant_op_##f }
#define REDUCTION(title, f)                                                                        \
    { .name = title, .min = 1, .max = 1, .takes = ANT__OP_AXIS | ANT__OP_KEEPDIMS, .reduce = f }
#define ALONG(title, f)                                                                            \
    { .name = title, .min = 1, .max = 1, .takes = ANT__OP_AXIS, .must = ANT__OP_AXIS, .along = f }

const ant_operation ant__operations[] = {
    BINARY("add", add),
    BINARY("subtract", sub),
    BINARY("multiply", mul),
    BINARY("divide", div),
    BINARY("floor_divide", floor_div),
    BINARY("mod", mod),
    BINARY("power", pow),
    BINARY("maximum", maximum),
    BINARY("minimum", minimum),
    BINARY("arctan2", atan2),
    BINARY("less", less),
    BINARY("less_equal", less_equal),
    BINARY("greater", greater),
    BINARY("greater_equal", greater_equal),
    BINARY("equal", equal),
    BINARY("not_equal", not_equal),
    {.name = "logical_and", .min = 2, .max = 2, .binary = ant_op_logical_and},
    {.name = "logical_or", .min = 2, .max = 2, .binary = ant_op_logical_or},
    {.name = "logical_xor", .min = 2, .max = 2, .binary = logical_xor},
    {.name = "matmul", .min = 2, .max = 2, .binary = matmul},
    UNARY("absolute", abs),
    UNARY("negative", neg),
    UNARY("sign", sign),
    UNARY("square", square),
    UNARY("sqrt", sqrt),
    UNARY("rsqrt", rsqrt),
    UNARY("reciprocal", reciprocal),
    UNARY("exp", exp),
    UNARY("expm1", expm1),
    UNARY("log", log),
    UNARY("log1p", log1p),
    UNARY("sin", sin),
    UNARY("cos", cos),
    UNARY("tan", tan),
    UNARY("arcsin", asin),
    UNARY("arccos", acos),
    UNARY("arctan", atan),
    UNARY("sinh", sinh),
    UNARY("cosh", cosh),
    UNARY("tanh", tanh),
    UNARY("arcsinh", asinh),
    UNARY("arccosh", acosh),
    UNARY("arctanh", atanh),
    UNARY("sigmoid", sigmoid),
    UNARY("softplus", softplus),
    UNARY("erf", erf),
    UNARY("relu", relu),
    UNARY("floor", floor),
    UNARY("ceil", ceil),
    UNARY("round", round),
    UNARY("trunc", trunc),
    UNARY("logical_not", logical_not),
    UNARY("isnan", is_nan),
    UNARY("isfinite", is_finite),
    UNARY("stop_gradient", stop_gradient),
    REDUCTION("sum", ant_op_sum),
    REDUCTION("mean", ant_op_mean),
    REDUCTION("max", ant_op_max),
    REDUCTION("min", ant_op_min),
    REDUCTION("prod", ant_op_prod),
    REDUCTION("any", ant_op_any),
    REDUCTION("all", ant_op_all),
    REDUCTION("var", ant_op_variance),
    REDUCTION("std", deviation),
    REDUCTION("logsumexp", logsumexp),
    ALONG("argmax", ant_op_argmax),
    ALONG("argmin", ant_op_argmin),
    ALONG("cumsum", ant_op_cumsum),
    ALONG("expand_dims", ant_op_expand),
    ALONG("squeeze", ant_op_squeeze),
    ALONG("flip", ant_op_reverse),
    {.name = "softmax", .min = 1, .max = 1, .takes = ANT__OP_AXIS, .write = softmax},
    {.name = "log_softmax", .min = 1, .max = 1, .takes = ANT__OP_AXIS, .write = log_softmax},
    {.name = "concatenate", .min = 1, .max = 15, .takes = ANT__OP_AXIS, .write = concatenate},
    {.name = "stack", .min = 1, .max = 15, .takes = ANT__OP_AXIS, .write = stack},
    {.name = "where", .min = 3, .max = 3, .takes = ANT__OP_NUMBERS, .write = where},
    {.name = "clip",
     .min = 1,
     .max = 1,
     .takes = ANT__OP_LIMITS,
     .must = ANT__OP_LIMITS,
     .write = clip},
    {.name = "cast", .min = 1, .max = 1, .takes = ANT__OP_TO, .must = ANT__OP_TO, .write = cast},
    {.name = "reshape",
     .min = 1,
     .max = 1,
     .takes = ANT__OP_SHAPE,
     .must = ANT__OP_SHAPE,
     .write = reshape},
    {.name = "broadcast_to",
     .min = 1,
     .max = 1,
     .takes = ANT__OP_SHAPE,
     .must = ANT__OP_SHAPE,
     .write = broadcast_to},
    {.name = "transpose", .min = 1, .max = 1, .takes = ANT__OP_AXIS, .write = transpose},
    {.name = "slice",
     .min = 1,
     .max = 1,
     .takes = ANT__OP_AXIS | ANT__OP_START | ANT__OP_COUNT | ANT__OP_STEP,
     .must = ANT__OP_AXIS,
     .write = slice},
    {.name = "repeat",
     .min = 1,
     .max = 1,
     .takes = ANT__OP_AXIS | ANT__OP_COUNT,
     .must = ANT__OP_AXIS | ANT__OP_COUNT,
     .write = repeat},
    {.name = "pad",
     .min = 1,
     .max = 1,
     .takes = ANT__OP_AXIS | ANT__OP_AROUND,
     .must = ANT__OP_AXIS,
     .write = pad},
    {.name = "take", .min = 2, .max = 2, .binary = take},
    {.name = "one_hot",
     .min = 1,
     .max = 1,
     .takes = ANT__OP_COUNT,
     .must = ANT__OP_COUNT,
     .write = one_hot},
};
const int ant__operations_n = (int)(sizeof ant__operations / sizeof *ant__operations);
