/* Gradient rules of the elementwise ops: y the result, a and b the operands, d what comes back.
 * At edges they are TensorFlow's: relu, abs: 0 at 0; bound (relu6): 0 at both; clip: passes at its
 * bounds; maximum, minimum: to a where both are equal; sqrt: infinite at 0. */
#include "core/ops/elementwise.h"

/* Gives input k the gradient g, summed over what was broadcast. */
static void give(ant_program *p, const ant_op *o, int k, ant_value *g, ant_value **dx) {
    dx[k] = ant__sum_to(p, g, &o->in[k]->dims);
}

static bool wants(const ant_op *o, int k) {
    return o->in[k]->needs;
}

static ant_value *zero(ant_program *p) {
    return ant_op_number(p, 0);
}

/* --- two values --- */
void ant__add_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    for (int k = 0; k < 2; k++)
        if (wants(o, k))
            give(p, o, k, dy[0], dx);
}

void ant__sub_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    if (wants(o, 0))
        give(p, o, 0, dy[0], dx);
    if (wants(o, 1))
        give(p, o, 1, ant_op_neg(p, dy[0]), dx);
}

void ant__mul_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    for (int k = 0; k < 2; k++)
        if (wants(o, k))
            give(p, o, k, ant_op_mul(p, dy[0], o->in[!k]), dx);
}

void ant__div_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *d = ant_op_div(p, dy[0], o->in[1]);
    if (wants(o, 0))
        give(p, o, 0, d, dx);
    if (wants(o, 1))
        give(p, o, 1, ant_op_neg(p, ant_op_mul(p, d, o->out[0])), dx);
}

/* a - floor(a / b) b */
void ant__mod_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    if (wants(o, 0))
        give(p, o, 0, dy[0], dx);
    if (wants(o, 1)) {
        ant_value *times = ant_op_floor_div(p, o->in[0], o->in[1]);
        give(p, o, 1, ant_op_neg(p, ant_op_mul(p, dy[0], times)), dx);
    }
}

/* To b only where a > 0, where the logarithm is real. */
void ant__pow_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *a = o->in[0], *b = o->in[1];
    if (wants(o, 0)) {
        ant_value *slope = ant_op_mul(p, b, ant_op_pow(p, a, ant_op_shift(p, b, -1)));
        give(p, o, 0, ant_op_mul(p, dy[0], slope), dx);
    }
    if (wants(o, 1)) {
        ant_value *above = ant_op_greater(p, a, zero(p));
        ant_value *log = ant_op_log(p, ant_op_where(p, above, a, ant_op_number(p, 1)));
        give(p, o, 1, ant_op_mul(p, dy[0], ant_op_mul(p, o->out[0], log)), dx);
    }
}

static void choose(ant_program *p, ant_op *o, ant_value *first, ant_value *d, ant_value **dx) {
    if (wants(o, 0))
        give(p, o, 0, ant_op_where(p, first, d, zero(p)), dx);
    if (wants(o, 1))
        give(p, o, 1, ant_op_where(p, first, zero(p), d), dx);
}

void ant__maximum_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    choose(p, o, ant_op_greater_equal(p, o->in[0], o->in[1]), dy[0], dx);
}

void ant__minimum_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    choose(p, o, ant_op_less_equal(p, o->in[0], o->in[1]), dy[0], dx);
}

void ant__atan2_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *a = o->in[0], *b = o->in[1];
    ant_value *norm = ant_op_add(p, ant_op_square(p, a), ant_op_square(p, b));
    ant_value *d = ant_op_div(p, dy[0], norm);
    if (wants(o, 0))
        give(p, o, 0, ant_op_mul(p, d, b), dx);
    if (wants(o, 1))
        give(p, o, 1, ant_op_neg(p, ant_op_mul(p, d, a)), dx);
}

/* --- one value: y the result, a the operand --- */
#define UNARY_GRADIENT(op, slope)                                                                  \
    void ant__##op##_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {   \
        ant_value *a = o->in[0], *y = o->out[0], *d = dy[0];                                       \
        (void)p, (void)a, (void)y;                                                                 \
        dx[0] = slope;                                                                             \
    }

static ant_value *one_minus_square(ant_program *p, ant_value *a) {
    return ant_op_sub(p, ant_op_number(p, 1), ant_op_square(p, a));
}

static ant_value *one_plus_square(ant_program *p, ant_value *a) {
    return ant_op_shift(p, ant_op_square(p, a), 1);
}

static ant_value *cube(ant_program *p, ant_value *a) {
    return ant_op_mul(p, a, ant_op_square(p, a));
}

