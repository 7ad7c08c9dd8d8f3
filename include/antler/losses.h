/* Losses: what training makes small.
 *
 *     ant_compile(m, "adam", .loss = "mse");
 *     ant_compile(m, "adam", .loss = ant_binary_crossentropy(g, .from_logits = true));
 *
 * t is the target, p the model's output, both (batch, …), of the same shape unless said otherwise;
 * a last axis of 1 that only one of them has is put there or taken away. A loss gives one value per
 * sample (per sample and step for sequences): the last axis is reduced. The values, times the
 * sample weights, are then reduced to one number:
 *
 *     "sum_over_batch_size", "mean"   sum / number of values (weights do not enter the divisor)
 *     "mean_with_sample_weight"       sum / sum of weights
 *     "sum"                           sum
 *     "none"                          sum for the gradients; logs show the mean
 *
 * Weights of fewer axes than the values belong to the values' first axes: (batch) weighs samples.
 * Where the output carries a mask, masked values count for nothing; the means divide by the number
 * of the others. A zero divisor gives 0.
 *
 * Probabilities are clipped to [1e-7, 1 - 1e-7], but where the output comes straight from a softmax
 * or sigmoid the crossentropies use its logits, as Keras on TensorFlow does: better gradients and
 * faster. Formulas after Keras. Each constructor gives a text owned by the graph.
 */
#ifndef ANTLER_LOSSES_H
#define ANTLER_LOSSES_H
#include "antler/ops.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* Losses without options of their own. */
typedef struct ant_loss_options {
    ANT_PART_OPTIONS;
    const char *reduction; /* see above */
    char ant_end;
} ant_loss_options;
#define ANT_LOSS_DEFAULTS ANT_PART_DEFAULTS, .reduction = "sum_over_batch_size"
#define ANT__LOSS(cls, ...)                                                                        \
    ANT__PART(ANT_LOSS, cls, ant_loss_options, ANT_LOSS_DEFAULTS, .graph = __VA_ARGS__)

/* mean (t - p)²; "mse" */
#define ant_mean_squared_error(...) ANT__LOSS("MeanSquaredError", __VA_ARGS__)
/* mean |t - p|; "mae" */
#define ant_mean_absolute_error(...) ANT__LOSS("MeanAbsoluteError", __VA_ARGS__)
/* 100 * mean |t - p| / max(|t|, 1e-7); "mape" */
#define ant_mean_absolute_percentage_error(...)                                                    \
    ANT__LOSS("MeanAbsolutePercentageError", __VA_ARGS__)
/* mean (log(1 + max(p, 1e-7)) - log(1 + max(t, 1e-7)))²; "msle" */
#define ant_mean_squared_logarithmic_error(...)                                                    \
    ANT__LOSS("MeanSquaredLogarithmicError", __VA_ARGS__)
/* mean log(cosh(p - t)) */
#define ant_log_cosh(...) ANT__LOSS("LogCosh", __VA_ARGS__)
/* mean max(1 - t * p, 0), t -1 or 1 (0 and 1 become that) */
#define ant_hinge(...) ANT__LOSS("Hinge", __VA_ARGS__)
/* mean max(1 - t * p, 0)² */
#define ant_squared_hinge(...) ANT__LOSS("SquaredHinge", __VA_ARGS__)
/* max(max((1 - t) * p) - sum t * p + 1, 0), t one-hot */
#define ant_categorical_hinge(...) ANT__LOSS("CategoricalHinge", __VA_ARGS__)
/* sum t * log(t / p), both clipped to [1e-7, 1]; "kld" */
#define ant_kl_divergence(...) ANT__LOSS("KLDivergence", __VA_ARGS__)
/* mean p - t * log(p + 1e-7) */
#define ant_poisson(...) ANT__LOSS("Poisson", __VA_ARGS__)

/* mean of e² / 2 where |e| <= delta, else delta * |e| - delta² / 2, e = t - p. Huber, 1964. */
typedef struct ant_huber_options {
    ANT_PART_OPTIONS;
    double delta; /* above 0 */
    const char *reduction;
    char ant_end;
} ant_huber_options;
#define ANT_HUBER_DEFAULTS ANT_LOSS_DEFAULTS, .delta = 1
#define ant_huber(...)                                                                             \
    ANT__PART(ANT_LOSS, "Huber", ant_huber_options, ANT_HUBER_DEFAULTS, .graph = __VA_ARGS__)

/* -sum t * p over the axis, both divided by their lengths: -1 for the same direction */
typedef struct ant_cosine_similarity_options {
    ANT_PART_OPTIONS;
    int axis;
    const char *reduction;
    char ant_end;
} ant_cosine_similarity_options;
#define ANT_COSINE_SIMILARITY_DEFAULTS ANT_LOSS_DEFAULTS, .axis = -1
#define ant_cosine_similarity(...)                                                                 \
    ANT__PART(ANT_LOSS, "CosineSimilarity", ant_cosine_similarity_options,                         \
              ANT_COSINE_SIMILARITY_DEFAULTS, .graph = __VA_ARGS__)

