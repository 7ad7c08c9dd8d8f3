/* Regularizers: penalties that training adds to the loss.
 *
 *     ant_dense(g, 32, .kernel_regularizer = ant_l2(g, 1e-4))
 *     ant_dense(g, 32, .kernel_regularizer = "l2(1e-4)", .activity_regularizer = "l1")
 *
 * A weight's penalty is added to the loss of every batch; an activity penalty (on a layer's output)
 * is divided by the batch size first. Each function gives the part's text, owned by the graph.
 * Source: keras/src/regularizers/regularizers.py.
 */
#ifndef ANTLER_REGULARIZERS_H
#define ANTLER_REGULARIZERS_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* l1 * sum of abs(w) */
typedef struct ant_l1_options {
    ANT_PART_OPTIONS;
    double l1;
    char ant_end;
} ant_l1_options;
#define ANT_L1_DEFAULTS ANT_PART_DEFAULTS, .l1 = 0.01
#define ant_l1(...)                                                                                \
    ANT__PART(ANT_REGULARIZER, "L1", ant_l1_options, ANT_L1_DEFAULTS, .graph = __VA_ARGS__)

/* l2 * sum of w^2 (no half) */
typedef struct ant_l2_options {
    ANT_PART_OPTIONS;
    double l2;
    char ant_end;
} ant_l2_options;
#define ANT_L2_DEFAULTS ANT_PART_DEFAULTS, .l2 = 0.01
#define ant_l2(...)                                                                                \
    ANT__PART(ANT_REGULARIZER, "L2", ant_l2_options, ANT_L2_DEFAULTS, .graph = __VA_ARGS__)

/* Both; each is 0 until it is said. */
typedef struct ant_l1_l2_options {
    ANT_PART_OPTIONS;
    double l1, l2;
    char ant_end;
} ant_l1_l2_options;
#define ANT_L1_L2_DEFAULTS ANT_PART_DEFAULTS
#define ant_l1_l2(...)                                                                             \
    ANT__PART(ANT_REGULARIZER, "L1L2", ant_l1_l2_options, ANT_L1_L2_DEFAULTS, .graph = __VA_ARGS__)

/* factor times the mean of abs(cosine) over all pairs of rows (or columns); weights of two axes
 * only. */
typedef struct ant_orthogonal_regularizer_options {
    ANT_PART_OPTIONS;
    double factor;
    const char *mode; /* "rows", "columns" */
    char ant_end;
} ant_orthogonal_regularizer_options;
#define ANT_ORTHOGONAL_REGULARIZER_DEFAULTS ANT_PART_DEFAULTS, .factor = 0.01, .mode = "rows"
#define ant_orthogonal_regularizer(...)                                                            \
    ANT__PART(ANT_REGULARIZER, "OrthogonalRegularizer", ant_orthogonal_regularizer_options,        \
              ANT_ORTHOGONAL_REGULARIZER_DEFAULTS, .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
