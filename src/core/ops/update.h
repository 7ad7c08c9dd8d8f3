/* Updates of many weights as one op: what an optimizer's rule is as fine ops, in one pass over the
 * numbers of all. Same numbers as those but for the last bits (tests/core/test_update.c). No
 * gradient. */
#ifndef ANT_CORE_OPS_UPDATE_H
#define ANT_CORE_OPS_UPDATE_H
#include "core/program/program.h"

/* One weight: w, m and v become the new ones. */
typedef struct ant_adam_item {
    ant_value *w, *g, *m, *v;
} ant_adam_item;

/* m += (g - m)(1 - beta_1), v += (g² - v)(1 - beta_2), w = decay w - rate m / (sqrt(v) + epsilon);
 * `rate` and `decay` are scalar values. All of the program's real type. false after an error. */
bool ant__adam(ant_program *p, ant_adam_item *item, int n, ant_value *rate, ant_value *decay,
               double beta_1, double beta_2, double epsilon);
#endif
