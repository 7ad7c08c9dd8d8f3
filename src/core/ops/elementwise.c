/* Elementwise ops: types, shapes, classes. They have no kernels of their own: the fuse pass makes
 * chains of them, which kernels/elementwise.c runs. */
#include "core/ops/elementwise.h"
#include "core/kernels/elementwise.h"
#include "core/program/inside.h"
#include <math.h>

/* --- types of operands --- */
/* What an op does with its operands' types. */
enum kind {
    SAME,    /* real, or int throughout; bools count as numbers */
    REAL,    /* real always */
    COMPARE, /* as SAME, two bools may stay; gives bool */
    LOGICAL, /* bool throughout */
    INTS,    /* int throughout; bools become int32, reals are refused */
    ANY      /* whatever it is */
};

static ant_value *to_kind(ant_program *p, ant_value *a, enum kind kind) {
    if (!a || kind == ANY || kind == COMPARE)
        return a;
    if (kind == LOGICAL)
        return ant_op_cast(p, a, ANT_BOOL);
    if (kind == INTS)
        return a->dtype == ANT_BOOL ? ant_op_cast(p, a, ANT_INT32) : a;
    bool is_int = a->dtype == ANT_INT32 || a->dtype == ANT_INT64;
    return kind == SAME && is_int ? a : ant_op_real(p, a);
}

void ant__unify(ant_program *p, ant_value **a, ant_value **b) {
    if (!*a || !*b || (*a)->dtype == (*b)->dtype)
        return;
    int x = (*a)->dtype, y = (*b)->dtype;
    int to = ant__dtype_real(x) || ant__dtype_real(y) ? ant__program_real(p)
             : x == ANT_INT64 || y == ANT_INT64       ? ANT_INT64
                                                      : ANT_INT32;
    *a = ant_op_cast(p, *a, to);
    *b = ant_op_cast(p, *b, to);
}

/* --- shapes --- */
static int infer_dims(ant_op *o) {
    ant_dims dims = o->in[0]->dims;
    for (int k = 1; k < o->n_in; k++)
        if (!ant__dims_broadcast(&dims, &o->in[k]->dims))
            return ant__misfit(o, "values do not broadcast", o->in[0], o->in[k]);
    o->out[0]->dims = dims;
    return 0;
}

static int infer_number(ant_op *o) {
    o->out[0]->dtype = o->in[o->n_in - 1]->dtype; /* `where` has its mask first */
    return infer_dims(o);
}

static int infer_ints(ant_op *o) {
    if (!ant__dtype_real(o->in[0]->dtype))
        return infer_number(o);
    return ant__op_fail(o, "values of type %s, must be int32, int64 or bool",
                        ant__dtype_name(o->in[0]->dtype));
}

static int infer_bool(ant_op *o) {
    o->out[0]->dtype = ANT_BOOL;
    return infer_dims(o);
}

/* --- simplifying --- */
static const ant_op_class scale_class, shift_class;

/* The op becomes one of input k with the number f. */
static void become(ant_op *o, const ant_op_class *cls, int k, double f) {
    o->cls = cls;
    o->in[0] = o->in[k];
    o->n_in = 1;
    o->attrs.f[0] = f;
}

/* With a constant of one entry as input k, which the other input's shape swallows. */
static bool with_number(const ant_op *o, int k, double *x) {
    return ant__scalar_of(o->in[k], x) && ant__dims_equal(&o->in[!k]->dims, &o->out[0]->dims);
}

static ant_value *simplify_scale(ant_op *o) {
    return o->attrs.f[0] == 1 ? o->in[0] : NULL;
}

static ant_value *simplify_shift(ant_op *o) {
    return o->attrs.f[0] == 0 ? o->in[0] : NULL;
}

static ant_value *simplify_mul(ant_op *o) {
    double x;
    for (int k = 0; k < 2; k++)
        if (with_number(o, k, &x)) {
            become(o, &scale_class, !k, x);
            return simplify_scale(o);
        }
    return NULL;
}

static ant_value *simplify_add(ant_op *o) {
    double x;
    for (int k = 0; k < 2; k++)
        if (with_number(o, k, &x)) {
            become(o, &shift_class, !k, x);
            return simplify_shift(o);
        }
    return NULL;
}

static ant_value *simplify_sub(ant_op *o) {
    double x;
    if (!with_number(o, 1, &x))
        return NULL;
    become(o, &shift_class, 0, -x);
    return simplify_shift(o);
}

