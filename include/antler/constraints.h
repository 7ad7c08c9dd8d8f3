/* Constraints: what a weight is mapped to after each of its updates.
 *
 *     ant_dense(g, 32, .kernel_constraint = ant_max_norm(g, 3))
 *     ant_dense(g, 32, .kernel_constraint = "non_neg")
 *
 * norm = sqrt(sum of w^2 along axis), e = 1e-7. axis 0 of a Dense kernel (in, out) limits the
 * weights into each unit; for a convolution's kernel say ANT_SIZE(0, 1, 2). Each function gives the
 * part's text, owned by the graph. "non_neg" (max(w, 0)) has no options.
 * Source: keras/src/constraints/constraints.py.
 */
#ifndef ANTLER_CONSTRAINTS_H
#define ANTLER_CONSTRAINTS_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* w min(norm, max_value) / (e + norm) */
typedef struct ant_max_norm_options {
    ANT_PART_OPTIONS;
    double max_value;
    ant_size axis; /* one or several; negative: from the end */
    char ant_end;
} ant_max_norm_options;
#define ANT_MAX_NORM_DEFAULTS ANT_PART_DEFAULTS, .max_value = 2
#define ant_max_norm(...)                                                                          \
    ANT__PART(ANT_CONSTRAINT, "MaxNorm", ant_max_norm_options, ANT_MAX_NORM_DEFAULTS,              \
              .graph = __VA_ARGS__)

/* w / (e + norm) */
typedef struct ant_unit_norm_options {
    ANT_PART_OPTIONS;
    ant_size axis;
    char ant_end;
} ant_unit_norm_options;
#define ANT_UNIT_NORM_DEFAULTS ANT_PART_DEFAULTS
#define ant_unit_norm(...)                                                                         \
    ANT__PART(ANT_CONSTRAINT, "UnitNorm", ant_unit_norm_options, ANT_UNIT_NORM_DEFAULTS,           \
              .graph = __VA_ARGS__)

/* w (rate clip(norm, min_value, max_value) + (1 - rate) norm) / (e + norm) */
typedef struct ant_min_max_norm_options {
    ANT_PART_OPTIONS;
    double min_value, max_value;
    double rate; /* 1: the norm is inside the limits at once; less: it comes nearer */
    ant_size axis;
    char ant_end;
} ant_min_max_norm_options;
#define ANT_MIN_MAX_NORM_DEFAULTS ANT_PART_DEFAULTS, .max_value = 1, .rate = 1
#define ant_min_max_norm(...)                                                                      \
    ANT__PART(ANT_CONSTRAINT, "MinMaxNorm", ant_min_max_norm_options, ANT_MIN_MAX_NORM_DEFAULTS,   \
              .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
