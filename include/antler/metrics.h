/* Metrics: numbers to look at while training and evaluating; they change nothing.
 *
 *     ant_compile(m, "adam", "mse", .metrics = {"mae", "accuracy", ant_auc(g, .curve = "PR")});
 *
 * t is the target, p the output, as in losses.h. A metric is a total over all samples of an epoch,
 * not a mean of batches. Those of `.metrics` never see sample weights, those of `.weighted_metrics`
 * do; both leave out what the output's mask leaves out. Logs show a metric under the word it was
 * said by ("mae"), a class under Keras's name for it ("AUC" is auc), or under its `.name`; with
 * several outputs the output's name stands before it: "kind_accuracy". Formulas after Keras.
 *
 * "accuracy" ("acc") is binary_accuracy where the output's last axis is 1,
 * sparse_categorical_accuracy where the target has one axis less or a last axis of 1,
 * categorical_accuracy else. "crossentropy" ("ce") is found in the same way, as a loss too.
 */
#ifndef ANTLER_METRICS_H
#define ANTLER_METRICS_H
#include "antler/losses.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* Metrics without options. */
typedef struct ant_metric_options {
    ANT_PART_OPTIONS;
    char ant_end;
} ant_metric_options;
#define ANT_METRIC_DEFAULTS ANT_PART_DEFAULTS
#define ANT__METRIC(cls, ...)                                                                      \
    ANT__PART(ANT_METRIC, cls, ant_metric_options, ANT_METRIC_DEFAULTS, .graph = __VA_ARGS__)

/* Means over the samples of the losses' values. */
#define ant_mean_squared_error_metric(...) ANT__METRIC("MeanSquaredError", __VA_ARGS__)
#define ant_mean_absolute_error_metric(...) ANT__METRIC("MeanAbsoluteError", __VA_ARGS__)
#define ant_mean_absolute_percentage_error_metric(...)                                             \
    ANT__METRIC("MeanAbsolutePercentageError", __VA_ARGS__)
#define ant_mean_squared_logarithmic_error_metric(...)                                             \
    ANT__METRIC("MeanSquaredLogarithmicError", __VA_ARGS__)
#define ant_log_cosh_error(...) ANT__METRIC("LogCoshError", __VA_ARGS__)
#define ant_hinge_metric(...) ANT__METRIC("Hinge", __VA_ARGS__)
#define ant_squared_hinge_metric(...) ANT__METRIC("SquaredHinge", __VA_ARGS__)
#define ant_categorical_hinge_metric(...) ANT__METRIC("CategoricalHinge", __VA_ARGS__)
#define ant_kl_divergence_metric(...) ANT__METRIC("KLDivergence", __VA_ARGS__)
#define ant_poisson_metric(...) ANT__METRIC("Poisson", __VA_ARGS__)

/* square root of the mean of (t - p)² */
#define ant_root_mean_squared_error(...) ANT__METRIC("RootMeanSquaredError", __VA_ARGS__)
/* share of samples whose largest entries of t and p are at the same place */
#define ant_categorical_accuracy(...) ANT__METRIC("CategoricalAccuracy", __VA_ARGS__)
/* share of samples whose class t is the place of the largest entry of p */
#define ant_sparse_categorical_accuracy(...) ANT__METRIC("SparseCategoricalAccuracy", __VA_ARGS__)

/* share of entries where t is 1 and p > threshold, or t is 0 and p <= threshold */
typedef struct ant_binary_accuracy_options {
    ANT_PART_OPTIONS;
    double threshold;
    char ant_end;
} ant_binary_accuracy_options;
#define ANT_BINARY_ACCURACY_DEFAULTS ANT_PART_DEFAULTS, .threshold = 0.5
#define ant_binary_accuracy(...)                                                                   \
    ANT__PART(ANT_METRIC, "BinaryAccuracy", ant_binary_accuracy_options,                           \
              ANT_BINARY_ACCURACY_DEFAULTS, .graph = __VA_ARGS__)

/* share of samples whose class is among the k largest entries of p (fewer than k are larger) */
typedef struct ant_top_k_options {
    ANT_PART_OPTIONS;
    int k; /* at least 1 */
    char ant_end;
} ant_top_k_options;
#define ANT_TOP_K_DEFAULTS ANT_PART_DEFAULTS, .k = 5
/* t one-hot */
#define ant_top_k_categorical_accuracy(...)                                                        \
    ANT__PART(ANT_METRIC, "TopKCategoricalAccuracy", ant_top_k_options, ANT_TOP_K_DEFAULTS,        \
              .graph = __VA_ARGS__)
/* t the class */
#define ant_sparse_top_k_categorical_accuracy(...)                                                 \
    ANT__PART(ANT_METRIC, "SparseTopKCategoricalAccuracy", ant_top_k_options, ANT_TOP_K_DEFAULTS,  \
              .graph = __VA_ARGS__)

