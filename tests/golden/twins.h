/* The twins in C of the classes in custom_layers.py. */
#ifndef ANT_TESTS_TWINS_H
#define ANT_TESTS_TWINS_H
#include "antler/antler.h"

/* Registers all of them. 0 or the graph's error. */
int twins_register(ant_graph *g);

typedef struct residual_block {
    ANT_LAYER_OPTIONS;
    int filters;
    const char *activation;
    double rate;
    ant_ints sizes;
    char ant_end;
} residual_block;
#define RESIDUAL_BLOCK_DEFAULTS                                                                    \
    ANT_LAYER_DEFAULTS, .filters = ANT_REQUIRED, .activation = "relu", .sizes = ANT_INTS(1, 3)
#define residual_block_new(G, ...)                                                                 \
    ANT_LAYER_NEW("ResidualBlock", residual_block, RESIDUAL_BLOCK_DEFAULTS, .graph = (G),          \
                  .filters = __VA_ARGS__)
#endif