/* An op that gives its only input back, where type and shape are the same. */
static ant_value *simplify_same(ant_op *o) {
    const ant_value *a = o->in[0], *y = o->out[0];
    return a->dtype == y->dtype && ant__dims_equal(&a->dims, &y->dims) ? o->in[0] : NULL;
}

/* --- two values --- */
static ant_value *binary(ant_program *p, const ant_op_class *cls, enum kind kind, ant_value *a,
                         ant_value *b) {
    if (ant__program_dead(p))
        return NULL;
    a = to_kind(p, a, kind);
    b = to_kind(p, b, kind);
    ant__unify(p, &a, &b);
    return ant__emit2(p, cls, NULL, a, b);
}

#define BINARY(op, kind, rule, ...)                                                                \
    static const ant_op_class op##_class = {                                                       \
        .name = #op, .infer = rule, .elementwise = ANT__E_##op, __VA_ARGS__};                      \
    ant_value *ant_op_##op(ant_program *p, ant_value *a, ant_value *b) {                           \
        return binary(p, &op##_class, kind, a, b);                                                 \
    }
BINARY(add, SAME, infer_number, .grad = ant__add_gradient, .simplify = simplify_add)
BINARY(sub, SAME, infer_number, .grad = ant__sub_gradient, .simplify = simplify_sub)
BINARY(mul, SAME, infer_number, .grad = ant__mul_gradient, .simplify = simplify_mul)
BINARY(div, REAL, infer_number, .grad = ant__div_gradient)
BINARY(floor_div, SAME, infer_number, .constant = true)
BINARY(mod, SAME, infer_number, .grad = ant__mod_gradient)
BINARY(pow, SAME, infer_number, .grad = ant__pow_gradient)
BINARY(maximum, SAME, infer_number, .grad = ant__maximum_gradient)
BINARY(minimum, SAME, infer_number, .grad = ant__minimum_gradient)
BINARY(atan2, REAL, infer_number, .grad = ant__atan2_gradient)
BINARY(less, COMPARE, infer_bool, .constant = true)
BINARY(less_equal, COMPARE, infer_bool, .constant = true)
BINARY(greater, COMPARE, infer_bool, .constant = true)
BINARY(greater_equal, COMPARE, infer_bool, .constant = true)
BINARY(equal, COMPARE, infer_bool, .constant = true)
BINARY(not_equal, COMPARE, infer_bool, .constant = true)
BINARY(logical_and, LOGICAL, infer_bool, .constant = true)
BINARY(logical_or, LOGICAL, infer_bool, .constant = true)
BINARY(bit_and, INTS, infer_ints, .constant = true)
BINARY(bit_or, INTS, infer_ints, .constant = true)
BINARY(bit_xor, INTS, infer_ints, .constant = true)
BINARY(shift_left, INTS, infer_ints, .constant = true)
BINARY(shift_right, INTS, infer_ints, .constant = true)
BINARY(gcd, INTS, infer_ints, .constant = true)

/* --- one value --- */
static ant_value *unary(ant_program *p, const ant_op_class *cls, enum kind kind, ant_value *a) {
    return ant__program_dead(p) ? NULL : ant__emit1(p, cls, NULL, to_kind(p, a, kind));
}

#define UNARY(op, kind, rule, ...)                                                                 \
    static const ant_op_class op##_class = {                                                       \
        .name = #op, .infer = rule, .elementwise = ANT__E_##op, __VA_ARGS__};                      \
    ant_value *ant_op_##op(ant_program *p, ant_value *a) {                                         \
        return unary(p, &op##_class, kind, a);                                                     \
    }
