/* Activations: said by name wherever a layer has such an option.
 *
 *     ant_dense(g, 32, "relu")
 *     ant_dense(g, 32, "leaky_relu(negative_slope=0.1)")
 *     ant_call(ant_activation(g, "softmax"), x)
 *
 * Names match without case and '_'. All are applied number by number, but softmax, log_softmax,
 * sparsemax and glu, which act along an axis. The result has the input's shape (glu: half of it on
 * its axis). Whole numbers are taken as reals. NULL is Keras's None: no activation.
 *
 * | name | value |
 * |---|---|
 * | linear | x |
 * | relu | max(x, 0); see the options below |
 * | relu6 | min(max(x, 0), 6) |
 * | leaky_relu | x > 0: x; else negative_slope x |
 * | elu | x > 0: x; else alpha (exp(x) - 1) |
 * | celu | max(x, 0) + alpha (exp(min(x, 0) / alpha) - 1) |
 * | selu | 1.0507009873554805 elu(x), alpha = 1.6732632423543772 |
 * | gelu | x (1 + erf(x / sqrt(2))) / 2; approximate: by tanh |
 * | silu, swish | x sigmoid(x) |
 * | mish | x tanh(softplus(x)) |
 * | softplus | log(1 + exp(x)) |
 * | softsign | x / (1 + abs(x)) |
 * | squareplus | (x + sqrt(x^2 + b)) / 2 |
 * | sigmoid | 1 / (1 + exp(-x)) |
 * | log_sigmoid | log(sigmoid(x)) |
 * | hard_sigmoid | min(max(x + 3, 0), 6) / 6; with a slope, min(max(slope x + 1/2, 0), 1) |
 * | hard_silu, hard_swish | x hard_sigmoid(x) |
 * | sparse_sigmoid | (x + 1) / 2, at least 0 and at most 1 |
 * | sparse_plus | x <= -1: 0; x < 1: (x + 1)^2 / 4; else x |
 * | tanh | tanh(x) |
 * | hard_tanh | min(max(x, -1), 1) |
 * | tanh_shrink | x - tanh(x) |
 * | soft_shrink | x moved towards 0 by threshold, 0 when nearer than that |
 * | hard_shrink | x, 0 where abs(x) <= threshold |
 * | threshold | x > threshold: x; else default_value |
 * | exponential | exp(x) |
 * | softmax | exp(x) / sum of exp(x) along axis |
 * | log_softmax | log(softmax(x)) |
 * | sparsemax | max(x - t, 0) along axis: many entries are exactly 0; t is Keras's, see there |
 * | glu | first half of axis * sigmoid(second half) |
 *
 * The structs are the options with their defaults, for the text form and for bindings; a user's own
 * activation is registered by ant_register_activation (graph.h).
 * Source: keras/src/activations/activations.py.
 */
#ifndef ANTLER_ACTIVATIONS_H
#define ANTLER_ACTIVATIONS_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* x > threshold: min(x, max_value); else negative_slope (x - threshold). */
typedef struct ant_relu_activation_options {
    ANT_PART_OPTIONS;
    double negative_slope;
    double max_value; /* ANT_NONE: no limit */
    double threshold;
    char ant_end;
} ant_relu_activation_options;
#define ANT_RELU_ACTIVATION_DEFAULTS ANT_PART_DEFAULTS, .max_value = ANT_NONE

typedef struct ant_leaky_relu_activation_options {
    ANT_PART_OPTIONS;
    double negative_slope; /* the layer LeakyReLU has another default */
    char ant_end;
} ant_leaky_relu_activation_options;
#define ANT_LEAKY_RELU_ACTIVATION_DEFAULTS ANT_PART_DEFAULTS, .negative_slope = 0.2

/* elu and celu */
typedef struct ant_elu_activation_options {
    ANT_PART_OPTIONS;
    double alpha;
    char ant_end;
} ant_elu_activation_options;
#define ANT_ELU_ACTIVATION_DEFAULTS ANT_PART_DEFAULTS, .alpha = 1

typedef struct ant_gelu_activation_options {
    ANT_PART_OPTIONS;
    bool approximate; /* x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 */
    char ant_end;
} ant_gelu_activation_options;
#define ANT_GELU_ACTIVATION_DEFAULTS ANT_PART_DEFAULTS

typedef struct ant_hard_sigmoid_activation_options {
    ANT_PART_OPTIONS;
    double slope; /* ANT_NONE: 1/6; Keras 2's was 0.2 */
    char ant_end;
} ant_hard_sigmoid_activation_options;
#define ANT_HARD_SIGMOID_ACTIVATION_DEFAULTS ANT_PART_DEFAULTS, .slope = ANT_NONE

typedef struct ant_squareplus_activation_options {
    ANT_PART_OPTIONS;
    double b;
    char ant_end;
} ant_squareplus_activation_options;
#define ANT_SQUAREPLUS_ACTIVATION_DEFAULTS ANT_PART_DEFAULTS, .b = 4

/* soft_shrink and hard_shrink */
typedef struct ant_shrink_activation_options {
    ANT_PART_OPTIONS;
    double threshold;
    char ant_end;
} ant_shrink_activation_options;
#define ANT_SHRINK_ACTIVATION_DEFAULTS ANT_PART_DEFAULTS, .threshold = 0.5

typedef struct ant_threshold_activation_options {
    ANT_PART_OPTIONS;
    double threshold, default_value; /* both must be said */
    char ant_end;
} ant_threshold_activation_options;
#define ANT_THRESHOLD_ACTIVATION_DEFAULTS                                                          \
    ANT_PART_DEFAULTS, .threshold = ANT_REQUIRED, .default_value = ANT_REQUIRED

/* softmax, log_softmax, sparsemax and glu */
typedef struct ant_axis_activation_options {
    ANT_PART_OPTIONS;
    int axis; /* counted from the end when negative; 0 is the batch */
    char ant_end;
} ant_axis_activation_options;
#define ANT_AXIS_ACTIVATION_DEFAULTS ANT_PART_DEFAULTS, .axis = -1

#ifdef __cplusplus
}
#endif
#endif
