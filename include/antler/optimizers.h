/* Optimizers: how a gradient g changes a weight w.
 *
 *     ant_compile(m, .optimizer = ant_adam(g, 1e-3, .clipnorm = 1), .loss = "mse");
 *
 * Formulas after Keras: l is the learning rate of the step, t its number from 1. Each constructor
 * gives a text owned by the graph ("Adam(clipnorm=1)"), a recipe: every compiled model has its own
 * state. Names are found without case and '_': "adam", "Adam", "RMSprop".
 *
 * A weight's gradient is summed up before a rule sees it. (Keras on TensorFlow squares that of an
 * embedding occurrence by occurrence, so that its Adam differs there from its other backends'.)
 *
 * In every step, in this order: gradients are unscaled (loss_scale_factor), accumulated, clipped;
 * weights decay; the rule below; the average of the weights; constraints.
 */
#ifndef ANTLER_OPTIMIZERS_H
#define ANTLER_OPTIMIZERS_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* What all optimizers take, by keyword; ANT_NONE: off. At most one of the three clips. */
#define ANT_OPTIMIZER_OPTIONS                                                                      \
    double weight_decay;             /* w -= w * weight_decay * l before the update; at least 0 */ \
    double clipnorm;                 /* largest norm of one weight's gradient; above 0 */          \
    double clipvalue;                /* largest entry of a gradient; above 0 */                    \
    double global_clipnorm;          /* largest norm of all gradients together; above 0 */         \
    bool use_ema;                    /* keep averages of the weights; fit ends with them */        \
    double ema_momentum;             /* average = m * average + (1 - m) * w; in [0, 1] */          \
    int ema_overwrite_frequency;     /* steps after which the averages become the weights */       \
    double loss_scale_factor;        /* of the loss while gradients are computed; above 0 */       \
    int gradient_accumulation_steps; /* batches per update, at least 2 */                          \
    const char *schedule             /* a schedule's text, in place of learning_rate */
#define ANT_OPTIMIZER_DEFAULTS                                                                     \
    ANT_PART_DEFAULTS, .weight_decay = ANT_NONE, .clipnorm = ANT_NONE, .clipvalue = ANT_NONE,      \
                       .global_clipnorm = ANT_NONE, .ema_momentum = 0.99,                          \
                       .ema_overwrite_frequency = ANT_NONE, .loss_scale_factor = ANT_NONE,         \
                       .gradient_accumulation_steps = ANT_NONE

/* m = momentum * m - l * g; w += m; nesterov: w += momentum * m - l * g. */
typedef struct ant_sgd_options {
    ANT_PART_OPTIONS;
    double learning_rate; /* l; at least 0 */
    double momentum;      /* in [0, 1]; 0: w -= l * g */
    bool nesterov;        /* look ahead along the momentum */
    ANT_OPTIMIZER_OPTIONS;
    char ant_end;
} ant_sgd_options;
#define ANT_SGD_DEFAULTS ANT_OPTIMIZER_DEFAULTS, .learning_rate = 0.01
#define ant_sgd(...)                                                                               \
    ANT__PART(ANT_OPTIMIZER, "SGD", ant_sgd_options, ANT_SGD_DEFAULTS, .graph = __VA_ARGS__)

/* v = rho * v + (1 - rho) * g²; step = l * g / sqrt(v + epsilon), from v the squared mean gradient
 * is taken where centered; b = momentum * b + step; w -= b. Hinton, lecture 6e, 2012. */
typedef struct ant_rmsprop_options {
    ANT_PART_OPTIONS;
    double learning_rate; /* l; at least 0 */
    double rho;           /* memory of the squares, in [0, 1] */
    double momentum;      /* in [0, 1]; 0: w -= step */
    double epsilon;       /* added under the root; at least 0 */
    bool centered;        /* divide by the deviation */
    ANT_OPTIMIZER_OPTIONS;
    char ant_end;
} ant_rmsprop_options;
#define ANT_RMSPROP_DEFAULTS                                                                       \
    ANT_OPTIMIZER_DEFAULTS, .learning_rate = 1e-3, .rho = 0.9, .epsilon = 1e-7
