/* Operations on nodes: arithmetic, comparisons, reductions, shapes and slices, without a layer class
 * of their own.
 *
 *     ant_node *residual = ant_apply("add", x, y);
 *     ant_node *rest     = ant_apply("subtract", x, .x1 = 1);              1 - x
 *     ant_node *mean     = ant_apply("mean", x, .axis = ANT_INTS(1), .keepdims = true);
 *     ant_node *last     = ant_apply("slice", x, .axis = ANT_INTS(1), .start = -1);
 *
 * Each makes a layer of class Operation and calls it, so that models with operations are saved,
 * shown and trained as any other. Names and meaning are those of keras.ops; shapes are written with
 * the batch first, and it is counted among the axes.
 *
 * | operations | options (a default in brackets) |
 * |---|---|
 * | add subtract multiply divide floor_divide mod power maximum minimum arctan2 | x1, x2 |
 * | less less_equal greater greater_equal equal not_equal | x1, x2 |
 * | logical_and logical_or logical_xor matmul | |
 * | absolute negative sign square sqrt rsqrt reciprocal exp expm1 log log1p | |
 * | sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh | |
 * | sigmoid softplus erf relu floor ceil round trunc logical_not isnan isfinite stop_gradient | |
 * | sum mean max min prod any all var std logsumexp | axis [all], keepdims |
 * | argmax argmin cumsum | axis |
 * | softmax log_softmax | axis [-1] |
 * | concatenate stack: any number of nodes | axis [-1, 0] |
 * | where: condition, then two values | x1, x2 |
 * | clip | x_min, x_max |
 * | cast | to: "float32", "int32", "bool" |
 * | reshape broadcast_to | shape: all axes, one may be -1 (reshape) |
 * | transpose | axis: the new order [reversed] |
 * | expand_dims squeeze flip | axis |
 * | slice | axis, start [0], count [1], step [1]; a negative start counts from the end |
 * | repeat | axis, count |
 * | pad | axis, before [0], after [0], value [0] |
 * | take: indices (ints) | of the first axis of the first node |
 * | one_hot | count: classes |
 *
 * x1 and x2 are numbers in the place of the first or second value. An option that the operation
 * does not take is refused. Masks end here.
 */
#ifndef ANTLER_OPERATIONS_H
#define ANTLER_OPERATIONS_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

#define ANT_OPERATION_FIELDS                                                                       \
    ant_ints axis;                                                                                 \
    bool keepdims; /* reduced axes stay, of size 1 */                                              \
    double x1, x2; /* a number in the place of a value; ANT_NONE: none */                          \
    double x_min, x_max;                                                                           \
    ant_ints shape;                                                                                \
    int start, count, step;                                                                        \
    int before, after;                                                                             \
    double value;                                                                                  \
    const char *to
#define ANT_OPERATION_NONE                                                                         \
    .x1 = ANT_NONE, .x2 = ANT_NONE, .x_min = ANT_NONE, .x_max = ANT_NONE, .start = ANT_NONE,       \
    .count = ANT_NONE, .step = ANT_NONE, .before = ANT_NONE, .after = ANT_NONE, .value = ANT_NONE

/* The layer: what files hold. Weights: none. Source: keras/src/ops/numpy.py, core.py, nn.py. */
typedef struct ant_operation_options {
    ANT_LAYER_OPTIONS;
    const char *op;
    ANT_OPERATION_FIELDS;
    char ant_end;
} ant_operation_options;
#define ANT_OPERATION_DEFAULTS ANT_LAYER_DEFAULTS, ANT_OPERATION_NONE
#define ant_operation(...)                                                                         \
    ANT__LAYER("Operation", ant_operation_options, ANT_OPERATION_DEFAULTS, .graph = __VA_ARGS__)

/* The layer and its call in one. Errors: those of ant_layer_new and ant_call; ANT_E_OPTION for an
 * operation that does not exist, an option that it does not take or one that it misses. */
typedef struct ant_apply_options {
    const char *op;
    ant_node *in[ANT_MAX_PORTS];
    const void *too_many; /* catches one node too many */
    ANT_OPERATION_FIELDS;
    const char *name; /* of the layer; NULL: the operation's */
    char ant_end;
} ant_apply_options;
#define ant_apply(...)                                                                             \
    ant_apply_(&(ant_apply_options){ANT_OPERATION_NONE, .op = __VA_ARGS__},                        \
               offsetof(ant_apply_options, ant_end), __FILE__, __LINE__)
ANT_API ant_node *ant_apply_(const ant_apply_options *o, size_t size, const char *file, int line);

/* The commonest by name: ant_node_add(a, b), ant_node_subtract(x, .x1 = 1). */
#define ant_node_add(...) ant_apply("add", __VA_ARGS__)
#define ant_node_subtract(...) ant_apply("subtract", __VA_ARGS__)
#define ant_node_multiply(...) ant_apply("multiply", __VA_ARGS__)
#define ant_node_divide(...) ant_apply("divide", __VA_ARGS__)
#define ant_node_matmul(...) ant_apply("matmul", __VA_ARGS__)
#define ant_node_sum(...) ant_apply("sum", __VA_ARGS__)
#define ant_node_mean(...) ant_apply("mean", __VA_ARGS__)
#define ant_node_max(...) ant_apply("max", __VA_ARGS__)
#define ant_node_concat(...) ant_apply("concatenate", __VA_ARGS__)
/* Entries start … start + count - 1 of an axis. */
#define ant_node_slice(X, AXIS, START, COUNT)                                                      \
    ant_apply("slice", X, .axis = ANT_INTS(AXIS), .start = (START), .count = (COUNT))

#ifdef __cplusplus
}
#endif
#endif
