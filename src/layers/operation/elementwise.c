/* Operations number by number. */
#include "core/ops/fine.h"
#include "layers/operation/operation.h"
#include <float.h>
#include <math.h>

static ant_value *number(ant_program *p, double x) {
    return ant_op_number(p, x);
}

static bool is_real(const ant_value *v) {
    return ant__dtype_real(ant_value_dtype(v));
}

/* --- one value --- */
static ant_value *same(ant_program *p, ant_value *a) {
    return ant_op_cast(p, a, ant_value_dtype(a));
}

/* Bools are never below 0. */
static ant_value *absolute(ant_program *p, ant_value *a) {
    return ant_value_dtype(a) == ANT_BOOL ? a : ant_op_abs(p, a);
}

static ant_value *trunc_of(ant_program *p, ant_value *a) {
    return is_real(a) ? ant_op_trunc(p, a) : a;
}

static ant_value *exp2_of(ant_program *p, ant_value *a) {
    return ant_op_exp(p, ant_op_scale(p, a, 0.69314718055994530942));
}

static ant_value *log2_of(ant_program *p, ant_value *a) {
    return ant_op_scale(p, ant_op_log(p, a), 1.44269504088896340736);
}

static ant_value *log10_of(ant_program *p, ant_value *a) {
    return ant_op_scale(p, ant_op_log(p, a), 0.43429448190325182765);
}

static ant_value *cbrt_of(ant_program *p, ant_value *a) {
    return ant_op_mul(p, ant_op_sign(p, a), ant_op_pow(p, ant_op_abs(p, a), number(p, 1.0 / 3)));
}

static ant_value *deg2rad(ant_program *p, ant_value *a) {
    return ant_op_scale(p, a, 3.14159265358979323846 / 180);
}

static ant_value *rad2deg(ant_program *p, ant_value *a) {
    return ant_op_scale(p, a, 180 / 3.14159265358979323846);
}

/* sin(pi x) / (pi x); no division by 0, for the gradient's sake. */
static ant_value *sinc(ant_program *p, ant_value *a) {
    ant_value *zero = ant_op_equal(p, a, number(p, 0)), *one = number(p, 1);
    ant_value *x = ant_op_scale(p, ant_op_where(p, zero, one, a), 3.14159265358979323846);
    return ant_op_where(p, zero, one, ant_op_div(p, ant_op_sin(p, x), x));
}

static ant_value *bitwise_not(ant_program *p, ant_value *a) {
    return ant_op_shift(p, ant_op_neg(p, a), -1);
}

static ant_value *is_positive_infinity(ant_program *p, ant_value *a) {
    return ant_op_equal(p, a, number(p, INFINITY));
}

static ant_value *is_negative_infinity(ant_program *p, ant_value *a) {
    return ant_op_equal(p, a, number(p, -INFINITY));
}

static ant_value *is_infinity(ant_program *p, ant_value *a) {
    return ant_op_equal(p, ant_op_abs(p, a), number(p, INFINITY));
}

/* -0 has its sign, too. */
static ant_value *signbit_of(ant_program *p, ant_value *a) {
    ant_value *below = ant_op_less(p, a, ant__number_like(p, 0, a));
    if (!is_real(a))
        return below;
    ant_value *other_side = ant_op_less(p, ant_op_reciprocal(p, a), number(p, 0));
    return ant_op_logical_or(p, below, other_side);
}

/* The angle of a real number: 0 or pi. */
static ant_value *angle(ant_program *p, ant_value *a) {
    ant_value *pi = number(p, 3.14159265358979323846);
    return ant_op_where(p, ant_op_less(p, a, number(p, 0)), pi, number(p, 0));
}

static ant_value *not_a_number(ant_operands *o) {
    const ant_operation_options *k = o->options;
    ant_program *p = o->program;
    ant_value *x = o->in[0];
    if (!is_real(x))
        return x;
    double most = ant__number_or(k->x_max, FLT_MAX), least = ant__number_or(k->x_min, -FLT_MAX);
    ant_value *nan = number(p, ant__number_or(k->value, 0));
    ant_value *above = is_positive_infinity(p, x), *below = is_negative_infinity(p, x);
    x = ant_op_where(p, ant_op_is_nan(p, x), nan, x);
    x = ant_op_where(p, above, number(p, most), x);
    return ant_op_where(p, below, number(p, least), x);
}