#define ant_rmsprop(...)                                                                           \
    ANT__PART(ANT_OPTIMIZER, "RMSprop", ant_rmsprop_options, ANT_RMSPROP_DEFAULTS,                 \
              .graph = __VA_ARGS__)

/* m += (1 - beta_1) * (g - m); v += (1 - beta_2) * (g² - v);
 * w -= l * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon); amsgrad: the largest v so
 * far. Kingma and Ba, 2015; Reddi and others, 2018. */
typedef struct ant_adam_options {
    ANT_PART_OPTIONS;
    double learning_rate;  /* l; at least 0 */
    double beta_1, beta_2; /* memory of the mean and of the squares, in [0, 1) */
    double epsilon;        /* added to the root; at least 0 */
    bool amsgrad;
    ANT_OPTIMIZER_OPTIONS;
    char ant_end;
} ant_adam_options;
#define ANT_ADAM_DEFAULTS                                                                          \
    ANT_OPTIMIZER_DEFAULTS, .learning_rate = 1e-3, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7
#define ant_adam(...)                                                                              \
    ANT__PART(ANT_OPTIMIZER, "Adam", ant_adam_options, ANT_ADAM_DEFAULTS, .graph = __VA_ARGS__)

/* Adam with weight_decay = 0.004. Loshchilov and Hutter, 2019. */
typedef ant_adam_options ant_adamw_options;
#define ANT_ADAMW_DEFAULTS ANT_ADAM_DEFAULTS, .weight_decay = 0.004
#define ant_adamw(...)                                                                             \
    ANT__PART(ANT_OPTIMIZER, "AdamW", ant_adamw_options, ANT_ADAMW_DEFAULTS, .graph = __VA_ARGS__)

/* What Adamax, Nadam and Lamb take. */
#define ANT_MOMENTS_OPTIONS                                                                        \
    ANT_PART_OPTIONS;                                                                              \
    double learning_rate;  /* l; at least 0 */                                                     \
    double beta_1, beta_2; /* memory of the mean and of the size of gradients, in [0, 1) */        \
    double epsilon;        /* added to the divisor; at least 0 */                                  \
    ANT_OPTIMIZER_OPTIONS;                                                                         \
    char ant_end

/* u = max(beta_2 * u, |g|); w -= l / (1 - beta_1^t) * m / (u + epsilon), m as Adam's. */
typedef struct ant_adamax_options {
    ANT_MOMENTS_OPTIONS;
} ant_adamax_options;
#define ANT_ADAMAX_DEFAULTS ANT_ADAM_DEFAULTS
#define ant_adamax(...)                                                                            \
    ANT__PART(ANT_OPTIMIZER, "Adamax", ant_adamax_options, ANT_ADAMAX_DEFAULTS,                    \
              .graph = __VA_ARGS__)

/* Adam with Nesterov's momentum and its schedule u_t = beta_1 * (1 - 0.96^t / 2). Dozat, 2016. */
typedef struct ant_nadam_options {
    ANT_MOMENTS_OPTIONS;
} ant_nadam_options;
#define ANT_NADAM_DEFAULTS ANT_ADAM_DEFAULTS
#define ant_nadam(...)                                                                             \
    ANT__PART(ANT_OPTIMIZER, "Nadam", ant_nadam_options, ANT_NADAM_DEFAULTS, .graph = __VA_ARGS__)

/* Adam's step r with both moments corrected, scaled to the size of the weight:
 * w -= l * r * |w| / |r|, or l * r where either norm is 0. You and others, 2020. */
typedef struct ant_lamb_options {
    ANT_MOMENTS_OPTIONS;
} ant_lamb_options;
#define ANT_LAMB_DEFAULTS ANT_ADAM_DEFAULTS
#define ant_lamb(...)                                                                              \
    ANT__PART(ANT_OPTIMIZER, "Lamb", ant_lamb_options, ANT_LAMB_DEFAULTS, .graph = __VA_ARGS__)

/* w -= l * sign(beta_1 * m + (1 - beta_1) * g); m = beta_2 * m + (1 - beta_2) * g.
 * Chen and others, 2023. */