UNARY(neg, SAME, infer_number, .grad = ant__neg_gradient)
UNARY(abs, SAME, infer_number, .grad = ant__abs_gradient)
UNARY(sign, SAME, infer_number, .constant = true)
UNARY(square, SAME, infer_number, .grad = ant__square_gradient)
UNARY(sqrt, REAL, infer_number, .grad = ant__sqrt_gradient)
UNARY(rsqrt, REAL, infer_number, .grad = ant__rsqrt_gradient)
UNARY(reciprocal, REAL, infer_number, .grad = ant__reciprocal_gradient)
UNARY(exp, REAL, infer_number, .grad = ant__exp_gradient)
UNARY(expm1, REAL, infer_number, .grad = ant__expm1_gradient)
UNARY(log, REAL, infer_number, .grad = ant__log_gradient)
UNARY(log1p, REAL, infer_number, .grad = ant__log1p_gradient)
UNARY(sin, REAL, infer_number, .grad = ant__sin_gradient)
UNARY(cos, REAL, infer_number, .grad = ant__cos_gradient)
UNARY(tan, REAL, infer_number, .grad = ant__tan_gradient)
UNARY(asin, REAL, infer_number, .grad = ant__asin_gradient)
UNARY(acos, REAL, infer_number, .grad = ant__acos_gradient)
UNARY(atan, REAL, infer_number, .grad = ant__atan_gradient)
UNARY(sinh, REAL, infer_number, .grad = ant__sinh_gradient)
UNARY(cosh, REAL, infer_number, .grad = ant__cosh_gradient)
UNARY(tanh, REAL, infer_number, .grad = ant__tanh_gradient)
UNARY(asinh, REAL, infer_number, .grad = ant__asinh_gradient)
UNARY(acosh, REAL, infer_number, .grad = ant__acosh_gradient)
UNARY(atanh, REAL, infer_number, .grad = ant__atanh_gradient)
UNARY(sigmoid, REAL, infer_number, .grad = ant__sigmoid_gradient)
UNARY(softplus, REAL, infer_number, .grad = ant__softplus_gradient)
UNARY(erf, REAL, infer_number, .grad = ant__erf_gradient)
UNARY(erfc, REAL, infer_number, .grad = ant__erfc_gradient)
UNARY(erfinv, REAL, infer_number, .grad = ant__erfinv_gradient)
UNARY(relu, SAME, infer_number, .grad = ant__relu_gradient)
UNARY(floor, SAME, infer_number, .constant = true)
UNARY(ceil, SAME, infer_number, .constant = true)
UNARY(round, SAME, infer_number, .constant = true)
UNARY(trunc, SAME, infer_number, .constant = true)
UNARY(logical_not, LOGICAL, infer_bool, .constant = true)
UNARY(is_nan, SAME, infer_bool, .constant = true)
UNARY(is_finite, SAME, infer_bool, .constant = true)
UNARY(stop_gradient, ANY, infer_number, .constant = true, .simplify = simplify_same)

/* --- with numbers --- */
static const ant_op_class scale_class = {.name = "scale",
                                         .infer = infer_number,
                                         .elementwise = ANT__E_scale,
                                         .grad = ant__scale_gradient,
                                         .simplify = simplify_scale};
static const ant_op_class shift_class = {.name = "shift",
                                         .infer = infer_number,
                                         .elementwise = ANT__E_shift,
                                         .grad = ant__shift_gradient,
                                         .simplify = simplify_shift};
static const ant_op_class clip_class = {
    .name = "clip", .infer = infer_number, .elementwise = ANT__E_clip, .grad = ant__clip_gradient};

/* Ints stay ints with whole numbers. */
static ant_value *with_numbers(ant_program *p, const ant_op_class *cls, ant_value *a, double f,
                               double g) {
    if (ant__program_dead(p))
        return NULL;
    bool whole = f == floor(f) && g == floor(g) && isfinite(f) && isfinite(g);
    ant_attrs attrs = {.f = {f, g}};
    return ant__emit1(p, cls, &attrs, to_kind(p, a, whole ? SAME : REAL));
}

ant_value *ant_op_scale(ant_program *p, ant_value *a, double factor) {
    return with_numbers(p, &scale_class, a, factor, 0);
}

ant_value *ant_op_shift(ant_program *p, ant_value *a, double term) {
    return with_numbers(p, &shift_class, a, term, 0);
}

ant_value *ant_op_clip(ant_program *p, ant_value *a, double low, double high) {
    return with_numbers(p, &clip_class, a, low, high);
}

/* --- choosing --- */
static const ant_op_class where_class = {.name = "where",
                                         .infer = infer_number,
                                         .elementwise = ANT__E_where,
                                         .grad = ant__where_gradient};
static const ant_op_class gate_class = {
    .name = "gate", .infer = infer_number, .elementwise = ANT__E_gate, .grad = ant__gate_gradient};

static const ant_op_class bound_class = {.name = "bound",
                                         .infer = infer_number,
                                         .elementwise = ANT__E_bound,
                                         .grad = ant__bound_gradient};
static const ant_op_class within_class = {.name = "within",
                                          .infer = infer_number,
                                          .elementwise = ANT__E_within,
                                          .grad = ant__within_gradient};

ant_value *ant_op_where(ant_program *p, ant_value *mask, ant_value *a, ant_value *b) {
    if (ant__program_dead(p))
        return NULL;
    ant__unify(p, &a, &b);
    ant_value *in[] = {to_kind(p, mask, LOGICAL), a, b};
    return ant__emit(p, &where_class, NULL, in, 3, 1);
}

