/* Activation layers: Activation, ReLU, LeakyReLU, ELU, PReLU, Softmax.
 *
 *     ant_node *h = ant_call(ant_activation(g, "silu"), x);
 *
 * In and out: any shape, batch first; whole numbers are taken as reals. Masks pass on unchanged.
 * Formulas of the activations: antler/activations.h. Source: keras/src/layers/activations.
 */
#ifndef ANTLER_LAYERS_ACTIVATION_H
#define ANTLER_LAYERS_ACTIVATION_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* --- Activation ---
 * y = activation(x), said by its name or text: "relu", "leaky_relu(negative_slope=0.1)". */
typedef struct ant_activation_options {
    ANT_LAYER_OPTIONS;
    const char *activation; /* NULL: y = x */
    char ant_end;
} ant_activation_options;
#define ANT_ACTIVATION_DEFAULTS ANT_LAYER_DEFAULTS
#define ant_activation(...)                                                                        \
    ANT__LAYER("Activation", ant_activation_options, ANT_ACTIVATION_DEFAULTS, .graph = __VA_ARGS__)

/* --- ReLU ---
 * x > threshold: min(x, max_value); else negative_slope (x − threshold). All at least 0. */
typedef struct ant_relu_options {
    ANT_LAYER_OPTIONS;
    double max_value; /* ANT_NONE: no limit */
    double negative_slope, threshold;
    char ant_end;
} ant_relu_options;
#define ANT_RELU_DEFAULTS ANT_LAYER_DEFAULTS, .max_value = ANT_NONE
#define ant_relu(...) ANT__LAYER("ReLU", ant_relu_options, ANT_RELU_DEFAULTS, .graph = __VA_ARGS__)

/* --- LeakyReLU ---
 * x > 0: x; else negative_slope x. (The activation "leaky_relu" has 0.2 where this has 0.3.) */
typedef struct ant_leaky_relu_options {
    ANT_LAYER_OPTIONS;
    double negative_slope; /* at least 0 */
    char ant_end;
} ant_leaky_relu_options;
#define ANT_LEAKY_RELU_DEFAULTS ANT_LAYER_DEFAULTS, .negative_slope = 0.3
#define ant_leaky_relu(...)                                                                        \
    ANT__LAYER("LeakyReLU", ant_leaky_relu_options, ANT_LEAKY_RELU_DEFAULTS, .graph = __VA_ARGS__)

/* --- ELU ---
 * x > 0: x; else alpha (exp(x) − 1). */
typedef struct ant_elu_options {
    ANT_LAYER_OPTIONS;
    double alpha;
    char ant_end;
} ant_elu_options;
#define ANT_ELU_DEFAULTS ANT_LAYER_DEFAULTS, .alpha = 1
#define ant_elu(...) ANT__LAYER("ELU", ant_elu_options, ANT_ELU_DEFAULTS, .graph = __VA_ARGS__)

/* --- PReLU ---
 * max(x, 0) − alpha max(−x, 0), alpha learned.
 *
 * In: (batch, …), sizes known on the axes that are not shared.
 * Weights: alpha, of the shape of one sample, with 1 on shared axes.
 * Errors: ANT_E_SHAPE for an axis outside of the input, for the batch axis, and for an input that
 * does not fit alpha.
 * Source: He et al., Delving deep into rectifiers (2015). */
typedef struct ant_prelu_options {
    ANT_LAYER_OPTIONS;
    const char *alpha_initializer, *alpha_regularizer, *alpha_constraint;
    ant_ints shared_axes; /* from 1, the batch being 0: ANT_INTS(1, 2) for an alpha per channel */
    char ant_end;
} ant_prelu_options;
#define ANT_PRELU_DEFAULTS ANT_LAYER_DEFAULTS, .alpha_initializer = "zeros"
#define ant_prelu(...)                                                                             \
    ANT__LAYER("PReLU", ant_prelu_options, ANT_PRELU_DEFAULTS, .graph = __VA_ARGS__)

/* --- Softmax ---
 * exp(x) / sum of exp(x), over one axis or several: ANT_SIZE(1, 2).
 *
 * A mask (bool, broadcast to the input) leaves entries out: they are 0 in the output, and so is
 * everything where all are left out.
 * Errors: ANT_E_SHAPE for an axis outside of the input, or a mask that does not fit it. */
typedef struct ant_softmax_options {
    ANT_LAYER_OPTIONS;
    ant_size axis;
    char ant_end;
} ant_softmax_options;
#define ANT_SOFTMAX_DEFAULTS ANT_LAYER_DEFAULTS, .axis = -1
#define ant_softmax(...)                                                                           \
    ANT__LAYER("Softmax", ant_softmax_options, ANT_SOFTMAX_DEFAULTS, .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