typedef struct ant_lion_options {
    ANT_PART_OPTIONS;
    double learning_rate;  /* l; at least 0 */
    double beta_1, beta_2; /* in (0, 1] and [0, 1) */
    ANT_OPTIMIZER_OPTIONS;
    char ant_end;
} ant_lion_options;
#define ANT_LION_DEFAULTS                                                                          \
    ANT_OPTIMIZER_DEFAULTS, .learning_rate = 1e-3, .beta_1 = 0.9, .beta_2 = 0.99
#define ant_lion(...)                                                                              \
    ANT__PART(ANT_OPTIMIZER, "Lion", ant_lion_options, ANT_LION_DEFAULTS, .graph = __VA_ARGS__)

/* a += g²; w -= l * g / sqrt(a + epsilon). Duchi and others, 2011. */
typedef struct ant_adagrad_options {
    ANT_PART_OPTIONS;
    double learning_rate;             /* l; at least 0 */
    double initial_accumulator_value; /* a at the start; at least 0 */
    double epsilon;                   /* under the root; at least 0 */
    ANT_OPTIMIZER_OPTIONS;
    char ant_end;
} ant_adagrad_options;
#define ANT_ADAGRAD_DEFAULTS                                                                       \
    ANT_OPTIMIZER_DEFAULTS, .learning_rate = 1e-3, .initial_accumulator_value = 0.1, .epsilon = 1e-7
#define ant_adagrad(...)                                                                           \
    ANT__PART(ANT_OPTIMIZER, "Adagrad", ant_adagrad_options, ANT_ADAGRAD_DEFAULTS,                 \
              .graph = __VA_ARGS__)

/* a = rho * a + (1 - rho) * g²; d = -g * sqrt(b + epsilon) / sqrt(a + epsilon);
 * b = rho * b + (1 - rho) * d²; w += l * d. Zeiler, 2012. */
typedef struct ant_adadelta_options {
    ANT_PART_OPTIONS;
    double learning_rate; /* l; at least 0; the paper's: 1 */
    double rho;           /* memory of squares, in [0, 1] */
    double epsilon;       /* under the roots; at least 0 */
    ANT_OPTIMIZER_OPTIONS;
    char ant_end;
} ant_adadelta_options;
#define ANT_ADADELTA_DEFAULTS                                                                      \
    ANT_OPTIMIZER_DEFAULTS, .learning_rate = 1e-3, .rho = 0.95, .epsilon = 1e-7
#define ant_adadelta(...)                                                                          \
    ANT__PART(ANT_OPTIMIZER, "Adadelta", ant_adadelta_options, ANT_ADADELTA_DEFAULTS,              \
              .graph = __VA_ARGS__)

/* Follow the regularized leader; with p the power, l2 = l2_regularization_strength + beta / (2 l),
 * G = g + 2 * shrinkage * w, n' = n + g²: z += G - (n'^-p - n^-p) / l * w;
 * w = (clip(z, -l1, l1) - z) / (n'^-p / l + 2 * l2). McMahan and others, 2013. */
typedef struct ant_ftrl_options {
    ANT_PART_OPTIONS;
    double learning_rate;                        /* l; above 0 */
    double learning_rate_power;                  /* p; at most 0 */
    double initial_accumulator_value;            /* n at the start; at least 0 */
    double l1_regularization_strength;           /* at least 0 */
    double l2_regularization_strength;           /* at least 0 */
    double l2_shrinkage_regularization_strength; /* at least 0 */
    double beta;                                 /* at least 0 */
    ANT_OPTIMIZER_OPTIONS;
    char ant_end;
} ant_ftrl_options;
#define ANT_FTRL_DEFAULTS                                                                          \
    ANT_OPTIMIZER_DEFAULTS, .learning_rate = 1e-3, .learning_rate_power = -0.5,                    \
                            .initial_accumulator_value = 0.1
#define ant_ftrl(...)                                                                              \
    ANT__PART(ANT_OPTIMIZER, "Ftrl", ant_ftrl_options, ANT_FTRL_DEFAULTS, .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
