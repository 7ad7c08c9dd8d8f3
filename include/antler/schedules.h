/* Learning-rate schedules: the rate as a function of the steps made so far.
 *
 *     const char *rate = ant_exponential_decay(g, 0.1, 1000, 0.9);
 *     ant_compile(m, .optimizer = ant_sgd(g, .schedule = rate));
 *
 * s is the number of updates before the step, from 0; rates are computed in double precision. Each
 * constructor gives a text owned by the graph, like every part: "ExponentialDecay(0.1, 1000, 0.9)".
 * After Keras's keras.optimizers.schedules.
 */
#ifndef ANTLER_SCHEDULES_H
#define ANTLER_SCHEDULES_H
#include "antler/types.h"
#ifdef __GNUC__
#pragma GCC system_header
#endif
#ifdef __cplusplus
extern "C" {
#endif

/* rate * decay_rate ^ (s / decay_steps) */
typedef struct ant_exponential_decay_options {
    ANT_PART_OPTIONS;
    double initial_learning_rate; /* at s = 0; at least 0 */
    double decay_steps;           /* steps in which it falls by decay_rate; above 0 */
    double decay_rate;            /* above 0 */
    bool staircase;               /* only at multiples of decay_steps: s / decay_steps is floored */
    char ant_end;
} ant_exponential_decay_options;
#define ANT_EXPONENTIAL_DECAY_DEFAULTS                                                             \
    ANT_PART_DEFAULTS, .initial_learning_rate = ANT_REQUIRED, .decay_steps = ANT_REQUIRED,         \
                       .decay_rate = ANT_REQUIRED
#define ant_exponential_decay(...)                                                                 \
    ANT__PART(ANT_SCHEDULE, "ExponentialDecay", ant_exponential_decay_options,                     \
              ANT_EXPONENTIAL_DECAY_DEFAULTS, .graph = __VA_ARGS__)

/* rate / (1 + decay_rate * s / decay_steps) */
typedef struct ant_inverse_time_decay_options {
    ANT_PART_OPTIONS;
    double initial_learning_rate; /* at s = 0; at least 0 */
    double decay_steps;           /* above 0 */
    double decay_rate;            /* at least 0 */
    bool staircase;               /* s / decay_steps is floored */
    char ant_end;
} ant_inverse_time_decay_options;
#define ANT_INVERSE_TIME_DECAY_DEFAULTS                                                            \
    ANT_PART_DEFAULTS, .initial_learning_rate = ANT_REQUIRED, .decay_steps = ANT_REQUIRED,         \
                       .decay_rate = ANT_REQUIRED
#define ant_inverse_time_decay(...)                                                                \
    ANT__PART(ANT_SCHEDULE, "InverseTimeDecay", ant_inverse_time_decay_options,                    \
              ANT_INVERSE_TIME_DECAY_DEFAULTS, .graph = __VA_ARGS__)

/* values[0] while s <= boundaries[0], values[i] while s <= boundaries[i], then the last value:
 *     ant_piecewise_constant_decay(g, .boundaries = ANT_FLOATS(1000, 2000),
 *                                  .values = ANT_FLOATS(0.1, 0.05, 0.01)) */
typedef struct ant_piecewise_constant_decay_options {
    ANT_PART_OPTIONS;
    ant_floats boundaries; /* steps, rising; by keyword */
    ant_floats values;     /* rates, one more than boundaries; by keyword */
    char ant_end;
} ant_piecewise_constant_decay_options;
#define ANT_PIECEWISE_CONSTANT_DECAY_DEFAULTS ANT_PART_DEFAULTS
#define ant_piecewise_constant_decay(...)                                                          \
    ANT__PART(ANT_SCHEDULE, "PiecewiseConstantDecay", ant_piecewise_constant_decay_options,        \
              ANT_PIECEWISE_CONSTANT_DECAY_DEFAULTS, .graph = __VA_ARGS__)

/* (rate - end) * (1 - min(s, decay_steps) / decay_steps) ^ power + end */
typedef struct ant_polynomial_decay_options {
    ANT_PART_OPTIONS;
    double initial_learning_rate; /* at s = 0; at least 0 */
    double decay_steps;           /* until the end is reached; above 0 */
    double end_learning_rate;     /* at least 0 */
    double power;                 /* 1: a straight line */
    bool cycle;                   /* start anew, with decay_steps times 2, 3, … */
    char ant_end;
} ant_polynomial_decay_options;
#define ANT_POLYNOMIAL_DECAY_DEFAULTS                                                              \
    ANT_PART_DEFAULTS, .initial_learning_rate = ANT_REQUIRED, .decay_steps = ANT_REQUIRED,         \
                       .end_learning_rate = 1e-4, .power = 1
#define ant_polynomial_decay(...)                                                                  \
    ANT__PART(ANT_SCHEDULE, "PolynomialDecay", ant_polynomial_decay_options,                       \
              ANT_POLYNOMIAL_DECAY_DEFAULTS, .graph = __VA_ARGS__)

/* rate * ((1 - alpha) * (1 + cos(pi * s / decay_steps)) / 2 + alpha), after a straight warm-up from
 * the rate to warmup_target where that is said. Loshchilov and Hutter, SGDR, 2017. */
typedef struct ant_cosine_decay_options {
    ANT_PART_OPTIONS;
    double initial_learning_rate; /* at s = 0; at least 0 */
    double decay_steps;           /* of the cosine, the warm-up not counted; above 0 */
    double alpha;                 /* the least rate, as a share of the first (or of the target) */
    double warmup_target;         /* the rate after the warm-up; ANT_NONE: no warm-up */
    double warmup_steps;          /* of the warm-up */
    char ant_end;
} ant_cosine_decay_options;
#define ANT_COSINE_DECAY_DEFAULTS                                                                  \
    ANT_PART_DEFAULTS, .initial_learning_rate = ANT_REQUIRED, .decay_steps = ANT_REQUIRED,         \
                       .warmup_target = ANT_NONE
#define ant_cosine_decay(...)                                                                      \
    ANT__PART(ANT_SCHEDULE, "CosineDecay", ant_cosine_decay_options, ANT_COSINE_DECAY_DEFAULTS,    \
              .graph = __VA_ARGS__)

/* Cosines one after the other: each t_mul times as long and m_mul times as high as the last. */
typedef struct ant_cosine_decay_restarts_options {
    ANT_PART_OPTIONS;
    double initial_learning_rate; /* at s = 0; at least 0 */
    double first_decay_steps;     /* of the first cosine; above 0 */
    double t_mul;                 /* at least 1 */
    double m_mul;                 /* above 0 */
    double alpha;                 /* the least rate, as a share of the first */
    char ant_end;
} ant_cosine_decay_restarts_options;
#define ANT_COSINE_DECAY_RESTARTS_DEFAULTS                                                         \
    ANT_PART_DEFAULTS, .initial_learning_rate = ANT_REQUIRED, .first_decay_steps = ANT_REQUIRED,   \
                       .t_mul = 2, .m_mul = 1
#define ant_cosine_decay_restarts(...)                                                             \
    ANT__PART(ANT_SCHEDULE, "CosineDecayRestarts", ant_cosine_decay_restarts_options,              \
              ANT_COSINE_DECAY_RESTARTS_DEFAULTS, .graph = __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