static ant_value *rounded(ant_operands *o) {
    int decimals = ant__int_or(o->options->count, 0);
    ant_value *x = o->in[0];
    if (decimals == 0 || (decimals > 0 && !is_real(x)))
        return is_real(x) ? ant_op_round(o->program, x) : x;
    double factor = pow(10, decimals);
    ant_value *y =
        ant_op_round(o->program, ant_op_scale(o->program, ant_op_real(o->program, x), factor));
    return ant_op_cast(o->program, ant_op_scale(o->program, y, 1 / factor), ant_value_dtype(x));
}

static ant_value *clip(ant_operands *o) {
    return ant_op_clip(o->program, o->in[0], o->options->x_min, o->options->x_max);
}

static ant_value *cast(ant_operands *o) {
    return ant__to_type(o, o->in[0]);
}

/* --- as many as the first value has --- */
static ant_value *filled(ant_operands *o, double x) {
    ant_dims dims = o->in[0]->dims;
    ant_value *like = ant__to_type(o, o->in[0]);
    return ant__broadcast_to(o->program, ant__number_like(o->program, x, like), &dims);
}

static ant_value *zeros_like(ant_operands *o) {
    return filled(o, 0);
}

static ant_value *ones_like(ant_operands *o) {
    return filled(o, 1);
}

static ant_value *full_like(ant_operands *o) {
    ant_dims dims = o->in[0]->dims;
    int dtype = ant_value_dtype(ant__to_type(o, o->in[0]));
    return ant__broadcast_to(o->program, ant_op_cast(o->program, o->in[1], dtype), &dims);
}

static ant_value *is_a_real(ant_operands *o) {
    return ant_op_logical_not(o->program, ant_op_cast(o->program, filled(o, 0), ANT_BOOL));
}

/* --- two values --- */
static ant_value *logical_xor(ant_program *p, ant_value *a, ant_value *b) {
    return ant_op_not_equal(p, ant_op_cast(p, a, ANT_BOOL), ant_op_cast(p, b, ANT_BOOL));
}

/* 0 where the divisor is 0. */
static ant_value *divide_no_nan(ant_program *p, ant_value *a, ant_value *b) {
    ant_value *zero = ant_op_equal(p, b, number(p, 0));
    ant_value *safe = ant_op_where(p, zero, number(p, 1), b);
    return ant_op_where(p, zero, number(p, 0), ant_op_div(p, a, safe));
}

/* The sign is the first value's. */
static ant_value *fmod_of(ant_program *p, ant_value *a, ant_value *b) {
    return ant_op_mul(p, ant_op_sign(p, a), ant_op_mod(p, ant_op_abs(p, a), ant_op_abs(p, b)));
}

/* The larger one times sqrt(1 + ratio^2): nothing overflows that need not. */
static ant_value *hypot_of(ant_program *p, ant_value *a, ant_value *b) {
    a = ant_op_abs(p, a);
    b = ant_op_abs(p, b);
    ant_value *most = ant_op_maximum(p, a, b), *least = ant_op_minimum(p, a, b);
    ant_value *ratio = divide_no_nan(p, least, most);
    return ant_op_mul(p, most, ant_op_sqrt(p, ant_op_shift(p, ant_op_square(p, ratio), 1)));
}

/* log(base^a + base^b), log the natural logarithm of the base; infinities meet as they add up. */
static ant_value *log_of_sum(ant_program *p, ant_value *a, ant_value *b, double log) {
    ant_value *apart = ant_op_abs(p, ant_op_sub(p, a, b));
    ant_value *rest = ant_op_log1p(p, ant_op_exp(p, ant_op_scale(p, apart, -log)));
    ant_value *sum = ant_op_add(p, ant_op_maximum(p, a, b), ant_op_scale(p, rest, 1 / log));
    return ant_op_where(p, ant_op_is_nan(p, apart), ant_op_add(p, a, b), sum);
}

static ant_value *logaddexp(ant_program *p, ant_value *a, ant_value *b) {
    return log_of_sum(p, a, b, 1);
}

static ant_value *logaddexp2(ant_program *p, ant_value *a, ant_value *b) {
    return log_of_sum(p, a, b, 0.69314718055994530942);
}