/* Means of the losses' values, with the losses' options (reduction has no say). */
typedef struct ant_crossentropy_metric_options {
    ANT_PART_OPTIONS;
    bool from_logits;
    double label_smoothing; /* in [0, 1] */
    int axis;
    char ant_end;
} ant_crossentropy_metric_options;
#define ANT_CROSSENTROPY_METRIC_DEFAULTS ANT_PART_DEFAULTS, .axis = -1
#define ant_binary_crossentropy_metric(...)                                                        \
    ANT__PART(ANT_METRIC, "BinaryCrossentropy", ant_crossentropy_metric_options,                   \
              ANT_CROSSENTROPY_METRIC_DEFAULTS, .graph = __VA_ARGS__)
#define ant_categorical_crossentropy_metric(...)                                                   \
    ANT__PART(ANT_METRIC, "CategoricalCrossentropy", ant_crossentropy_metric_options,              \
              ANT_CROSSENTROPY_METRIC_DEFAULTS, .graph = __VA_ARGS__)
typedef struct ant_sparse_crossentropy_metric_options {
    ANT_PART_OPTIONS;
    bool from_logits;
    int ignore_class; /* ANT_NONE */
    int axis;
    char ant_end;
} ant_sparse_crossentropy_metric_options;
#define ANT_SPARSE_CROSSENTROPY_METRIC_DEFAULTS                                                    \
    ANT_PART_DEFAULTS, .ignore_class = ANT_NONE, .axis = -1
#define ant_sparse_categorical_crossentropy_metric(...)                                            \
    ANT__PART(ANT_METRIC, "SparseCategoricalCrossentropy", ant_sparse_crossentropy_metric_options, \
              ANT_SPARSE_CROSSENTROPY_METRIC_DEFAULTS, .graph = __VA_ARGS__)
/* +sum t * p over the axis, both divided by their lengths (the loss is its negative) */
typedef struct ant_cosine_similarity_metric_options {
    ANT_PART_OPTIONS;
    int axis;
    char ant_end;
} ant_cosine_similarity_metric_options;
#define ANT_COSINE_SIMILARITY_METRIC_DEFAULTS ANT_PART_DEFAULTS, .axis = -1
#define ant_cosine_similarity_metric(...)                                                          \
    ANT__PART(ANT_METRIC, "CosineSimilarity", ant_cosine_similarity_metric_options,                \
              ANT_COSINE_SIMILARITY_METRIC_DEFAULTS, .graph = __VA_ARGS__)

/* Counts over all entries: an entry is called positive where p > threshold. Several thresholds give
 * the mean of their results. */
typedef struct ant_confusion_options {
    ANT_PART_OPTIONS;
    ant_floats thresholds; /* none: 0.5; by keyword */
    char ant_end;
} ant_confusion_options;
#define ANT_CONFUSION_DEFAULTS ANT_PART_DEFAULTS
#define ANT__CONFUSION(cls, ...)                                                                   \
    ANT__PART(ANT_METRIC, cls, ant_confusion_options, ANT_CONFUSION_DEFAULTS, .graph = __VA_ARGS__)
#define ant_true_positives(...) ANT__CONFUSION("TruePositives", __VA_ARGS__)
#define ant_true_negatives(...) ANT__CONFUSION("TrueNegatives", __VA_ARGS__)
#define ant_false_positives(...) ANT__CONFUSION("FalsePositives", __VA_ARGS__)
#define ant_false_negatives(...) ANT__CONFUSION("FalseNegatives", __VA_ARGS__)

/* Precision: TP / (TP + FP); Recall: TP / (TP + FN); 0 where nothing is there to divide by. */
typedef struct ant_precision_options {
    ANT_PART_OPTIONS;
    ant_floats thresholds; /* none: 0.5 (0 with top_k); by keyword */
    int top_k;             /* only the k largest entries of a sample may be positive; ANT_NONE */
    int class_id;          /* only this entry of the last axis counts; ANT_NONE */
    char ant_end;
} ant_precision_options;
#define ANT_PRECISION_DEFAULTS ANT_PART_DEFAULTS, .top_k = ANT_NONE, .class_id = ANT_NONE
#define ant_precision(...)                                                                         \
    ANT__PART(ANT_METRIC, "Precision", ant_precision_options, ANT_PRECISION_DEFAULTS,              \
              .graph = __VA_ARGS__)
#define ant_recall(...)                                                                            \
    ANT__PART(ANT_METRIC, "Recall", ant_precision_options, ANT_PRECISION_DEFAULTS,                 \
              .graph = __VA_ARGS__)

/* Area under the ROC curve (true against false positive rate), the precision-recall curve, or the
 * curve of their gains (Flach and Kull, 2015), drawn through thresholds. PR with interpolation
 * follows Davis and Goadrich, 2006. With multi_label the output is (batch, labels), and the areas
 * of the labels are averaged; else all entries count as one. */