/* 2 / sqrt(pi) exp(-a^2) */
static ant_value *erf_slope(ant_program *p, ant_value *a) {
    return ant_op_scale(p, ant_op_exp(p, ant_op_neg(p, ant_op_square(p, a))),
                        1.12837916709551257390);
}

UNARY_GRADIENT(neg, ant_op_neg(p, d))
UNARY_GRADIENT(abs, ant_op_mul(p, d, ant_op_sign(p, a)))
UNARY_GRADIENT(square, ant_op_mul(p, d, ant_op_scale(p, a, 2)))
UNARY_GRADIENT(sqrt, ant_op_div(p, ant_op_scale(p, d, 0.5), y))
UNARY_GRADIENT(rsqrt, ant_op_mul(p, ant_op_scale(p, d, -0.5), cube(p, y)))
UNARY_GRADIENT(reciprocal, ant_op_neg(p, ant_op_mul(p, d, ant_op_square(p, y))))
UNARY_GRADIENT(exp, ant_op_mul(p, d, y))
UNARY_GRADIENT(expm1, ant_op_mul(p, d, ant_op_exp(p, a)))
UNARY_GRADIENT(log, ant_op_div(p, d, a))
UNARY_GRADIENT(log1p, ant_op_div(p, d, ant_op_shift(p, a, 1)))
UNARY_GRADIENT(sin, ant_op_mul(p, d, ant_op_cos(p, a)))
UNARY_GRADIENT(cos, ant_op_neg(p, ant_op_mul(p, d, ant_op_sin(p, a))))
UNARY_GRADIENT(tan, ant_op_mul(p, d, one_plus_square(p, y)))
UNARY_GRADIENT(asin, ant_op_mul(p, d, ant_op_rsqrt(p, one_minus_square(p, a))))
UNARY_GRADIENT(acos, ant_op_neg(p, ant_op_mul(p, d, ant_op_rsqrt(p, one_minus_square(p, a)))))
UNARY_GRADIENT(atan, ant_op_div(p, d, one_plus_square(p, a)))
UNARY_GRADIENT(sinh, ant_op_mul(p, d, ant_op_cosh(p, a)))
UNARY_GRADIENT(cosh, ant_op_mul(p, d, ant_op_sinh(p, a)))
UNARY_GRADIENT(tanh, ant_op_mul(p, d, one_minus_square(p, y)))
UNARY_GRADIENT(asinh, ant_op_div(p, d, ant_op_cosh(p, y)))
UNARY_GRADIENT(acosh, ant_op_div(p, d, ant_op_sinh(p, y)))
UNARY_GRADIENT(atanh, ant_op_div(p, d, one_minus_square(p, a)))
UNARY_GRADIENT(sigmoid, ant_op_mul(p, d, ant_op_sub(p, y, ant_op_square(p, y))))
UNARY_GRADIENT(softplus, ant_op_mul(p, d, ant_op_sigmoid(p, a)))
UNARY_GRADIENT(erf, ant_op_mul(p, d, erf_slope(p, a)))
UNARY_GRADIENT(erfc, ant_op_neg(p, ant_op_mul(p, d, erf_slope(p, a))))
UNARY_GRADIENT(erfinv, ant_op_div(p, d, erf_slope(p, y)))
UNARY_GRADIENT(relu, ant__gate(p, y, d))
UNARY_GRADIENT(scale, ant_op_scale(p, d, o->attrs.f[0]))
UNARY_GRADIENT(shift, d)
UNARY_GRADIENT(cast, d)
UNARY_GRADIENT(broadcast, ant__sum_to(p, d, &a->dims))

void ant__clip_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *a = o->in[0];
    ant_value *outside = ant_op_logical_or(p, ant_op_less(p, a, ant_op_number(p, o->attrs.f[0])),
                                           ant_op_greater(p, a, ant_op_number(p, o->attrs.f[1])));
    dx[0] = ant_op_where(p, outside, zero(p), dy[0]);
}

void ant__bound_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    dx[0] = ant__within(p, o->out[0], dy[0], o->attrs.f[0]);
}

void ant__where_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    ant_value *mask = o->in[0];
    if (wants(o, 1))
        give(p, o, 1, ant_op_where(p, mask, dy[0], zero(p)), dx);
    if (wants(o, 2))
        give(p, o, 2, ant_op_where(p, mask, zero(p), dy[0]), dx);
}

void ant__gate_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    if (wants(o, 1))
        give(p, o, 1, ant__gate(p, o->in[0], dy[0]), dx);
}

void ant__within_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    if (wants(o, 1))
        give(p, o, 1, ant__within(p, o->in[0], dy[0], o->attrs.f[0]), dx);
}
