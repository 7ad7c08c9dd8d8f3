/* gelu: x P(x), with P the normal distribution's probability of less than x, or, near it, the
 * sigmoid of 2 sqrt(2 / pi) (x + 0.044715 x^3), which stands for it where gelu is `approximate`.
 * One step of a chain each way, where a composition of fine ops takes seven. Source: Hendrycks and
 * Gimpel, "Gaussian Error Linear Units (GELUs)", 2016. */
#include "core/kernels/elementwise.h"
#include "core/ops/fine.h"
#include "core/ops/ops.h"

static const double cubic = 0.044715, steep = 1.5957691216057308; /* 2 sqrt(2 / pi) */

static int infer_back(ant_op *o) {
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = o->in[0]->dims;
    if (ant__dims_equal(&o->in[0]->dims, &o->in[1]->dims))
        return 0;
    return ant__misfit(o, "a value and what comes back", o->in[0], o->in[1]);
}

/* --- the slope's slope, of fine ops: few ask for it --- */
/* (2 - x^2) exp(-x^2 / 2) / sqrt(2 pi) */
static ant_value *curvature(ant_program *p, ant_value *x) {
    ant_value *square = ant_op_square(p, x);
    ant_value *density =
        ant_op_scale(p, ant_op_exp(p, ant_op_scale(p, square, -0.5)), 0.39894228040143267794);
    return ant_op_mul(p, density, ant_op_sub(p, ant_op_number(p, 2), square));
}

/* x s has the slope s + x s', with s the sigmoid of z(x). */
static ant_value *curvature_tanh(ant_program *p, ant_value *x) {
    ant_value *square = ant_op_square(p, x);
    ant_value *z = ant_op_mul(p, x, ant_op_shift(p, ant_op_scale(p, square, cubic * steep), steep));
    ant_value *dz = ant_op_shift(p, ant_op_scale(p, square, 3 * cubic * steep), steep);
    ant_value *s = ant_op_sigmoid(p, z), *ds = ant_op_sub(p, s, ant_op_square(p, s));
    ant_value *turn =
        ant_op_mul(p, ant_op_shift(p, ant_op_scale(p, s, -2), 1), ant_op_square(p, dz));
    turn = ant_op_mul(p, x, ant_op_add(p, turn, ant_op_scale(p, x, 6 * cubic * steep)));
    return ant_op_mul(p, ds, ant_op_add(p, turn, ant_op_scale(p, dz, 2)));
}

/* --- the ops --- */
/* in: x, what comes back. */
static void second(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx,
                   ant_value *slope) {
    if (o->in[0]->needs)
        dx[0] = ant_op_mul(p, ant_op_mul(p, dy[0], o->in[1]), slope);
    if (o->in[1]->needs)
        dx[1] = ant__emit2(p, o->cls, NULL, o->in[0], dy[0]);
}

static void back_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    second(p, o, dy, dx, curvature(p, o->in[0]));
}

static void back_tanh_gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    second(p, o, dy, dx, curvature_tanh(p, o->in[0]));
}

static const ant_op_class back = {.name = "gelu_back",
                                  .infer = infer_back,
                                  .elementwise = ANT__E_gelu_back,
                                  .grad = back_gradient};
static const ant_op_class back_tanh = {.name = "gelu_back",
                                       .infer = infer_back,
                                       .elementwise = ANT__E_gelu_tanh_back,
                                       .grad = back_tanh_gradient};

static void gradient(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    dx[0] = ant__emit2(p, &back, NULL, o->in[0], dy[0]);
}

static void gradient_tanh(ant_program *p, ant_op *o, ant_value *const *dy, ant_value **dx) {
    dx[0] = ant__emit2(p, &back_tanh, NULL, o->in[0], dy[0]);
}

static const ant_op_class exact = {
    .name = "gelu", .infer = ant__infer_like, .elementwise = ANT__E_gelu, .grad = gradient};
static const ant_op_class approximate_class = {.name = "gelu",
                                               .infer = ant__infer_like,
                                               .elementwise = ANT__E_gelu_tanh,
                                               .grad = gradient_tanh};

ant_value *ant__op_gelu(ant_program *p, ant_value *x, bool approximate) {
    return ant__emit1(p, approximate ? &approximate_class : &exact, NULL, ant_op_real(p, x));
}