typedef struct ant_auc_options {
    ANT_PART_OPTIONS;
    int num_thresholds;           /* at least 2, evenly spaced in [0, 1] */
    const char *curve;            /* "ROC", "PR" or "PRGAIN" */
    const char *summation_method; /* "interpolation", "minoring" or "majoring" */
    ant_floats thresholds;        /* in place of num_thresholds, within [0, 1]; by keyword */
    bool multi_label;             /* an area per label */
    int num_labels;           /* with multi_label: what must be the output's last axis; ANT_NONE */
    ant_floats label_weights; /* of the labels, from 0 up, in the average of areas; without
                                     multi_label, of entries by their place in the last axis */
    bool from_logits;         /* p has not gone through a sigmoid */
    char ant_end;
} ant_auc_options;
#define ANT_AUC_DEFAULTS                                                                           \
    ANT_PART_DEFAULTS, .num_thresholds = 200, .curve = "ROC", .summation_method = "interpolation", \
                       .num_labels = ANT_NONE
#define ant_auc(...)                                                                               \
    ANT__PART(ANT_METRIC, "AUC", ant_auc_options, ANT_AUC_DEFAULTS, .graph = __VA_ARGS__)

/* The best of one rate over thresholds at which the other is at least `value`; 0 where none is:
 * sensitivity (TP / P) at a specificity (TN / N) and the other way round, precision at a recall and
 * the other way round. */
typedef struct ant_limit_options {
    ANT_PART_OPTIONS;
    double value;       /* in [0, 1] */
    int num_thresholds; /* at least 1, evenly spaced in [0, 1]; 1: 0.5 */
    int class_id;       /* only this entry of the last axis counts; ANT_NONE */
    char ant_end;
} ant_limit_options;
#define ANT_LIMIT_DEFAULTS                                                                         \
    ANT_PART_DEFAULTS, .value = ANT_REQUIRED, .num_thresholds = 200, .class_id = ANT_NONE
#define ANT__LIMIT(cls, ...)                                                                       \
    ANT__PART(ANT_METRIC, cls, ant_limit_options, ANT_LIMIT_DEFAULTS, .graph = __VA_ARGS__)
#define ant_sensitivity_at_specificity(...) ANT__LIMIT("SensitivityAtSpecificity", __VA_ARGS__)
#define ant_specificity_at_sensitivity(...) ANT__LIMIT("SpecificityAtSensitivity", __VA_ARGS__)
#define ant_precision_at_recall(...) ANT__LIMIT("PrecisionAtRecall", __VA_ARGS__)
#define ant_recall_at_precision(...) ANT__LIMIT("RecallAtPrecision", __VA_ARGS__)

/* (1 + beta^2) * precision * recall / (beta^2 * precision + recall) of every class of the last
 * axis, and their average: "macro", "weighted" (by the classes' share of t) or "micro" (of the
 * counts of all classes). Outputs are (batch, classes), t one-hot or bits. */
typedef struct ant_fbeta_score_options {
    ANT_PART_OPTIONS;
    const char *average;
    double beta;      /* above 0 */
    double threshold; /* above it an entry is positive; ANT_NONE: the largest of its row is */
    char ant_end;
} ant_fbeta_score_options;
#define ANT_FBETA_SCORE_DEFAULTS                                                                   \
    ANT_PART_DEFAULTS, .average = "macro", .beta = 1, .threshold = ANT_NONE
#define ant_fbeta_score(...)                                                                       \
    ANT__PART(ANT_METRIC, "FBetaScore", ant_fbeta_score_options, ANT_FBETA_SCORE_DEFAULTS,         \
              .graph = __VA_ARGS__)
/* The same with beta = 1. */
typedef struct ant_f1_score_options {
    ANT_PART_OPTIONS;
    const char *average;
    double threshold;
    char ant_end;
} ant_f1_score_options;
#define ANT_F1_SCORE_DEFAULTS ANT_PART_DEFAULTS, .average = "macro", .threshold = ANT_NONE
#define ant_f1_score(...)                                                                          \
    ANT__PART(ANT_METRIC, "F1Score", ant_f1_score_options, ANT_F1_SCORE_DEFAULTS,                  \
              .graph = __VA_ARGS__)

/* 1 - sum (t - p)^2 / sum (t - mean t)^2 of every entry of the last axis, and their average: plain
 * or weighted by the variance of t. Outputs are (batch, entries). */
typedef struct ant_r2_score_options {
    ANT_PART_OPTIONS;
    const char *class_aggregation; /* "uniform_average" or "variance_weighted_average" */
    char ant_end;
} ant_r2_score_options;
#define ANT_R2_SCORE_DEFAULTS ANT_PART_DEFAULTS, .class_aggregation = "uniform_average"
#define ant_r2_score(...)                                                                          \
    ANT__PART(ANT_METRIC, "R2Score", ant_r2_score_options, ANT_R2_SCORE_DEFAULTS,                  \
              .graph = __VA_ARGS__)

/* A metric of the user's own under a name: the mean over the samples of what `write` gives of
 * {t, p, NULL}: a value per sample (batch, …) or a scalar per batch. Pure. 0, or ANT_E_OPTION. */
ANT_API int ant_register_metric(ant_graph *g, const char *name, ant_write_fn *write,
                                const void *data);

#ifdef __cplusplus
}
#endif
#endif
