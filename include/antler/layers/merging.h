/* Merging layers: several inputs become one. Add, Subtract, Multiply, Average, Maximum, Minimum,
 * Concatenate, Dot.
 *
 *     ant_node *h = ant_call(ant_concatenate(g), ant_call(tower, a), ant_call(tower, b));
 *
 * Elementwise ones take two inputs or more (Subtract exactly two) that broadcast as numpy's behind
 * the batch axis; one of lower rank gets axes of 1 behind its batch axis: (batch, 4) and
 * (batch, 3, 4) give (batch, 3, 4). They have no weights.
 *
 * Masks: when every input has one, the result's mask is their OR, else it has none. Maximum,
 * Minimum and Multiply leave masked entries out; Add, Subtract and Average do not.
 * Source: keras/src/layers/merging.
 */
#ifndef ANTLER_LAYERS_MERGING_H
#define ANTLER_LAYERS_MERGING_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

typedef struct ant_merge_options {
    ANT_LAYER_OPTIONS;
    char ant_end;
} ant_merge_options;
#define ANT_MERGE_DEFAULTS ANT_LAYER_DEFAULTS
#define ANT__MERGE(cls, ...)                                                                       \
    ANT__LAYER(cls, ant_merge_options, ANT_MERGE_DEFAULTS, .graph = __VA_ARGS__)

/* y = a + b + … (ant_add appends a layer to a Sequential). */
#define ant_add_layer(...) ANT__MERGE("Add", __VA_ARGS__)
/* y = a − b. */
#define ant_subtract(...) ANT__MERGE("Subtract", __VA_ARGS__)
/* y = a · b · …, a masked entry counting as 1; 0 where all are masked. */
#define ant_multiply(...) ANT__MERGE("Multiply", __VA_ARGS__)
/* y = (a + b + …) / n. */
#define ant_average(...) ANT__MERGE("Average", __VA_ARGS__)
#define ant_maximum(...) ANT__MERGE("Maximum", __VA_ARGS__)
#define ant_minimum(...) ANT__MERGE("Minimum", __VA_ARGS__)

/* --- Concatenate ---
 * Inputs one after the other along an axis; all others are equal.
 *
 * In: (batch, …) of one rank. Out: the same, the axis as long as all together.
 * Masks: when any input has one, an input without counts as kept everywhere; the masks, as wide as
 * their inputs, are concatenated too, and a step is kept where any of it is.
 * Errors: ANT_E_SHAPE for other axes that differ. */
typedef struct ant_concatenate_options {
    ANT_LAYER_OPTIONS;
    int axis; /* counted with the batch as 0; from the end when negative */
    char ant_end;
} ant_concatenate_options;
#define ANT_CONCATENATE_DEFAULTS ANT_LAYER_DEFAULTS, .axis = -1
#define ant_concatenate(...)                                                                       \
    ANT__LAYER("Concatenate", ant_concatenate_options, ANT_CONCATENATE_DEFAULTS,                   \
               .graph = __VA_ARGS__)

/* --- Dot ---
 * For each sample the sum of products over one axis of each of two inputs.
 *
 *     ant_dot(g, 1)                         (batch, n) and (batch, n) give (batch, 1)
 *     ant_dot(g, .axes = ANT_SIZE(2, 1))    (batch, i, n) and (batch, n, j) give (batch, i, j)
 *
 * In: two inputs of rank 2 or more. Out: the batch, the other axes of the first, those of the
 * second; (batch, 1) when there are none. No mask goes on.
 * Errors: ANT_E_SHAPE for axes of different sizes, or the batch axis. */
typedef struct ant_dot_options {
    ANT_LAYER_OPTIONS;
    ant_size axes;  /* of both, or ANT_SIZE(of the first, of the second); negative: from the end */
    bool normalize; /* inputs are scaled to length 1 first: the cosine of their angle */
    char ant_end;
} ant_dot_options;
#define ANT_DOT_DEFAULTS ANT_LAYER_DEFAULTS, .axes = ANT_REQUIRED
#define ant_dot(...) ANT__LAYER("Dot", ant_dot_options, ANT_DOT_DEFAULTS, .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