static ant_value *ldexp_of(ant_program *p, ant_value *a, ant_value *b) {
    ant_value *y = ant_op_mul(p, a, ant_op_pow(p, number(p, 2), b));
    ant_value *as_is = ant_op_logical_or(p, is_infinity(p, a), ant_op_equal(p, a, number(p, 0)));
    return ant_op_where(p, as_is, a, y);
}

static ant_value *heaviside(ant_program *p, ant_value *a, ant_value *b) {
    ant_value *zero = number(p, 0);
    ant_value *rest = ant_op_where(p, ant_op_greater(p, a, zero), number(p, 1), b);
    return ant_op_where(p, ant_op_less(p, a, zero), zero, rest);
}

/* The other value where one is not a number. */
static ant_value *without_nan(ant_program *p, ant_value *a, ant_value *b, ant_value *both) {
    both = ant_op_where(p, ant_op_is_nan(p, a), b, both);
    return ant_op_where(p, ant_op_is_nan(p, b), a, both);
}

static ant_value *fmax_of(ant_program *p, ant_value *a, ant_value *b) {
    return without_nan(p, a, b, ant_op_maximum(p, a, b));
}

static ant_value *fmin_of(ant_program *p, ant_value *a, ant_value *b) {
    return without_nan(p, a, b, ant_op_minimum(p, a, b));
}

static ant_value *lcm_of(ant_program *p, ant_value *a, ant_value *b) {
    a = ant_op_abs(p, a);
    b = ant_op_abs(p, b);
    ant_value *divisor = ant_op_maximum(p, ant_op_gcd(p, a, b), ant__int_number(p, 1));
    ant_value *y = ant_op_mul(p, a, ant_op_floor_div(p, b, divisor));
    return ant_op_cast(p, y, ant_value_dtype(a));
}

static ant_value *isclose(ant_operands *o) {
    const ant_operation_options *k = o->options;
    ant_program *p = o->program;
    ant_value *a = o->in[0], *b = o->in[1];
    if (!is_real(a))
        return ant_op_equal(p, a, b);
    ant_value *apart = ant_op_abs(p, ant_op_sub(p, a, b));
    ant_value *limit =
        ant_op_shift(p, ant_op_scale(p, ant_op_abs(p, b), ant__number_or(k->rtol, 1e-5)),
                     ant__number_or(k->atol, 1e-8));
    ant_value *close = ant_op_less_equal(p, apart, limit);
    if (!k->equal_nan)
        return close;
    ant_value *nans = ant_op_logical_and(p, ant_op_is_nan(p, a), ant_op_is_nan(p, b));
    return ant_op_logical_or(p, close, nans);
}

/* Infinities are close to themselves alone. */
static ant_value *allclose(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *a = o->in[0], *b = o->in[1];
    ant_value *finite = ant_op_logical_and(p, ant_op_is_finite(p, a), ant_op_is_finite(p, b));
    ant_value *nans = ant_op_logical_and(p, ant_op_is_nan(p, a), ant_op_is_nan(p, b));
    ant_value *counts = ant_op_logical_or(p, finite, nans);
    ant_value *close = ant_op_logical_and(p, counts, isclose(o));
    return ant_op_all(p, ant_op_logical_or(p, close, ant_op_equal(p, a, b)), ANT_ALL_AXES, false);
}

/* --- choosing --- */
static ant_value *where(ant_operands *o) {
    ant_value *mask = ant_op_cast(o->program, o->in[0], ANT_BOOL);
    return ant_op_where(o->program, mask, o->in[1], o->in[2]);
}

/* The first choice whose condition holds: conditions, then as many choices. */
static ant_value *select_first(ant_operands *o) {
    int n = o->n / 2;
    if (o->n % 2)
        return ant__operation_fail(o, ANT_E_SHAPE, "%d values, must be conditions and choices",
                                   o->n);
    ant_value *y = number(o->program, ant__number_or(o->options->value, 0));
    y = ant_op_cast(o->program, y, ant__operands_type(o, n, o->n));
    for (int k = n - 1; k >= 0; k--)
        y = ant_op_where(o->program, ant_op_cast(o->program, o->in[k], ANT_BOOL), o->in[n + k], y);
    return y;
}

