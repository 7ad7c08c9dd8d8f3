/* What tests of training share: small models and data that do not depend on chance. */
#ifndef ANT_TESTS_TRAINER_H
#define ANT_TESTS_TRAINER_H
#include "antler/antler.h"
#include "graph/graph.h"
#include "support.h"
#include <math.h>
#include <string.h>

/* Keras's reference data: entry i is a * ((7 i mod 11) - 5). */
void ramp(float *out, int n, double a);
/* Sets every weight to ramp(its shape, a). */
void ramp_weights(ant_model *m, double a);
/* Dense 4 tanh, then Dense `units` with `activation`; input (3); all weights ramp(.1). */
ant_model *mlp(ant_graph *g, int units, const char *activation);
/* Fails the test with the model's error unless the code is 0. */
void went_well(ant_model *m, int code);
/* The code must be this, and the error must hold these words. */
void fails_with(ant_model *m, int code, int wanted, const char *words);
bool near(double got, double want, double rtol);
/* All weights' bits, mixed. */
uint64_t weight_bits(ant_model *m);
#endif