ant_value *ant__gate(ant_program *p, ant_value *a, ant_value *b) {
    return ant__emit2(p, &gate_class, NULL, a, b);
}

ant_value *ant__bound(ant_program *p, ant_value *a, double limit) {
    return with_numbers(p, &bound_class, a, limit, 0);
}

ant_value *ant__within(ant_program *p, ant_value *a, ant_value *b, double limit) {
    return ant__emit2(p, &within_class, &(ant_attrs){.f = {limit}}, a, b);
}

/* --- types --- */
static int infer_cast(ant_op *o) {
    o->out[0]->dtype = (int)o->attrs.i[0];
    o->out[0]->dims = o->in[0]->dims;
    return 0;
}

static const ant_op_class cast_class = {.name = "cast",
                                        .infer = infer_cast,
                                        .elementwise = ANT__E_identity,
                                        .grad = ant__cast_gradient,
                                        .simplify = simplify_same};
static const ant_op_class truth_class = {
    .name = "cast", .infer = infer_bool, .elementwise = ANT__E_truth, .constant = true};
static const ant_op_class whole_class = {
    .name = "cast", .infer = infer_cast, .elementwise = ANT__E_trunc, .constant = true};

ant_value *ant_op_cast(ant_program *p, ant_value *a, int dtype) {
    if (ant__program_dead(p))
        return NULL;
    if (ant__dtype_real(dtype))
        dtype = p->real;
    if (dtype < ANT_FLOAT32 || dtype > ANT_BOOL) {
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "cast: values cannot be %s",
                  ant__dtype_name(dtype));
        return NULL;
    }
    if (a && a->dtype == dtype)
        return ant__local(p, a);
    ant_attrs attrs = {.i = {dtype}};
    bool whole = a && ant__dtype_real(a->dtype) && !ant__dtype_real(dtype);
    return ant__emit1(p,
                      dtype == ANT_BOOL ? &truth_class
                      : whole           ? &whole_class
                                        : &cast_class,
                      &attrs, a);
}

ant_value *ant_op_real(ant_program *p, ant_value *a) {
    return ant_op_cast(p, a, ANT_FLOAT32);
}

/* --- broadcasting --- */
/* Each axis of the input, counted from the end, is 1 or what it becomes. */
static bool broadcasts(const ant_dims *from, const ant_dims *to) {
    int missing = to->rank - from->rank;
    for (int k = 0; missing >= 0 && k < from->rank; k++) {
        int64_t a = from->dim[k], b = to->dim[missing + k];
        if (a != 1 && a != b && a >= 0 && b >= 0)
            return false;
    }
    return missing >= 0;
}

static int infer_broadcast(ant_op *o) {
    ant_dims to = ant__get_dims(&o->attrs, 0);
    char a[ANT__DIMS_TEXT], b[ANT__DIMS_TEXT];
    o->out[0]->dtype = o->in[0]->dtype;
    o->out[0]->dims = to;
    if (broadcasts(&o->in[0]->dims, &to))
        return 0;
    return ant__op_fail(o, "shape %s does not broadcast to %s", ant__dims_text(&o->in[0]->dims, a),
                        ant__dims_text(&to, b));
}

const ant_op_class ant__broadcast_class = {.name = "broadcast",
                                           .infer = infer_broadcast,
                                           .elementwise = ANT__E_identity,
                                           .grad = ant__broadcast_gradient,
                                           .simplify = simplify_same};

ant_value *ant__broadcast_to(ant_program *p, ant_value *v, const ant_dims *dims) {
    ant_attrs attrs = {.i = {0}};
    if (v && ant__dims_equal(&v->dims, dims))
        return ant__local(p, v);
    ant__put_dims(&attrs, 0, dims);
    return ant__emit1(p, &ant__broadcast_class, &attrs, v);
}

ant_value *ant_op_broadcast(ant_program *p, ant_value *a, const int64_t *shape, int rank) {
    ant_dims dims = {.rank = rank};
    for (int k = 0; k < rank && k < ANT_MAX_AXES; k++)
        dims.dim[k] = shape[k];
    if (rank >= 0 && rank <= ANT_MAX_AXES)
        return ant__broadcast_to(p, a, &dims);
    if (!ant__program_dead(p))
        ant__fail(ant__program_error(p), ANT_E_SHAPE, "broadcast: %d axes, at most %d", rank,
                  ANT_MAX_AXES);
    return NULL;
}