/* mean -t * log p - (1 - t) * log(1 - p) over the axis, t between 0 and 1; "bce" */
typedef struct ant_binary_crossentropy_options {
    ANT_PART_OPTIONS;
    bool from_logits;       /* p has not gone through a sigmoid */
    double label_smoothing; /* s: t becomes t * (1 - s) + s / 2; in [0, 1] */
    int axis;
    const char *reduction;
    char ant_end;
} ant_binary_crossentropy_options;
#define ANT_BINARY_CROSSENTROPY_DEFAULTS ANT_LOSS_DEFAULTS, .axis = -1
#define ant_binary_crossentropy(...)                                                               \
    ANT__PART(ANT_LOSS, "BinaryCrossentropy", ant_binary_crossentropy_options,                     \
              ANT_BINARY_CROSSENTROPY_DEFAULTS, .graph = __VA_ARGS__)

/* -sum t * log p over the axis, t a distribution (one-hot), p divided by its sum */
typedef ant_binary_crossentropy_options ant_categorical_crossentropy_options;
#define ANT_CATEGORICAL_CROSSENTROPY_DEFAULTS ANT_BINARY_CROSSENTROPY_DEFAULTS
#define ant_categorical_crossentropy(...)                                                          \
    ANT__PART(ANT_LOSS, "CategoricalCrossentropy", ant_categorical_crossentropy_options,           \
              ANT_CATEGORICAL_CROSSENTROPY_DEFAULTS, .graph = __VA_ARGS__)

/* -log p[t] over the last axis, t the class from 0: p (batch, …, classes), t (batch, …) or
 * (batch, …, 1). A class outside ends the action with ANT_E_DATA. */
typedef struct ant_sparse_categorical_crossentropy_options {
    ANT_PART_OPTIONS;
    bool from_logits;      /* p has not gone through a softmax */
    int ignore_class;      /* targets of this class count for nothing; ANT_NONE */
    const char *reduction; /* the means divide by the values that are not ignored */
    int axis;              /* -1 */
    char ant_end;
} ant_sparse_categorical_crossentropy_options;
#define ANT_SPARSE_CATEGORICAL_CROSSENTROPY_DEFAULTS                                               \
    ANT_LOSS_DEFAULTS, .ignore_class = ANT_NONE, .axis = -1
#define ant_sparse_categorical_crossentropy(...)                                                   \
    ANT__PART(ANT_LOSS, "SparseCategoricalCrossentropy",                                           \
              ant_sparse_categorical_crossentropy_options,                                         \
              ANT_SPARSE_CATEGORICAL_CROSSENTROPY_DEFAULTS, .graph = __VA_ARGS__)

/* mean (1 - q)^gamma * binary crossentropy, q the probability given to the truth; balancing: times
 * t * alpha + (1 - t) * (1 - alpha). Lin and others, 2017. */
typedef struct ant_binary_focal_crossentropy_options {
    ANT_PART_OPTIONS;
    bool apply_class_balancing;
    double alpha, gamma; /* alpha in [0, 1], gamma at least 0 */
    bool from_logits;
    double label_smoothing; /* in [0, 1] */
    int axis;
    const char *reduction;
    char ant_end;
} ant_binary_focal_crossentropy_options;
#define ANT_BINARY_FOCAL_CROSSENTROPY_DEFAULTS                                                     \
    ANT_LOSS_DEFAULTS, .alpha = 0.25, .gamma = 2, .axis = -1
#define ant_binary_focal_crossentropy(...)                                                         \
    ANT__PART(ANT_LOSS, "BinaryFocalCrossentropy", ant_binary_focal_crossentropy_options,          \
              ANT_BINARY_FOCAL_CROSSENTROPY_DEFAULTS, .graph = __VA_ARGS__)

/* sum alpha * (1 - p)^gamma * -t * log p over the axis */
typedef struct ant_categorical_focal_crossentropy_options {
    ANT_PART_OPTIONS;
    double alpha, gamma; /* alpha in [0, 1], gamma at least 0 */
    bool from_logits;
    double label_smoothing; /* in [0, 1] */
    int axis;
    const char *reduction;
    char ant_end;
} ant_categorical_focal_crossentropy_options;
#define ANT_CATEGORICAL_FOCAL_CROSSENTROPY_DEFAULTS ANT_BINARY_FOCAL_CROSSENTROPY_DEFAULTS
#define ant_categorical_focal_crossentropy(...)                                                    \
    ANT__PART(ANT_LOSS, "CategoricalFocalCrossentropy",                                            \
              ant_categorical_focal_crossentropy_options,                                          \
              ANT_CATEGORICAL_FOCAL_CROSSENTROPY_DEFAULTS, .graph = __VA_ARGS__)

/* A loss of the user's own under a name: `write` gets {t, p, NULL} and gives a value per sample
 * (batch, …), or a scalar; weights, masks and the mean over the batch are applied to it as to any
 * other. It is a pure function of its arguments. 0, or ANT_E_OPTION when the name is taken. */
ANT_API int ant_register_loss(ant_graph *g, const char *name, ant_write_fn *write,
                              const void *data);

#ifdef __cplusplus
}
#endif
#endif