static ant_value *isin(ant_operands *o) {
    ant_program *p = o->program;
    ant_value *any_of = ant__flat(p, o->in[1]);
    ant_value *found = ant_op_equal(p, ant_op_expand(p, o->in[0], -1), any_of);
    found = ant_op_any(p, found, ANT_LAST, false);
    return o->options->invert ? ant_op_logical_not(p, found) : found;
}

/* --- the table --- */
#define REAL(title, f)                                                                             \
    { .name = title, .values = "x", .types = ANT__TO_REAL, .unary = f }
#define NUMBER(title, f)                                                                           \
    { .name = title, .values = "x", .types = ANT__TO_NUMBERS, .unary = f }
#define ANY(title, f)                                                                              \
    { .name = title, .values = "x", .unary = f }
#define TWO(title, kind, f, ...)                                                                   \
    { .name = title, .values = "x1 x2", .types = kind, .binary = f, __VA_ARGS__ }
#define LIKE(title, f, names)                                                                      \
    { .name = title, .values = names, .takes = "to", .write = f }

static const ant_operation rows[] = {
    TWO("add", ANT__TO_ONE, ant_op_add, .bools = ant_op_logical_or),
    TWO("subtract", ANT__TO_ONE_NUMBER, ant_op_sub, .bools = NULL),
    TWO("multiply", ANT__TO_ONE, ant_op_mul, .bools = ant_op_logical_and),
    TWO("divide", ANT__TO_REAL, ant_op_div, .bools = NULL),
    TWO("divide_no_nan", ANT__TO_REAL, divide_no_nan, .bools = NULL),
    TWO("floor_divide", ANT__TO_ONE_NUMBER, ant_op_floor_div, .bools = NULL),
    TWO("mod", ANT__TO_ONE_NUMBER, ant_op_mod, .bools = NULL),
    TWO("fmod", ANT__TO_ONE_NUMBER, fmod_of, .bools = NULL),
    TWO("power", ANT__TO_ONE_NUMBER, ant_op_pow, .bools = NULL),
    TWO("maximum", ANT__TO_ONE, ant_op_maximum, .bools = ant_op_logical_or),
    TWO("minimum", ANT__TO_ONE, ant_op_minimum, .bools = ant_op_logical_and),
    TWO("fmax", ANT__TO_ONE, fmax_of, .bools = ant_op_logical_or),
    TWO("fmin", ANT__TO_ONE, fmin_of, .bools = ant_op_logical_and),
    TWO("arctan2", ANT__TO_REAL, ant_op_atan2, .bools = NULL),
    TWO("hypot", ANT__TO_REAL, hypot_of, .bools = NULL),
    TWO("logaddexp", ANT__TO_REAL, logaddexp, .bools = NULL),
    TWO("logaddexp2", ANT__TO_REAL, logaddexp2, .bools = NULL),
    TWO("ldexp", ANT__TO_REAL, ldexp_of, .bools = NULL),
    TWO("heaviside", ANT__TO_REAL, heaviside, .bools = NULL),
    TWO("gcd", ANT__TO_ONE_NUMBER, ant_op_gcd, .bools = NULL),
    TWO("lcm", ANT__TO_ONE_NUMBER, lcm_of, .bools = NULL),
    TWO("bitwise_and", ANT__TO_ONE_NUMBER, ant_op_bit_and, .bools = NULL),
    TWO("bitwise_or", ANT__TO_ONE_NUMBER, ant_op_bit_or, .bools = NULL),
    TWO("bitwise_xor", ANT__TO_ONE_NUMBER, ant_op_bit_xor, .bools = NULL),
    TWO("bitwise_left_shift", ANT__TO_ONE_NUMBER, ant_op_shift_left, .bools = NULL),
    TWO("bitwise_right_shift", ANT__TO_ONE_NUMBER, ant_op_shift_right, .bools = NULL),
    TWO("less", ANT__TO_ONE, ant_op_less, .bools = NULL),
    TWO("less_equal", ANT__TO_ONE, ant_op_less_equal, .bools = NULL),
    TWO("greater", ANT__TO_ONE, ant_op_greater, .bools = NULL),
    TWO("greater_equal", ANT__TO_ONE, ant_op_greater_equal, .bools = NULL),
    TWO("equal", ANT__TO_ONE, ant_op_equal, .bools = NULL),
    TWO("not_equal", ANT__TO_ONE, ant_op_not_equal, .bools = NULL),
    TWO("logical_and", ANT__AS_THEY_ARE, ant_op_logical_and, .bools = NULL),
    TWO("logical_or", ANT__AS_THEY_ARE, ant_op_logical_or, .bools = NULL),
    TWO("logical_xor", ANT__AS_THEY_ARE, logical_xor, .bools = NULL),
    ANY("absolute", absolute),
    REAL("fabs", ant_op_abs),
    NUMBER("negative", ant_op_neg),
    NUMBER("sign", ant_op_sign),
    NUMBER("square", ant_op_square),
    REAL("sqrt", ant_op_sqrt),
    REAL("rsqrt", ant_op_rsqrt),
    REAL("cbrt", cbrt_of),
    REAL("reciprocal", ant_op_reciprocal),
    REAL("exp", ant_op_exp),
    REAL("exp2", exp2_of),
    REAL("expm1", ant_op_expm1),
    REAL("log", ant_op_log),
    REAL("log2", log2_of),
    REAL("log10", log10_of),
    REAL("log1p", ant_op_log1p),
    REAL("sin", ant_op_sin),
    REAL("cos", ant_op_cos),
    REAL("tan", ant_op_tan),
    REAL("arcsin", ant_op_asin),
    REAL("arccos", ant_op_acos),
    REAL("arctan", ant_op_atan),
    REAL("sinh", ant_op_sinh),
    REAL("cosh", ant_op_cosh),
    REAL("tanh", ant_op_tanh),
    REAL("arcsinh", ant_op_asinh),
    REAL("arccosh", ant_op_acosh),
    REAL("arctanh", ant_op_atanh),
    REAL("sinc", sinc),
    REAL("deg2rad", deg2rad),
    REAL("rad2deg", rad2deg),
    REAL("angle", angle),
    REAL("sigmoid", ant_op_sigmoid),
    REAL("softplus", ant_op_softplus),
    REAL("erf", ant_op_erf),
    REAL("erfc", ant_op_erfc),
    REAL("erfinv", ant_op_erfinv),
    NUMBER("relu", ant_op_relu),
    REAL("floor", ant_op_floor),
    REAL("ceil", ant_op_ceil),
    ANY("trunc", trunc_of),
    NUMBER("bitwise_not", bitwise_not),
    ANY("logical_not", ant_op_logical_not),
    ANY("isnan", ant_op_is_nan),
    ANY("isfinite", ant_op_is_finite),
    REAL("isinf", is_infinity),
    REAL("isposinf", is_positive_infinity),
    REAL("isneginf", is_negative_infinity),
    NUMBER("signbit", signbit_of),
    ANY("stop_gradient", ant_op_stop_gradient),
    ANY("copy", same),
    {.name = "round", .values = "x", .takes = "count", .types = ANT__TO_NUMBERS, .write = rounded},
    {.name = "nan_to_num", .values = "x", .takes = "value x_min x_max", .write = not_a_number},
    {.name = "clip", .values = "x", .must = "x_min x_max", .types = ANT__TO_NUMBERS, .write = clip},
    {.name = "cast", .values = "x", .must = "to", .write = cast},
    {.name = "convert_to_tensor", .values = "x", .takes = "to", .write = cast},
    LIKE("zeros_like", zeros_like, "x"),
    LIKE("ones_like", ones_like, "x"),
    LIKE("full_like", full_like, "x x2"),
    {.name = "isreal", .values = "x", .write = is_a_real},
    {.name = "isclose",
     .values = "x1 x2",
     .takes = "rtol atol equal_nan",
     .types = ANT__TO_ONE,
     .write = isclose},
    {.name = "allclose",
     .values = "x1 x2",
     .takes = "rtol atol equal_nan",
     .types = ANT__TO_ONE,
     .write = allclose},
    {.name = "where", .values = "condition x1 x2", .types = ANT__TO_ONE_BUT_FIRST, .write = where},
    {.name = "select", .values = "xs*", .takes = "value", .write = select_first},
    {.name = "isin", .values = "x1 x2", .takes = "invert", .types = ANT__TO_ONE, .write = isin},
};
ANT__OPERATIONS(ant__elementwise_operations, rows);
