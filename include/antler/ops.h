/* Ops: what layers, losses and metrics are written in, the users' own too.
 *
 *     static ant_value *my_loss(ant_program *p, const void *data, ant_value *const *in) {
 *         return ant_op_mean(p, ant_op_square(p, ant_op_sub(p, in[0], in[1])), ANT_LAST, false);
 *     }
 *
 * A function here writes one op (or a few) into a program and gives its value; nothing runs yet.
 * Values belong to their program. Dead in, dead out: after an error every function gives NULL and
 * takes NULL; the program keeps the first error. Gradients come by themselves: ant_op_gradient.
 * Shapes broadcast as numpy's. A program is used by one thread at a time.
 */
#ifndef ANTLER_OPS_H
#define ANTLER_OPS_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* Axes as a set: ANT_AXIS(0) | ANT_AXIS(2); from the end: ANT_LAST. */
#define ANT_AXIS(k) (1u << (k))
#define ANT_LAST (1u << 31) /* the last axis, whichever it is */
#define ANT_ALL_AXES 0x7fffffffu

/* What a user's loss, metric or activation is: `in` ends at NULL. Pure: it depends on its
 * arguments only, as it is called again for every batch shape. */
typedef ant_value *ant_write_fn(ant_program *p, const void *data, ant_value *const *in);

/* --- looking at a value --- */
ANT_API int ant_value_rank(const ant_value *v);
/* -1 while shapes are only tried (unknown batch), the size when the program will run. */
ANT_API int64_t ant_value_size(const ant_value *v, int axis);
ANT_API int ant_value_dtype(const ant_value *v);

/* --- constants: of the program's real type (float32 or float64, as the graph computes) --- */
ANT_API ant_value *ant_op_number(ant_program *p, double x);
ANT_API ant_value *ant_op_fill(ant_program *p, const int64_t *shape, int rank, double x);
/* `count` numbers are copied. */
ANT_API ant_value *ant_op_constant(ant_program *p, const double *x, const int64_t *shape, int rank);

/* --- elementwise, two values ---
 * Arithmetic of reals, of a real and an int, of bools gives the real type; two ints give the wider
 * int, but div and atan2, which are real always. Ints are computed in double: exact to 2^53.
 * floor_div and mod round down, as Python's. Comparisons and logical ops give bool.
 * Gradients of maximum and minimum go to a where both are equal.
 * bit_and, bit_or, bit_xor, the shifts (of a by b places) and gcd take ints, and bools as ints. */
/* clang-format off */
#define ANT_BINARY_OPS(X)                                                                          \
    X(add) X(sub) X(mul) X(div) X(floor_div) X(mod) X(pow) X(maximum) X(minimum) X(atan2)          \
    X(less) X(less_equal) X(greater) X(greater_equal) X(equal) X(not_equal)                        \
    X(logical_and) X(logical_or)                                                                   \
    X(bit_and) X(bit_or) X(bit_xor) X(shift_left) X(shift_right) X(gcd)
/* --- elementwise, one value ---
 * neg, abs, sign, square, relu and the roundings keep ints; logical_not, is_nan and is_finite give
 * bool; all others give the real type. round goes to the even of two. stop_gradient gives its
 * input, and no gradient comes back through it. Slopes where there is none are TensorFlow's: 0 of
 * relu and abs at 0, infinite of sqrt at 0; sign, floor, ceil, round and trunc have none. */
#define ANT_UNARY_OPS(X)                                                                           \
    X(neg) X(abs) X(sign) X(square) X(sqrt) X(rsqrt) X(reciprocal)                                 \
    X(exp) X(expm1) X(log) X(log1p)                                                                \
    X(sin) X(cos) X(tan) X(asin) X(acos) X(atan)                                                   \
    X(sinh) X(cosh) X(tanh) X(asinh) X(acosh) X(atanh)                                             \
    X(sigmoid) X(softplus) X(erf) X(erfc) X(erfinv) X(relu)                                        \
    X(floor) X(ceil) X(round) X(trunc)                                                             \
    X(logical_not) X(is_nan) X(is_finite) X(stop_gradient)
/* clang-format on */
#define ANT__BINARY(n) ANT_API ant_value *ant_op_##n(ant_program *p, ant_value *a, ant_value *b);
#define ANT__UNARY(n) ANT_API ant_value *ant_op_##n(ant_program *p, ant_value *a);
ANT_BINARY_OPS(ANT__BINARY)
ANT_UNARY_OPS(ANT__UNARY)
#undef ANT__BINARY
#undef ANT__UNARY

/* --- elementwise, with numbers: ints stay ints when the numbers are whole --- */
ANT_API ant_value *ant_op_scale(ant_program *p, ant_value *a, double factor); /* a * factor */
ANT_API ant_value *ant_op_shift(ant_program *p, ant_value *a, double term);   /* a + term */
/* within [low, high]; the gradient passes at the bounds, too */
ANT_API ant_value *ant_op_clip(ant_program *p, ant_value *a, double low, double high);
/* where mask (bool): a, elsewhere b */
ANT_API ant_value *ant_op_where(ant_program *p, ant_value *mask, ant_value *a, ant_value *b);

/* --- types: float32 and float64 both mean the program's real type. Reals are cut towards 0 and to
 * what the int can hold; not a number gives 0. */
