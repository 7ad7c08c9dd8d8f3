/* The demo family. */
#include "demo.h"

static const ant_row box_rows[] = {
    ANT__ROW(box, units, "how many", ANT__AT_LEAST(1)),
    ANT__ROW(box, activation, "after all", .part = ANT_ACTIVATION),
    ANT__ROW(box, use_bias, "whether"),
    ANT__ROW(box, rate, "share", ANT__BETWEEN(0, 1)),
    ANT__ROW(box, size, "per axis", ANT__AT_LEAST(1), .old = "extent length"),
    ANT__ROW(box, mode, "how", .words = "valid same"),
    ANT__ROW(box, verbose, "how loud", .words = "silent bar lines"),
    ANT__ROW(box, seed, "of random numbers", .none_word = "auto"),
    ANT__ROW(box, target, "shape"),
    ANT__ROW(box, factor, "span", ANT__BETWEEN(-1, 1)),
    ANT__ROW(box, axes, "axes"),
    ANT__ROW(box, weights, "weights", ANT__ABOVE(0)),
    ANT__ROW(box, limits, "of something", ANT__AT_LEAST(0), .words = "low middle high"),
    ANT__ROW(box, words, "words"),
    ANT__ROW(box, parts, "activations", .part = ANT_ACTIVATION),
    ANT__ROW(box, learning_rate, "rate or schedule", ANT__ABOVE(0), .part = ANT_SCHEDULE,
             ANT__ALSO(box, schedule)),
    ANT__ROW(box, lora_rank, "low rank", .refuse = "not built yet"),
    ANT__LAYER_ROWS(box),
};
static const ant_row decay_rows[] = {
    ANT__ROW(decay, start, "where it starts", ANT__ABOVE(0)),
    ANT__ROW(decay, steps, "how long", ANT__AT_LEAST(1)),
    ANT__PART_ROWS(decay),
};
static const ant_row slope_rows[] = {
    ANT__ROW(slope, slope, "below 0", ANT__AT_LEAST(0)),
    ANT__PART_ROWS(slope),
};
static const ant_class classes[] = {
    ANT__CLASS(Box, box, BOX, ANT_LAYER, NULL, .alias = "Crate"),
    ANT__CLASS(ThePolyDecay, decay, DECAY, ANT_SCHEDULE, NULL, .alias = "tpd the_polydecay"),
    ANT__CLASS(LeakySlope, slope, SLOPE, ANT_ACTIVATION, NULL),
    {.name = "relu", .kind = ANT_ACTIVATION},
    {.name = "MeanError", .kind = ANT_LOSS, .alias = "me"},
    {.name = "MeanError", .kind = ANT_METRIC, .alias = "me"},
};
const ant_family ant__demo_family = ANT__FAMILY("demo", classes);
