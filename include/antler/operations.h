/* Operations on nodes: what keras.ops does with tensors, without a layer class of its own.
 *
 *     ant_node *residual = ant_apply("add", x, y);
 *     ant_node *rest     = ant_apply("subtract", x, .x1 = 1);              1 - x
 *     ant_node *mean     = ant_apply("mean", x, .axis = ANT_INTS(1), .keepdims = true);
 *     ant_node *last     = ant_apply("get_item", x, .key = ":, -1");       x[:, -1]
 *     ant_node *scores   = ant_apply("einsum", q, k, .subscripts = "btnh,bsnh->bnts");
 *     ant_node *soft     = ant_apply("elu(alpha=0.5)", x);
 *
 * Each makes a layer of class Operation and calls it, so that models with operations are saved,
 * shown and trained as any other. Names and meaning are those of keras.ops; shapes are written with
 * the batch first, and it is counted among the axes. Every activation (activations.h) is an
 * operation, too: its text stands in the place of the name. Gradients pass wherever TensorFlow's
 * do.
 *
 * | operations (values) | options (a default in brackets) |
 * |---|---|
 * | add subtract multiply divide divide_no_nan floor_divide mod fmod power (x1, x2) | x1, x2 |
 * | maximum minimum fmax fmin arctan2 hypot logaddexp logaddexp2 ldexp heaviside | x1, x2 |
 * | less less_equal greater greater_equal equal not_equal (x1, x2) | x1, x2 |
 * | logical_and logical_or logical_xor gcd lcm (x1, x2) | x1, x2 |
 * | bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift (x1, x2) | x1, x2 |
 * | isclose allclose (x1, x2) | rtol [1e-5], atol [1e-8], equal_nan |
 * | isin (x1, x2) | invert |
 * | absolute fabs negative sign square sqrt rsqrt cbrt reciprocal (x) | |
 * | exp exp2 expm1 log log2 log10 log1p sigmoid softplus erf erfc erfinv relu (x) | |
 * | sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh sinc (x) | |
 * | deg2rad rad2deg angle floor ceil trunc bitwise_not logical_not signbit (x) | |
 * | isnan isinf isposinf isneginf isfinite isreal stop_gradient copy (x) | |
 * | round (x) | count: decimals [0] |
 * | clip (x) | x_min, x_max |
 * | nan_to_num (x) | value for NaN [0], x_min and x_max for infinities [the largest number] |
 * | cast (x), convert_to_tensor (x) | to: "float32", "int32", "int64", "bool" |
 * | zeros_like (x), ones_like (x), full_like (x, x2) | to [x's type] |
 * | where (condition, x1, x2) | x1, x2 |
 * | select (conditions, then as many choices) | value where no condition holds [0] |
 * | sum mean max min prod any all var std logsumexp ptp (x) | axis [all], keepdims |
 * | nansum nanprod nanmean nanvar nanstd nanmax nanmin (x) | axis [all], keepdims |
 * | max min (x) | value: to begin with |
 * | count_nonzero (x), average (x, weights?) | axis [all] |
 * | moments (x): mean and variance | axis [all], keepdims |
 * | median (x); quantile percentile (x, q in constants) | axis [all], keepdims, mode ["linear"] |
 * | norm (x) | axis [all], keepdims, order [2 or "fro"]: a number, "inf", "-inf" |
 * | argmax argmin nanargmax nanargmin (x) | axis [of all entries as one], keepdims |
 * | cumsum cumprod nancumsum nancumprod (x) | axis [of all entries as one], to |
 * | diff (x) | axis [-1], count: times [1] |
 * | sort argsort (x) | axis [-1] |
 * | top_k (x): numbers and places | count |
 * | in_top_k (targets, predictions) | count |
 * | searchsorted (sorted_sequence, values) | mode: "left", "right" ["left"] |
 * | digitize (x, bins) | |
 * | matmul dot inner vdot outer kron (x1, x2), cdist (x1, x2) | |
 * | cross (x1, x2) | axis [-1] |
 * | tensordot (x1, x2) | count of axes [2], or axis of x1 and axis_2 of x2 |
 * | einsum (any number of values) | subscripts: "bij,bjk->bik", with "..." |
 * | reshape (x) | shape: all axes, one may be -1 |
 * | broadcast_to full (x) | shape: all axes, -1 keeps one; full: to |
 * | ravel (x) | |
 * | transpose (x) | axis: the new order [reversed] |
 * | swapaxes (x) | axis: two |
 * | moveaxis (x) | axis, axis_2: where they go |
 * | expand_dims (x), squeeze (x), flip (x) | axis, one or several [squeeze, flip: all] |
 * | fliplr flipud (x) | |
 * | rot90 (x) | axis: two [0, 1], count of quarter turns [1] |
 * | concatenate stack (any number of values) | axis [-1, 0] |
 * | hstack vstack dstack (any number of values), append (x1, x2) | append: axis [all as one] |
 * | get_item (x) | key: what stands between the brackets of x[…]: ":, 1:, None, ::-1, -1, ..." |
 * | slice (x) | start and shape of each axis, or of those in axis; shape -1: to the end |
 * | split (x) | count of parts, or indices where it is cut; axis [0] |
 * | hsplit vsplit dsplit (x) | count, or indices |
 * | array_split unstack (x) | count, axis [0] |
 * | tile (x) | repeats for each axis |
 * | repeat (x) | repeats: one number or one per entry; axis [of all entries as one] |
 * | pad (x) | pad_width: n, or before and after, or both for each axis; mode, value [0] |
 * | roll (x) | shift; axis [all entries as one] |
 * | take take_along_axis (x, indices) | axis [of all entries as one] |
 * | one_hot multi_hot (x) | count: classes, axis [-1], to |
 * | diagonal trace (x) | axis: two [0, 1], offset [0] |
 * | tril triu diag diagflat (x) | offset [0] |
 * | depth_to_space space_to_depth (x) | count: block size, mode: data format |
 * | softmax log_softmax (x) | axis, one or several [-1] |
 * | normalize (x) | axis [-1], order [2], epsilon [1e-7] |
 * | batch_normalization (x, mean, variance, offset?, scale?) | axis [-1], epsilon [1e-3] |
 * | layer_normalization (x, gamma?, beta?), rms_normalization (x, scale?) | axis, epsilon [1e-7] |
 * | dot_product_attention (query, key, value, bias?, mask?) | causal, value: scale [1/sqrt(H)] |
 * | binary_crossentropy (target, output) | from_logits |
 * | categorical_crossentropy (target, output) | from_logits, axis [-1] |
 * | sparse_categorical_crossentropy (target, output) | from_logits |
 * | psnr (x1, x2) | x_max |
 *
 * Modes: pad "constant", "reflect", "symmetric", "edge"; quantile and percentile "linear", "lower",
 * "higher", "nearest", "midpoint"; data formats "channels_last", "channels_first".
 *
 * x1 and x2 are numbers in the place of the value of that name. Any other value may stand in
 * `constants`, by its name, with a type where it matters: "x2=[[1, 2], [3, 4]]",
 * "indices=int64([0, 2])", "xs[1]=[0.5]"; "bias=none" says that a value is missing though a later
 * one is there. An option that the operation does not take is refused.
 *
 * Types are Keras's: ints stay ints among ints and numbers without a point, bools count as int32 in
 * sums and products; whatever meets a real is one. Reals are of one type, the graph's: float32,
 * float64, float16 and bfloat16 in `to` all mean it. Masks end here. Several results: ant_output.
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
    bool keepdims;       /* reduced axes stay, of size 1 */                                        \
    double x1, x2;       /* a number in the place of a value; ANT_NONE: none */                    \
    ant_texts constants; /* values in the text */                                                  \
    double x_min, x_max;                                                                           \
    ant_ints shape, start;                                                                         \
    int count;                                                                                     \
    ant_ints repeats, indices, shift, pad_width;                                                   \
    const char *mode;                                                                              \
    double value;                                                                                  \
    ant_ints axis_2;                                                                               \
    int offset;                                                                                    \
    const char *order;                                                                             \
    double epsilon, rtol, atol;                                                                    \
    bool equal_nan, invert, from_logits, causal;                                                   \
    const char *to, *key, *subscripts
#define ANT_OPERATION_NONE                                                                         \
    .x1 = ANT_NONE, .x2 = ANT_NONE, .x_min = ANT_NONE, .x_max = ANT_NONE, .count = ANT_NONE,       \
    .value = ANT_NONE, .offset = ANT_NONE, .epsilon = ANT_NONE, .rtol = ANT_NONE, .atol = ANT_NONE

/* The layer: what files hold. Weights: none. Source: keras/src/ops/numpy.py, core.py, nn.py,
 * math.py, linalg.py. */
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
/* x[key]: ant_node_get(x, ":, 1:"). */
#define ant_node_get(X, KEY) ant_apply("get_item", X, .key = (KEY))
/* Entries start … start + count - 1 of an axis. */
#define ant_node_slice(X, AXIS, START, COUNT)                                                      \
    ant_apply("slice", X, .axis = ANT_INTS(AXIS), .start = ANT_INTS(START),                        \
              .shape = ANT_INTS(COUNT))

#ifdef __cplusplus
}
#endif
#endif