ANT_API ant_value *ant_op_cast(ant_program *p, ant_value *a, int dtype);
/* to the program's real type */
ANT_API ant_value *ant_op_real(ant_program *p, ant_value *a);

/* --- reductions over a set of axes ---
 * axes: ANT_AXIS(…) | …, ANT_LAST or ANT_ALL_AXES; 0: none, the value as it is. keep: reduced axes
 * stay, with size 1. An axis that is not there is an error. Over no entries a sum is 0, a product
 * 1, a max -infinity, a mean not a number. Ints stay ints but in mean and variance; bools are added
 * as numbers. Equal extremes share their gradient. */
ANT_API ant_value *ant_op_sum(ant_program *p, ant_value *a, unsigned axes, bool keep);
ANT_API ant_value *ant_op_mean(ant_program *p, ant_value *a, unsigned axes, bool keep);
ANT_API ant_value *ant_op_max(ant_program *p, ant_value *a, unsigned axes, bool keep);
ANT_API ant_value *ant_op_min(ant_program *p, ant_value *a, unsigned axes, bool keep);
ANT_API ant_value *ant_op_prod(ant_program *p, ant_value *a, unsigned axes, bool keep);
/* bool in, bool out */
ANT_API ant_value *ant_op_any(ant_program *p, ant_value *a, unsigned axes, bool keep);
ANT_API ant_value *ant_op_all(ant_program *p, ant_value *a, unsigned axes, bool keep);
/* biased: over N */
ANT_API ant_value *ant_op_variance(ant_program *p, ant_value *a, unsigned axes, bool keep);
/* index of the largest, of the smallest entry (the first of equals) along one axis, which goes;
 * int32; axis may be negative */
ANT_API ant_value *ant_op_argmax(ant_program *p, ant_value *a, int axis);
ANT_API ant_value *ant_op_argmin(ant_program *p, ant_value *a, int axis);
/* running sums along an axis; ints stay ints */
ANT_API ant_value *ant_op_cumsum(ant_program *p, ant_value *a, int axis);
/* places of the entries of an axis in rising or falling order, equal ones as they stand, NaN as the
 * largest; int32 */
ANT_API ant_value *ant_op_argsort(ant_program *p, ant_value *a, int axis, bool falling);

/* --- products --- */
/* (…, m, k) x (…, k, n) -> (…, m, n); leading axes broadcast; ta, tb: transposed operands */
ANT_API ant_value *ant_op_matmul(ant_program *p, ant_value *a, ant_value *b, bool ta, bool tb);

/* --- shapes --- */
/* one size may be -1: what is left */
ANT_API ant_value *ant_op_reshape(ant_program *p, ant_value *a, const int64_t *shape, int rank);
/* axis k of the result is axis order[k] of a */
ANT_API ant_value *ant_op_transpose(ant_program *p, ant_value *a, const int *order);
ANT_API ant_value *ant_op_broadcast(ant_program *p, ant_value *a, const int64_t *shape, int rank);
ANT_API ant_value *ant_op_expand(ant_program *p, ant_value *a, int axis);
ANT_API ant_value *ant_op_squeeze(ant_program *p, ant_value *a, int axis);
/* entries start, start + step, … of an axis, `count` of them; a negative start counts from the end,
 * step may be negative */
ANT_API ant_value *ant_op_slice(ant_program *p, ant_value *a, int axis, int64_t start,
                                int64_t count, int64_t step);
/* zeros (or `fill`) before and after */
ANT_API ant_value *ant_op_pad(ant_program *p, ant_value *a, int axis, int64_t before, int64_t after,
                              double fill);
ANT_API ant_value *ant_op_concat(ant_program *p, ant_value *const *in, int n, int axis);
ANT_API ant_value *ant_op_stack(ant_program *p, ant_value *const *in, int n, int axis);
ANT_API ant_value *ant_op_repeat(ant_program *p, ant_value *a, int axis, int64_t times);
ANT_API ant_value *ant_op_reverse(ant_program *p, ant_value *a, int axis);

/* --- indices --- */
/* rows of table (n, …) at index (any shape, int): index's shape + table's without its first axis.
 * An index outside marks the run: the action ends with ANT_E_DATA. */
ANT_API ant_value *ant_op_gather(ant_program *p, ant_value *table, ant_value *index);
/* entries of a at index along one axis: index (int) has a's other axes, or 1 in their place */
ANT_API ant_value *ant_op_take_along(ant_program *p, ant_value *a, ant_value *index, int axis);
/* int -> real, a new last axis of `depth`; outside: all zeros */
ANT_API ant_value *ant_op_one_hot(ant_program *p, ant_value *index, int64_t depth);

/* --- coarse ops --- */
ANT_API ant_value *ant_op_softmax(ant_program *p, ant_value *a, int axis);
ANT_API ant_value *ant_op_log_softmax(ant_program *p, ant_value *a, int axis);

/* --- gradients --- */
/* dx[i] = sum over k of dy[k] * d y[k] / d x[i], NULL where no way leads; dy NULL: all ones.
 * 0 or the program's error. */
ANT_API int ant_op_gradient(ant_program *p, ant_value *const *y, ant_value *const *dy, int ny,
                            ant_value *const *x, ant_value **dx, int nx);

#ifdef __cplusplus
}
#endif
#endif
