/* A family of classes that do nothing, with an option of every kind: for tests of options. */
#ifndef ANT_TESTS_DEMO_H
#define ANT_TESTS_DEMO_H
#include "core/options/option.h"

typedef struct ant_box_options {
    ANT_LAYER_OPTIONS;
    int units;
    const char *activation;
    bool use_bias;
    double rate;
    ant_size size;
    const char *mode;
    int verbose;
    int seed;
    ant_shape target;
    ant_span factor;
    ant_ints axes;
    ant_floats weights, limits;
    ant_texts words;
    const char *parts[ANT_MAX_LIST];
    double learning_rate;
    const char *schedule;
    int lora_rank;
    char ant_end;
} ant_box_options;
#define ANT_BOX_DEFAULTS                                                                           \
    ANT_LAYER_DEFAULTS, .units = ANT_REQUIRED, .use_bias = true, .rate = 0.5, .size = 1,           \
                        .mode = "valid", .seed = ANT_NONE, .factor = {ANT_NONE, ANT_NONE},         \
                        .learning_rate = 0.01, .lora_rank = ANT_NONE

typedef struct ant_decay_options {
    ANT_PART_OPTIONS;
    double start;
    int steps;
    char ant_end;
} ant_decay_options;
#define ANT_DECAY_DEFAULTS ANT_PART_DEFAULTS, .start = ANT_REQUIRED, .steps = 10
#define ant_decay(...)                                                                             \
    ANT__PART(ANT_SCHEDULE, "ThePolyDecay", ant_decay_options, ANT_DECAY_DEFAULTS,                 \
              .graph = __VA_ARGS__)

typedef struct ant_slope_options {
    ANT_PART_OPTIONS;
    double slope;
    char ant_end;
} ant_slope_options;
#define ANT_SLOPE_DEFAULTS ANT_PART_DEFAULTS, .slope = 0.2
#define ant_slope(...)                                                                             \
    ANT__PART(ANT_ACTIVATION, "LeakySlope", ant_slope_options, ANT_SLOPE_DEFAULTS,                 \
              .graph = __VA_ARGS__)

extern const ant_family ant__demo_family;
#endif
